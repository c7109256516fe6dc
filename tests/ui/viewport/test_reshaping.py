"""Marks bent further: a second diameter at its own angle, corners that come and go."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from mammoview.app.marks import marking
from mammoview.domain.annotation import MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport.conftest import Mouse
from tests.ui.viewport.marking_hand import Reader, click, drag, near, reader_of

_CTRL = Qt.KeyboardModifier.ControlModifier
_NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def reader(view: FourView) -> Reader:
    return reader_of(view)


@pytest.fixture
def diameters(reader: Reader, mouse: Mouse) -> Reader:
    reader.tool(MarkKind.DIAMETERS)
    drag(mouse, reader.at(200, 300), reader.at(400, 300))
    click(mouse, reader.at(320, 350))
    assert reader.said() == "20.0 x 20.0 mm (corrected 1.80x)"
    return reader


@pytest.fixture
def area(reader: Reader, mouse: Mouse) -> Reader:
    reader.tool(MarkKind.AREA)
    click(mouse, *(reader.at(*place) for place in ((200, 300), (400, 300), (400, 500), (200, 500))))
    click(mouse, reader.at(200, 300))
    assert reader.said() == "800.0 mm² (corrected 1.80x)"
    return reader


def test_a_plain_drag_keeps_the_right_angle_and_ctrl_leaves_it(
    diameters: Reader, mouse: Mouse
) -> None:
    drag(mouse, diameters.at(320, 350), diameters.at(340, 350))
    assert diameters.said() == "20.0 x 20.0 mm (corrected 1.80x)"
    mouse.modifiers = _CTRL
    drag(mouse, diameters.at(340, 350), diameters.at(380, 360))
    mouse.modifiers = _NONE
    near(diameters.mark.points[2], ImagePoint(col=380, row=360))
    near(diameters.mark.points[3], ImagePoint(col=340, row=250))
    # 40 columns of 0.1 mm by 110 rows of 0.2 mm: off the right angle by their arc tangent.
    assert diameters.said() == "20.0 x 22.4 mm (corrected 1.80x), at 80° to each other"
    before = diameters.mark
    drag(mouse, diameters.at(400, 300), diameters.at(420, 300))
    assert diameters.said().endswith("at 80° to each other"), "the first carries it along"
    diameters.do(marking.undo)
    assert diameters.mark == before


def test_the_second_turns_by_key_and_back_to_the_right_angle(diameters: Reader) -> None:
    for _ in range(3):
        diameters.do(lambda ws: marking.turn_second(ws, 5.0))
    assert diameters.said() == "20.0 x 20.0 mm (corrected 1.80x), at 75° to each other"
    for _ in range(3):
        diameters.do(lambda ws: marking.turn_second(ws, -5.0))
    assert diameters.said() == "20.0 x 20.0 mm (corrected 1.80x)"
    diameters.do(marking.undo)
    assert diameters.count == 1, "a run of turns is one step"


def test_ctrl_and_a_click_make_a_corner_that_the_hand_holds(area: Reader, mouse: Mouse) -> None:
    mouse.modifiers = _CTRL
    drag(mouse, area.at(400, 400), area.at(500, 400))
    mouse.modifiers = _NONE
    assert len(area.mark.points) == 5
    near(area.mark.points[2], ImagePoint(col=500, row=400))
    assert area.said() == "1000.0 mm² (corrected 1.80x)"
    area.do(marking.undo)
    assert area.said() == "800.0 mm² (corrected 1.80x)", "one step takes it back"


def test_ctrl_and_a_click_on_a_corner_take_it_until_three_are_left(
    area: Reader, mouse: Mouse
) -> None:
    mouse.modifiers = _CTRL
    click(mouse, area.at(400, 300))
    assert area.said() == "400.0 mm² (corrected 1.80x)"
    click(mouse, area.at(400, 500))
    assert len(area.mark.points) == 3
    assert "three corners" in area.state.status


def test_keys_make_and_take_corners(area: Reader, mouse: Mouse) -> None:
    tools = area.view.measure
    assert not tools.take_corner(), "the mark as a whole is not a corner"
    tools.add_corner()
    # The longest side in mm is that of 200 rows.
    near(area.mark.points[2], ImagePoint(col=400, row=400))
    (drawn,) = (item for item in tools.layer.drawn if not item.guessed)
    assert drawn.handle == 2, "the keys hold it"
    tools.add_corner()
    near(area.mark.points[3], ImagePoint(col=400, row=450))
    assert tools.take_corner()
    assert tools.take_corner()
    assert area.said() == "800.0 mm² (corrected 1.80x)"
    assert tools.take_corner()
    assert tools.take_corner()
    assert len(area.mark.points) == 3
    assert "three corners" in area.state.status


def test_corners_are_no_matter_of_other_marks(diameters: Reader, mouse: Mouse) -> None:
    diameters.view.measure.add_corner()
    mouse.modifiers = _CTRL
    click(mouse, diameters.at(250, 300) + QPointF(0, 1))
    assert len(diameters.mark.points) == 4
    assert not diameters.view.measure.take_corner()
