"""The reader's findings: outlined, linked, described, removed: ``Workspace -> Workspace``.

Every change is said in the read at once, and so kept; undoing is a change like any other.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from mammoview.app import commands, frames, steps
from mammoview.app.marks import marking
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import mark_steps
from mammoview.app.second_read.finding_place import Estimate, described, estimate
from mammoview.app.second_read.outlines import finding_view
from mammoview.app.second_read.part import with_part
from mammoview.app.state.read import FindingChange, Page
from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.annotation import Annotation, MarkKind, centroid
from mammoview.domain.finding import Finding, FindingKind, FindingView
from mammoview.domain.reading import CadMark, Disposition, MarkAnswer
from mammoview.review.states import Action, ReadState, next_state
from mammoview.words import translate

_UNDO_DEPTH = 200


def of_reader(ws: Workspace) -> tuple[Finding, ...]:
    """Return the reader's findings, in the order of their numbers."""
    return ws.read.read.now.findings if ws.read.read is not None else ()


def selected(ws: Workspace) -> Finding | None:
    """Return the finding that keys act on."""
    return by_id(ws, ws.read.finding)


def by_id(ws: Workspace, finding_id: str) -> Finding | None:
    """Return a finding of the reader's; ``None``: it was never one, or was taken back."""
    return ws.read.read.now.finding(finding_id) if ws.read.read is not None else None


def number_of(ws: Workspace, finding_id: str) -> int:
    """Return the number that stands beside a finding, from 1; 0 for none of the reader's."""
    ids = [finding.id for finding in of_reader(ws)]
    return ids.index(finding_id) + 1 if finding_id in ids else 0


def why_closed(ws: Workspace) -> str:
    """Return why no finding can be made or changed now; empty: it can."""
    read = ws.read.read
    if read is None:
        return translate("Read", "No read of this examination has begun")
    if next_state(read.state, Action.SET_FINDING) is None:
        return translate("Findings", "Findings are entered unaided, or after the reveal")
    return ""


# -- drawing ----------------------------------------------------------------------------------


def draw(ws: Workspace, kind: MarkKind, finding_id: str = "") -> Workspace:
    """Outline a new finding next, or one of the reader's in another view; again: draw none."""
    reason = why_closed(ws)
    if reason:
        return commands.say(ws, reason)
    marks = ws.marks
    if (marks.tool, marks.outlines) == (kind, finding_id):
        return marking.end_tool(ws)
    marks = replace(marks, tool=kind, outlines=finding_id, selected=None)
    return replace(ws, marks=marks, status="")


def outlining_text(ws: Workspace) -> str:
    """Return which finding is being outlined; empty: none."""
    outlines = ws.marks.outlines
    if ws.marks.tool is None or outlines is None:
        return ""
    number = number_of(ws, outlines)
    if not number:
        return translate("Findings", "New finding")
    return translate("Findings", "Finding {number} in another view").format(number=number)


def link(ws: Workspace) -> Workspace:
    """Outline the selected finding in another view next, with the line of its level for help."""
    if selected(ws) is None:
        return commands.say(ws, translate("Findings", "Select the finding that is to be linked"))
    return draw(ws, MarkKind.ELLIPSE, ws.read.finding)


def outlined(ws: Workspace, mark: Annotation) -> Workspace:
    """Take what the tool drew: a new finding, or an outline of one that there is."""
    finding_id = ws.marks.outlines or ""
    ws = marking.end_tool(ws)
    view = finding_view(mark)
    if view is None:
        return commands.say(ws, translate("Findings", "This mark bounds no region"))
    finding = by_id(ws, finding_id)
    if finding is not None:
        return _with_view(ws, finding, view)
    return _new(ws, mark.id, view, FindingKind.MASS)


def from_mark(ws: Workspace) -> Workspace:
    """Make the selected mark a finding; the mark goes, and undo brings it back."""
    mark = ws.marks.by_id(ws.marks.selected)
    view = finding_view(mark) if mark is not None else None
    if mark is None or view is None:
        return commands.say(
            ws, translate("Findings", "Select an outline, an ellipse, two diameters or an arrow")
        )
    same = by_id(ws, mark.id)  # its finding, where undo brought the mark back and no more
    made = _with_view(ws, same, view) if same else _new(ws, mark.id, view, FindingKind.MASS)
    now = by_id(made, mark.id)
    if now is None or view not in now.views:  # refused, and the status says why
        return made
    status = made.status
    return replace(marking.delete_selected(made), status=status)


def agree_as_finding(ws: Workspace) -> Workspace:
    """Agree with the mark that is being answered, and take its outline as a finding of one's own.

    The reader's own finding there already is for "same as mine", and not for this.  Said again, it
    leaves that finding as the reader has changed it meanwhile.
    """
    mark = mark_steps.current_mark(ws)
    if mark is None:
        return commands.say(ws, translate("Read", "No mark of the computer to answer"))
    kind = FindingKind(mark.kind) if mark.kind in list(FindingKind) else FindingKind.MASS
    outline = mark.outline or (mark.peak,)
    view = FindingView(sop_instance_uid=mark.sop_instance_uid, outline=outline, frame=mark.frame)
    own = _own_id(ws, mark)
    made = select(ws, own) if by_id(ws, own) is not None else _new(ws, own, view, kind)
    if by_id(made, own) is None:  # refused, and the status says why
        return made
    answer = MarkAnswer(mark_id=mark.id, disposition=Disposition.AGREE, reason="", finding_id=own)
    return reads.answer(made, answer)


def _own_id(ws: Workspace, mark: CadMark) -> str:
    assert ws.read.read is not None
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{ws.read.read.read_id} {mark.id}"))


def _new(ws: Workspace, finding_id: str, view: FindingView, kind: FindingKind) -> Workspace:
    hung = ws.hung(view.sop_instance_uid)
    side = hung.mammogram.laterality.value if hung is not None else None
    if side is None:
        said = translate("Findings", "The side of this image is not known: no finding on it")
        return commands.say(ws, said)
    plain = Finding(id=finding_id, laterality=side, kind=kind, views=(view,))
    finding = described(plain, Estimate(), estimate((view,), side, ws.views, ws.marks))
    return select(change(ws, finding), finding_id)


def _with_view(ws: Workspace, finding: Finding, view: FindingView) -> Workspace:
    """Link an outline to a finding; in an image where it is outlined already it takes its place."""
    hung = ws.hung(view.sop_instance_uid)
    side = hung.mammogram.laterality.value if hung is not None else None
    if side is not finding.laterality:
        said = translate("Findings", "Not linked: that is the other breast, or its side is unknown")
        return commands.say(ws, said)
    before = estimated(ws, finding)
    others = [v for v in finding.views if v.sop_instance_uid != view.sop_instance_uid]
    linked = replace(finding, views=(*others, view))
    return select(change(ws, described(linked, before, estimated(ws, linked))), finding.id)


def unlink(ws: Workspace) -> Workspace:
    """Take the outline of the selected finding on the active image away; its last one stays."""
    finding = selected(ws)
    here = next((pane.mammogram for pane in ws.panes if pane.key == ws.active), None)
    uid = here.sop_instance_uid if here is not None else ""
    views = tuple(v for v in (finding.views if finding else ()) if v.sop_instance_uid != uid)
    if finding is None or not views or len(views) == len(finding.views):
        said = translate("Findings", "Press the image of one of two outlines first: one stays")
        return commands.say(ws, said)
    before, fewer = estimated(ws, finding), replace(finding, views=views)
    return change(ws, described(fewer, before, estimated(ws, fewer)))


def estimated(ws: Workspace, finding: Finding) -> Estimate:
    """Return what the outlines of a finding tell, and what each value stands on."""
    return estimate(finding.views, finding.laterality, ws.views, ws.marks)


# -- changes ----------------------------------------------------------------------------------


def change(ws: Workspace, finding: Finding) -> Workspace:
    """Say a finding, new or changed."""
    before = by_id(ws, finding.id)
    return _noted(ws, reads.set_finding(ws, finding), before, finding)


def remove_selected(ws: Workspace, reason: str = "") -> Workspace:
    """Take the selected finding back; one of the unaided read needs a reason after the lock."""
    finding = selected(ws)
    if finding is None:
        return commands.say(ws, translate("Findings", "No finding is selected"))
    removed = _noted(ws, reads.remove_finding(ws, finding.id, reason), finding, None)
    if removed.read.read is ws.read.read:
        return removed
    said = translate("Findings", "Finding removed; undo brings it back")
    if needs_reason(ws, finding):
        said = translate("Findings", "Finding removed")
    return commands.say(select(removed, ""), said)


def needs_reason(ws: Workspace, finding: Finding) -> bool:
    """Tell whether a finding was said unaided, so that taking it back needs a reason."""
    read = ws.read.read
    locked = read.unaided if read is not None else None
    return locked is not None and locked.finding(finding.id) is not None


def undo(ws: Workspace) -> Workspace:
    """Take the last step back, of findings or of marks, whichever came last."""
    last = _last_undoable(ws)
    if last is None:
        return marking.undo(ws)
    if last.before is not None:
        back = reads.set_finding(ws, last.before)
        shown = last.before.id
    else:
        assert last.after is not None
        back, shown = reads.remove_finding(ws, last.after.id), ""
    if back.read.read is ws.read.read:
        return back
    part = replace(back.read, changes=ws.read.changes[:-1])
    return replace(select(replace(back, read=part), shown), status="")


def can_undo(ws: Workspace) -> bool:
    """Tell whether there is a step to take back."""
    return _last_undoable(ws) is not None or bool(ws.marks.done)


def _last_undoable(ws: Workspace) -> FindingChange | None:
    """Return the last step where it was one of findings and the read is still unaided."""
    read, changes = ws.read.read, ws.read.changes
    if read is None or read.state is not ReadState.UNAIDED or not changes:
        return None
    return changes[-1] if changes[-1].marks == ws.marks.done else None


def _noted(
    old: Workspace, new: Workspace, before: Finding | None, after: Finding | None
) -> Workspace:
    if new.read.read is old.read.read:
        return new
    step = FindingChange(before=before, after=after, marks=new.marks.done)
    part = replace(new.read, changes=(*new.read.changes[-_UNDO_DEPTH + 1 :], step))
    return replace(new, read=part)


# -- choosing ---------------------------------------------------------------------------------


def select(ws: Workspace, finding_id: str) -> Workspace:
    """Let the keys act on a finding, or on none."""
    if ws.read.finding == finding_id:
        return ws
    return with_part(ws, finding=finding_id)


def go_to(ws: Workspace, finding_id: str) -> Workspace:
    """Select a finding, and show it in the middle of its pane."""
    finding = by_id(ws, finding_id)
    if finding is None:
        return ws
    on_screen = {pane.mammogram.sop_instance_uid for pane in ws.panes if pane.mammogram}
    shown = [v for v in finding.views if v.sop_instance_uid in on_screen]
    view = (shown or list(finding.views))[0]
    ws = steps.show_image(ws, view.sop_instance_uid)
    ws = frames.show_slice(ws, view.sop_instance_uid, view.frame)
    ws = mark_steps.aim(ws, view.sop_instance_uid, centroid(view.outline))
    return reads.show_page(select(ws, finding_id), Page.READ)


def step(ws: Workspace, by: int) -> Workspace:
    """Go to the next (+1) or previous (-1) finding, round the end."""
    ids = [finding.id for finding in of_reader(ws)]
    if not ids:
        return commands.say(ws, translate("Findings", "No finding yet"))
    at = ids.index(ws.read.finding) + by if ws.read.finding in ids else min(0, by)
    return go_to(ws, ids[at % len(ids)])


def in_pane(ws: Workspace, pane: Pane) -> tuple[tuple[int, Finding, FindingView], ...]:
    """Return number, finding and outline of what an image shows; of a volume the slice's."""
    if pane.mammogram is None or pane.image is None:
        return ()
    uid, frame = pane.mammogram.sop_instance_uid, pane.image.frame
    return tuple(
        (number, finding, view)
        for number, finding in enumerate(of_reader(ws), start=1)
        for view in finding.views
        if view.sop_instance_uid == uid and view.frame in (0, frame)
    )
