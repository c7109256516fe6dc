"""One, two and four panes: where they lie, and that a step changes nothing but the place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt

from mammoview.app.workspace import FitMode, Workspace
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Slot
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]

SHADES = {Slot.RCC: 900, Slot.LCC: 1700, Slot.RMLO: 2500, Slot.LMLO: 3300}
FOUR = scene.workspace(
    *(scene.pane(s, scene.image(scene.bright(value=v))) for s, v in SHADES.items())
)


def step(*slots: Slot, columns: int = 2) -> Workspace:
    """Return the four-up with some of its panes only, as another step."""
    panes = tuple(pane for slot in slots for pane in FOUR.panes if pane.key == slot)
    return replace(FOUR, panes=panes, columns=columns, fit_request=FOUR.fit_request + 1)


def walls(view: FourView) -> dict[str, float]:
    """Return where the chest wall of each pane lies on the screen, pixels from the left."""
    found = {}
    for pane in view.panes():
        at = ImagePoint(col=600.0 if pane.wall_right else 0.0, row=460.0)
        found[pane.pane.key] = pane.to_screen(at).x()
    return found


@pytest.mark.parametrize("size", [QSize(801, 620), QSize(800, 601), QSize(1333, 777)])
@pytest.mark.parametrize("fit", list(FitMode))
def test_the_chest_walls_of_a_pair_touch_in_the_middle(
    view: FourView, picture: Grab, size: QSize, fit: FitMode
) -> None:
    view.render(FOUR, replace(step(Slot.RMLO, Slot.LMLO), fit=fit))
    view.resize(size)
    middle = round(size.width() / 2)
    assert walls(view) == {"RMLO": pytest.approx(middle), "LMLO": pytest.approx(middle)}
    shot = picture(view)
    row = shot.shape[0] // 2
    assert 0 < shot[row, middle - 1, 1] < shot[row, middle, 1], "no seam between the two shades"


def test_two_views_of_one_breast_lean_the_same_way(view: FourView) -> None:
    view.render(FOUR, step(Slot.RCC, Slot.RMLO))
    assert walls(view) == {"RCC": pytest.approx(400), "RMLO": pytest.approx(801)}
    left = step(Slot.LCC, Slot.LMLO)
    view.render(FOUR, left)
    assert walls(view) == {"LCC": pytest.approx(0), "LMLO": pytest.approx(400)}


def test_a_single_view_has_the_whole_window(view: FourView) -> None:
    view.render(None, FOUR)
    small = view.pane("RCC").placement
    view.render(FOUR, step(Slot.RCC, columns=1))
    large = view.pane("RCC").placement
    assert walls(view) == {"RCC": pytest.approx(801)}
    assert small is not None
    assert large is not None
    assert large.scale > 1.8 * small.scale
    with pytest.raises(KeyError):
        view.pane("LCC")
    assert view.pane_at(QPointF(790.0, 600.0)) is view.pane("RCC")


def test_three_panes_leave_the_last_place_black(view: FourView, picture: Grab) -> None:
    view.render(None, step(Slot.RCC, Slot.LCC, Slot.RMLO))
    shot = picture(view)
    assert shot[shot.shape[0] * 3 // 4, shot.shape[1] * 3 // 4].max() == 0
    assert shot[shot.shape[0] * 3 // 4, shot.shape[1] // 2 - 40, 1] > 50
    assert view.pane_at(QPointF(700.0, 550.0)) is None


def test_going_there_and_back_gives_the_same_picture(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    view.render(None, FOUR)
    before = picture(view)
    single = step(Slot.LMLO, columns=1)
    view.render(FOUR, single)
    mouse.wheel(QPointF(300.0, 150.0), 3)
    mouse.drag(QPointF(300.0, 150.0), QPointF(60.0, 10.0), Qt.MouseButton.LeftButton)
    assert (picture(view) != before).any()
    back = replace(FOUR, fit_request=single.fit_request + 1)
    view.render(single, back)
    assert (picture(view) == before).all()


def test_grey_values_changed_in_one_step_hold_in_the_next(view: FourView, picture: Grab) -> None:
    view.render(None, FOUR)
    upright = picture(view)
    pair = replace(step(Slot.RCC, Slot.LCC), gray=replace(FOUR.gray, invert=True))
    view.render(FOUR, pair)
    back = replace(pair, panes=FOUR.panes, fit_request=pair.fit_request + 1)
    view.render(pair, back)
    shot = picture(view)
    row, col = shot.shape[0] * 3 // 4, shot.shape[1] // 2 + 40
    assert abs(int(shot[row, col, 1]) - (255 - int(upright[row, col, 1]))) <= 1


def test_without_an_examination_no_view_is_called_missing(view: FourView) -> None:
    view.render(None, replace(FOUR, exam_key=None, panes=()))
    assert view.panes() == ()
    assert view.pane_at(QPointF(300.0, 150.0)) is None


def test_the_views_of_the_last_exam_serve_the_next(view: FourView, picture: Grab) -> None:
    view.render(None, FOUR)
    first = picture(view)
    made = {id(pane) for pane in view.panes()}
    darker = scene.workspace(
        *(scene.pane(s, scene.image(scene.bright(value=500))) for s in Slot), exam_key="t"
    )
    view.render(FOUR, darker)
    assert {id(pane) for pane in view.panes()} == made
    assert (picture(view) != first).any()
    view.render(darker, FOUR)
    assert (picture(view) == first).all()
