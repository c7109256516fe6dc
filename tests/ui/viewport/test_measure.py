"""Marks drawn by hand and by key: the same stored places whichever way the image is shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from pytestqt.qtbot import QtBot

from mammoview.app.marks import marking
from mammoview.domain.annotation import MarkKind
from mammoview.domain.geometry import ImagePoint, Pose, SpacingBasis
from mammoview.domain.views import Slot, SourcedView, ViewModifier
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse
from tests.ui.viewport.marking_hand import MM, Reader, click, drag, drawn_line, near, reader_of

Grab = Callable[[FourView], NDArray[np.int32]]
Left = Qt.MouseButton.LeftButton
_P, _Q = ImagePoint(col=210.0, row=200.0), ImagePoint(col=410.0, row=500.0)


@pytest.fixture
def reader(view: FourView) -> Reader:
    return reader_of(view)


# -- stored places and millimetres ------------------------------------------------------------


@pytest.mark.parametrize(
    "pose", scene.EIGHT_POSES, ids=lambda p: f"{p.flip_horizontal}-{p.rotate_degrees}"
)
def test_the_pose_counts_for_nothing(
    view: FourView, mouse: Mouse, picture: Grab, pose: Pose
) -> None:
    slot = Slot.LMLO if pose.rotate_degrees in (0, 90) else Slot.RCC
    loaded = scene.image(scene.bright(value=0), pose)
    reader = Reader(view, scene.workspace(scene.pane(slot, loaded, spacing=MM)))
    reader.tool(MarkKind.LENGTH)
    drag(mouse, reader.at(_P.col, _P.row, slot), reader.at(_Q.col, _Q.row, slot))
    for found, wanted in zip(reader.mark.points, (_P, _Q), strict=True):
        near(found, wanted)
    # 200 columns of 0.1 mm and 300 rows of 0.2 mm.
    assert reader.said() == f"{math.hypot(20, 60):.1f} mm (corrected 1.80x)"
    reader.do(lambda ws: marking.select(ws, None))
    shot = picture(view)
    for point in (_P, _Q, ImagePoint(col=310.0, row=350.0)):
        at = view.pane(slot).to_screen(point)
        part = shot[int(at.y()) - 1 : int(at.y()) + 2, int(at.x()) - 1 : int(at.x()) + 2]
        assert (part.max(axis=(0, 1)) > (100, 180, 100)).all(), point


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"pixel_format": scene.pixel_format(inverse=True)}, "63.2 mm (corrected 1.80x)"),
        (
            {
                "view": SourcedView(
                    value=None, modifiers=(ViewModifier.MAGNIFICATION,), source="test"
                )
            },
            "63.2 mm (corrected 1.80x)",
        ),
        ({"spacing": replace(MM, basis=SpacingBasis.AT_DETECTOR)}, "63.2 mm (at detector)"),
        ({"spacing": None}, "360.6 px (no spacing)"),
    ],
    ids=["MONOCHROME1", "magnification", "detector", "none"],
)
def test_polarity_and_view_count_for_nothing_and_spacing_for_all(
    view: FourView, mouse: Mouse, header: dict[str, Any], said: str
) -> None:
    reader = reader_of(view, **header)
    reader.tool(MarkKind.LENGTH)
    drag(mouse, reader.at(_P.col, _P.row), reader.at(_Q.col, _Q.row))
    near(reader.mark.points[1], _Q)
    assert reader.said() == said


def test_zoom_and_pan_leave_the_stored_places(reader: Reader, mouse: Mouse) -> None:
    reader.tool(MarkKind.LENGTH)
    drag(mouse, reader.at(_P.col, _P.row), reader.at(_Q.col, _Q.row))
    before = reader.mark
    mouse.wheel(reader.at(300, 300), 3)
    drag(mouse, reader.at(500, 100), reader.at(520, 130))
    assert reader.mark == before
    near(reader.view.pane(Slot.RCC).nearest(reader.at(_Q.col, _Q.row)), _Q)


# -- every tool -------------------------------------------------------------------------------


def test_two_diameters(reader: Reader, mouse: Mouse) -> None:
    reader.tool(MarkKind.DIAMETERS)
    drag(mouse, reader.at(200, 300), reader.at(400, 300))
    assert reader.said() == "20.0 mm (corrected 1.80x)", "the first, live"
    mouse.move(reader.at(320, 340))
    assert reader.said() == "20.0 x 16.0 mm (corrected 1.80x)"
    assert reader.state.marks.items == ()
    click(mouse, reader.at(320, 350))
    assert reader.said() == "20.0 x 20.0 mm (corrected 1.80x)"
    for found, wanted in zip(
        reader.mark.points, ((200, 300), (400, 300), (320, 350), (320, 250)), strict=True
    ):
        near(found, ImagePoint(col=wanted[0], row=wanted[1]))


def test_an_area_is_closed_on_its_first_corner_or_by_a_second_click(
    reader: Reader, mouse: Mouse
) -> None:
    corners = [reader.at(*place) for place in ((200, 300), (400, 300), (400, 500), (200, 500))]
    for last in (corners[0] + QPointF(3, 3), corners[-1]):
        reader.tool(MarkKind.AREA)
        click(mouse, *corners)
        assert reader.state.marks.tool is MarkKind.AREA
        assert reader.said() == "800.0 mm² (corrected 1.80x)"
        click(mouse, last)
        assert len(reader.state.marks.items[-1].points) == 4
        assert reader.state.marks.tool is None


def test_an_angle(reader: Reader, mouse: Mouse) -> None:
    reader.tool(MarkKind.ANGLE)
    click(mouse, reader.at(400, 300), reader.at(200, 300), reader.at(400, 400))
    assert reader.said() == "45.0°"


@pytest.mark.parametrize("kind", [MarkKind.ELLIPSE, MarkKind.STATISTICS])
def test_an_ellipse_in_a_box(reader: Reader, mouse: Mouse, kind: MarkKind) -> None:
    reader.tool(kind)
    drag(mouse, reader.at(200, 300), reader.at(400, 400))
    near(reader.mark.points[0], ImagePoint(col=200, row=350))
    near(reader.mark.points[3], ImagePoint(col=300, row=400))
    text = reader.view.measure.layer.drawn[0].text
    assert "314.2 mm², 20.0 x 20.0 mm (corrected 1.80x)" in text
    assert ("mean 4095.0, SD 0.0, 4095 to 4095" in text) == (kind is MarkKind.STATISTICS)


def test_freehand_follows_the_hand(reader: Reader, mouse: Mouse) -> None:
    reader.tool(MarkKind.FREEHAND)
    turns = [math.tau * step / 40 for step in range(40)]
    places = [reader.at(300 + 100 * math.cos(t), 400 + 100 * math.sin(t)) for t in turns]
    mouse.press(places[0], Left)
    for place in places[1:]:
        mouse.drag_on(place)
    mouse.release(places[-1])
    area = float(reader.said().split()[0])
    assert area == pytest.approx(math.pi * 10 * 20, rel=0.05)
    assert len(reader.mark.points) < len(places)


def test_an_arrow_asks_for_its_words(reader: Reader, mouse: Mouse, qtbot: QtBot) -> None:
    reader.view.activateWindow()
    reader.tool(MarkKind.ARROW)
    drag(mouse, reader.at(300, 300), reader.at(200, 200))
    near(reader.mark.points[0], ImagePoint(col=300, row=300))
    editor = reader.view.label_editor
    assert editor.isVisible()
    qtbot.keyClicks(editor, "new mass")
    assert reader.mark.label == "new mass", "each letter is kept as it is typed"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert not editor.isVisible()
    assert reader.said() == "new mass"
    reader.do(marking.undo)
    assert reader.mark.label == ""


def test_esc_brings_the_old_words_back(reader: Reader, mouse: Mouse, qtbot: QtBot) -> None:
    reader.tool(MarkKind.ARROW)
    drag(mouse, reader.at(300, 300), reader.at(200, 200))
    editor = reader.view.label_editor
    qtbot.keyClicks(editor, "first")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    reader.view.edit_label()
    assert editor.text() == "first"
    qtbot.keyClicks(editor, "other")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert reader.mark.label == "first"
    assert not editor.isVisible()


def test_a_nipple_replaces_the_estimate(view: FourView, mouse: Mouse) -> None:
    rows, cols = np.mgrid[0:92, 0:60]
    mask = np.asarray(((60 - cols) / 45) ** 2 + ((rows - 46) / 30) ** 2 < 1)
    loaded = scene.image(scene.bright(), breast=mask)
    reader = Reader(view, scene.workspace(scene.pane(Slot.RCC, loaded, spacing=MM)))
    reader.tool(MarkKind.NIPPLE)
    (guess,) = reader.view.measure.layer.drawn
    assert (guess.guessed, guess.text) == (True, "nipple, estimated")
    near(guess.points[0], ImagePoint(col=155, row=460), within=15)
    click(mouse, reader.at(150, 500))
    near(reader.mark.points[0], ImagePoint(col=150, row=500))
    assert reader.said() == "nipple, set by the reader"
    assert [item.guessed for item in reader.view.measure.layer.drawn] == [False]


def test_a_press_without_a_way_begins_and_a_second_ends(reader: Reader, mouse: Mouse) -> None:
    reader.tool(MarkKind.LENGTH)
    click(mouse, reader.at(200, 300))
    mouse.move(reader.at(300, 300))
    assert reader.said() == "10.0 mm (corrected 1.80x)"
    click(mouse, reader.at(400, 300))
    assert reader.said() == "20.0 mm (corrected 1.80x)"


def test_a_mark_stays_on_the_image_and_pane_that_it_began_on(view: FourView, mouse: Mouse) -> None:
    reader = Reader(view, scene.four(spacing=MM))
    reader.tool(MarkKind.LENGTH)
    click(mouse, reader.at(300, 300, Slot.RCC))
    click(mouse, reader.at(300, 300, Slot.LCC))  # the other breast: no end of this line
    assert reader.count == 0
    drag_to = reader.at(300, 300, Slot.LCC)
    mouse.press(reader.at(310, 300, Slot.RCC), Left)
    mouse.release(reader.at(310, 300, Slot.RCC))
    assert reader.count == 1
    assert reader.mark.sop_instance_uid == "2.25.1"
    reader.tool(MarkKind.LENGTH)
    drag(mouse, reader.at(300, 500, Slot.RCC), drag_to)
    last = reader.state.marks.items[-1].points[-1]
    assert last.col == 600, "kept to the image's edge"


# -- moving, panning --------------------------------------------------------------------------


def test_a_handle_moves_its_end_and_the_line_moves_all(reader: Reader, mouse: Mouse) -> None:
    before = drawn_line(reader, mouse)
    drag(mouse, reader.at(400, 300), reader.at(450, 350))
    assert reader.mark.id == before.id
    near(reader.mark.points[0], ImagePoint(col=200, row=300))
    near(reader.mark.points[1], ImagePoint(col=450, row=350))
    middle = reader.at(325, 325)
    drag(mouse, middle, middle + (reader.at(100, 100) - reader.at(80, 60)))
    near(reader.mark.points[0], ImagePoint(col=220, row=340))
    near(reader.mark.points[1], ImagePoint(col=470, row=390))
    for _ in range(2):
        reader.do(marking.undo)
    assert reader.mark == before


def test_a_left_drag_pans_where_no_mark_is(reader: Reader, mouse: Mouse) -> None:
    drawn_line(reader, mouse)
    mouse.wheel(reader.at(300, 300), 3)
    placed = reader.view.pane(Slot.RCC).placement
    away = reader.at(300, 400)
    drag(mouse, away, away + QPointF(15, 20))
    assert reader.view.pane(Slot.RCC).placement != placed
    assert reader.state.marks.selected is None
    placed = reader.view.pane(Slot.RCC).placement
    drag(mouse, reader.at(300, 300), reader.at(310, 320))
    assert reader.view.pane(Slot.RCC).placement == placed, "on a mark it moves the mark"
    reader.tool(MarkKind.LENGTH)
    drag(mouse, away, away + QPointF(15, 20))
    assert reader.view.pane(Slot.RCC).placement == placed, "with a tool it draws"


def test_the_cursor_tells_what_a_press_does(reader: Reader, mouse: Mouse) -> None:
    def shape() -> Qt.CursorShape:
        return reader.view.canvas.viewport().cursor().shape()

    drawn_line(reader, mouse)
    seen = []
    for place in (reader.at(300, 500), reader.at(400, 300), reader.at(300, 300)):
        mouse.move(place)
        seen.append(shape())
    reader.tool(MarkKind.AREA)
    seen.append(shape())
    assert len(set(seen)) == 4
    assert seen[0] is Qt.CursorShape.ArrowCursor
    assert seen[3] is Qt.CursorShape.CrossCursor


def test_a_drag_goes_on_while_something_else_happens(reader: Reader, mouse: Mouse) -> None:
    drawn_line(reader, mouse)
    mouse.press(reader.at(400, 300), Left)
    mouse.drag_on(reader.at(420, 320))
    reader.do(lambda ws: replace(ws, status="a view was read"))
    mouse.drag_on(reader.at(450, 350))
    mouse.release(reader.at(450, 350))
    near(reader.mark.points[1], ImagePoint(col=450, row=350))


# -- by key alone -----------------------------------------------------------------------------


def test_a_length_by_key_alone(reader: Reader, qtbot: QtBot) -> None:
    reader.tool(MarkKind.LENGTH)
    start = reader.view.pane(Slot.RCC).image_on_screen().center()
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)
    for _ in range(3):
        qtbot.keyClick(reader.view, Qt.Key.Key_Left)
    for _ in range(3):
        qtbot.keyClick(reader.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    wanted = reader.view.pane(Slot.RCC).nearest(start + QPointF(-30, 3))
    assert reader.view.measure.layer._cross is not None
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)
    near(reader.mark.points[0], reader.view.pane(Slot.RCC).nearest(start))
    near(reader.mark.points[1], wanted)
    assert reader.view.measure.layer._cross is None


def test_an_area_by_key_alone(reader: Reader, qtbot: QtBot) -> None:
    reader.tool(MarkKind.AREA)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(reader.view, Qt.Key.Key_Return)
        for _ in range(4):
            qtbot.keyClick(reader.view, key)
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)  # the last corner once more: closed
    assert len(reader.mark.points) == 4
    assert reader.mark.kind is MarkKind.AREA


def test_keys_move_the_selected_mark_and_its_handles(
    reader: Reader, mouse: Mouse, qtbot: QtBot
) -> None:
    before = drawn_line(reader, mouse)
    at = reader.at(200, 300)
    qtbot.keyClick(reader.view, Qt.Key.Key_Right)
    qtbot.keyClick(reader.view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    pane = reader.view.pane(Slot.RCC)
    near(reader.mark.points[0], pane.nearest(at + QPointF(10, -1)))
    assert reader.mark.points[1].col - reader.mark.points[0].col == pytest.approx(200)
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)  # the keys take the first handle
    qtbot.keyClick(reader.view, Qt.Key.Key_Return)  # the second
    end = reader.view.pane(Slot.RCC).to_screen(reader.mark.points[1])
    kept = reader.mark.points[0]
    qtbot.keyClick(reader.view, Qt.Key.Key_Down)
    near(reader.mark.points[1], pane.nearest(end + QPointF(0, 10)))
    assert reader.mark.points[0] == kept
    reader.do(marking.undo)
    assert reader.mark == before, "a run of keys is one step"


def test_tab_walks_the_marks_and_then_leaves(view: FourView, mouse: Mouse, qtbot: QtBot) -> None:
    reader = Reader(view, scene.four(spacing=MM))
    for slot in (Slot.LMLO, Slot.RCC):
        reader.tool(MarkKind.LENGTH)
        drag(mouse, reader.at(200, 300, slot), reader.at(400, 300, slot))
    reader.do(lambda ws: marking.select(ws, None))
    of_image = {mark.sop_instance_uid: mark.id for mark in reader.state.marks.items}
    walked = []
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Tab)
        walked.append(reader.state.marks.selected)
    assert walked == [of_image["2.25.1"], of_image["2.25.4"], None]
    qtbot.keyClick(view, Qt.Key.Key_Backtab)
    assert reader.state.marks.selected == of_image["2.25.4"]


def test_keys_without_tool_or_mark_are_left_to_others(reader: Reader) -> None:
    none = Qt.KeyboardModifier.NoModifier
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Return, Qt.Key.Key_L):
        event = QKeyEvent(QEvent.Type.KeyPress, key, none)
        assert not reader.view.measure.wants(event)
    reader.tool(MarkKind.LENGTH)
    wanted = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Left, none)
    assert reader.view.measure.wants(wanted)
    control = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert not reader.view.measure.wants(control)


def test_escape_ends_one_thing_after_the_other(reader: Reader, mouse: Mouse) -> None:
    drawn_line(reader, mouse)
    reader.tool(MarkKind.LENGTH)
    click(mouse, reader.at(200, 500))
    tools: list[MarkKind | None] = []
    for _ in range(2):  # the line begun, then the tool
        assert reader.view.measure.escape()
        tools.append(reader.state.marks.tool)
    assert tools == [MarkKind.LENGTH, None]
    assert not reader.view.measure.escape()
    reader.do(lambda ws: marking.select(ws, ws.marks.items[0].id))
    assert reader.view.measure.escape()
    assert reader.state.marks.selected is None
    assert reader.count == 1
