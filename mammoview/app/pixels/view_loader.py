"""Decodes the views that wait for their pixels, in the order of the steps; volumes by frames."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mammoview.app import commands
from mammoview.app.jobs import Job, JobContext, Lanes
from mammoview.app.pixels import memory, resident, resolve
from mammoview.app.pixels.frame_loader import FrameLoader
from mammoview.app.state.hung_views import HungView, LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError

# Views that come so soon after one another are shown at once: each time costs the window as much.
_TOGETHER_S = 0.025


class ViewLoader:
    """All methods belong to the desk's thread.

    Parameters
    ----------
    lanes : Lanes
        Where views are decoded.
    moments : Lanes
        Where a moment is waited for those that come together.
    frames : FrameLoader
        Decodes those that are volumes.
    state : callable
        Returns the desk's state.
    change : callable
        ``change(command, *args)`` changes the desk's state.
    arrived : callable
        Called once a view is there, or refused; told whether it is one that is analysed.
    """

    def __init__(
        self,
        *,
        lanes: Lanes,
        moments: Lanes,
        frames: FrameLoader,
        state: Callable[[], Workspace],
        change: Callable[..., None],
        arrived: Callable[[bool], None],
    ) -> None:
        self._lanes, self._moments, self._frames = lanes, moments, frames
        self._state, self._change, self._arrived = state, change, arrived
        self._asked: dict[str, HungView] = {}
        self._here: list[tuple[bool, tuple[Mammogram, LoadedImage]]] = []  # and not shown yet

    def forget(self) -> None:
        """Another examination hangs: what it waits for was not asked for yet."""
        self._asked.clear()
        self._here.clear()

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Decode what a state waits for, first of it what the reader looks at, and no more."""
        if old.views is not new.views:
            self._ask_for_what_waits(old, new)
        here, there = (old.hanging, old.second_screen), (new.hanging, new.second_screen)
        if old.exam_key == new.exam_key and here != there:
            self._hurry(new)

    def _ask_for_what_waits(self, old: Workspace, new: Workspace) -> None:
        waiting = {_uid(hung) for hung in new.views if hung.waits}
        for uid in self._asked.keys() - waiting:
            self._let_be(self._asked.pop(uid))
        self.start_plain(new.views)
        for hung in new.views:
            if hung.frame is not None and self._ask(hung):
                self._frames.start(hung)
        done = not waiting and any(hung.waits for hung in old.views)
        if done and any(hung.rests for hung in new.views):
            tidy = Job(work=_give_back, on_done=_nothing, on_error=_nothing)
            self._lanes.submit("memory", tidy)

    def start_plain(self, views: tuple[HungView, ...]) -> None:
        """Decode the images of one frame among views, on the screen or not yet."""
        asked = [hung for hung in views if hung.frame is None and self._ask(hung)]
        for hung in asked:  # first of all views: the reader sees the whole examination
            if hung.mammogram.holds_coarse:
                look = partial(_load_coarse, hung.mammogram)
                job = Job(work=look, on_done=self._seen, on_error=_told_by_the_whole)
                self._lanes.submit(_coarse_lane(hung), job)
        for hung in asked:
            whole = Job(
                work=partial(_load, hung.mammogram),
                on_done=partial(self._decoded, hung.analysed),
                on_error=partial(self._not_decoded, hung),
            )
            self._lanes.submit(_lane(hung), whole)

    def cancel(self) -> None:
        """Stop decoding; views already there stay, the others say that they were cancelled."""
        if any(hung.waits for hung in self._state().views):
            self._change(commands.decoding_cancelled)

    def _hurry(self, ws: Workspace) -> None:
        """Decode what the reader has gone to before what was asked for on the way there."""
        waiting = [hung for hung in resident.nearest_first(ws) if hung.waits]
        self._lanes.hurry([lane for hung in waiting for lane in (_coarse_lane(hung), _lane(hung))])

    def _ask(self, hung: HungView) -> bool:
        """Note that a view is asked for; tell whether it waits and was not before."""
        if not hung.waits or _uid(hung) in self._asked:
            return False
        self._asked[_uid(hung)] = hung
        return True

    def _let_be(self, hung: HungView) -> None:
        if hung.frame is not None:
            self._frames.cancel(hung)
        else:
            self._lanes.cancel(_coarse_lane(hung))
            self._lanes.cancel(_lane(hung))

    def _seen(self, coarse: tuple[Mammogram, LoadedImage] | None) -> None:
        if coarse is not None:
            self._change(commands.view_coarse, *coarse)

    def _decoded(self, analysed: bool, loaded: tuple[Mammogram, LoadedImage]) -> None:
        self._here.append((analysed, loaded))
        if len(self._here) >= sum(hung.waits for hung in self._state().views):
            self._show_what_came()
        elif len(self._here) == 1:
            moment = Job(work=_wait_a_moment, on_done=self._show_what_came, on_error=_nothing)
            self._moments.submit("arrivals", moment)

    def _show_what_came(self, _moment: None = None) -> None:
        """Show what has come, but for what nobody waits for any more."""
        here, self._here = self._here, []
        waiting = {_uid(hung) for hung in self._state().views if hung.waits}
        wanted = [(a, loaded) for a, loaded in here if loaded[0].sop_instance_uid in waiting]
        if wanted:
            self._change(commands.views_loaded, [loaded for _, loaded in wanted])
        for analysed, _ in wanted:
            self._arrived(analysed)

    def _not_decoded(self, hung: HungView, error: MammoviewError) -> None:
        self._change(commands.view_failed, hung.mammogram, str(error))
        self._arrived(hung.analysed)


def _give_back(context: JobContext) -> None:
    memory.give_back()


def _wait_a_moment(context: JobContext) -> None:
    context.wait(_TOGETHER_S)


def _nothing(_: object) -> None:
    """Take the end of work that nobody waits for, or the error of what cannot fail."""


def _uid(hung: HungView) -> str:
    return hung.mammogram.sop_instance_uid


def _lane(hung: HungView) -> str:
    return f"view {_uid(hung)}"


def _coarse_lane(hung: HungView) -> str:
    return f"coarse {_uid(hung)}"


def _load_coarse(view: Mammogram, context: JobContext) -> tuple[Mammogram, LoadedImage] | None:
    coarse = resolve.load_coarse(view)
    return (view, coarse) if coarse is not None else None


def _told_by_the_whole(error: MammoviewError) -> None:
    """Leave it to the job that decodes the whole image to say what is wrong."""


def _load(view: Mammogram, context: JobContext) -> tuple[Mammogram, LoadedImage]:
    return resolve.load_image(view)
