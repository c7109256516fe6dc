from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, PixelSpacing, Pose
from mammoview.domain.study import Mammogram, PatientIdentity, PixelFormat
from mammoview.domain.views import (
    Laterality,
    Projection,
    Slot,
    SourcedLaterality,
    SourcedView,
)
from mammoview.imaging.breast import Breast
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.models import build_bundle


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The tiny network for masses and calcifications on the CPU."""
    folder = build_bundle(
        tmp_path_factory.mktemp("models") / "tiny", findings=("mass", "calcification")
    )
    return Session.open(open_bundle(folder), device="cpu", threads=2)


@pytest.fixture
def mammogram() -> Callable[..., Mammogram]:
    """Make the header of a 12-bit view."""

    def make(
        rows: int, cols: int, *, spacing_mm: float | None = 0.4, unsupported: str | None = None
    ) -> Mammogram:
        spacing = (
            None
            if spacing_mm is None
            else PixelSpacing(row_mm=spacing_mm, col_mm=spacing_mm, source="Pixel Spacing")
        )
        return Mammogram(
            file=Path("view.dcm"),
            sop_instance_uid="1.2.3",
            study_key="1.2",
            identity=PatientIdentity(name="", patient_id="", birth_date=""),
            study_date="",
            acquired="",
            rows=rows,
            cols=cols,
            laterality=SourcedLaterality(value=Laterality.LEFT, source="test"),
            view=SourcedView(value=Projection.CC, modifiers=(), source="test"),
            pose=Pose(flip_horizontal=False, rotate_degrees=0, source="test"),
            spacing=spacing,
            slot=Slot.LCC,
            pixel_format=PixelFormat(
                bits_stored=12,
                is_signed=False,
                photometric_interpretation="MONOCHROME2",
                inverse=False,
                padding=None,
                rescale_slope=1.0,
                rescale_intercept=0.0,
                windows=(),
                luts=(),
            ),
            unsupported=unsupported,
            is_cbis_ddsm=False,
            warnings=(),
        )

    return make


@pytest.fixture
def breast() -> Callable[..., Breast]:
    """Make a breast from a mask whose cells cover an image of ``rows`` x ``cols``."""

    def make(mask: NDArray[np.bool_], rows: int, cols: int) -> Breast:
        return Breast(
            mask=mask,
            to_image=Affine2D.scale_translate(
                col_scale=cols / mask.shape[1], row_scale=rows / mask.shape[0], col0=0.0, row0=0.0
            ),
            box=ImageBox(col0=0.0, row0=0.0, col1=float(cols), row1=float(rows)),
            found=True,
        )

    return make
