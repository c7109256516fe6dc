"""Everything that is said in a read: pure functions ``Workspace -> Workspace``.

What is said is part of the read at once, so that the reader goes on; `ReadKeeper` writes it down,
and only what is on the disk decides what may be seen.
"""

from __future__ import annotations

from dataclasses import replace

from mammoview import __version__
from mammoview.app import commands
from mammoview.app.second_read import answering, checks
from mammoview.app.second_read.mark_steps import (
    current_mark,
    go_to_mark,
    marks_in_order,
    marks_on,
)
from mammoview.app.second_read.part import entered, with_part
from mammoview.app.state.read import Entry, Hold, Page
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import (
    CadResult,
    Decision,
    Disposition,
    MarkAnswer,
    ReadingMode,
)
from mammoview.domain.views import Laterality, Slot
from mammoview.errors import ReviewError
from mammoview.review.events import (
    Content,
    DensitySet,
    FindingRemoved,
    FindingSet,
    Locked,
    Nothing,
    Opened,
    OpinionSet,
    SpotAsked,
    ViewsChecked,
)
from mammoview.review.read import digest
from mammoview.review.states import Action, ReadState
from mammoview.words import translate


def enter(ws: Workspace, action: Action, content: Content) -> Workspace:
    """Say one thing in the read; what it does not allow is told, and changes nothing."""
    part = ws.read
    if part.read is None:
        return commands.say(ws, translate("Read", "No read of this examination has begun"))
    if part.hold not in (Hold.NONE, Hold.HELD):
        return commands.say(ws, part.hold_reason or translate("Read", "Not held yet: try again"))
    entry = Entry(read_id=part.read.read_id, reader=part.reader.id, action=action, content=content)
    try:
        read = entered(part.read, entry)
    except ReviewError as error:
        return commands.say(ws, str(error))
    return with_part(ws, read=read, journal=(*part.journal, entry))


def begin(
    ws: Workspace, read_id: str, *, mode: ReadingMode, scheme: str, result_seen: bool
) -> Workspace:
    """Begin a read of the hung examination."""
    part, exam = ws.read, commands.exam_by_key(ws, ws.exam_key)
    if exam is None or not part.keeps or part.looking or part.read is not None or part.over:
        return ws
    there = {view.laterality.value for view in exam.mammograms}
    content = Opened(
        exam_key=exam.key,
        images=tuple(view.sop_instance_uid for view in exam.mammograms),
        sides=tuple(side for side in Laterality if side in there),
        role=part.role,
        mode=mode,
        scheme=scheme,
        software=__version__,
        result_seen=result_seen,
    )
    entry = Entry(read_id=read_id, reader=part.reader.id, action=Action.OPEN, content=content)
    try:
        read = entered(None, entry)
    except ReviewError as error:
        return commands.say(with_part(ws, begins=False), str(error))
    ws = with_part(ws, read=read, journal=(*part.journal, entry), begins=False, page=Page.READ)
    return replace(ws, reading_mode=mode, status="")


def settled(ws: Workspace) -> Workspace:
    """Check the views by itself where all four are on the screen, and begin the unaided read."""
    read = ws.read.read
    if read is None or read.state is not ReadState.OPENED or commands.loading(ws):
        return ws
    return ws if missing(ws) else check_views(ws, "")


def missing(ws: Workspace) -> tuple[Slot, ...]:
    """Return the standard views that cannot be read: not there, or not decoded."""
    there = {hung.mammogram.slot for hung in ws.views if hung.analysed and hung.known is not None}
    return tuple(slot for slot in Slot if slot not in there)


def check_views(ws: Workspace, reason: str) -> Workspace:
    """Say which views are missing, and why the read goes on; then read unaided."""
    views = ViewsChecked(missing=missing(ws), reason=reason.strip())
    checked = enter(ws, Action.CHECK_VIEWS, views)
    if checked.read.read is ws.read.read:
        return checked
    return enter(checked, Action.BEGIN, Nothing())


def set_finding(ws: Workspace, finding: Finding) -> Workspace:
    """Take a finding, or another state of the one of that id."""
    read = ws.read.read
    if read is not None and read.now.finding(finding.id) == finding:
        return ws
    return enter(ws, Action.SET_FINDING, FindingSet(finding=finding))


def remove_finding(ws: Workspace, finding_id: str, reason: str = "") -> Workspace:
    """Take a finding back."""
    removed = FindingRemoved(finding_id=finding_id, reason=reason.strip())
    return enter(ws, Action.REMOVE_FINDING, removed)


def set_opinion(ws: Workspace, opinion: Opinion) -> Workspace:
    """Say what a breast is; the same again changes nothing."""
    read = ws.read.read
    if read is not None and read.now.opinion(opinion.laterality) == opinion:
        return ws
    if checks.lacks_reason(ws, opinion):
        reason = translate("Read", "Say why the opinion is changed: nothing was changed yet")
        return commands.say(ws, reason)
    said = OpinionSet(
        laterality=opinion.laterality,
        category=opinion.category,
        reason=opinion.reason.strip(),
        views=opinion.views,
    )
    return enter(ws, Action.SET_OPINION, said)


def set_density(ws: Workspace, density: str, reason: str = "") -> Workspace:
    """Say how dense the breasts are; the same again changes nothing."""
    read = ws.read.read
    if read is not None and read.now.density == density:
        return ws
    return enter(ws, Action.SET_DENSITY, DensitySet(density=density, reason=reason.strip()))


def ask_spot(ws: Workspace, sop_instance_uid: str, point: ImagePoint) -> Workspace:
    """Ask what the computer says of one spot; the answer comes once the question is kept."""
    asked = enter(ws, Action.ASK_SPOT, SpotAsked(sop_instance_uid=sop_instance_uid, point=point))
    return asked if asked.read.read is ws.read.read else marks_on(asked)


def lock(ws: Workspace) -> Workspace:
    """Close the unaided read."""
    read = ws.read.read
    if read is None:
        return enter(ws, Action.LOCK, Locked(sha256=""))
    if problems := checks.errors(ws):
        return commands.say(ws, problems[0])
    return enter(ws, Action.LOCK, Locked(sha256=digest(read.now)))


def reveal(ws: Workspace, said: CadResult) -> Workspace:
    """Say in the read what the computer said; it is seen once that is on the disk."""
    return enter(revealing(ws, False), Action.REVEAL, said)


def answer(ws: Workspace, said: MarkAnswer) -> Workspace:
    """Answer a mark of the computer, and go on to the next one without an answer."""
    answered = enter(ws, Action.DISPOSE_MARK, said)
    read = answered.read.read
    if read is ws.read.read or read is None:
        return answered
    unanswered = {mark.id for mark in read.undisposed}
    ids = [mark.id for mark in marks_in_order(answered)]
    at = ids.index(said.mark_id) if said.mark_id in ids else 0
    following = next((i for i in (*ids[at:], *ids[:at]) if i in unanswered), None)
    return answered if following is None else go_to_mark(answered, following)


def agree(ws: Workspace) -> Workspace:
    """Agree with the mark that is being answered."""
    return _answer_current(ws, Disposition.AGREE)


def dismiss(ws: Workspace, reason: str) -> Workspace:
    """Dismiss the mark that is being answered."""
    return _answer_current(ws, Disposition.DISMISS, reason=reason.strip())


def same_as_mine(ws: Workspace, finding_id: str) -> Workspace:
    """Say that the mark that is being answered is one of the reader's own findings."""
    return _answer_current(ws, Disposition.DUPLICATE, finding_id=finding_id)


def same_as_nearest(ws: Workspace) -> Workspace:
    """Say that the mark is the reader's own finding that lies nearest."""
    mark, read = current_mark(ws), ws.read.read
    if mark is None or read is None:
        return _answer_current(ws, Disposition.DUPLICATE)
    nearest = answering.nearest_first(ws, mark)
    if not nearest:
        return commands.say(ws, translate("Read", "No finding of yours in this breast"))
    return same_as_mine(ws, nearest[0].id)


def _answer_current(
    ws: Workspace, disposition: Disposition, *, reason: str = "", finding_id: str = ""
) -> Workspace:
    mark = current_mark(ws)
    if mark is None:
        return commands.say(ws, translate("Read", "No mark of the computer to answer"))
    said = MarkAnswer(
        mark_id=mark.id, disposition=disposition, reason=reason, finding_id=finding_id
    )
    return answer(ws, said)


def begins(ws: Workspace) -> Workspace:
    """Remember that a read is to begin, once the examination is held."""
    return ws if ws.read.begins else with_part(ws, begins=True)


def decide(ws: Workspace, decision: Decision) -> Workspace:
    """Decide a breast as the arbitrator; the same again changes nothing."""
    read = ws.read.read
    if read is not None and (ws.read.reader.id, decision) in read.decisions:
        return ws
    return enter(ws, Action.ARBITRATE, decision)


def finalize(ws: Workspace) -> Workspace:
    """Make what is said now the final opinion."""
    if problems := checks.errors(ws):
        return commands.say(ws, problems[0])
    return enter(ws, Action.FINALIZE, Nothing())


def sign(ws: Workspace) -> Workspace:
    """Sign the final opinion."""
    return enter(ws, Action.SIGN, Nothing())


def show_page(ws: Workspace, page: Page) -> Workspace:
    """Turn the side panel to a page."""
    return ws if ws.read.page is page else with_part(ws, page=page)


def away(ws: Workspace, away: bool) -> Workspace:
    """Say that another page lies over the images, or that they are seen again."""
    return ws if ws.read.away is away else with_part(ws, away=away)


def turn_page(ws: Workspace) -> Workspace:
    """Turn the side panel to its other page."""
    return show_page(ws, Page.IMAGES if ws.read.page is Page.READ else Page.READ)


def revealing(ws: Workspace, on: bool, problem: str = "") -> Workspace:
    """Remember that the computer's result was asked for, and what keeps it from being written."""
    if (ws.read.revealing, ws.read.reveal_problem) == (on, problem):
        return ws
    return with_part(ws, revealing=on, reveal_problem=problem)
