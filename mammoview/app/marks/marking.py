"""Drawing, changing and taking away marks: pure functions ``Workspace -> Workspace``.

Every change goes into the journal, from where `app.marks.keeper` writes it down; undoing is a
change like any other, so nothing that was ever entered is lost.
"""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import frames, steps
from mammoview.app.marks import drawing
from mammoview.app.state.marks import Change, Marks, applied
from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.annotation import ONE_AN_IMAGE, Annotation, MarkKind
from mammoview.imaging.measure import scale_of
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

# Older steps can no longer be undone; their marks stay.
_UNDO_DEPTH = 1000

HINTS = {
    MarkKind.LENGTH: QT_TRANSLATE_NOOP("Marks", "Length: both ends"),
    MarkKind.DIAMETERS: QT_TRANSLATE_NOOP(
        "Marks",
        "Two diameters: both ends of the first, then the width across it; Ctrl turns the second",
    ),
    MarkKind.AREA: QT_TRANSLATE_NOOP(
        "Marks",
        "Area: corner after corner; the first corner, or the last once more, closes it; "
        "later Ctrl + click adds or takes a corner",
    ),
    MarkKind.ANGLE: QT_TRANSLATE_NOOP("Marks", "Angle: end, vertex, end"),
    MarkKind.STATISTICS: QT_TRANSLATE_NOOP(
        "Marks", "Region statistics: two corners of the box round the region"
    ),
    MarkKind.ARROW: QT_TRANSLATE_NOOP("Marks", "Arrow: its tip, its tail, then its text"),
    MarkKind.ELLIPSE: QT_TRANSLATE_NOOP("Marks", "Ellipse: two corners of the box round it"),
    MarkKind.FREEHAND: QT_TRANSLATE_NOOP(
        "Marks", "Freehand: draw round with the button down, or set points"
    ),
    MarkKind.NIPPLE: QT_TRANSLATE_NOOP("Marks", "Nipple: its place, instead of the estimate"),
    MarkKind.PECTORAL: QT_TRANSLATE_NOOP(
        "Marks", "Pectoral muscle: two places of its edge, instead of the estimate"
    ),
    MarkKind.SPOT: QT_TRANSLATE_NOOP("Marks", "Spot: its place"),
}
_BY_KEYS = QT_TRANSLATE_NOOP("Marks", "arrow keys move the cross, Return sets a point, Esc ends")


def choose_tool(ws: Workspace, kind: MarkKind) -> Workspace:
    """Draw a mark of a kind next; the same kind again: draw none."""
    if ws.marks.tool is kind and ws.marks.outlines is None:
        return end_tool(ws)
    marks = replace(ws.marks, tool=kind, outlines=None, selected=None)
    return replace(ws, marks=marks, status="")


def hint(kind: MarkKind) -> str:
    """Return how a mark of a kind is drawn."""
    return f"{translate('Marks', HINTS[kind])}  ·  {translate('Marks', _BY_KEYS)}"


def end_tool(ws: Workspace) -> Workspace:
    """Draw nothing more."""
    if ws.marks.tool is None:
        return ws
    return replace(ws, marks=replace(ws.marks, tool=None, outlines=None), status="")


def add(ws: Workspace, mark: Annotation) -> Workspace:
    """Take a mark that was drawn, select it and end the tool.

    An image has one nipple and one muscle: a second one moves the first.
    """
    before = None
    if mark.kind in ONE_AN_IMAGE:
        before = only_mark(ws.marks, mark.sop_instance_uid, mark.kind)
        mark = mark if before is None else replace(before, points=mark.points)
    ws = _changed(ws, Change(before=before, after=mark))
    return select(end_tool(ws), mark.id)


def change(ws: Workspace, mark: Annotation, *, nudge: bool = False) -> Workspace:
    """Take another state of a mark by its id; an unknown id, or the same state, changes nothing."""
    before = ws.marks.by_id(mark.id)
    if before is None or before == mark:
        return ws
    return _changed(ws, Change(before=before, after=mark, nudge=nudge))


def turn_second(ws: Workspace, degrees: float) -> Workspace:
    """Turn the second of the selected diameters against the first, as it is stored."""
    mark = ws.marks.by_id(ws.marks.selected)
    if mark is None or mark.kind is not MarkKind.DIAMETERS:
        return ws
    view = ws.hung(mark.sop_instance_uid)
    if view is None:  # of a prior that is not compared now
        return replace(ws, status=translate("Marks", "Its image does not hang"))
    turned = drawing.second_turned(mark, degrees, scale_of(view.mammogram.spacing))
    return change(ws, turned, nudge=True)


def relabel(ws: Workspace, mark_id: str, label: str) -> Workspace:
    """Give a mark other words, letter by letter as they are typed; undone at once."""
    mark = ws.marks.by_id(mark_id)
    if mark is None:
        return ws
    return change(ws, replace(mark, label=" ".join(label.split())), nudge=True)


def delete_selected(ws: Workspace) -> Workspace:
    """Take the selected mark away; undo brings it back."""
    mark = ws.marks.by_id(ws.marks.selected)
    if mark is None:
        return ws
    ws = _changed(ws, Change(before=mark, after=None))
    return replace(ws, status=translate("Marks", "Mark deleted; undo brings it back"))


def undo(ws: Workspace) -> Workspace:
    """Take the last change back."""
    if not ws.marks.done:
        return replace(ws, status=translate("Marks", "Nothing to undo"))
    last = ws.marks.done[-1]
    back = _written(ws.marks, last.undone())
    back = replace(back, done=ws.marks.done[:-1], taken_back=(*ws.marks.taken_back, last))
    return replace(ws, marks=_selecting(back, last.before), status="")


def redo(ws: Workspace) -> Workspace:
    """Make a change again that was taken back."""
    if not ws.marks.taken_back:
        return replace(ws, status=translate("Marks", "Nothing to redo"))
    last = ws.marks.taken_back[-1]
    again = _written(ws.marks, replace(last, nudge=False))
    again = replace(again, done=(*ws.marks.done, last), taken_back=ws.marks.taken_back[:-1])
    return replace(ws, marks=_selecting(again, last.after), status="")


def select(ws: Workspace, mark_id: str | None) -> Workspace:
    """Let the keys act on a mark, or on none."""
    if ws.marks.selected == mark_id:
        return ws
    return replace(ws, marks=replace(ws.marks, selected=mark_id))


def go_to(ws: Workspace, mark_id: str) -> Workspace:
    """Select a mark, and show its image, and of a volume its slice."""
    mark = ws.marks.by_id(mark_id)
    if mark is None:
        return ws
    ws = steps.show_image(ws, mark.sop_instance_uid)
    return select(frames.show_slice(ws, mark.sop_instance_uid, mark.frame), mark_id)


def neighbour(ws: Workspace, by: int) -> str | None:
    """Return the id of the next (+1) or previous (-1) mark on the screen, None past the ends."""
    ids = [mark.id for mark in shown_marks(ws)]
    if ws.marks.selected not in ids:
        return (ids[0] if by > 0 else ids[-1]) if ids else None
    at = ids.index(ws.marks.selected) + by
    return ids[at] if 0 <= at < len(ids) else None


def shown_marks(ws: Workspace) -> tuple[Annotation, ...]:
    """Return the marks of the images on the screen, pane by pane."""
    return tuple(mark for pane in ws.panes for mark in marks_of(ws.marks, pane))


def marks_of(marks: Marks, pane: Pane) -> tuple[Annotation, ...]:
    """Return the marks of the image in a pane; of a volume those of the slice that is shown."""
    if pane.mammogram is None or pane.image is None:
        return ()
    on_image = marks.on_image(pane.mammogram.sop_instance_uid)
    return tuple(mark for mark in on_image if mark.frame in (None, pane.image.frame))


def only_mark(marks: Marks, sop_instance_uid: str, kind: MarkKind) -> Annotation | None:
    """Return what the reader has set of a kind of which an image has one."""
    on_image = marks.on_image(sop_instance_uid)
    return next((mark for mark in on_image if mark.kind is kind), None)


def marks_read(ws: Workspace, items: tuple[Annotation, ...]) -> Workspace:
    """Take the marks that were kept of this examination; the reader's steps of today stay."""
    if items == ws.marks.items:
        return ws
    marks = replace(ws.marks, items=items)
    return replace(ws, marks=_selecting(marks, marks.by_id(marks.selected)))


def keeping(ws: Workspace, unsaved: int, problem: str) -> Workspace:
    """Tell whether marks are kept, and if not, why."""
    if (ws.marks.unsaved, ws.marks.problem) == (unsaved, problem):
        return ws
    return replace(ws, marks=replace(ws.marks, unsaved=unsaved, problem=problem))


def problem_text(marks: Marks) -> str:
    """Return what must stay on the screen while marks are not kept; empty: all are."""
    if not marks.problem:
        return ""
    if not marks.unsaved:
        return translate("Marks", "Marks: {problem}").format(problem=marks.problem)
    n = marks.unsaved
    said = translate("Marks", "%n mark change(s) NOT SAVED: {problem}", "", COUNTED, n)
    return said.format(problem=marks.problem)


# -- helpers ----------------------------------------------------------------------------------


def _changed(ws: Workspace, step: Change) -> Workspace:
    """Make a change that can be undone; a run of nudges of one mark is one step."""
    done = ws.marks.done
    last = done[-1] if done else None
    if step.nudge and last and last.nudge and last.after == step.before:
        done = (*done[:-1], replace(last, after=step.after))
    else:
        done = (*done[-_UNDO_DEPTH + 1 :], step)
    marks = replace(_written(ws.marks, step), done=done, taken_back=())
    return replace(ws, marks=_selecting(marks, marks.by_id(marks.selected)))


def _written(marks: Marks, step: Change) -> Marks:
    return replace(marks, items=applied(marks.items, step), journal=(*marks.journal, step))


def _selecting(marks: Marks, mark: Annotation | None) -> Marks:
    return replace(marks, selected=mark.id if mark else None)
