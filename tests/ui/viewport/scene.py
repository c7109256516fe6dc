"""Synthetic states for viewport tests: four phantoms whose pixels tell where they lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.app import commands
from mammoview.app.state.hung_views import HungView, LoadedImage, Pixels
from mammoview.app.workspace import Overlay, OverlayMode, Pane, Workspace
from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing, Pose
from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    Heatmap,
    ModelIdentity,
    Region,
    StageSeconds,
    ViewPrediction,
)
from mammoview.domain.study import (
    Mammogram,
    PatientIdentity,
    PixelFormat,
    VoiFunction,
    VoiWindow,
)
from mammoview.domain.views import Place, Slot, SourcedLaterality, SourcedView

UPRIGHT = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
EIGHT_POSES = [
    Pose(flip_horizontal=flip, rotate_degrees=turn, source="test")
    for flip in (False, True)
    for turn in (0, 90, 180, 270)
]
SIGMOID = VoiWindow(centre=2000.0, width=3000.0, function=VoiFunction.SIGMOID, explanation="NORMAL")
ALL_KINDS = ("mass", "calcification")


def pixel_format(**changes: Any) -> PixelFormat:
    """Return 12 bits, MONOCHROME2, one SIGMOID window, no padding."""
    plain = PixelFormat(
        bits_stored=12,
        is_signed=False,
        photometric_interpretation="MONOCHROME2",
        inverse=False,
        padding=None,
        rescale_slope=1.0,
        rescale_intercept=0.0,
        windows=(SIGMOID,),
        luts=(),
    )
    return replace(plain, **changes)


def mammogram(slot: Slot, shape: tuple[int, ...], **changes: Any) -> Mammogram:
    """Return a header for a slot."""
    plain = Mammogram(
        file=Path("x.dcm"),
        sop_instance_uid=f"2.25.{list(Slot).index(slot) + 1}",
        study_key="s",
        identity=PatientIdentity(name="", patient_id="", birth_date=""),
        study_date="",
        acquired="",
        rows=shape[0],
        cols=shape[1],
        laterality=SourcedLaterality(value=slot.laterality, source="test"),
        view=SourcedView(value=slot.projection, modifiers=(), source="test"),
        pose=UPRIGHT,
        spacing=None,
        slot=slot,
        pixel_format=pixel_format(),
        unsupported=None,
        is_cbis_ddsm=False,
        warnings=(),
    )
    return replace(plain, **changes)


def image(
    stored: NDArray[np.generic], pose: Pose = UPRIGHT, breast: NDArray[np.bool_] | None = None
) -> LoadedImage:
    """Return loaded pixels; the breast is the whole image unless told."""
    if breast is None:
        rows, cols = stored.shape
        step = max(1, max(rows, cols) // 200)
        breast = np.ones((rows // step, cols // step), np.bool_)
    return LoadedImage(stored=stored, breast=breast, pose=pose)


def pane(slot: Slot, loaded: LoadedImage, **header: Any) -> Pane:
    """Return a filled pane."""
    return Pane(
        place=Place(slot=slot),
        mammogram=mammogram(slot, loaded.stored.shape, pose=loaded.pose, **header),
        image=loaded,
        message="",
    )


def empty_pane(slot: Slot) -> Pane:
    """Return a pane without a view."""
    return Pane(
        place=Place(slot=slot),
        mammogram=None,
        image=None,
        message=f"{slot.label} not found",
    )


def bright(rows: int = 920, cols: int = 600, value: int = 4095) -> NDArray[np.uint16]:
    """Return an image of one value."""
    return np.full((rows, cols), value, np.uint16)


def workspace(*panes: Pane, **changes: Any) -> Workspace:
    """Return a four-up state of some panes, the other views missing; the overlay is off."""
    there = {pane.key: pane for pane in panes}
    four_up = tuple(there.get(slot) or empty_pane(slot) for slot in Slot)
    views = tuple(
        HungView(mammogram=pane.mammogram, image=pane.image, pixels=Pixels.HERE)
        for pane in panes
        if pane.mammogram is not None
    )
    return replace(replace(commands.empty(), exam_key="s", panes=four_up, views=views), **changes)


def four(**header: Any) -> Workspace:
    """Return a state of four bright images."""
    return workspace(*(pane(slot, image(bright()), **header) for slot in Slot))


def overlay(mode: OverlayMode, **changes: Any) -> Overlay:
    """Return an overlay that shows all classes in full strength."""
    plain = Overlay(mode=mode, kinds=ALL_KINDS, opacity=1.0, heat_floor=0.2, peeking=False)
    return replace(plain, **changes)


def heatmap(
    shape: tuple[int, int], hot: tuple[int, int], to_image: Affine2D, kind: str = "mass"
) -> Heatmap:
    """Return a map that is 0 but for one cell ``(i, j)`` of 1."""
    values = np.zeros(shape, np.float32)
    values[hot] = 1.0
    return Heatmap(kind=kind, values=values, to_image=to_image)


def region(peak: ImagePoint, kind: str = "mass", *, flagged: bool = True) -> Region:
    """Return a square region of 40 pixels round a peak."""
    box = ImageBox(col0=peak.col - 20, row0=peak.row - 20, col1=peak.col + 20, row1=peak.row + 20)
    corners = ((box.col0, box.row0), (box.col1, box.row0), (box.col1, box.row1))
    outline = tuple(ImagePoint(col=c, row=r) for c, r in (*corners, (box.col0, box.row1)))
    return Region(kind=kind, score=0.9, peak=peak, box=box, outline=outline, flagged=flagged)


def prediction(slot: Slot, **changes: Any) -> ExamPrediction:
    """Return a result for one view."""
    plain = ViewPrediction(
        sop_instance_uid=f"2.25.{list(Slot).index(slot) + 1}",
        status=AnalysisStatus.ANALYZED,
        reason="",
        scores=(),
        heatmaps=(),
        regions=(),
        seconds=StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0),
        notes=(),
    )
    return ExamPrediction(
        model=ModelIdentity(name="m", version="1", sha256="0"),
        device="CPU",
        operating_point="p",
        views=(replace(plain, **changes),),
    )


def spacing(mm: float) -> PixelSpacing:
    """Return a square spacing."""
    return PixelSpacing(row_mm=mm, col_mm=mm, source="test")
