"""How long each step of the hanging was looked at in a read, told when it is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mammoview.app import coverage
from mammoview.app.state.read import Entry
from mammoview.app.workspace import OverlayMode, WindowChange, Workspace
from mammoview.review.events import GreyShown, StepRecorded
from mammoview.review.states import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What is looked at: for how long by ``since``, and since when (None: not at present)."""

    read_id: str
    reader: str
    step: str
    seconds: float = 0.0
    since: float | None = None


class StepTimer:
    """Follows the state from step to step; while another page lies over the images it stands.

    Parameters
    ----------
    clock : callable
        Seconds that only go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._look: _Look | None = None

    def follow(self, old: Workspace, new: Workspace) -> tuple[Entry, ...]:
        """Return what is to be recorded of the step that was left; mostly nothing."""
        before, now = self._look, self._of(new)
        if before is None or now is None or not _same(before, now):
            self._look = now
            return self._left(before, old)
        if (before.since is None) is not new.read.away:
            self._look = replace(before, seconds=self._seconds(before), since=now.since)
        return ()

    def end(self, ws: Workspace) -> tuple[Entry, ...]:
        """Return what is to be recorded of the last step."""
        before, self._look = self._look, None
        return self._left(before, ws)

    def _of(self, ws: Workspace) -> _Look | None:
        read, step = ws.read.read, ws.hanging.step
        if read is None or step is None:
            return None
        return _Look(
            read_id=read.read_id,
            reader=ws.read.reader.id,
            step=step.id,
            since=None if ws.read.away else self._clock(),
        )

    def _seconds(self, look: _Look) -> float:
        return look.seconds + (self._clock() - look.since if look.since is not None else 0.0)

    def _left(self, look: _Look | None, ws: Workspace) -> tuple[Entry, ...]:
        if look is None:
            return ()
        recorded = StepRecorded(
            step=look.step,
            seconds=round(self._seconds(look), 3),
            seen=_seen(ws),
            grey=_grey(ws),
            overlay=ws.overlay.mode if ws.prediction is not None else OverlayMode.OFF,
            display=ws.display or "",
        )
        entry = Entry(
            read_id=look.read_id, reader=look.reader, action=Action.RECORD_STEP, content=recorded
        )
        return (entry,)


def _same(one: _Look, other: _Look) -> bool:
    return (one.read_id, one.reader, one.step) == (other.read_id, other.reader, other.step)


def _grey(ws: Workspace) -> GreyShown:
    change = ws.gray.change or WindowChange()
    return GreyShown(
        voi=ws.gray.voi_explanation or "",
        width=change.width,
        darker=change.darker,
        inverted=ws.gray.invert,
    )


def _seen(ws: Workspace) -> tuple[tuple[str, float], ...]:
    """Return how much of each breast of the step was on the screen at 1:1 by now."""
    shown = {pane.mammogram.sop_instance_uid for pane in ws.panes if pane.mammogram is not None}
    seen = []
    for hung in ws.views:
        uid = hung.mammogram.sop_instance_uid
        part = coverage.of_view(ws, hung) if uid in shown and not hung.prior else None
        if part is not None:
            seen.append((uid, round(part.share, 4)))
    return tuple(seen)
