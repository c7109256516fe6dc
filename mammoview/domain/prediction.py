"""What the computer reader found, in coordinates of the stored image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint


class AnalysisStatus(StrEnum):
    """The three negatives must look different: ran, failed, not run."""

    ANALYZED = "analyzed"
    NOT_SUPPORTED = "not-supported"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model produced a result."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heatmap:
    """Calibrated score of one class for each cell of the network's grid.

    ``values`` is a read-only float32 array ``(rows, cols)`` in 0..1; ``to_image`` maps continuous
    cell coordinates (the centre of cell ``(i, j)`` is ``(j + 0.5, i + 0.5)``) to stored pixels.
    """

    kind: str
    values: NDArray[np.float32]
    to_image: Affine2D


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One suspicious region: score 0..1, peak, box and outline in stored pixels.

    ``size_mm`` is the outline's length and its width across that, None where the image has no pixel
    spacing.  It measures the map, whose cells are millimetres wide, rather than the lesion's edge.
    ``score_one_view`` is the score before the other views of the examination changed it; None
    where they did not.
    ``scored`` is False for a mark of another maker's report that gives no certainty: ``score`` is
    0 then and says nothing.  ``frame`` counts from 1; 0 in an image of one frame.
    """

    kind: str
    score: float
    peak: ImagePoint
    box: ImageBox
    outline: tuple[ImagePoint, ...]
    flagged: bool
    size_mm: tuple[float, float] | None = None
    score_one_view: float | None = None
    scored: bool = True
    frame: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSeconds:
    """Wall seconds of each stage of one view."""

    decode: float
    prepare: float
    network: float
    regions: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewPrediction:
    """The computer's reading of one view.

    ``scores`` holds ``(class, 0..1)`` pairs: the score of the best region of that class.
    ``regions`` is sorted by falling score and holds candidates below the operating point too.
    ``notes`` are visible fallbacks ("scale assumed").
    ``to_breast_mm`` maps stored pixels to millimetres from the nipple: towards the chest wall, and
    along it; None where chest wall or breast was not found.
    ``outside_range`` says, a sentence each, what lies outside the range of the images that the
    model was trained on: empty where nothing does; None where that is not known, since the model
    names no ranges or the view was not analysed.
    """

    sop_instance_uid: str
    status: AnalysisStatus
    reason: str
    scores: tuple[tuple[str, float], ...]
    heatmaps: tuple[Heatmap, ...]
    regions: tuple[Region, ...]
    seconds: StageSeconds
    notes: tuple[str, ...]
    to_breast_mm: Affine2D | None = None
    outside_range: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPrediction:
    """The computer's reading of an examination.

    ``device`` is what the network ran on, as said on the screen; ``passes`` how often it ran on an
    image (see ``inference.passes``); ``views_together`` the name of what rescored the regions in
    the light of the other views, empty where each view stands alone.
    """

    model: ModelIdentity
    device: str
    operating_point: str
    views: tuple[ViewPrediction, ...]
    passes: str = "one"
    views_together: str = ""
