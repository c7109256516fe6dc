"""Which panes go along when the reader moves one: what the same millimetres mean in two views.

Two images of one projection show the same thing at the same place: both breasts (mirrored), and
today's image and its prior.  Height in a CC view is lateral to medial and in an MLO view up to
down, so between projections only the depth from the chest wall is shared: what was seen at a depth
in one view is looked for along that depth in the other.  A magnification, spot or partial view
shows a part of the breast from no known wall: it goes alone.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.study import Mammogram
from mammoview.domain.views import ViewModifier
from mammoview.words import translate

_OWN_FIELD = frozenset({ViewModifier.MAGNIFICATION, ViewModifier.SPOT_COMPRESSION})


class Follows(StrEnum):
    """How one pane goes along with another."""

    WHOLLY = "wholly"
    IN_DEPTH = "in-depth"
    NOT = "not"


def follows(leader: Pane, other: Pane) -> Follows:
    """Return how a pane goes along when another one is moved."""
    if leader.mammogram is None or other.mammogram is None:
        return Follows.NOT
    if not (_from_the_wall(leader.mammogram) and _from_the_wall(other.mammogram)):
        return Follows.NOT
    same = leader.mammogram.view.value is other.mammogram.view.value
    return Follows.WHOLLY if same else Follows.IN_DEPTH


def _from_the_wall(view: Mammogram) -> bool:
    """Tell whether an image begins at the chest wall and shows the breast from there."""
    known = view.laterality.value is not None and view.view.value is not None
    return known and not view.partial and not _OWN_FIELD & set(view.view.modifiers)


def toggle_linked(ws: Workspace) -> Workspace:
    """Move all panes together, or one alone."""
    together = translate("Status", "Panes move together")
    alone = translate("Status", "Each pane moves alone; sizes stay the same")
    return replace(ws, linked=not ws.linked, status=alone if ws.linked else together)


def link_text(ws: Workspace) -> str:
    """Return what stands in the status strip while there are panes to move together."""
    if len(ws.panes) < 2:
        return ""
    return translate("Status", "linked") if ws.linked else translate("Status", "SINGLE")
