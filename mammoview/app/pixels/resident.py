"""Which views have their pixels in memory: pure functions ``Workspace -> Workspace``.

An examination is decoded once and stays, as far as there is room: then every step shows at once.
Where there is not, what a reader sees next has its pixels, and of the rest those of the nearest
steps; the others rest until a step comes near that shows them.  What was settled of an image stays
(`RestingImage`): where its breast is and how it lies, which marks, maps and findings stand on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mammoview.app import hanging, second_screen
from mammoview.app.state.hung_views import HungView, LoadedImage, Pixels, RestingImage
from mammoview.app.workspace import Step, Workspace
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Place

# With its smaller sizes a view of 3000x4600 pixels of 16 bits holds 35 MiB: an examination of nine
# such views and its prior of as many stays whole, and so does one of eight of 4728x5928.
BUDGET_BYTES = 640 << 20
# The smaller sizes of an image add 1/4 + 1/16 + 1/64 to it.
_WITH_SMALLER = 1.34

_Key = tuple[bool, str]


def within(ws: Workspace, budget_bytes: int = BUDGET_BYTES) -> Workspace:
    """Return the state with no more pixels than there is room for.

    The step on the screens, its neighbours and the standard views have theirs, or wait for them,
    whatever they hold together.  A state in which all of this is so already is returned as it is.

    Parameters
    ----------
    ws : Workspace
        The state.
    budget_bytes : int
        Most bytes that the pixels of all views hold together.
    """
    if not any(view.rests for view in ws.views) and sum(map(held_bytes, ws.views)) <= budget_bytes:
        return ws
    needed = set(_needed(ws))
    near = _nearness(ws)
    order = sorted(ws.views, key=lambda view: (_key(view) not in needed, near[_key(view)]))
    settled: dict[_Key, HungView] = {}
    for view in order:
        key = _key(view)
        now = _with_pixels(view) if key in needed else _where_room(view, budget_bytes)
        budget_bytes -= held_bytes(now)
        settled[key] = now
    views = tuple(settled[_key(view)] for view in ws.views)
    if all(new is old for new, old in zip(views, ws.views, strict=True)):
        return ws
    return hanging.rehang(replace(ws, views=views))


def nearest_first(ws: Workspace) -> list[HungView]:
    """Return the views: those on the screens, then by how far the next step is that shows them."""
    near = _nearness(ws)
    return sorted(ws.views, key=lambda view: near[_key(view)])


def held_bytes(view: HungView) -> int:
    """Return how much the pixels of a view hold, or will once they are there."""
    if view.image is not None:
        return view.image.nbytes
    return estimated_bytes(view.mammogram) if view.waits else 0


def estimated_bytes(view: Mammogram) -> int:
    """Return about how much a view, or a slice of a volume, will hold once it is decoded."""
    words = 1 if view.pixel_format.bits_stored <= 8 else 2
    return int(view.rows * view.cols * words * _WITH_SMALLER)


# -- what is done with one view ---------------------------------------------------------------


def _with_pixels(view: HungView) -> HungView:
    """Ask for the pixels of a view that rests."""
    return replace(view, pixels=Pixels.WAITED_FOR) if view.rests else view


def _where_room(view: HungView, room_bytes: int) -> HungView:
    """Let a view rest that nobody needs now and for which there is no room."""
    if view.rests:
        return view
    # Asked for once more and not needed any more, or not to be had: its medium may come back.
    again = view.resting is not None and view.image is None
    return _rested(view) if again or 0 < held_bytes(view) > room_bytes else view


def _rested(view: HungView) -> HungView:
    resting = view.resting if view.image is None else _settled(view.image)
    return replace(view, image=None, pixels=Pixels.RESTING, reason="", coarse=None, resting=resting)


def _settled(image: LoadedImage) -> RestingImage:
    small = image.small
    if small.base is not None and not image.smaller:  # a view of all the pixels would keep them
        small = small.copy()
        small.setflags(write=False)
    return RestingImage(
        shape=image.shape, breast=image.breast, pose=image.pose, frame=image.frame, small=small
    )


# -- how near a view is -----------------------------------------------------------------------


def _needed(ws: Workspace) -> Iterator[_Key]:
    """Give what the reader sees now and next, and the standard views."""
    at, steps = ws.hanging.at, ws.hanging.steps
    for near in range(max(0, at - 1), min(at + 2, len(steps))):
        yield from _shown(steps[near])
        yield from _beside(replace(ws, hanging=replace(ws.hanging, at=near)))
    standard = (h for step in steps for h in step.places if h.place == Place(slot=h.place.slot))
    yield from ((False, hung.images[hung.shown]) for hung in standard if hung.images)


def _beside(ws: Workspace) -> Iterator[_Key]:
    """Give what the second screen shows."""
    beside = second_screen.partner(ws) if ws.second_screen else None
    yield from _shown(beside) if beside is not None else ()


def _shown(step: Step) -> Iterator[_Key]:
    return ((h.place.prior, h.images[h.shown]) for h in step.places if h.images)


def _nearness(ws: Workspace) -> dict[_Key, tuple[int, bool]]:
    """Return for each view how far its nearest step is, forward before backward, and as what.

    Another image of a place comes after the one that is shown there.
    """
    near: dict[_Key, tuple[int, bool]] = {}
    for at, step in enumerate(ws.hanging.steps):
        away = 2 * abs(at - ws.hanging.at) - (at > ws.hanging.at)
        for hung in step.places:
            for number, uid in enumerate(hung.images):
                key, rank = (hung.place.prior, uid), (away, number != hung.shown)
                near[key] = min(near.get(key, rank), rank)
    return near | dict.fromkeys(_beside(ws), (0, False))


def _key(view: HungView) -> _Key:
    return view.prior, view.mammogram.sop_instance_uid
