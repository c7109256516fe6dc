"""Scrolling through volumes: pure functions ``Workspace -> Workspace``.

The reader wants a frame (``HungView.frame``); it is on the screen once its pixels are there
(``image.frame``).  Volumes of the same view scroll together, by their relative height.
"""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import hanging, second_screen
from mammoview.app.state.hung_views import HungView, Pixels
from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.study import FrameStack
from mammoview.domain.views import Projection
from mammoview.words import translate


def no_volume() -> str:
    """Return what is said where there is nothing to scroll."""
    return translate("Volume", "No tomosynthesis in this step")


def next_frame(ws: Workspace) -> Workspace:
    """Go one slice up in the volume pointed at, else in the first one."""
    return scroll(ws, "", 1)


def previous_frame(ws: Workspace) -> Workspace:
    """Go one slice down in the volume pointed at, else in the first one."""
    return scroll(ws, "", -1)


def scroll(ws: Workspace, key: str, by: int) -> Workspace:
    """Go some slices up (or down, if negative), and no further than the last.

    Parameters
    ----------
    ws : Workspace
        The state.
    key : str
        The pane; empty: the one pointed at, else the first with a volume.
    by : int
        How many.
    """
    leader = _leader(ws, key)
    if leader is None or leader.frame is None:
        return replace(ws, status=no_volume())
    return _moved(ws, leader, leader.frame + by)


def scroll_to(ws: Workspace, key: str, frame: int) -> Workspace:
    """Go to a slice of the volume in a pane; an unknown pane changes nothing."""
    leader = _leader(ws, key)
    return ws if leader is None else _moved(ws, leader, frame)


def show_slice(ws: Workspace, sop_instance_uid: str, frame: int | None) -> Workspace:
    """Go to a slice of a volume that is on the screen; None or 0: stay at the one that is shown."""
    if not frame:
        return ws
    for pane in ws.panes:
        if pane.mammogram is not None and pane.mammogram.sop_instance_uid == sop_instance_uid:
            ws = scroll_to(ws, pane.key, frame)
    return ws


def toggle_cine(ws: Workspace) -> Workspace:
    """Let the volumes of this step run by themselves, or stop them."""
    if not ws.cine and _leader(ws, "") is None:
        return replace(ws, status=no_volume())
    return replace(ws, cine=not ws.cine)


def cine_tick(ws: Workspace) -> Workspace:
    """Go one slice on, and from the last to the first; wait while a slice is still decoded."""
    leader = _leader(ws, "")
    stack = _stack(leader) if leader else None
    if leader is None or leader.frame is None or stack is None:
        return replace(ws, cine=False)
    if not ws.cine or waiting(ws):
        return ws
    return _moved(ws, leader, leader.frame % stack.count + 1)


def waiting(ws: Workspace) -> tuple[HungView, ...]:
    """Return the volumes on the screens whose wanted frame is neither shown nor refused."""
    return tuple(view for view in shown(ws) if _waits(view))


def volumes(ws: Workspace) -> tuple[Pane, ...]:
    """Return the panes that show a multi-frame image: of this step, then of the second screen."""
    beside = second_screen.beside(ws).panes if ws.second_screen else ()
    return tuple(pane for pane in (*ws.panes, *beside) if _stack(pane) is not None)


def shown(ws: Workspace) -> tuple[HungView, ...]:
    """Return the multi-frame images on the screens."""
    there = {_key(pane) for pane in volumes(ws)}
    return tuple(
        view for view in ws.views if (view.prior, view.mammogram.sop_instance_uid) in there
    )


# -- helpers ----------------------------------------------------------------------------------


def _key(pane: Pane) -> tuple[bool, str]:
    return pane.place.prior, pane.mammogram.sop_instance_uid if pane.mammogram else ""


def _stack(pane: Pane) -> FrameStack | None:
    return pane.mammogram.frames if pane.mammogram else None


def _projection(pane: Pane) -> Projection | None:
    return pane.mammogram.view.value if pane.mammogram else None


def _waits(view: HungView) -> bool:
    return view.waits or (view.image is not None and view.image.frame != view.frame)


def _leader(ws: Workspace, key: str) -> Pane | None:
    panes = volumes(ws)
    wanted = key or ws.active
    pointed = [pane for pane in panes if pane.key == wanted]
    if key and not pointed:
        return None
    return next(iter(pointed or panes), None)


def _moved(ws: Workspace, leader: Pane, frame: int) -> Workspace:
    """Move a volume to a frame, and those of the same view to the same relative height."""
    stack = _stack(leader)
    assert stack is not None
    frame = stack.kept(frame)
    wanted = {}
    for pane in volumes(ws):
        other = _stack(pane)
        if other is not None and _projection(pane) is _projection(leader):
            wanted[_key(pane)] = other.at_share(stack.share(frame))
    wanted[_key(leader)] = frame
    views = tuple(
        _wanting(view, wanted.get((view.prior, view.mammogram.sop_instance_uid)))
        for view in ws.views
    )
    return ws if views == ws.views else hanging.rehang(replace(ws, views=views))


def _wanting(view: HungView, frame: int | None) -> HungView:
    if frame is None or frame == view.frame:
        return view
    # After a frame that could not be decoded the next one is tried again.
    pixels = Pixels.WAITED_FOR if view.image is None else Pixels.HERE
    return replace(view, frame=frame, pixels=pixels, reason="")
