"""What is written down of a read: the content of each action, and the event that carries it.

Contents are values with a strict code (`modelkit.codec`), so that a log of another program or a
damaged one is an error with its place and never half a read.  An event's hash covers its content,
its time, its reader and the hash before it: none can be changed, taken out or moved unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark, CadResult, Decision, MarkAnswer, ReadingMode, Role
from mammoview.domain.views import Laterality
from mammoview.errors import ReviewError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from mammoview.review.states import Action

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A read begins: which examination, who, in which mode and by which scheme of opinions.

    ``images`` are the SOPInstanceUIDs that were read; ``sides`` the breasts that they show.
    ``result_seen`` tells that the computer's result of it was on the screen before: no later lock
    makes such a read a blind one.
    """

    exam_key: str
    images: tuple[str, ...]
    sides: tuple[Laterality, ...]
    role: Role
    mode: ReadingMode
    scheme: str
    software: str
    result_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsChecked:
    """The reader has seen which standard views are there; ``reason`` where some are missing."""

    missing: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """An action that says all by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSet:
    """A finding is new, or has changed: the one of the same id is replaced."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRemoved:
    """A finding is taken back; ``reason`` is needed once the unaided read is locked."""

    finding_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionSet:
    """The assessment of one breast; ``reason`` is needed where it differs from the locked one.

    ``views`` are those to be taken anew, of a technical recall.
    """

    laterality: Laterality
    category: str
    reason: str
    views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DensitySet:
    """The breast composition; ``reason`` is needed where it differs from the locked one."""

    density: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotAsked:
    """The reader asked what the computer says of one spot, stored pixels."""

    sop_instance_uid: str
    point: ImagePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The unaided read is closed; ``sha256`` is the digest of what it says."""

    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPointSet:
    """The reader asked for more or fewer marks."""

    operating_point: str
    marks: tuple[CadMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationRequested:
    """Another reader must decide; ``policy`` is the rule that says so.

    ``other_read`` and ``other_reader`` are the read that this one was compared with and its
    reader, who must not arbitrate either; empty where there was one read only.  ``discordant``
    tells whether the two differ: some policies send reads to an arbitrator that do not.
    """

    policy: str
    reason: str
    other_read: str = ""
    other_reader: str = ""
    discordant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyShown:
    """How grey values were shown when a step was left, the same change on every image.

    ``voi`` names the images' own VOI (empty: each image's default).  ``width`` is the factor on
    its width and ``darker`` moves its centre by that share of the width, as in
    `app.workspace.WindowChange`; with the images' headers they tell every window.
    """

    voi: str = ""
    width: float = 1.0
    darker: float = 0.0
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecorded:
    """A step of the hanging was looked at: for how long, how, and how much of it at 1:1.

    Attributes
    ----------
    step, seconds : str, float
        Id of the step, and how long it stood on the screen.
    seen : tuple of (str, float)
        ``(SOPInstanceUID, share of the breast shown at full resolution)`` pairs.
    grey : GreyShown
        Windows when the step was left.
    overlay : str
        What of the computer's result lay over the images (``off``, ``heatmap``, ``marks``,
        ``both``); empty where it was not noted.
    display : str
        What is known of the screen (``checked``, ``not checked``, ``failed``); empty where
        nothing is.
    """

    step: str
    seconds: float
    seen: tuple[tuple[str, float], ...]
    grey: GreyShown = GreyShown()
    overlay: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecorded:
    """A result left the program: its format and the digest of its bytes, never its file name."""

    format: str
    sha256: str


Content: TypeAlias = (
    Opened
    | ViewsChecked
    | Nothing
    | FindingSet
    | FindingRemoved
    | OpinionSet
    | DensitySet
    | SpotAsked
    | Locked
    | CadResult
    | OperatingPointSet
    | MarkAnswer
    | ArbitrationRequested
    | Decision
    | StepRecorded
    | ExportRecorded
)

CONTENTS: Mapping[Action, type[Content]] = MappingProxyType(
    {
        Action.OPEN: Opened,
        Action.REOPEN: Nothing,
        Action.CHECK_VIEWS: ViewsChecked,
        Action.BEGIN: Nothing,
        Action.SET_FINDING: FindingSet,
        Action.REMOVE_FINDING: FindingRemoved,
        Action.SET_OPINION: OpinionSet,
        Action.SET_DENSITY: DensitySet,
        Action.ASK_SPOT: SpotAsked,
        Action.LOCK: Locked,
        Action.REVEAL: CadResult,
        Action.SET_OPERATING_POINT: OperatingPointSet,
        Action.DISPOSE_MARK: MarkAnswer,
        Action.FINALIZE: Nothing,
        Action.REQUEST_ARBITRATION: ArbitrationRequested,
        Action.ARBITRATE: Decision,
        Action.SIGN: Nothing,
        Action.RECORD_STEP: StepRecorded,
        Action.RECORD_EXPORT: ExportRecorded,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the log.

    Attributes
    ----------
    number : int
        Place in the log, from 1, without gaps over all reads.
    read_id : str
        The read that it belongs to.
    at : str
        UTC, ISO 8601 with microseconds.
    reader : str
        Who did it, by the id of the local profile: never a patient's.
    action : Action
        What was done.
    content : Content
        The rest.
    previous, sha256 : str
        Hash of the event before (`FIRST_HASH` for the first), and of this one.
    """

    number: int
    read_id: str
    at: str
    reader: str
    action: Action
    content: Content
    previous: str
    sha256: str


def content_text(content: Content) -> str:
    """Return a content as JSON in one spelling: sorted keys, no spaces, UTF-8.

    Raises
    ------
    ReviewError
        If a number in it is not finite.
    """
    try:
        return canonical_json(encode(content))
    except CodecError as error:
        raise ReviewError(
            f"an entry that cannot be written: {error}",
            expected="finite numbers",
            todo="correct the entry",
        ) from error


def canonical_json(value: object) -> str:
    """Return plain values as JSON in one spelling."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse_content(action: Action, text: str) -> Content:
    """Return the content of an action from its JSON.

    Raises
    ------
    ReviewError
        If it is no content of that action.
    """
    try:
        node = json.loads(text, object_pairs_hook=lambda pairs: Pairs(pairs))
        return decode(CONTENTS[action], node)
    except ValueError as error:
        raise ReviewError(
            f"an entry of the read log that is no {action} ({error})",
            expected="what this version of the program writes",
            todo="verify the log with: mammoview audit verify",
        ) from error


def event_hash(
    *, number: int, read_id: str, at: str, reader: str, action: str, content: str, previous: str
) -> str:
    """Return the SHA-256 over everything that an event says and the hash before it."""
    line = canonical_json([number, read_id, at, reader, action, content, previous])
    return hashlib.sha256(line.encode()).hexdigest()
