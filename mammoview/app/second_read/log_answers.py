"""What the read log answers: who sits here, whose read this is, and what of it is on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammoview.app import commands
from mammoview.app.second_read.mark_steps import first_mark, marks_on
from mammoview.app.second_read.part import after, with_part
from mammoview.app.state.read import Entry, Page
from mammoview.app.workspace import Workspace
from mammoview.domain.prediction import Heatmap
from mammoview.domain.reading import ReaderIdentity, ReadingMode, Role
from mammoview.review.read import Read
from mammoview.words import COUNTED, translate


def seat(ws: Workspace, reader: ReaderIdentity, *, keeps: bool) -> Workspace:
    """Let somebody sit down before the window: what hangs is no read of theirs yet."""
    return with_part(_left(ws), reader=reader, keeps=keeps)


def looked_for(ws: Workspace, *, begins: bool) -> Workspace:
    """Say that the log is asked for a read of the hung examination."""
    ws = with_part(_left(ws), looking=True, begins=begins)
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
    read = after(kept, waiting)
    ws = with_part(ws, looking=False, kept=kept, read=read, journal=(), others=others)
    ws = with_part(ws, blinded_elsewhere=blinded_elsewhere, role=role or Role.FIRST)
    if read is None and role is None:
        ws = replace(ws, reading_mode=ReadingMode.CONCURRENT)
        return with_part(ws, over=True, begins=False)
    if read is None:
        return ws
    ws = replace(ws, reading_mode=read.opened.mode)
    ws = with_part(ws, begins=False, page=Page.READ)
    ws = first_mark(ws)
    return _named_other_images(ws, read)


def elsewhere(ws: Workspace, exam_key: str, blinded: bool) -> Workspace:
    """Take note whether somebody else's read of the hung images is blinded by now."""
    if exam_key != ws.exam_key or blinded is ws.read.blinded_elsewhere:
        return ws
    return with_part(ws, blinded_elsewhere=blinded)


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
        return ws if same else with_part(ws, unsaved=unsaved, problem=problem)
    now = after(read, waiting)
    assert now is not None
    ws = with_part(ws, kept=read, read=now, unsaved=unsaved, problem=problem)
    return first_mark(marks_on(ws)) if _is_the_reveal(part.kept, read) else ws


def _is_the_reveal(before: Read | None, now: Read | None) -> bool:
    known = before is not None and before.revealed is None
    return known and now is not None and now.revealed is not None


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
    return with_part(ws, heatmaps=heatmaps)
