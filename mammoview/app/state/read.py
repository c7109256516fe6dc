"""The reader's read of the hung examination as a part of the window's state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mammoview.app.state.marks import Change
from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import Heatmap
from mammoview.domain.reading import ReaderIdentity, ReadingMode, Role
from mammoview.review.events import Content
from mammoview.review.read import Read
from mammoview.review.states import Action, ReadState

NOBODY = ReaderIdentity(id="", name="")


class Page(StrEnum):
    """What the side panel shows."""

    READ = "read"
    IMAGES = "images"


class Hold(StrEnum):
    """Whether the hung examination is this reader's to read, and no other program's."""

    NONE = "none"
    ASKED = "asked"
    HELD = "held"
    REFUSED = "refused"
    LOST = "lost"


class Field(StrEnum):
    """What of the page of the read a key gives the keyboard to."""

    RIGHT = "right"
    LEFT = "left"
    DENSITY = "density"
    FINDING = "finding"
    REMOVE = "remove"
    DISMISS = "dismiss"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done in a read, on its way to the log."""

    read_id: str
    reader: str
    action: Action
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A place that the panes are asked to show in their middle, stored pixels."""

    sop_instance_uid: str
    point: ImagePoint
    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingChange:
    """A finding as it was before a step of the reader, and after it; None where it was not there.

    ``marks`` are the steps that could be undone of marks at that time: they tell which came last.
    """

    before: Finding | None
    after: Finding | None
    marks: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPart:
    """Where the reader's read of the hung examination stands.

    Attributes
    ----------
    reader : ReaderIdentity
        Who sits before the window.
    role : Role
        As whom this reader reads the examination.
    over : bool
        Whether nothing of this examination is left for this reader to read.
    others : tuple of Read
        What other readers said, where it may be seen: to an arbitrator the read beside the one
        to decide, to a reader whose own read is final the other one.
    hold, hold_reason : Hold, str
        Whether the examination is held for this reader, and why not.
    site_mode : ReadingMode
        How examinations of the worklist are read here.
    site_scheme : str
        Id of the answers that opinions are taken from in the next read.
    keeps : bool
        Whether there is a log to write into; without one no read can begin.
    looking : bool
        Whether the log is still asked for a read of this examination: nothing of the computer's
        result may be seen before it has answered.
    blinded_elsewhere : bool
        Whether somebody else's read of these images is still blinded: without a read of one's own
        nothing of the computer's result is shown.
    begins : bool
        Whether a read begins by itself: the examination was opened from the worklist.
    kept : Read or None
        The read as it is on the disk, which alone decides what may be seen.
    read : Read or None
        The read with all that was said since, which the reader sees and goes on from.
    journal : tuple of Entry
        What was said since the examination was hung: what `ReadKeeper` writes down.
    unsaved, problem : int, str
        Entries of any read that are not on the disk yet, and why; they are tried again.
    revealing : bool
        Whether the computer's result was asked for and is on its way.
    reveal_problem : str
        Why it is not here yet: its heatmaps cannot be written; they are tried again.
    heatmaps : tuple of (str, tuple of Heatmap)
        For each SOPInstanceUID those that were revealed, once their file has been read.
    mark : str
        Id of the computer's mark that is being answered.
    aim : Aim or None
        What the panes are asked to show.
    page : Page
        What the side panel shows.
    away : bool
        Whether another page lies over the images: nobody reads then.
    finding : str
        Id of the reader's finding that keys act on; empty: none.
    changes : tuple of FindingChange
        What was done to findings since the examination was hung, for undoing it.
    """

    reader: ReaderIdentity = NOBODY
    role: Role = Role.FIRST
    over: bool = False
    others: tuple[Read, ...] = ()
    hold: Hold = Hold.NONE
    hold_reason: str = ""
    site_mode: ReadingMode = ReadingMode.SECOND_READ
    site_scheme: str = "birads"
    keeps: bool = False
    looking: bool = False
    blinded_elsewhere: bool = False
    begins: bool = False
    kept: Read | None = None
    read: Read | None = None
    journal: tuple[Entry, ...] = ()
    unsaved: int = 0
    problem: str = ""
    revealing: bool = False
    reveal_problem: str = ""
    heatmaps: tuple[tuple[str, tuple[Heatmap, ...]], ...] = ()
    mark: str = ""
    aim: Aim | None = None
    page: Page = Page.IMAGES
    away: bool = False
    finding: str = ""
    changes: tuple[FindingChange, ...] = ()

    @property
    def state(self) -> ReadState | None:
        """Where the read stands on the disk; None without one."""
        return self.kept.state if self.kept is not None else None


NO_READ = ReadPart()
