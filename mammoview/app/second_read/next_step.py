"""What leads a read to its next state, and what is still missing for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mammoview.app.second_read import texts
from mammoview.app.state.read import Hold
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import ReadingMode
from mammoview.review.states import ReadState
from mammoview.words import translate


class Go(StrEnum):
    """The ways on that a button or a key can take; views that are missing need words first."""

    BEGIN = "begin"
    LOCK = "lock"
    REVEAL = "reveal"
    FINALIZE = "finalize"
    SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next, in words, and what is missing for it, a line each."""

    go: Go
    said: str
    missing: tuple[str, ...]


_AFTER = {
    None: Go.BEGIN,
    ReadState.UNAIDED: Go.LOCK,
    ReadState.UNAIDED_LOCKED: Go.REVEAL,
    ReadState.AI_REVEALED: Go.FINALIZE,
    ReadState.FINAL: Go.SIGN,
    ReadState.ARBITRATION: Go.SIGN,
}


def of(ws: Workspace) -> NextStep | None:
    """Return what comes next; None where nothing does, or where words are needed first."""
    read = ws.read.read
    if (
        read is not None
        and read.state is ReadState.ARBITRATION
        and read.reader == ws.read.reader.id
    ):
        return None  # another reader decides
    go = _AFTER.get(read.state if read is not None else None)
    if go is None or not ws.read.keeps or ws.exam_key is None or ws.read.looking or ws.read.over:
        return None
    refused = ws.read.hold in (Hold.REFUSED, Hold.LOST)
    missing = (ws.read.hold_reason,) if refused else texts.needed(ws)
    return NextStep(go=go, said=_said(ws, go), missing=missing)


def why_not(ws: Workspace, go: Go) -> str:
    """Return why a way cannot be taken now; empty: it can."""
    step = of(ws)
    if step is None or step.go is not go:
        return translate("Read", "Not what comes next in this read")
    return "\n".join(step.missing)


def _said(ws: Workspace, go: Go) -> str:
    if go is Go.BEGIN:
        said = translate("Read", "Begin a read: {mode}")
        return said.format(mode=texts.mode_text(ws.read.site_mode))
    lock = translate("Read", "Lock the unaided opinion")
    if ws.reading_mode is not ReadingMode.SECOND_READ:
        lock = translate("Read", "Lock the opinion")
    reveal = translate("Read", "Reveal the computer")
    if ws.reading_mode is ReadingMode.CONCURRENT:  # it was seen from the start
        reveal = translate("Read", "Record the computer's marks")
    return {
        Go.LOCK: lock,
        Go.REVEAL: reveal,
        Go.FINALIZE: translate("Read", "Make it final"),
        Go.SIGN: translate("Read", "Sign"),
    }[go]
