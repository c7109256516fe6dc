"""The part of the state that is the read: changed, and gone on with before the log has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammoview.app.state.read import Entry, ReadPart
from mammoview.app.workspace import Workspace
from mammoview.errors import ReviewError
from mammoview.review.events import Event
from mammoview.review.read import Read, apply


def with_part(ws: Workspace, **changes: object) -> Workspace:
    """Return a state with other fields of its `ReadPart`."""
    part: ReadPart = replace(ws.read, **changes)  # type: ignore[arg-type]
    return replace(ws, read=part)


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


def after(read: Read | None, waiting: Sequence[Entry]) -> Read | None:
    """Return a read after what waits; what the log will refuse is left out."""
    for entry in waiting:
        try:
            read = entered(read, entry)
        except ReviewError:
            continue
    return read
