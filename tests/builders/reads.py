"""Reads in every state, by the same door that the program uses."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from mammoview.domain.finding import Finding, FindingKind, FindingView
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus, ModelIdentity
from mammoview.domain.reading import (
    AnalysisOutcome,
    CadMark,
    CadResult,
    CadView,
    Decision,
    Disposition,
    MarkAnswer,
    ReadingMode,
    Role,
)
from mammoview.domain.views import Laterality
from mammoview.review.events import (
    ArbitrationRequested,
    Content,
    DensitySet,
    ExportRecorded,
    FindingRemoved,
    FindingSet,
    GreyShown,
    Locked,
    Nothing,
    Opened,
    OperatingPointSet,
    OpinionSet,
    SpotAsked,
    StepRecorded,
    ViewsChecked,
)
from mammoview.review.read import Read, digest
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog

READER, OTHER = "reader-a", "reader-b"
IMAGE = "1.2.3.1"


def opened(mode: ReadingMode = ReadingMode.SECOND_READ, role: Role = Role.FIRST) -> Opened:
    """Return the beginning of a read of two breasts."""
    return Opened(
        exam_key="exam-1",
        images=(IMAGE, "1.2.3.2"),
        sides=(Laterality.RIGHT, Laterality.LEFT),
        role=role,
        mode=mode,
        scheme="birads",
        software="0.0",
    )


def open_read(log: ReadLog, reader: str, content: Opened) -> Read:
    """Begin a read under an id of its own, and return it."""
    return log.append(uuid4().hex, reader, Action.OPEN, content)


def finding(name: str = "f1", kind: FindingKind = FindingKind.MASS) -> Finding:
    """Return a finding in the first image."""
    return Finding(
        id=name,
        laterality=Laterality.RIGHT,
        kind=kind,
        views=(FindingView(sop_instance_uid=IMAGE, outline=(ImagePoint(col=3.0, row=4.5),)),),
        descriptors=(("margin", "spiculated"),),
        size_mm=11.5,
    )


def mark(name: str = "m1") -> CadMark:
    """Return a mark of the computer in the first image."""
    return CadMark(
        id=name,
        sop_instance_uid=IMAGE,
        kind="mass",
        score=0.625,
        peak=ImagePoint(col=10.0, row=20.0),
        box=ImageBox(col0=5.0, row0=15.0, col1=15.0, row1=25.0),
        outline=(
            ImagePoint(col=5.0, row=15.0),
            ImagePoint(col=15.0, row=15.0),
            ImagePoint(col=10.0, row=25.0),
        ),
        size_mm=(5.5, 4.0),
    )


def revealed(*marks: CadMark) -> CadResult:
    """Return a computer's result with some marks."""
    return CadResult(
        outcome=AnalysisOutcome.DONE,
        reason="",
        model=ModelIdentity(name="quick", version="1", sha256="ab" * 32),
        operating_point="specific",
        device="CPU",
        views=(CadView(sop_instance_uid=IMAGE, status=AnalysisStatus.ANALYZED),),
        marks=marks,
    )


def opinion(side: Laterality, category: str = "2", reason: str = "") -> OpinionSet:
    """Return an opinion of one breast."""
    return OpinionSet(laterality=side, category=category, reason=reason)


def dismissed(name: str = "m1") -> MarkAnswer:
    """Return a dismissal with its reason."""
    return MarkAnswer(mark_id=name, disposition=Disposition.DISMISS, reason="vessel", finding_id="")


def to_lock(read: Read) -> Locked:
    """Return the lock that fits what a read says now."""
    return Locked(sha256=digest(read.now))


def content_for(action: Action, read: Read) -> Content:
    """Return a content with which an action works wherever its state allows it."""
    contents: dict[Action, Content] = {
        Action.OPEN: read.opened,
        Action.CHECK_VIEWS: ViewsChecked(missing=("LMLO",), reason="mastectomy"),
        Action.SET_FINDING: FindingSet(finding=finding("f2")),
        Action.REMOVE_FINDING: FindingRemoved(finding_id="f1", reason="it is a nipple"),
        Action.SET_OPINION: opinion(Laterality.LEFT, "0", "seen after the reveal"),
        Action.SET_DENSITY: DensitySet(density="c", reason="looked again"),
        Action.ASK_SPOT: SpotAsked(sop_instance_uid=IMAGE, point=ImagePoint(col=1.0, row=1.0)),
        Action.LOCK: to_lock(read),
        Action.REVEAL: revealed(mark()),
        Action.SET_OPERATING_POINT: OperatingPointSet(operating_point="sensitive", marks=()),
        Action.DISPOSE_MARK: dismissed(),
        Action.REQUEST_ARBITRATION: ArbitrationRequested(policy="discordant", reason="recall"),
        Action.ARBITRATE: Decision(laterality=Laterality.LEFT, category="1", reason="benign"),
        Action.RECORD_STEP: StepRecorded(
            step="cc-pair",
            seconds=2.5,
            seen=((IMAGE, 0.75),),
            grey=GreyShown(voi="HARDER", width=0.5, darker=0.25, inverted=True),
            overlay="off",
            display="checked",
        ),
        Action.RECORD_EXPORT: ExportRecorded(format="json", sha256="00" * 32),
    }
    return contents.get(action, Nothing())


def reader_of(action: Action, state: ReadState) -> str:
    """Return who may do it."""
    arbitrates = action is Action.ARBITRATE or (
        action is Action.SIGN and state is ReadState.ARBITRATION
    )
    return OTHER if arbitrates else READER


# What leads to each state, from the one before it.
_WAY = (
    (ReadState.VIEWS_CHECKED, (Action.CHECK_VIEWS,)),
    (ReadState.UNAIDED, (Action.BEGIN, Action.SET_FINDING)),
    (ReadState.UNAIDED_LOCKED, (Action.LOCK,)),
    (ReadState.AI_REVEALED, (Action.REVEAL,)),
    (ReadState.FINAL, (Action.DISPOSE_MARK, Action.FINALIZE)),
    (ReadState.ARBITRATION, (Action.REQUEST_ARBITRATION,)),
    (ReadState.SIGNED, (Action.SIGN,)),
)


def read_in(log: ReadLog, state: ReadState, mode: ReadingMode = ReadingMode.SECOND_READ) -> Read:
    """Return a read brought to a state, with a finding and an opinion of each breast."""
    read = open_read(log, READER, opened(mode))
    for reached, actions in _WAY:
        if read.state is state:
            return read
        for action in actions:
            read = _complete(log, read, action)
            who = reader_of(action, read.state)
            content = content_for(action, read)
            if action is Action.SET_FINDING:
                content = FindingSet(finding=finding("f1"))
            read = log.append(read.read_id, who, action, content)
        assert read.state is reached
    return read


def _complete(log: ReadLog, read: Read, action: Action) -> Read:
    """Say what an action needs to have been said."""
    needed: list[tuple[str, Action, Content]] = []
    if action is Action.LOCK:
        needed = [
            (READER, Action.SET_OPINION, opinion(Laterality.RIGHT, "4B")),
            (READER, Action.SET_OPINION, opinion(Laterality.LEFT, "1")),
            (READER, Action.SET_DENSITY, DensitySet(density="b", reason="")),
        ]
    if action is Action.SIGN and read.state is ReadState.ARBITRATION:
        needed = [
            (OTHER, Action.ARBITRATE, Decision(laterality=side, category="1", reason="benign"))
            for side in Laterality
        ]
    for who, needs, content in needed:
        read = log.append(read.read_id, who, needs, content)
    return read


def log_at(folder: Path) -> ReadLog:
    """Open a log in a folder."""
    return ReadLog(folder / "reads.sqlite")
