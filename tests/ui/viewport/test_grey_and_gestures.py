"""Grey values on the screen, and what the mouse does to them and to the view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app.workspace import AnnotationLevel, FitMode, Gray, Looking, WindowChange
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.study import VoiLut
from mammoview.domain.views import Slot
from mammoview.imaging.grayscale import display_table
from mammoview.ui.bench.window import Paints
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]
_IN_RCC = QPointF(300.0, 150.0)


def _grey_at(view: FourView, shot: NDArray[np.int32], col: float, row: float) -> int:
    at = view.pane(Slot.RCC).to_screen(ImagePoint(col=col, row=row))
    return int(shot[int(at.y()), int(at.x()), 1])


def _gray(**changes: object) -> Gray:
    return replace(Gray(change=None, voi_explanation=None, invert=False), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, 700, 2000, 3333, 4095])
def test_the_screen_shows_the_table(view: FourView, picture: Grab, value: int) -> None:
    view.render(None, scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright(value=value)))))
    table = display_table(scene.pixel_format(), scene.SIGMOID, invert=False)
    assert _grey_at(view, picture(view), 300, 460) == table[value]


def test_invert_keeps_padding_black(view: FourView, picture: Grab) -> None:
    stored = scene.bright(value=200)
    stored[:, :300] = 3044
    fmt = scene.pixel_format(padding=(3044, 3044))
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(stored), pixel_format=fmt), gray=_gray(invert=True)
    )
    view.render(None, state)
    shot = picture(view)
    assert _grey_at(view, shot, 450, 460) > 200
    assert _grey_at(view, shot, 150, 460) == 0
    edge = [_grey_at(view, shot, col, 460) for col in range(280, 300)]
    assert max(edge[:-4]) == 0  # no seam of averaged padding


def test_invert_keeps_the_air_of_a_film_black(view: FourView, picture: Grab) -> None:
    breast = np.zeros((184, 120), np.bool_)
    breast[:, 60:] = True
    stored = scene.bright(value=300)
    loaded = scene.image(stored, breast=breast)
    plain = scene.workspace(scene.pane(Slot.RCC, loaded))
    inverted = replace(plain, gray=_gray(invert=True))
    view.render(None, plain)
    before = _grey_at(view, picture(view), 100, 460)
    view.render(plain, inverted)
    shot = picture(view)
    assert before > 0
    assert _grey_at(view, shot, 100, 460) == 0
    assert _grey_at(view, shot, 310, 460) > 200
    assert _grey_at(view, shot, 295, 460) > 200  # the skin line, just outside the mask
    view.render(inverted, plain)
    assert _grey_at(view, picture(view), 100, 460) == before


def test_a_padding_value_that_no_pixel_holds_does_not_keep_the_air_bright(
    view: FourView, picture: Grab
) -> None:
    breast = np.zeros((184, 120), np.bool_)
    breast[:, 60:] = True
    stored = scene.bright(value=300)
    for padded in (False, True):
        if padded:
            stored = stored.copy()
            stored[:, :270] = 0
        loaded = scene.image(stored, breast=breast)
        film = scene.pane(Slot.RCC, loaded, pixel_format=scene.pixel_format(padding=(0, 0)))
        view.render(None, scene.workspace(film, gray=_gray(invert=True), fit=FitMode.IMAGE))
        shot = picture(view)
        assert _grey_at(view, shot, 100, 460) == 0
        # Real padding leaves all of the air beside the skin as it is.
        assert (_grey_at(view, shot, 278, 460) > 200) == padded


@pytest.mark.parametrize(
    ("pose", "inverse"),
    [(pose, False) for pose in scene.EIGHT_POSES] + [(scene.EIGHT_POSES[5], True)],
    ids=str,
)
def test_inverted_air_is_black_in_every_pose_and_when_zoomed_in(
    view: FourView, picture: Grab, mouse: Mouse, pose: Pose, inverse: bool
) -> None:
    """A film without padding: what was dark round the breast must not dazzle the reader."""
    breast = np.zeros((184, 120), np.bool_)
    breast[:, 60:] = True
    loaded = scene.image(scene.bright(value=3800 if inverse else 300), pose, breast=breast)
    film = scene.pane(Slot.RCC, loaded, pixel_format=scene.pixel_format(inverse=inverse))
    view.render(
        None,
        replace(
            scene.workspace(film),
            gray=_gray(invert=True),
            fit=FitMode.IMAGE,
            looking=Looking(annotations=AnnotationLevel.NONE),
        ),
    )
    for notches in (0, 3):
        skin = view.pane(Slot.RCC).to_screen(ImagePoint(col=290.0, row=460.0))
        mouse.wheel(skin, notches)
        shot = picture(view)
        assert _grey_at(view, shot, 200, 460) == 0
        assert _grey_at(view, shot, 295, 460) > 150  # the skin line, just outside the mask
        assert _grey_at(view, shot, 400, 460) > 150


def test_a_drag_changes_width_and_centre_and_keeps_the_function(
    view: FourView, picture: Grab, mouse: Mouse, qtbot: QtBot
) -> None:
    state = scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright(value=2000))))
    view.render(None, state)
    before = _grey_at(view, picture(view), 300, 460)
    with qtbot.waitSignal(view.windowChanged) as said:
        mouse.drag(_IN_RCC, QPointF(250.0, 60.0), Qt.MouseButton.RightButton)
    change = said.args[0]
    assert (change.width, change.darker) == pytest.approx((2.0, 0.1))
    window = replace(
        scene.SIGMOID, width=2 * scene.SIGMOID.width, centre=2000.0 + 0.1 * scene.SIGMOID.width
    )
    dragged = _grey_at(view, picture(view), 300, 460)
    assert dragged < before  # down darkens
    table = display_table(scene.pixel_format(), window, invert=False)
    assert dragged == table[2000]
    view.render(state, replace(state, gray=_gray(change=change)))
    assert _grey_at(view, picture(view), 300, 460) == dragged


@pytest.mark.parametrize(("inverse", "invert"), [(True, False), (False, True), (True, True)])
def test_down_darkens_whatever_the_polarity(
    view: FourView, picture: Grab, mouse: Mouse, inverse: bool, invert: bool
) -> None:
    fmt = scene.pixel_format(inverse=inverse)
    state = scene.workspace(
        scene.pane(Slot.RCC, scene.image(scene.bright(value=2000)), pixel_format=fmt),
        gray=_gray(invert=invert),
    )
    view.render(None, state)
    before = _grey_at(view, picture(view), 300, 460)
    mouse.drag(_IN_RCC, QPointF(0.0, 80.0), Qt.MouseButton.RightButton)
    assert _grey_at(view, picture(view), 300, 460) < before


def test_two_drags_add_up_before_the_state_comes_back(
    view: FourView, mouse: Mouse, qtbot: QtBot
) -> None:
    view.render(None, scene.four())
    mouse.drag(_IN_RCC, QPointF(250.0, 0.0), Qt.MouseButton.RightButton)
    with qtbot.waitSignal(view.windowChanged) as said:
        mouse.drag(_IN_RCC, QPointF(250.0, 0.0), Qt.MouseButton.RightButton)
    assert said.args[0].width == pytest.approx(4.0)


def test_a_drag_changes_every_pane_in_proportion_to_its_own_window(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    """A prior of another maker: the same tissue has values eight times as high, and is inverse."""
    other = replace(scene.SIGMOID, centre=16000.0, width=24000.0)
    fmt = scene.pixel_format(bits_stored=15, windows=(other,))
    inverse = scene.pixel_format(inverse=True)
    same, lut = (
        scene.pixel_format(),
        VoiLut(entries=np.arange(4096, dtype=np.uint16), first_mapped=0, bits=12, explanation=""),
    )
    shown = {
        Slot.RCC: (2400, same),
        Slot.LCC: (19200, fmt),
        Slot.RMLO: (1600, inverse),
        Slot.LMLO: (2400, scene.pixel_format(windows=(), luts=(lut,))),
    }
    state = scene.workspace(
        *(
            scene.pane(slot, scene.image(scene.bright(value=value)), pixel_format=own)
            for slot, (value, own) in shown.items()
        )
    )

    def greys() -> list[int]:
        shot = picture(view)
        rows, cols = shot.shape[:2]
        places = [(4, -40), (4, 40), (-4, -40), (-4, 40)]
        return [int(shot[rows // 2 - rows // at, cols // 2 + dx, 1]) for at, dx in places]

    view.render(None, state)
    before = greys()
    assert before[0] == before[1] == before[2]
    mouse.drag(_IN_RCC, QPointF(-90.0, 70.0), Qt.MouseButton.RightButton)
    after = greys()
    assert abs(after[0] - before[0]) > 10
    assert after[0] == after[1] == after[2]
    assert after[3] < before[3]


def test_reset_brings_the_images_own_window_back(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    state = scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright(value=2000))))
    view.render(None, state)
    before = _grey_at(view, picture(view), 300, 460)
    mouse.drag(_IN_RCC, QPointF(0.0, 80.0), Qt.MouseButton.RightButton)
    moved = replace(state, gray=_gray(change=WindowChange(width=1.0, darker=-0.6)))
    view.render(state, moved)
    view.render(moved, state)
    assert _grey_at(view, picture(view), 300, 460) == before


def test_a_drag_that_starts_from_a_lut_spans_it(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    lut = VoiLut(
        entries=np.arange(1000, dtype=np.uint16), first_mapped=500, bits=10, explanation=""
    )
    fmt = scene.pixel_format(windows=(), luts=(lut,))
    view.render(
        None,
        scene.workspace(
            scene.pane(Slot.RCC, scene.image(scene.bright(value=1100)), pixel_format=fmt)
        ),
    )
    before = _grey_at(view, picture(view), 300, 460)
    mouse.drag(_IN_RCC, QPointF(0.0, 0.0), Qt.MouseButton.RightButton)
    assert _grey_at(view, picture(view), 300, 460) == pytest.approx(
        before, abs=5
    )  # a rounder window


def test_a_right_press_without_a_move_changes_nothing(
    view: FourView, mouse: Mouse, qtbot: QtBot
) -> None:
    view.render(None, scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright()))))
    with qtbot.assertNotEmitted(view.windowChanged):
        mouse.drag(_IN_RCC, QPointF(), Qt.MouseButton.RightButton, steps=0)
        mouse.drag(QPointF(600.0, 150.0), QPointF(9, 9), Qt.MouseButton.RightButton)


@pytest.mark.parametrize("notches", [1, 3, 7])
def test_zoom_keeps_the_point_under_the_cursor(view: FourView, mouse: Mouse, notches: int) -> None:
    view.render(None, scene.four())
    rcc = view.pane(Slot.RCC)
    before = rcc.to_image(_IN_RCC)
    scale = rcc.placement.scale if rcc.placement else 0.0
    mouse.wheel(_IN_RCC, notches)
    after = rcc.to_image(_IN_RCC)
    assert before is not None
    assert after is not None
    assert (after.col, after.row) == pytest.approx((before.col, before.row))
    assert rcc.placement is not None
    assert rcc.placement.scale == pytest.approx(scale * 1.25**notches)


def test_zoom_is_linked_at_mirrored_points(view: FourView, mouse: Mouse) -> None:
    view.render(None, scene.four())
    mirrored = QPointF(view.width() - 1 - _IN_RCC.x(), _IN_RCC.y())
    before = view.pane(Slot.LCC).to_image(mirrored)
    mouse.wheel(_IN_RCC, 4)
    after = view.pane(Slot.LCC).to_image(mirrored)
    assert before is not None
    assert after is not None
    assert (after.col, after.row) == pytest.approx((before.col, before.row), abs=2.0)
    scales = {view.pane(s).placement.scale for s in Slot}  # type: ignore[union-attr]
    assert len(scales) == 1


def test_the_cursor_reads_pixel_and_stored_value(
    view: FourView, mouse: Mouse, qtbot: QtBot
) -> None:
    stored = scene.bright()
    stored[411, 377] = 1234
    view.render(None, scene.workspace(scene.pane(Slot.RCC, scene.image(stored))))
    pixel = ImagePoint(col=377.5, row=411.5)
    mouse.wheel(view.pane(Slot.RCC).to_screen(pixel), 12)
    at = view.pane(Slot.RCC).to_screen(pixel)
    with qtbot.waitSignal(view.cursorRead) as said:
        mouse.move(at)
    assert said.args == ["R CC   column 377   row 411   stored 1234"]
    with qtbot.waitSignal(view.cursorRead) as off:
        mouse.move(QPointF(700.0, 500.0))
    assert off.args == [""]


def test_a_press_says_which_pane(view: FourView, mouse: Mouse, qtbot: QtBot) -> None:
    view.render(None, scene.four())
    with qtbot.waitSignal(view.paneActivated) as said:
        mouse.press(QPointF(600.0, 500.0), Qt.MouseButton.LeftButton)
    assert said.args == ["LMLO"]


def test_rendering_the_same_state_again_changes_nothing(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    state = scene.four()
    view.render(None, state)
    mouse.wheel(_IN_RCC, 3)
    before = picture(view)
    misses = view._tables.cache_info().misses
    view.render(state, state)
    assert np.array_equal(picture(view), before)
    assert view._tables.cache_info().misses == misses


def test_a_turn_of_the_wheel_is_painted_once(view: FourView, mouse: Mouse) -> None:
    view.render(None, scene.four())
    for _ in range(3):
        QApplication.processEvents()
    paints = Paints(view.canvas.viewport())
    mouse.wheel(_IN_RCC, 1)
    for _ in range(3):
        QApplication.processEvents()
    assert paints.count == 1
