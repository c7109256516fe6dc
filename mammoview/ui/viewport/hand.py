"""What a hand does to the panes: one of them is moved, and those linked to it go along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF

from mammoview.app.linking import Follows, follows
from mammoview.app.state.read import Aim
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.placement import Move, Placement, followed, move_between, panned, zoomed


def pan(
    leader: PaneView, panes: Sequence[PaneView], *, right_px: float, down_px: float, linked: bool
) -> None:
    """Move an image so many screen pixels, and the linked ones by the same mm, mirrored."""
    before, subject = leader.placement, leader.subject
    if before is None or subject is None:
        return
    into_wall = right_px if leader.wall_right else -right_px
    after = panned(before, subject, into_wall_px=into_wall, down_px=down_px)
    leader.set_placement(after)
    move = move_between(before, after)
    for view in panes if linked else ():
        placed = view.placement
        how = Follows.NOT if view is leader else follows(leader.pane, view.pane)
        if placed is not None and how is not Follows.NOT:
            own = move if how is Follows.WHOLLY else replace(move, down_px=0.0)
            view.set_placement(followed(placed, own))


def show_in_middle(aim: Aim, panes: Sequence[PaneView], *, linked: bool) -> bool:
    """Bring a place of an image into the middle of its pane; tell whether it is on the screen."""
    for view in panes:
        there = view.pane.mammogram
        uid = there.sop_instance_uid if there is not None else ""
        if view.placement is not None and uid == aim.sop_instance_uid:
            way = view.box.geometry().center() - view.to_screen(aim.point)
            pan(view, panes, right_px=way.x(), down_px=way.y(), linked=linked)
            return True
    return False


def zoom(
    leader: PaneView, panes: Sequence[PaneView], *, factor: float, at: QPointF, linked: bool
) -> None:
    """Scale all panes alike: the one under the hand at a point of it, the linked ones at the same.

    Those that do not go along are scaled about their own middle, so that sizes stay the same.
    ``at`` is a position in the canvas.
    """
    before, subject = leader.placement, leader.subject
    if before is None or subject is None:
        return
    rect = leader.box.geometry()
    after = zoomed(
        before,
        subject,
        factor=factor,
        from_wall_px=rect.right() - at.x() if leader.wall_right else at.x() - rect.left(),
        below_middle_px=at.y() - rect.center().y(),
    )
    leader.set_placement(after)
    move = move_between(before, after)
    for view in panes:
        if view is leader or view.placement is None:
            continue
        along = linked and follows(leader.pane, view.pane) is not Follows.NOT
        own = move if along else _about_middle(view, view.placement, move.factor)
        view.set_placement(followed(view.placement, own))


def _about_middle(view: PaneView, placement: Placement, factor: float) -> Move:
    half_px = view.size().width / 2
    return Move(factor=factor, into_wall_px=half_px * (1.0 - 1.0 / factor), down_px=0.0)
