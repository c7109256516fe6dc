"""The one frozen state of the window, and nothing that changes it.

Widgets get ``render(old, new)``; commands in ``app.commands`` make a new state from an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.app.display.display_check import DisplayStatus
from mammoview.app.display.screens import Calibration, Screen
from mammoview.app.keys import KeyChoice
from mammoview.app.protocol import Protocol
from mammoview.app.state.cad import MODEL_HERE, CadSource
from mammoview.app.state.hung_views import HungView, LoadedImage
from mammoview.app.state.marks import NO_MARKS, Marks
from mammoview.app.state.read import NO_READ, ReadPart
from mammoview.domain.geometry import ImageBox
from mammoview.domain.prediction import ExamPrediction, ModelIdentity
from mammoview.domain.reading import ReadingMode
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.domain.views import Laterality, Place, Slot
from mammoview.imaging.breast_tiles import BreastTile
from mammoview.modelkit.manifest import Caveat, OperatingPoint


class OverlayMode(StrEnum):
    """What is drawn over the images."""

    OFF = "off"
    HEATMAP = "heatmap"
    MARKS = "marks"
    BOTH = "both"


class FitMode(StrEnum):
    """How the panes are scaled when nobody zooms by hand."""

    BREAST = "breast"
    IMAGE = "image"
    ONE_TO_ONE = "one-to-one"
    TRUE_SIZE = "true-size"


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


class AnnotationLevel(StrEnum):
    """How much is written on the images.

    ``NONE`` hides who the patient is, for teaching; what keeps a reader from a mistake stays.
    """

    NONE = "none"
    MINIMAL = "minimal"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What the reader looks with.

    ``magnification`` is the loupe's, device pixels to a stored pixel; ``glass_px`` the side of its
    glass, logical screen pixels.
    """

    loupe: bool = False
    magnification: int = 2
    glass_px: int = 300
    level_line: bool = False
    annotations: AnnotationLevel = AnnotationLevel.MINIMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChange:
    """What the reader's hand has done to the windows of all panes, in widths of each one's own.

    Every image keeps its VOI function and its own starting window, and all are changed in
    proportion: detectors of other makers and priors have other values for the same tissue, and one
    absolute window for all would make them jump to white or black.

    ``width`` is the factor on the starting width; ``darker`` moves the centre by that share of the
    starting width, towards what is darker while black and white are not swapped.
    """

    width: float = 1.0
    darker: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gray:
    """Grey display of all panes.

    ``change`` is what a drag did to every image's own VOI (None: nothing); ``voi_explanation``
    picks each image's own VOI of that name; ``invert`` swaps black and white (padding stays
    black).
    """

    change: WindowChange | None
    voi_explanation: str | None
    invert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HungPlace:
    """One place of a step and all images that may stand there.

    ``images`` are SOPInstanceUIDs, the best for reading last (the newest; a whole view after a
    partial one); none where the view is missing.  ``shown`` is the index of the one shown.
    """

    place: Place
    images: tuple[str, ...]
    shown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the hanging; ``places`` run from left to right and from top to bottom.

    ``tiles`` tells whether it is read tile by tile, at full resolution.
    """

    id: str
    title: str
    columns: int
    places: tuple[HungPlace, ...]
    tiles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewport:
    """The surface that the panes share, in device pixels."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TileWalk:
    """A walk over the breasts of a step, tile by tile.

    Attributes
    ----------
    on : bool
        Whether the panes show the tile; False while the whole is shown again.
    tiles : tuple of BreastTile
        In reading order; none while the images are still to come.
    at : int
        Which of them; -1: the last, once they are planned.
    width_px, height_px : int
        Size of a pane when planned, device pixels.
    px_per_mm : float
        Device pixels in a millimetre of the breast; 0 where no image has mm.
    levels : tuple of (str, float)
        For each pane's key the row of its nipple, mm (pixels where no mm are known).
    """

    on: bool
    tiles: tuple[BreastTile, ...] = ()
    at: int = 0
    width_px: int = 0
    height_px: int = 0
    px_per_mm: float = 0.0
    levels: tuple[tuple[str, float], ...] = ()

    @property
    def tile(self) -> BreastTile | None:
        """The tile that the walk is at."""
        return self.tiles[self.at] if self.tiles else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """A part of a view that stood still on the screen at full resolution; stored pixels.

    ``covers`` are the parts of it that something else lay over.
    """

    uid: str
    visible: ImageBox
    covers: tuple[ImageBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewCoverage:
    """What of a view was seen at full resolution.

    ``seen`` is a read-only bool array like `LoadedImage.breast`; ``share`` is 0..1 of the breast.
    """

    uid: str
    seen: NDArray[np.bool_]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """The steps of the hung examination and where the reader is.

    Attributes
    ----------
    protocol : Protocol
        The rules that made the steps.
    steps : tuple of Step
        Those that have an image; none without an examination.
    at : int
        Index of the current step.
    priors : tuple of str
        Keys of the earlier examinations of this patient, latest first.
    prior_at : int
        Which of them is compared.
    explain : bool
        Whether each pane says why its image is there.
    """

    protocol: Protocol
    steps: tuple[Step, ...] = ()
    at: int = 0
    priors: tuple[str, ...] = ()
    prior_at: int = 0
    explain: bool = False

    @property
    def step(self) -> Step | None:
        """The current step."""
        return self.steps[self.at] if self.steps else None


class Empty(StrEnum):
    """Why a pane has no image: a reader must not take one for another."""

    NO = ""
    MISSING = "missing"
    NO_PRIOR = "no-prior"
    LOADING = "loading"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pane:
    """One place of the current step.

    ``mammogram`` is None for a missing view.  ``message`` is what the pane says when it has no
    image ("L MLO not found", "decoding", the reason of a failure), ``empty`` which of them it is,
    and ``todo`` what the reader can do about it.  ``notes`` are short and lasting ("image 2 of 3",
    "side from the image"); the first of a volume is the slice on the screen.  ``prior`` are the
    lines that stand large on an image of an earlier examination: its date and the interval.
    ``why`` are the reasons why the image is here, where the reader asked for them.  ``frame`` is
    the frame, from 1, that the reader wants to see; the one on the screen is ``image.frame``.
    ``coarse`` is what may be seen of the image until it is there.
    """

    place: Place
    mammogram: Mammogram | None
    image: LoadedImage | None
    message: str
    notes: tuple[str, ...] = ()
    prior: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    frame: int | None = None
    coarse: LoadedImage | None = None
    empty: Empty = Empty.NO
    todo: str = ""

    @property
    def key(self) -> str:
        """The name of its place, of which there is one in a step."""
        return self.place.key

    @property
    def seen(self) -> LoadedImage | None:
        """What may be looked at: the image, until it is there a coarse picture of it."""
        return self.image or self.coarse

    @property
    def slot(self) -> Slot | None:
        """Side and view that stand here; None for an extra view."""
        return self.place.slot

    @property
    def label(self) -> str:
        """Side and view in words."""
        return self.mammogram.label if self.mammogram else self.place.label

    @property
    def side(self) -> Laterality | None:
        """The breast that stands here; None where nothing tells."""
        if self.place.slot is not None:
            return self.place.slot.laterality
        return self.mammogram.laterality.value if self.mammogram else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Where the computer's reading stands: ``done`` of ``total`` views."""

    running: bool
    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Work that the reader waits for and may cancel: ``done`` of ``total`` (0: not known yet)."""

    title: str
    unit: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """Where the examination stands in the list that it was opened from; ``at`` counts from 0."""

    at: int
    total: int


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

    ``views`` are all images of the hanging, ``panes`` those of the current step (from left to
    right and from top to bottom, in ``columns``).
    ``second_screen``: whether a second window shows what hangs beside the current step.
    ``keys`` are the keys that the reader chose instead of the program's own.
    ``linked`` tells whether panes are panned together.  ``screen`` is the one that the window is
    on, ``calibrations`` are those of all screens that were measured.  ``viewport`` is what the
    panes share; ``walk`` is the walk over tiles in this step, if there is one.
    ``coverage`` is what was seen of the views of all examinations that are open.
    ``fit_request`` grows by one each time the reader asks for a fit, so that asking for the same
    fit twice works.  ``prediction`` has already passed ``review.blinding``.  ``cine`` is True while
    the volumes of the step run by themselves.
    ``display`` is what is known of the screen; None where none is read from.  ``marks`` are the
    reader's own.  ``read`` is the reader's read of the examination; ``reading_mode`` its mode, and
    outside a read that of the window.
    """

    index: ExamIndex
    exam_key: str | None
    hanging: Hanging
    views: tuple[HungView, ...]
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
    active: str | None = None
    columns: int = 2
    not_hung: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    keys: tuple[KeyChoice, ...] = ()
    second_screen: bool = False
    looking: Looking = Looking()
    linked: bool = True
    viewport: Viewport | None = None
    walk: TileWalk | None = None
    coverage: tuple[ViewCoverage, ...] = ()
    coverage_shown: bool = False
    screen: Screen | None = None
    calibrations: tuple[Calibration, ...] = ()
    cine: bool = False
    task: Task | None = None
    queue: QueuePlace | None = None
    display: DisplayStatus | None = None
    marks: Marks = NO_MARKS
    read: ReadPart = NO_READ
    cad_source: CadSource = MODEL_HERE

    def hung(self, sop_instance_uid: str) -> HungView | None:
        """Return an image of the hanging; None where it does not hang."""
        uid = sop_instance_uid
        return next((v for v in self.views if v.mammogram.sop_instance_uid == uid), None)
