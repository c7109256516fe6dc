"""Everything that is said in a read: pure functions ``Workspace -> Workspace``.

What is said is part of the read at once, so that the reader goes on; `ReadKeeper` writes it down,
and only what is on the disk decides what may be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammoview import __version__
from mammoview.app import commands, frames, steps
from mammoview.app.read_state import Aim, Entry, Hold, Page, ReadPart
from mammoview.app.second_read import answering, checks
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.domain.finding import Finding
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import Heatmap
from mammoview.domain.reading import (
    CadMark,
    CadResult,
    Decision,
    Disposition,
    MarkAnswer,
    ReaderIdentity,
    ReadingMode,
    Role,
)
from mammoview.domain.views import Laterality, Slot
from mammoview.errors import ReviewError
from mammoview.review.events import (
    Content,
    DensitySet,
    Event,
    FindingRemoved,
    FindingSet,
    Locked,
    Nothing,
    Opened,
    OpinionSet,
    SpotAsked,
    ViewsChecked,
)
from mammoview.review.read import Read, apply, digest
from mammoview.review.states import Action, ReadState
from mammoview.words import COUNTED, translate

# -- an examination comes, and the log answers --------------------------------------------------


def seat(ws: Workspace, reader: ReaderIdentity, *, keeps: bool) -> Workspace:
    """Let somebody sit down before the window: what hangs is no read of theirs yet."""
    return _with(_left(ws), reader=reader, keeps=keeps)


def looked_for(ws: Workspace, *, begins: bool) -> Workspace:
    """Say that the log is asked for a read of the hung examination."""
    ws = _with(_left(ws), looking=True, begins=begins)
    return replace(ws, reading_mode=ws.read.site_mode if begins else ReadingMode.CONCURRENT)


def _left(ws: Workspace) -> Workspace:
    """Return the state without a read."""
    return replace(ws, read=commands.without_read(ws.read), reading_mode=ReadingMode.CONCURRENT)


def found(
    ws: Workspace,
    exam_key: str,
    kept: Read | None,
    waiting: Sequence[Entry] = (),
    *,
    blinded_elsewhere: bool = False,
    role: Role | None = Role.FIRST,
    others: tuple[Read, ...] = (),
) -> Workspace:
    """Take the log's answer: this reader's read of the examination, or that there is none.

    ``waiting`` is what was said of it earlier and is not on the disk yet; ``blinded_elsewhere``
    tells of others' reads of these images.  ``role`` is as whom this reader reads it (None: nothing
    is left to read), ``others`` what may be seen of other reads.
    """
    if exam_key != ws.exam_key or not ws.read.looking:
        return ws
    read = _after(kept, waiting)
    ws = _with(ws, looking=False, kept=kept, read=read, journal=(), others=others)
    ws = _with(ws, blinded_elsewhere=blinded_elsewhere, role=role or Role.FIRST)
    if read is None and role is None:
        ws = replace(ws, reading_mode=ReadingMode.CONCURRENT)
        return _with(ws, over=True, begins=False)
    if read is None:
        return ws
    ws = replace(ws, reading_mode=read.opened.mode)
    ws = _with(ws, begins=False, page=Page.READ)
    ws = _first_mark(ws)
    return _named_other_images(ws, read)


def elsewhere(ws: Workspace, exam_key: str, blinded: bool) -> Workspace:
    """Take note whether somebody else's read of the hung images is blinded by now."""
    if exam_key != ws.exam_key or blinded is ws.read.blinded_elsewhere:
        return ws
    return _with(ws, blinded_elsewhere=blinded)


def _named_other_images(ws: Workspace, read: Read) -> Workspace:
    """Say which images came after a read was begun, and how many of its own are not here."""
    exam = commands.exam_by_key(ws, ws.exam_key)
    there = {view.sop_instance_uid: view.label for view in exam.mammograms} if exam else {}
    new = [label for uid, label in there.items() if uid not in read.opened.images]
    gone = sum(uid not in there for uid in read.opened.images)
    if new:
        said = translate(
            "Read", "Images that came after this read was begun, no part of it: {views}"
        )
        ws = commands.warn(ws, said.format(views=", ".join(new)))
    if gone:
        said = translate("Read", "%n image(s) of this read are NOT here", "", COUNTED, gone)
        ws = commands.warn(ws, said)
    return ws


def kept(
    ws: Workspace, read: Read | None, waiting: Sequence[Entry], *, unsaved: int, problem: str
) -> Workspace:
    """Take what is on the disk by now, and what still waits for it."""
    part = ws.read
    same = (part.unsaved, part.problem) == (unsaved, problem)
    ours = part.read is not None and read is not None and read.read_id == part.read.read_id
    if not ours or read is part.kept:
        return ws if same else _with(ws, unsaved=unsaved, problem=problem)
    after = _after(read, waiting)
    assert after is not None
    ws = _with(ws, kept=read, read=after, unsaved=unsaved, problem=problem)
    return _first_mark(_marks_on(ws)) if _is_the_reveal(part.kept, read) else ws


def _is_the_reveal(before: Read | None, now: Read | None) -> bool:
    known = before is not None and before.revealed is None
    return known and now is not None and now.revealed is not None


def _first_mark(ws: Workspace) -> Workspace:
    """Name the first mark without an answer; nothing moves before the reader goes to it."""
    unanswered = {mark.id for mark in ws.read.read.undisposed} if ws.read.read else set()
    first = next((mark.id for mark in marks_in_order(ws) if mark.id in unanswered), "")
    return _with(ws, mark=first)


def _marks_on(ws: Workspace) -> Workspace:
    """Draw the marks that are to be answered; heat is left to the reader."""
    return ws if commands.overlay_parts(ws.overlay.mode)[1] else commands.toggle_marks(ws)


def told(ws: Workspace, *, unsaved: int, problem: str) -> Workspace:
    """Say why what was said is not on the disk yet; empty: it is."""
    if (ws.read.unsaved, ws.read.problem) == (unsaved, problem):
        return ws
    return _with(ws, unsaved=unsaved, problem=problem)


def refused(ws: Workspace, entries: Sequence[Entry], reason: str) -> Workspace:
    """Say for good what the log did not take, as another program had changed the read."""
    what = ", ".join(entry.action.replace("-", " ") for entry in entries)
    said = translate("Read", "Not taken into the read log: {what} ({reason})")
    return commands.warn(ws, said.format(what=what, reason=reason))


def heatmaps_loaded(
    ws: Workspace, read_id: str, heatmaps: tuple[tuple[str, tuple[Heatmap, ...]], ...]
) -> Workspace:
    """Take the heatmaps that were revealed in a read."""
    if ws.read.kept is None or ws.read.kept.read_id != read_id:
        return ws
    return _with(ws, heatmaps=heatmaps)


# -- what a reader does -----------------------------------------------------------------------


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
    return _with(ws, read=read, journal=(*part.journal, entry))


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
        return commands.say(_with(ws, begins=False), str(error))
    ws = _with(ws, read=read, journal=(*part.journal, entry), begins=False, page=Page.READ)
    return replace(ws, reading_mode=mode, status="")


def settled(ws: Workspace) -> Workspace:
    """Check the views by itself where all four are on the screen, and begin the unaided read."""
    read = ws.read.read
    if read is None or read.state is not ReadState.OPENED or commands.loading(ws):
        return ws
    return ws if missing(ws) else check_views(ws, "")


def missing(ws: Workspace) -> tuple[Slot, ...]:
    """Return the standard views that cannot be read: not there, or not decoded."""
    there = {hung.mammogram.slot for hung in ws.views if hung.analysed and hung.image is not None}
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
    return asked if asked.read.read is ws.read.read else _marks_on(asked)


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
    return ws if ws.read.begins else _with(ws, begins=True)


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


# -- the marks, one after another -------------------------------------------------------------


def marks_in_order(ws: Workspace) -> tuple[CadMark, ...]:
    """Return the marks that were shown: by image as it hangs, the highest score first."""
    kept = ws.read.kept
    if kept is None or ws.read.read is None:
        return ()
    order = {hung.mammogram.sop_instance_uid: at for at, hung in enumerate(ws.views)}
    last = len(order)
    return tuple(sorted(kept.shown, key=lambda m: (order.get(m.sop_instance_uid, last), -m.score)))


def current_mark(ws: Workspace) -> CadMark | None:
    """Return the mark that is being answered."""
    return next((mark for mark in marks_in_order(ws) if mark.id == ws.read.mark), None)


def next_mark(ws: Workspace, by: int = 1) -> Workspace:
    """Go to the next (+1) or previous (-1) mark, round the end."""
    ids = [mark.id for mark in marks_in_order(ws)]
    if not ids:
        return commands.say(ws, translate("Read", "No mark of the computer to answer"))
    mark = current_mark(ws)
    if mark is None or ws.read.aim is None:  # the first one is only named until it is gone to
        return go_to_mark(ws, mark.id if mark is not None else ids[0])
    return go_to_mark(ws, ids[(ids.index(mark.id) + by) % len(ids)])


def go_to_mark(ws: Workspace, mark_id: str) -> Workspace:
    """Show a mark in the middle of its pane, of a volume on its slice, and answer it next."""
    mark = next((mark for mark in marks_in_order(ws) if mark.id == mark_id), None)
    if mark is None:
        return ws
    ws = aim(steps.show_image(ws, mark.sop_instance_uid), mark.sop_instance_uid, mark.peak)
    for pane in ws.panes if mark.frame else ():
        if pane.mammogram and pane.mammogram.sop_instance_uid == mark.sop_instance_uid:
            ws = frames.scroll_to(ws, pane.key, mark.frame)
    return _with(ws, mark=mark_id)


def aim(ws: Workspace, sop_instance_uid: str, point: ImagePoint) -> Workspace:
    """Ask the panes to show a place of an image in their middle."""
    request = ws.read.aim.request + 1 if ws.read.aim is not None else 1
    return _with(ws, aim=Aim(sop_instance_uid=sop_instance_uid, point=point, request=request))


def show_page(ws: Workspace, page: Page) -> Workspace:
    """Turn the side panel to a page."""
    return ws if ws.read.page is page else _with(ws, page=page)


def away(ws: Workspace, away: bool) -> Workspace:
    """Say that another page lies over the images, or that they are seen again."""
    return ws if ws.read.away is away else _with(ws, away=away)


def turn_page(ws: Workspace) -> Workspace:
    """Turn the side panel to its other page."""
    return show_page(ws, Page.IMAGES if ws.read.page is Page.READ else Page.READ)


def revealing(ws: Workspace, on: bool, problem: str = "") -> Workspace:
    """Remember that the computer's result was asked for, and what keeps it from being written."""
    if (ws.read.revealing, ws.read.reveal_problem) == (on, problem):
        return ws
    return _with(ws, revealing=on, reveal_problem=problem)


# -- helpers ----------------------------------------------------------------------------------


def entered(read: Read | None, entry: Entry) -> Read:
    """Return a read after an entry that the log has not numbered and dated yet.

    Raises
    ------
    NotAllowedError
        If the read does not allow it.
    """
    event = Event(
        number=0,
        read_id=entry.read_id,
        at="",
        reader=entry.reader,
        action=entry.action,
        content=entry.content,
        previous="",
        sha256="",
    )
    return apply(read, event)


def _after(read: Read | None, waiting: Sequence[Entry]) -> Read | None:
    """Return a read after what waits; what the log will refuse is left out."""
    for entry in waiting:
        try:
            read = entered(read, entry)
        except ReviewError:
            continue
    return read


def _with(ws: Workspace, **changes: object) -> Workspace:
    part: ReadPart = replace(ws.read, **changes)  # type: ignore[arg-type]
    return replace(ws, read=part)
