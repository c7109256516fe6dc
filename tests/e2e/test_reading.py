"""From files to a picture with heat over it: the whole program but the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from mammoview.app.analysis import Analyst
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.domain.prediction import AnalysisStatus
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle

_PATIENCE_MS = 120_000

OpenWindow = Callable[[Path], MainWindow]


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[OpenWindow]:
    """Open a window as the program does, with a given model, and close it in the right order."""
    opened: list[tuple[MainWindow, GuiDispatcher]] = []

    def open_it(bundle: Path) -> MainWindow:
        dispatcher = GuiDispatcher()
        desk = ReadingDesk(deliver=dispatcher.post, analyst=Analyst(bundle=bundle, device="cpu"))
        window = MainWindow(desk)
        window.resize(1280, 900)
        window.show()
        opened.append((window, dispatcher))
        return window

    yield open_it
    for window, dispatcher in opened:
        window.close()
        dispatcher.close()
        window.deleteLater()


def _picture(window: MainWindow) -> NDArray[np.uint8]:
    """Return what the four views show, (rows, cols, 3)."""
    image = window.four_view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def _changed_quarters(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> list[int]:
    """Return how many pixels differ in each of the four panes."""
    changed = (first != second).any(axis=2)
    row, col = changed.shape[0] // 2, changed.shape[1] // 2
    panes = (changed[:row, :col], changed[:row, col:], changed[row:, :col], changed[row:, col:])
    return [int(pane.sum()) for pane in panes]


def _read_and_toggle(
    window: MainWindow, qtbot: QtBot, paths: list[Path], *, heated_views: int
) -> Workspace:
    """Open, wait for the analysis, toggle the overlay by keys and compare the pictures."""
    states: list[Workspace] = []
    window.desk.subscribe(lambda old, new: states.append(new))
    window.desk.open_paths(paths)

    def analysed() -> bool:
        state = window.desk.workspace
        return state.prediction is not None and not state.analysis.running

    qtbot.waitUntil(analysed, timeout=_PATIENCE_MS)
    decoded = [sum(pane.image is not None for pane in s.panes) for s in states if s.panes]
    assert (decoded[0], decoded[-1]) == (0, 4)
    assert decoded == sorted(decoded), "what came once stays"

    done = window.desk.workspace
    qtbot.keyClick(window, Qt.Key.Key_O)
    off = _picture(window)
    qtbot.keyClick(window, Qt.Key.Key_H)
    heat = _picture(window)
    qtbot.keyClick(window, Qt.Key.Key_B)
    both = _picture(window)
    qtbot.keyClick(window, Qt.Key.Key_O)
    assert np.array_equal(_picture(window), off)
    heated = [changed > 100 for changed in _changed_quarters(off, heat)]
    assert sum(heated) >= heated_views
    assert sum(_changed_quarters(heat, both)) > 20, "marks are drawn besides"
    now = window.desk.workspace.prediction
    assert now is done.prediction, "a toggle computes nothing again"
    return done


def test_a_synthetic_exam(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(build_bundle(tmp_path / "bundle", stride=8))
    done = _read_and_toggle(window, qtbot, build_exam(tmp_path / "exam"), heated_views=4)
    assert done.prediction is not None
    assert done.prediction.model.name == "tiny"


def test_the_real_exam_with_the_shipped_model(
    open_window: OpenWindow, qtbot: QtBot, demo_exam_p00820: list[Path], shipped_bundle: Path
) -> None:
    window = open_window(shipped_bundle)
    done = _read_and_toggle(window, qtbot, demo_exam_p00820, heated_views=1)
    assert [str(pane.slot) for pane in done.panes] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert done.prediction is not None
    for view in done.prediction.views:
        assert view.status is AnalysisStatus.ANALYZED
        assert len([r for r in view.regions if r.kind == "mass"]) >= 1
        assert any("scale assumed" in note for note in view.notes)
