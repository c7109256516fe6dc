"""What is said of a read on the screen."""

from __future__ import annotations

from mammoview.app.assessment.dismissals import shipped_dismissals
from mammoview.app.kinds import kind_text
from mammoview.app.second_read import checks, gate
from mammoview.app.second_read.commands import missing
from mammoview.app.second_read.habits import mode_text as mode_text
from mammoview.app.second_read.mark_steps import marks_in_order
from mammoview.app.state.read import ReadPart
from mammoview.app.workspace import Workspace
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import (
    AnalysisOutcome,
    CadMark,
    Disposition,
    MarkAnswer,
    ReadingMode,
    Role,
)
from mammoview.review.read import Read
from mammoview.review.readers import LOCAL_READER
from mammoview.review.states import ReadState
from mammoview.words import COUNTED, translate


def badge_text(ws: Workspace) -> str:
    """Return how this examination is read and where the read stands: always on the screen.

    Without an examination nothing is read: then how the worklist is read, where reads are kept.
    """
    read = ws.read.read
    if ws.exam_key is None:
        said = translate("Status", "Worklist: {mode}").format(mode=mode_text(ws.read.site_mode))
        return said if ws.read.keeps else ""
    if read is None:
        if ws.reading_mode is ReadingMode.CONCURRENT:
            return translate("Status", "Concurrent reading — not a blinded read")
        return mode_badge(ws.reading_mode)
    if ws.read.role is Role.ARBITRATOR:
        said = translate("Status", "Arbitrator · {state}")
        return said.format(state=state_text(ws.read))
    said = f"{mode_badge(ws.reading_mode)} · {state_text(ws.read)}"
    if ws.read.role is Role.SECOND:
        said = translate("Status", "Second reader · {read}").format(read=said)
    if read.opened.result_seen and ws.reading_mode is not ReadingMode.CONCURRENT:
        said += " · " + translate("Status", "result was seen before")
    return said


def way(ws: Workspace) -> tuple[str, ...]:
    """Return the steps of a read, a line each, with a mark before those that are done."""
    read = ws.read.read
    if read is None:
        return (_without_read(ws),) if ws.exam_key else ()
    order = list(ReadState)
    at = order.index(read.state)
    views = translate("Read", "Views checked")
    if read.views is not None and read.views.missing:
        without = translate("Read", "Views checked, without {views}")
        views = without.format(views=", ".join(read.views.missing))
    steps = (
        (ReadState.VIEWS_CHECKED, views),
        (ReadState.UNAIDED_LOCKED, _dated(_locked(read)[0], read.locked_at)),
        (ReadState.AI_REVEALED, _revealed(read)[0]),
        (ReadState.FINAL, translate("Read", "Final")),
        (ReadState.SIGNED, _dated(translate("Read", "Signed"), read.signed_at)),
    )
    return tuple(f"{'✓' if at >= order.index(state) else '·'}  {said}" for state, said in steps)


def _without_read(ws: Workspace) -> str:
    if ws.read.over:
        return translate("Read", "Others have read this examination: nothing is left to read")
    if ws.read.role is Role.SECOND:
        return translate("Read", "Read by another: you are the second reader")
    return translate("Read", "No read of this examination")


def reader_text(part: ReadPart) -> str:
    """Return who reads: a name, and whether anything vouches for it."""
    if not part.reader.id:
        return ""
    if part.reader.id == LOCAL_READER.id:
        return translate("Status", "{name}: no PIN").format(name=part.reader.name)
    return part.reader.name


def _dated(said: str, at: str) -> str:
    # Date and time stay together where a line ends.
    return f"{said}  {at[:10]}\u00a0{at[11:16]}Z" if at else said


def mode_badge(mode: ReadingMode) -> str:
    """Return a mode as the badge says it."""
    if mode is ReadingMode.SECOND_READ:
        return translate("Status", "Second read")
    if mode is ReadingMode.ASK_SPOT:
        return translate("Status", "Ask about a spot")
    return translate("Status", "Concurrent read — not blinded")


def state_text(part: ReadPart) -> str:
    """Return where a read stands, in words."""
    read = part.read
    if read is None:
        return translate("Read", "no read")
    begun = translate("Read", "reading")
    if read.opened.mode is ReadingMode.SECOND_READ:
        begun = translate("Read", "unaided")
    words = {
        ReadState.OPENED: translate("Read", "views to be checked"),
        ReadState.VIEWS_CHECKED: translate("Read", "views checked"),
        ReadState.UNAIDED: begun,
        ReadState.UNAIDED_LOCKED: _locked(read)[1],
        ReadState.AI_REVEALED: _revealed(read)[1],
        ReadState.FINAL: translate("Read", "final"),
        ReadState.ARBITRATION: translate("Read", "in arbitration"),
        ReadState.SIGNED: translate("Read", "signed"),
    }
    return words[read.state]


def _locked(read: Read) -> tuple[str, str]:
    """Return what the lock is called in its mode, as it stands alone and after other words."""
    if read.opened.mode is ReadingMode.SECOND_READ:
        return translate("Read", "Unaided, locked"), translate("Read", "unaided, locked")
    return translate("Read", "Opinion locked"), translate("Read", "opinion locked")


def _revealed(read: Read) -> tuple[str, str]:
    """Return what the reveal is called in its mode, as it stands alone and after other words."""
    if read.opened.mode is ReadingMode.CONCURRENT:  # it was seen from the start
        return translate("Read", "Computer recorded"), translate("Read", "computer recorded")
    return translate("Read", "Computer revealed"), translate("Read", "computer revealed")


def closed_reason(ws: Workspace) -> str:
    """Return why the computer's result is not to be seen; empty where it is."""
    if gate.is_open(ws):
        return ""
    if ws.read.looking:
        return translate(
            "Read", "Hidden until the read log has told whether a blinded read is open"
        )
    if ws.read.blinded_elsewhere and ws.read.kept is None:
        return translate("Read", "Hidden: a blinded read of these images is open on this machine")
    if ws.read.state is ReadState.UNAIDED_LOCKED:
        return translate("Read", "Hidden until you reveal it")
    return translate("Read", "Hidden until your unaided opinion is locked")


def asks_not(ws: Workspace) -> str:
    """Return why no spot can be asked about now; empty: one can."""
    read = ws.read.read
    if read is None or read.opened.mode is not ReadingMode.ASK_SPOT:
        return translate("Read", "Only in reads of the mode that asks about spots")
    if read.state is not ReadState.UNAIDED:
        return translate("Read", "Spots are asked about before the opinion is locked")
    return ""


def spot_answer(ws: Workspace) -> str:
    """Return what the computer says of the spot that was asked about last; empty: none was."""
    kept = ws.read.kept
    if kept is None or not kept.spots or kept.state is not ReadState.UNAIDED:
        return ""
    spot = kept.spots[-1]
    label = _label(ws, spot.sop_instance_uid)
    views = ws.prediction.views if ws.prediction is not None else ()
    view = next((v for v in views if v.sop_instance_uid == spot.sop_instance_uid), None)
    if view is None:
        return translate("Read", "{view}: the computer has not read it yet").format(view=label)
    if view.status is not AnalysisStatus.ANALYZED:
        said = translate("Read", "{view}: NOT READ by the computer — {reason}")
        return said.format(view=label, reason=view.reason)
    mine = gate.near_spot(ws, spot, view.regions)
    if not mine:
        return translate("Read", "{view}: no mark at the asked spot").format(view=label)
    said = translate("Read", "{view}: {kind} at the asked spot, score {score:.2f}")
    best = max(mine, key=lambda region: region.score)
    return said.format(view=label, kind=kind_text(best.kind), score=best.score)


def needed(ws: Workspace) -> tuple[str, ...]:
    """Return what is missing for the next step of the read, a line each; none: it can be taken."""
    read = ws.read.read
    if read is None:
        return ()
    if read.state is ReadState.OPENED:
        return _needed_views(ws)
    if read.state in (ReadState.UNAIDED, ReadState.AI_REVEALED):
        return checks.errors(ws)
    if read.state is ReadState.UNAIDED_LOCKED:
        return _needed_reveal(ws)
    if read.state is ReadState.ARBITRATION:
        decided = {decision.laterality for _, decision in read.decisions}
        line = translate("Read", "No decision for the {side} breast yet")
        return tuple(
            line.format(side=side_text(side)) for side in read.opened.sides if side not in decided
        )
    return ()


def _needed_views(ws: Workspace) -> tuple[str, ...]:
    slots = missing(ws)
    if not slots:
        return ()
    views = ", ".join(slot.label for slot in slots)
    return (translate("Read", "Missing: {views}. Say why, to go on").format(views=views),)


def _needed_reveal(ws: Workspace) -> tuple[str, ...]:
    if ws.read.state is not ReadState.UNAIDED_LOCKED:
        return (translate("Read", "The lock is not on the disk yet"),)
    if ws.read.revealing:
        return (translate("Read", "The computer's result is on its way"),)
    return ()


def side_text(side: str) -> str:
    """Return a side in words."""
    return translate("Read", "right") if side == "R" else translate("Read", "left")


def side_name(side: str) -> str:
    """Return a side as it stands alone."""
    return translate("Read", "Right") if side == "R" else translate("Read", "Left")


def result_line(ws: Workspace) -> str:
    """Return what the computer said, in a line: no marks, failed and not run read differently."""
    kept = ws.read.kept
    if kept is None or kept.revealed is None:
        return spot_answer(ws)
    said = kept.revealed
    if said.outcome is AnalysisOutcome.FAILED:
        return translate("Read", "Computer: FAILED — {reason}").format(reason=said.reason)
    if said.outcome is AnalysisOutcome.NOT_RUN:
        return translate("Read", "Computer: NOT RUN — {reason}").format(reason=said.reason)
    if not kept.shown:
        return translate("Read", "Computer: read the images, no marks")
    n = len(kept.shown)
    return translate("Read", "Computer: %n mark(s)", "", COUNTED, n)


def mark_line(ws: Workspace, mark: CadMark) -> str:
    """Return a mark in a line: image, kind, score."""
    label = _label(ws, mark.sop_instance_uid)
    if not mark.scored:
        return translate("Read", "{view} · {kind}").format(view=label, kind=kind_text(mark.kind))
    said = translate("Read", "{view} · {kind} · score {score:.2f}")
    return said.format(view=label, kind=kind_text(mark.kind), score=mark.score)


def _label(ws: Workspace, sop_instance_uid: str) -> str:
    labels = {hung.mammogram.sop_instance_uid: hung.mammogram.label for hung in ws.views}
    return labels.get(sop_instance_uid, translate("Read", "an image that does not hang"))


def mark_text(ws: Workspace, mark: CadMark) -> str:
    """Return the mark that is being answered: which of how many, what it is, and the answer."""
    marks, read = marks_in_order(ws), ws.read.read
    which = translate("Read", "Mark {at} of {count}")
    which = which.format(at=marks.index(mark) + 1, count=len(marks))
    answers = read.disposed if read is not None else ()
    said = next((answer for answer in answers if answer.mark_id == mark.id), None)
    answered = answer_text(said) if said is not None else translate("Read", "no answer yet")
    return f"{which} · {mark_line(ws, mark)}\n{answered}"


def answer_text(said: MarkAnswer) -> str:
    """Return an answer in words."""
    if said.disposition is Disposition.AGREE:
        return translate("Read", "agreed")
    if said.disposition is Disposition.DUPLICATE:
        return translate("Read", "the same as a finding of mine")
    reason = shipped_dismissals().text(said.reason)
    return translate("Read", "dismissed: {reason}").format(reason=reason)


def problem_text(part: ReadPart) -> str:
    """Return what must stay on the screen while the read is not kept; empty: it is."""
    if part.reveal_problem:
        said = translate("Read", "Computer NOT REVEALED yet: {problem}")
        return said.format(problem=part.reveal_problem)
    if not part.problem:
        return ""
    if not part.unsaved:
        return translate("Read", "Read log: {problem}").format(problem=part.problem)
    n = part.unsaved
    said = translate("Read", "%n change(s) of the read NOT SAVED: {problem}", "", COUNTED, n)
    return said.format(problem=part.problem)
