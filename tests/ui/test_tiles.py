"""The breasts are walked tile by tile at full resolution, by keys, in the window itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mammoview.app import steps
from mammoview.app.pixels import resolve
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import FitMode
from mammoview.domain.geometry import ImagePoint, PixelSpacing, Pose
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality, Projection, Slot
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.pane_view import PaneView
from tests.builders.desk import exam, index, mammogram
from tests.ui.test_window import analysed, press, state, text

# The left breast was taken with the finer detector, and is smaller.
SPACING = {Laterality.RIGHT: 0.1, Laterality.LEFT: 0.05}
_SHAPE = {Laterality.RIGHT: (1200, 900), Laterality.LEFT: (2000, 1400)}
_STEP = 20


def load(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
    """Return a half-disc of breast on its chest wall."""
    side = view.laterality.value
    assert side is not None
    rows, cols = _SHAPE[side]
    stored = np.full((rows, cols), 1000, np.uint16)
    row, col = np.ogrid[0 : rows // _STEP, 0 : cols // _STEP]
    depth = col + 0.5
    mask = (depth / (0.8 * cols / _STEP)) ** 2 + ((row - rows / 40) / (0.35 * rows / 20)) ** 2 < 1
    mask = mask[:, ::-1] if side is Laterality.RIGHT else mask
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    return view, LoadedImage(stored=stored, breast=np.ascontiguousarray(mask), pose=pose)


@pytest.fixture
def hung(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """Return the window at the CC pair, the two sides from two detectors."""
    monkeypatch.setattr(resolve, "load_image", load)
    views = []
    for slot in Slot:
        mm, (rows, cols) = SPACING[slot.laterality], _SHAPE[slot.laterality]
        spacing = PixelSpacing(row_mm=mm, col_mm=mm, source="test")
        views.append(mammogram(slot, spacing=spacing, rows=rows, cols=cols))
    window.desk.open_index(index(exam(views=views)))
    qtbot.waitUntil(lambda: analysed(window))
    window.desk.do(steps.go_to, "cc-pair")
    return window


def shown(pane: PaneView) -> NDArray[np.bool_]:
    """Return which cells of the breast mask lie whole in the pane, on the screen."""
    assert pane.pane.image is not None
    cells = pane.pane.image.breast
    origin, unit = (pane.to_screen(ImagePoint(col=c, row=c)) for c in (0.0, float(_STEP)))
    row, col = np.mgrid[0 : cells.shape[0], 0 : cells.shape[1]]
    rect = pane.box.geometry().adjusted(-0.01, -0.01, 0.01, 0.01)
    wide, high = unit.x() - origin.x(), unit.y() - origin.y()
    x, y = origin.x() + col * wide, origin.y() + row * high
    across = (np.minimum(x, x + wide) >= rect.left()) & (np.maximum(x, x + wide) <= rect.right())
    down = (np.minimum(y, y + high) >= rect.top()) & (np.maximum(y, y + high) <= rect.bottom())
    return np.asarray(cells & across & down)


def device_px(pane: PaneView) -> float:
    """Return device pixels for each image pixel."""
    first, last = (pane.to_screen(ImagePoint(col=c, row=0.0)).x() for c in (0.0, 100.0))
    return abs(last - first) / 100.0 * pane.box.scene().views()[0].devicePixelRatioF()


def walk(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> Iterator[tuple[int, int]]:
    """Press a key until the last tile, and return number and count of every tile."""
    while True:
        press(qtbot, window, key)
        line = text(window, "stepLabel").rpartition("tile ")[2]
        at, count = map(int, line.split(" of "))
        yield at, count
        if at == count:
            return


@pytest.mark.parametrize("size", [(1200, 800), (900, 1000)])
def test_e_walks_all_of_both_breasts_at_full_resolution(
    hung: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    hung.resize(*size)
    panes = hung.four_view.panes()
    seen = {pane.pane.key: np.zeros(1, np.bool_) for pane in panes}
    numbers = []
    for at, _ in walk(hung, qtbot, Qt.Key.Key_E):
        numbers.append(at)
        parts = {pane.pane.key: shown(pane) for pane in panes}
        assert any(part.any() for part in parts.values()), "a tile of air"
        seen = {key: seen[key] | part for key, part in parts.items()}
        assert [round(device_px(pane), 6) for pane in panes] == [2.0, 1.0]
        walls = [pane.placement.wall for pane in panes if pane.placement is not None]
        assert walls[0] == pytest.approx(walls[1], abs=0.051), "as far from the chest wall"
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 3
    for pane in panes:
        assert pane.pane.image is not None
        assert (seen[pane.pane.key] == pane.pane.image.breast).all()


def test_both_sides_show_the_same_way_below_their_nipples(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, Qt.Key.Key_E, Qt.Key.Key_E)
    below = []
    for pane in hung.four_view.panes():
        rows = _SHAPE[Laterality(pane.pane.key[0])][0] * SPACING[Laterality(pane.pane.key[0])]
        assert pane.placement is not None
        below.append(pane.placement.mid_row - rows / 2)
    assert below[0] == pytest.approx(below[1], abs=1.0)  # a cell of the mask


def test_q_goes_back_and_a_fit_shows_the_whole_and_e_the_tile_again(
    hung: MainWindow, qtbot: QtBot
) -> None:
    press(qtbot, hung, Qt.Key.Key_E, Qt.Key.Key_E, Qt.Key.Key_E, Qt.Key.Key_Q)
    assert "tile 2 of" in text(hung, "stepLabel")
    at = hung.four_view.pane("RCC").placement
    press(qtbot, hung, Qt.Key.Key_F)
    assert "tile" not in text(hung, "stepLabel")
    assert hung.four_view.pane("RCC").placement != at
    press(qtbot, hung, Qt.Key.Key_Plus, Qt.Key.Key_E)
    assert "tile 2 of" in text(hung, "stepLabel")
    assert hung.four_view.pane("RCC").placement == at
    press(qtbot, hung, Qt.Key.Key_Q, Qt.Key.Key_Q)
    assert "First tile" in text(hung, "statusMessage")
    assert state(hung).fit is FitMode.BREAST, "a tile is no fit that is kept"


def test_another_size_keeps_the_place(hung: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, hung, *[Qt.Key.Key_E] * 3)
    pane = hung.four_view.pane("LCC")
    middle = pane.to_image(pane.box.geometry().center())
    assert middle is not None
    hung.resize(1000, 760)
    at = pane.to_screen(middle)
    assert pane.box.geometry().contains(at), "what was in the middle is still to be seen"
    assert round(device_px(pane), 6) == 1.0
    assert "tile" in text(hung, "stepLabel")


def test_next_walks_the_tiles_of_a_tile_step_and_goes_on(hung: MainWindow, qtbot: QtBot) -> None:
    hung.desk.do(steps.go_to, "left")
    tiles = list(walk(hung, qtbot, Qt.Key.Key_D))
    assert "CC tile by tile" in text(hung, "stepLabel")
    assert len(tiles) > 3
    press(qtbot, hung, Qt.Key.Key_D)
    assert "MLO tile by tile · tile 1 of" in text(hung, "stepLabel")
    press(qtbot, hung, Qt.Key.Key_A)
    count = len(tiles)
    assert f"CC tile by tile · tile {count} of {count}" in text(hung, "stepLabel")
    hung.desk.do(steps.go_to, "overview")
    assert "tile" not in text(hung, "stepLabel")


def test_a_missing_side_is_walked_alone(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", load)
    view = mammogram(Slot.LCC)
    window.desk.open_index(index(exam(views=[view])))
    qtbot.waitUntil(lambda: analysed(window))
    window.desk.do(steps.go_to, "cc-tiles")
    assert "tile 1 of" in text(window, "stepLabel")
    assert round(device_px(window.four_view.pane("LCC")), 6) == 1.0


def test_before_the_pixels_are_there_the_walk_waits_for_them(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve, "load_image", load)
    views = [replace(mammogram(slot), rows=1, cols=1) for slot in Slot]
    assert {view.view.value for view in views} == {Projection.CC, Projection.MLO}
    window.desk.open_index(index(exam(views=views)))
    press(qtbot, window, Qt.Key.Key_E)
    window.desk.do(steps.go_to, "mlo-tiles")
    qtbot.waitUntil(lambda: analysed(window))
    assert "tile 1 of" in text(window, "stepLabel")
