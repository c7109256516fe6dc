"""Brings the frames that the reader scrolls to: at once where kept, else from a worker.

One frame of a volume is decoded at a time, and each is shown as it comes: a fast turn of the wheel
leaves frames out instead of waiting for all.  While the reader looks, the neighbours are decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mammoview.app import commands, frames
from mammoview.app.jobs import Job, JobContext, Lanes
from mammoview.app.pixels.stack_frames import Loaded, StackFrames
from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import Workspace
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError, MammoviewError

_AHEAD, _BEHIND = 6, 3

Change = Callable[[Callable[[Workspace], Workspace]], None]


class FrameLoader:
    """All methods belong to the desk's thread.

    Parameters
    ----------
    lanes : Lanes
        Where frames are decoded.
    state : callable
        Returns the desk's state.
    change : callable
        Changes the desk's state by a command.
    arrived : callable
        Called once the first frame of a volume is there, or refused.
    store : StackFrames or None
        What is kept.
    """

    def __init__(
        self,
        *,
        lanes: Lanes,
        state: Callable[[], Workspace],
        change: Change,
        arrived: Callable[[], None],
        store: StackFrames | None = None,
    ) -> None:
        self._lanes = lanes
        self._state = state
        self._change = change
        self._arrived = arrived
        self._store = store or StackFrames()
        self._begun: set[str] = set()
        self._busy: set[str] = set()
        self._met: set[str] = set()

    def reset(self) -> None:
        """Let the frames of the last examination go."""
        self._begun.clear()
        self._busy.clear()
        self._met.clear()
        self._store.clear()

    def adopt(self, ws: Workspace, ahead: StackFrames | None) -> Workspace:
        """Take over frames that were decoded ahead; return the state with those it wants."""
        if ahead is None:
            return ws
        self._store = ahead
        for view in ws.views:
            found = ahead.find(_uid(view), view.frame) if view.frame is not None else None
            if found is not None:
                self._begun.add(_uid(view))
                self._met.add(_uid(view))
                ws = commands.view_loaded(ws, *found)
        return ws

    def settled(self, ws: Workspace) -> Workspace:
        """Return the state with every wanted frame that is kept already."""
        for view in frames.waiting(ws):
            found = self._store.find(view.mammogram.sop_instance_uid, view.frame or 1)
            if found is not None:
                ws = commands.view_loaded(ws, *found)
        return ws

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Decode what a new state waits for, else the neighbours of what it shows."""
        if old.panes is new.panes:
            return
        waiting = [view for view in frames.waiting(new) if _uid(view) in self._begun]
        for view in waiting:
            self.start(view)
        if not waiting and _on_screen(old) != _on_screen(new):
            self._prepare_neighbours(_on_screen(old), new)

    def start(self, view: HungView) -> None:
        """Decode the wanted frame of a volume, unless one of its frames is under way."""
        uid = _uid(view)
        self._begun.add(uid)
        if uid in self._busy or view.frame is None:
            return
        self._busy.add(uid)
        for other in frames.shown(self._state()):
            self._lanes.cancel(_lane(other.mammogram))
        job = Job(
            work=partial(_load, self._store, view.mammogram, view.frame),
            on_done=partial(self._loaded, uid),
            on_error=partial(self._failed, view),
        )
        self._lanes.submit(f"view {uid}", job)

    def cancel(self, view: HungView) -> None:
        """Stop decoding a volume; it goes on when the reader scrolls."""
        self._busy.discard(_uid(view))
        self._lanes.cancel(f"view {_uid(view)}")

    def _loaded(self, uid: str, loaded: Loaded) -> None:
        self._busy.discard(uid)
        view, image = loaded
        self._change(partial(commands.view_loaded, view=view, image=image))
        self._meet(uid)

    def _failed(self, view: HungView, error: MammoviewError) -> None:
        """Say so where the frame is still wanted; else go on with the one that is."""
        self._busy.discard(_uid(view))
        self._change(partial(_refused, view=view, reason=str(error)))
        for other in frames.waiting(self._state()):
            self.start(other)
        self._meet(_uid(view))

    def _meet(self, uid: str) -> None:
        if uid not in self._met:
            self._met.add(uid)
            self._arrived()

    def _prepare_neighbours(self, before: dict[str, int | None], ws: Workspace) -> None:
        for view in frames.shown(ws):
            if _uid(view) in self._begun and view.frame is not None:
                down = view.frame < (before.get(_uid(view)) or view.frame)
                work = partial(_load_near, self._store, view.mammogram, view.frame, down)
                job = Job(work=work, on_done=_nothing, on_error=_nothing)
                self._lanes.submit(_lane(view.mammogram), job)


def _uid(view: HungView) -> str:
    return view.mammogram.sop_instance_uid


def _lane(mammogram: Mammogram) -> str:
    return f"neighbours {mammogram.sop_instance_uid}"


def _on_screen(ws: Workspace) -> dict[str, int | None]:
    return {_uid(view): view.image.frame for view in frames.shown(ws) if view.image is not None}


def _refused(ws: Workspace, view: HungView, reason: str) -> Workspace:
    wanted = {other.frame for other in ws.views if _uid(other) == _uid(view)}
    return commands.view_failed(ws, view.mammogram, reason) if view.frame in wanted else ws


def _load(store: StackFrames, view: Mammogram, frame: int, context: JobContext) -> Loaded:
    return store.load(view, frame)


def _load_near(
    store: StackFrames, view: Mammogram, frame: int, down: bool, context: JobContext
) -> None:
    """Decode the frames round one, nearest first, more of them the way the reader goes."""
    assert view.frames is not None
    way = -1 if down else 1
    ahead = [frame + way * step for step in range(1, _AHEAD + 1)]
    behind = [frame - way * step for step in range(1, _BEHIND + 1)]
    for near in sorted((*ahead, *behind), key=lambda number: abs(number - frame)):
        if context.cancelled():
            return
        if view.frames.kept(near) == near:
            try:
                store.load(view, near)
            except DicomError:
                continue  # said when the reader comes there


def _nothing(_: object) -> None:
    """Take the end of work that nobody waits for."""
