"""One reader's read of one examination: how it is met, what the computer said, what came of it.

Source: the second-read workflow of screening with CAD: unaided opinion, lock, marks of the
computer, an answer to each, final opinion, arbitration by another reader, signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mammoview.domain.annotation import Annotation
from mammoview.domain.assessment import Scheme, Statement
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus, Heatmap, ModelIdentity
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality


class ReadingMode(StrEnum):
    """How the reader meets the computer's result (house rule: the mode is always on screen)."""

    SECOND_READ = "second-read"
    CONCURRENT = "concurrent"
    ASK_SPOT = "ask-spot"


class Role(StrEnum):
    """As whom somebody reads an examination."""

    FIRST = "first"
    SECOND = "second"
    ARBITRATOR = "arbitrator"


class Disposition(StrEnum):
    """What a reader says of a mark of the computer."""

    AGREE = "agree"
    DISMISS = "dismiss"
    DUPLICATE = "duplicate"


class AnalysisOutcome(StrEnum):
    """Whether the computer's reading could be revealed at all."""

    DONE = "done"
    FAILED = "failed"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderIdentity:
    """Who reads: the id stands in the log, the name on the screen and in signed results."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CadMark:
    """One mark of the computer as it was revealed, stored pixels.

    ``size_mm`` is as in `domain.prediction.Region`: length and width, or none where no
    millimetres are known.  ``frame`` is the frame of a multi-frame image, from 1 as in DICOM; 0
    in an image of one frame.  ``scored`` is as in `domain.prediction.Region`.
    """

    id: str
    sop_instance_uid: str
    kind: str
    score: float
    peak: ImagePoint
    box: ImageBox
    outline: tuple[ImagePoint, ...]
    size_mm: tuple[float, ...] = ()
    frame: int = 0
    scored: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CadView:
    """Whether the computer read one image; ``notes`` are its fallbacks and doubts, in words."""

    sop_instance_uid: str
    status: AnalysisStatus
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CadResult:
    """What the computer said, and which model said it: a later model changes nothing here.

    Attributes
    ----------
    outcome, reason : AnalysisOutcome, str
        Whether it could be read, and why not.
    model : ModelIdentity
        Name, version and digest of the bundle; empty where none was open.
    operating_point, device : str
        As said on the screen.
    views : tuple of CadView
        Every image of the read.
    marks : tuple of CadMark
        Those that the operating point flags.
    caveats : tuple of str
        What stands beside every result of this model ("trained on simulated calcifications").
    heatmaps_sha256 : str
        Digest of the file of heatmaps that was kept beside the log; empty where there is none.
    kinds : tuple of str
        What the model looks for, so that "looked and found none" can be told of each kind.
    """

    outcome: AnalysisOutcome
    reason: str
    model: ModelIdentity
    operating_point: str
    device: str
    views: tuple[CadView, ...]
    marks: tuple[CadMark, ...]
    caveats: tuple[str, ...] = ()
    heatmaps_sha256: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAnswer:
    """What the reader says of a mark: a dismissal needs a reason, a duplicate its finding."""

    mark_id: str
    disposition: Disposition
    reason: str
    finding_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Another reader's decision for one breast."""

    laterality: Laterality
    category: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadReport:
    """All that leaves the program of one read: what every export is made from.

    Attributes
    ----------
    read_id, reader, role, mode : str, str, Role, ReadingMode
        Which read, whose (the name on the profile), as whom and how.
    scheme : Scheme
        The answers that the opinions are taken from.
    software : str
        Version of this program.
    opened_at, locked_at, signed_at : str
        UTC, ISO 8601; empty where it has not come to that.
    signed_by : str
        Name of who signed.
    event_sha256, event_at : str
        Hash and time (UTC) of the last event of the log that says something of this read, by which
        a result can be found again in the log.
    images : tuple of Mammogram
        Every image that was read.
    missing, missing_reason : tuple of str, str
        Standard views that were not there, and what was said of it.
    unaided : Statement or None
        What was said before the computer's result was known.
    final : Statement
        What is said now.
    cad : CadResult or None
        What the computer said; None before it was revealed.
    shown : tuple of CadMark
        Every mark that was shown, at whatever operating point.
    answers : tuple of MarkAnswer
        One a mark.
    decisions : tuple of (str, Decision)
        The arbitrator's name and the decision, one a breast.
    heatmaps : tuple of (str, tuple of Heatmap)
        For each SOPInstanceUID the heatmaps that were revealed.
    annotations : tuple of Annotation
        What the reader measured and drew.
    """

    read_id: str
    reader: str
    role: Role
    mode: ReadingMode
    scheme: Scheme
    software: str
    opened_at: str
    locked_at: str
    signed_at: str
    signed_by: str
    images: tuple[Mammogram, ...]
    missing: tuple[str, ...]
    missing_reason: str
    unaided: Statement | None
    final: Statement
    cad: CadResult | None
    shown: tuple[CadMark, ...]
    answers: tuple[MarkAnswer, ...]
    decisions: tuple[tuple[str, Decision], ...] = ()
    heatmaps: tuple[tuple[str, tuple[Heatmap, ...]], ...] = ()
    annotations: tuple[Annotation, ...] = ()
    event_sha256: str = ""
    event_at: str = ""

    @property
    def preliminary(self) -> bool:
        """Whether nobody has signed it: what leaves the program says so."""
        return not self.signed_at

    def answer_to(self, mark_id: str) -> MarkAnswer | None:
        """Return what the reader said of a mark, None where nothing; the last word counts."""
        said = (answer for answer in reversed(self.answers) if answer.mark_id == mark_id)
        return next(said, None)
