"""The exam made on the spot opens and hangs like a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mammoview.app.pixels.resolve import load_image
from mammoview.dicom.index import index_paths
from mammoview.dicom.synthetic import write_synthetic_exam
from mammoview.domain.views import Laterality, Slot
from mammoview.imaging.orientation import apply_pose


def test_four_views_hang_right(tmp_path: Path) -> None:
    paths = write_synthetic_exam(tmp_path / "made")
    assert len(paths) == 4
    index = index_paths([tmp_path / "made"])
    assert index.refused == ()
    (exam,) = index.examinations
    assert [view.slot for view in exam.mammograms] == list(Slot)
    assert exam.missing_slots == ()
    for view in exam.mammograms:
        assert view.warnings == ()
        assert view.spacing is not None
        view, image = load_image(view)
        shown, _ = apply_pose(image.stored.astype(np.int64), image.pose)
        wall = -1 if view.laterality.value is Laterality.RIGHT else 0
        assert np.mean(shown[:, wall] > 0) > 0.5, "the chest wall is at the middle of the hanging"
        assert np.mean(shown[:, -1 - wall] > 0) < 0.2
