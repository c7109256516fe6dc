"""The computer's marks, one after another: which comes next, and where it is shown."""

from __future__ import annotations

from mammoview.app import commands, frames, steps
from mammoview.app.second_read.part import with_part
from mammoview.app.state.read import Aim
from mammoview.app.workspace import Workspace
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.reading import CadMark
from mammoview.words import translate


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
    ws = frames.show_slice(ws, mark.sop_instance_uid, mark.frame)
    return with_part(ws, mark=mark_id)


def aim(ws: Workspace, sop_instance_uid: str, point: ImagePoint) -> Workspace:
    """Ask the panes to show a place of an image in their middle."""
    request = ws.read.aim.request + 1 if ws.read.aim is not None else 1
    return with_part(ws, aim=Aim(sop_instance_uid=sop_instance_uid, point=point, request=request))


def first_mark(ws: Workspace) -> Workspace:
    """Name the first mark without an answer; nothing moves before the reader goes to it."""
    unanswered = {mark.id for mark in ws.read.read.undisposed} if ws.read.read else set()
    first = next((mark.id for mark in marks_in_order(ws) if mark.id in unanswered), "")
    return with_part(ws, mark=first)


def marks_on(ws: Workspace) -> Workspace:
    """Draw the marks that are to be answered; heat is left to the reader."""
    return ws if commands.overlay_parts(ws.overlay.mode)[1] else commands.toggle_marks(ws)
