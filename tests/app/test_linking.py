"""Which panes go along with which."""

from __future__ import annotations

from typing import Any

import pytest

from mammoview.app import commands, linking
from mammoview.app.linking import Follows, follows
from mammoview.app.workspace import Pane
from mammoview.domain.views import (
    Laterality,
    Place,
    Projection,
    Slot,
    SourcedLaterality,
    SourcedView,
    ViewModifier,
)
from tests.builders.desk import mammogram


def pane(slot: Slot, *modifiers: ViewModifier, projection: Projection | None = None) -> Pane:
    view = SourcedView(value=projection or slot.projection, modifiers=modifiers, source="test")
    return of(slot, view=view)


def of(slot: Slot, **changes: Any) -> Pane:
    header = mammogram(slot, **changes)
    return Pane(place=Place(slot=slot), mammogram=header, image=None, message="")


RCC = pane(Slot.RCC)


@pytest.mark.parametrize(
    ("other", "how"),
    [
        (pane(Slot.LCC), Follows.WHOLLY),
        (pane(Slot.RMLO), Follows.IN_DEPTH),
        (pane(Slot.LCC, ViewModifier.IMPLANT_DISPLACED), Follows.WHOLLY),
        (pane(Slot.RCC, projection=Projection.XCCL), Follows.IN_DEPTH),
        (pane(Slot.RCC, ViewModifier.MAGNIFICATION), Follows.NOT),
        (pane(Slot.RCC, ViewModifier.SPOT_COMPRESSION), Follows.NOT),
        (of(Slot.LCC, partial=True), Follows.NOT),
        (of(Slot.LCC, laterality=SourcedLaterality(value=None, source="")), Follows.NOT),
        (of(Slot.LCC, view=SourcedView(value=None, modifiers=(), source="")), Follows.NOT),
        (
            Pane(place=Place(slot=Slot.LCC), mammogram=None, image=None, message=""),
            Follows.NOT,
        ),
    ],
)
def test_what_goes_along_goes_along_both_ways(other: Pane, how: Follows) -> None:
    assert follows(RCC, other) is follows(other, RCC) is how


def test_right_and_left_are_told_apart_by_the_pane_not_here() -> None:
    left = of(Slot.LCC, laterality=SourcedLaterality(value=Laterality.LEFT, source=""))
    assert follows(RCC, left) is Follows.WHOLLY


def test_the_state_says_whether_panes_move_together() -> None:
    ws = commands.empty()
    assert linking.link_text(ws) == ""
    alone = linking.toggle_linked(ws)
    assert not alone.linked
    assert linking.toggle_linked(alone).linked
