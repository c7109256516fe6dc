"""The status strip: what must be read is whole at any width, in any language; the rest yields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mammoview.app import analysis, commands, second_screen, steps
from mammoview.app.display.display_check import DisplayStatus
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Task
from mammoview.modelkit.manifest import Caveat
from mammoview.ui import language, theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import SUMMARY, QuickAnalyst
from tests.builders.dicom import build_exam
from tests.ui.test_language import installed

_LASTING = ("researchUseOnly", "readingBadge", "demoBadge", "displayBadge", "caveats")
_CAVEAT = Caveat(kind="calcification", text="trained on simulated calcifications")
_SIZES = [(800, 600), (1000, 700), (1920, 1080)]


@pytest.fixture(params=["", language.PSEUDO])
def tongue(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    """Speak English, then the language that is 40 % longer."""
    with installed(request.param):
        yield


@pytest.fixture
def told(tongue: None, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """Show a window that has all to say that can last."""
    theme.apply(qapp)
    build_exam(tmp_path)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=QuickAnalyst())
    window = MainWindow(desk, badge="Demo: P_00820, a real examination")
    window.show()
    desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not desk.workspace.analysis.running, timeout=20_000)
    desk.do(commands.judge_display, DisplayStatus.FAILED)
    desk.do(analysis.model_opened, replace(SUMMARY, caveats=(_CAVEAT,)))
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def cut(window: QWidget, name: str) -> bool:
    """Tell whether words lack room, by Qt's own measure of a label that wraps."""
    label = window.findChild(QLabel, name)
    assert label is not None
    assert label.isVisible()
    high = label.heightForWidth(label.width())
    return high > label.height() or not window.rect().contains(place(label))


def covered(window: QWidget) -> list[str]:
    """Return what lies over one another in the strip."""
    (rows,) = window.findChildren(QWidget, "stripRows")
    parts = [w for w in rows.findChildren(QWidget) if w.parent() is rows and w.isVisible()]
    pairs = [(a, b) for at, a in enumerate(parts) for b in parts[:at]]
    return [f"{a.objectName()} {b.objectName()}" for a, b in pairs if place(a) & place(b)]


@pytest.mark.parametrize("size", _SIZES)
def test_what_must_be_read_is_never_cut(
    told: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    told.resize(*size)
    told.desk.do(steps.go_to, "mlo-tiles")
    told.desk.do(commands.say, "A message that goes on for a while " * 9)
    QApplication.processEvents()
    assert told.size() == QSize(*size)
    assert [name for name in _LASTING if cut(told, name)] == []
    assert covered(told) == []


@pytest.mark.parametrize("width", [1100, 1500, 1920])
def test_progress_and_its_button_stand_beside_each_other(told: MainWindow, width: int) -> None:
    told.resize(width, 700)
    told.desk.do(analysis.started, 4)
    QApplication.processEvents()
    assert covered(told) == []


def test_the_second_screen_cuts_nothing_either(told: MainWindow, qtbot: QtBot) -> None:
    told.desk.do(second_screen.toggle)
    second = told.second_screen.window
    assert second is not None
    second._show_display(DisplayStatus.FAILED)
    second.resize(480, 480)
    QApplication.processEvents()
    there = [name for name in _LASTING if name != "demoBadge"]
    assert [name for name in there if cut(second, name)] == []
    assert covered(second) == []


def test_images_keep_their_size_whatever_is_said(told: MainWindow, qtbot: QtBot) -> None:
    told.resize(800, 600)
    QApplication.processEvents()
    before = told.four_view.size()
    said = told.desk.workspace.status
    told.desk.do(steps.go_to, "mlo-tiles")
    told.desk.do(commands.say, "A message that goes on for a while " * 9)
    told.status_strip.show_cursor("R CC  column 1234  row 2345  value 1843 ")
    QApplication.processEvents()
    assert told.four_view.size() == before
    told.desk.do(commands.say, said)


def test_the_same_state_gives_the_same_pixels(told: MainWindow, qtbot: QtBot) -> None:
    told.resize(800, 600)
    told.desk.do(steps.go_to, "overview")
    told.desk.do(commands.say, "")
    QApplication.processEvents()
    before = told.grab().toImage()
    for step in ("mlo-tiles", "single-1", "cc-pair"):
        told.desk.do(steps.go_to, step)
        told.desk.do(commands.say, step * 30)
        QApplication.processEvents()
    told.desk.do(steps.go_to, "overview")
    told.desk.do(commands.say, "")
    QApplication.processEvents()
    assert told.grab().toImage() == before


def test_cut_words_stand_whole_in_the_tooltip(told: MainWindow, qtbot: QtBot) -> None:
    told.resize(800, 600)
    said = "A message that goes on for a while " * 9
    told.desk.do(commands.say, said)
    QApplication.processEvents()
    label = told.findChild(QLabel, "statusMessage")
    assert label is not None
    assert label.width() < label.sizeHint().width()
    assert label.toolTip() == label.text()
    assert said in label.text()


def test_a_running_task_and_its_cancel_are_whole_beside_a_long_step(
    told: MainWindow, qtbot: QtBot
) -> None:
    told.resize(800, 600)
    told.desk.do(steps.go_to, "mlo-tiles")
    task = Task(title="Reading headers", unit="files", done=3, total=500)
    told.desk.do(lambda ws: replace(ws, task=task))
    bar, cancel = told.findChild(QProgressBar, "taskBar"), told.findChild(QToolButton, "taskCancel")
    assert bar is not None
    assert cancel is not None
    qtbot.waitUntil(lambda: cancel.isVisible() and cancel.width() >= cancel.sizeHint().width())
    qtbot.waitUntil(lambda: covered(told) == [])
    assert told.rect().contains(place(cancel))
    assert not place(bar) & place(cancel)
    told.desk.do(lambda ws: replace(ws, task=None))


@pytest.mark.parametrize("tongue", [""], indirect=True)
@pytest.mark.parametrize("width", [1280, 1600, 1920])
def test_step_message_and_model_stand_whole(told: MainWindow, width: int) -> None:
    told.resize(width, 800)
    told.status_strip.show_cursor("")
    QApplication.processEvents()
    for name in ("stepLabel", "statusMessage", "device"):
        label = told.findChild(QLabel, name)
        assert label is not None
        assert label.text()
        assert label.width() >= label.sizeHint().width(), name


@pytest.mark.parametrize("tongue", [""], indirect=True)
def test_a_text_of_which_few_letters_would_be_left_is_not_there(told: MainWindow) -> None:
    shown = []
    for width in range(800, 1300, 20):
        told.resize(width, 700)
        told.desk.do(commands.say, "A message that goes on for a while")
        QApplication.processEvents()
        labels = [told.findChild(QLabel, name) for name in ("statusMessage", "device", "linkLabel")]
        shown += [(w.width(), w.sizeHint().width()) for w in labels if w is not None]
    few = 12 * told.status_strip.fontMetrics().averageCharWidth()
    assert [wide for wide, wanted in shown if 0 < wide < min(few, wanted)] == []
    assert any(wide == 0 for wide, _ in shown), "some width has no room for all"
