"""What the window is called: it ends in task bars, where others see it."""

from __future__ import annotations

from mammoview.app.workspace import Workspace
from mammoview.words import translate


def title(ws: Workspace) -> str:
    """Return the window's title; it names no patient, for it ends in task bars."""
    keys = [exam.key for exam in ws.index.examinations]
    if ws.exam_key not in keys:
        return "mammoview"
    at, count = keys.index(ws.exam_key), len(keys)
    if ws.queue is not None:
        at, count = ws.queue.at, ws.queue.total
    said = translate("Window", "mammoview — examination {at} of {count}")
    return said.format(at=at + 1, count=count)
