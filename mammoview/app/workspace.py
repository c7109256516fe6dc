"""The one frozen state of the window, and nothing that changes it.

Widgets get ``render(old, new)``; commands in ``app.commands`` make a new state from an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Pose
from mammoview.domain.prediction import ExamPrediction, ModelIdentity
from mammoview.domain.study import ExamIndex, Mammogram, VoiWindow
from mammoview.domain.views import Slot
from mammoview.modelkit.manifest import Caveat, OperatingPoint
from mammoview.review.blinding import ReadingMode


class OverlayMode(StrEnum):
    """What is drawn over the images."""

    OFF = "off"
    HEATMAP = "heatmap"
    MARKS = "marks"
    BOTH = "both"


class FitMode(StrEnum):
    """How the four panes are scaled when nobody zooms by hand."""

    BREAST = "breast"
    IMAGE = "image"
    ONE_TO_ONE = "one-to-one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What of the result is shown, and how.

    ``kinds`` are the finding classes shown.  ``heat_floor`` (0..1) hides weaker heat.
    ``peeking`` is True while the hold-to-peek key is down: the overlay is hidden.
    """

    mode: OverlayMode
    kinds: tuple[str, ...]
    opacity: float
    heat_floor: float
    peeking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gray:
    """Grey display of all panes.

    ``window`` overrides every image's own VOI (None: the image's default); ``voi_explanation``
    picks each image's own VOI of that name; ``invert`` swaps black and white (padding stays
    black).
    """

    window: VoiWindow | None
    voi_explanation: str | None
    invert: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedImage:
    """Decoded pixels of one view: ``stored`` is a read-only ``(rows, cols)`` integer array.

    ``breast`` is a read-only bool array of the breast at low resolution, with the same aspect as
    ``stored`` (cell ``(i, j)`` covers an equal share of the image).  ``pose`` is resolved.
    """

    stored: NDArray[np.generic]
    breast: NDArray[np.bool_]
    pose: Pose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pane:
    """One place of the hanging.

    ``mammogram`` is None for a missing view.  ``message`` is what the pane says when it has no
    image ("L MLO not found", "decoding", the reason of a failure).  ``badge`` is a short lasting
    note on the image ("2 of 3", "side from the image").
    """

    slot: Slot
    mammogram: Mammogram | None
    image: LoadedImage | None
    message: str
    badge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Where the computer's reading stands: ``done`` of ``total`` views."""

    running: bool
    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """What the screen says of the open model.

    ``findings`` are its classes without the background; ``operating_points`` its named
    thresholds; ``device`` what it runs on, fallbacks included ("CPU (2 threads)"); ``caveats``
    what stands beside every result of a class.
    """

    identity: ModelIdentity
    device: str
    findings: tuple[str, ...]
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    intended_use: str
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workspace:
    """Everything the window shows.

    ``fit_request`` grows by one each time the reader asks for a fit, so that asking for the same
    fit twice works.  ``prediction`` has already passed ``review.blinding``.
    """

    index: ExamIndex
    exam_key: str | None
    panes: tuple[Pane, ...]
    gray: Gray
    overlay: Overlay
    fit: FitMode
    fit_request: int
    reading_mode: ReadingMode
    analysis: Analysis
    prediction: ExamPrediction | None
    operating_point: str
    status: str
    model: ModelSummary | None = None
    active: Slot | None = None
    not_hung: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
