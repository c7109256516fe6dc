"""The line that answers the reader: what the tool in hand waits for, and the last word said.

A tool that only the form of the cursor tells of draws where the reader meant to pan; an answer that
outlives the picture it spoke of is read as an answer to something else.
"""

from __future__ import annotations

from dataclasses import replace

from mammoview.app.marks import marking
from mammoview.app.second_read.findings import outlining_text
from mammoview.app.workspace import Workspace


def message(ws: Workspace) -> str:
    """Return the line; empty where there is nothing to say."""
    tool = marking.hint(ws.marks.tool) if ws.marks.tool is not None else ""
    found = "" if ws.analysis.running else ws.analysis.message
    return "  ·  ".join(filter(None, (outlining_text(ws), tool, ws.status, found)))


def without_the_outlived(old: Workspace, new: Workspace) -> Workspace:
    """Return the state without what was said of an examination, step or tile that is left."""
    if not new.status or new.status != old.status or _place(old) == _place(new):
        return new
    return replace(new, status="")


def _place(ws: Workspace) -> tuple[object, ...]:
    step, walk = ws.hanging.step, ws.walk
    tile = walk.at if walk is not None and walk.on else None
    return ws.exam_key, step.id if step else None, tile
