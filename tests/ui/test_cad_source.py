"""Whose marks are on the screen: chosen by keys and mouse, and named for as long as they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGraphicsItem, QLabel, QWidget
from pytestqt.qtbot import QtBot

from mammoview.app import frames, steps
from mammoview.app.cad.reports import reports_of
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import build_exam
from tests.builders.foreign_sr import OPTIONAL, Image, Seen, build_report
from tests.builders.tomo import build_tomo_exam

_UPRIGHT = QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations  # glyphs, not outlines
_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def _write(folder: Path) -> None:
    files = build_exam(folder)
    images = [Image(uid=str(pydicom.dcmread(file).SOPInstanceUID)) for file in files]
    findings = [
        Seen(image=0, centre=(33.0, 44.0), certainty=80.0),
        Seen(image=1, kind=("SCT", "129792006"), centre=(20.0, 30.0)),
        Seen(image=1, centre=(60.0, 70.0), intent=OPTIONAL, level=1),
    ]
    build_report(folder / "cad.dcm", files[0], images, findings, highest=1)


@pytest.fixture
def window_with_report(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """Return the window on an examination with a CAD report, analysed."""
    (tmp_path / "exam").mkdir()
    _write(tmp_path / "exam")
    window.desk.open_paths([tmp_path / "exam"])
    desk = window.desk
    qtbot.waitUntil(lambda: desk.workspace.prediction is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not desk.workspace.analysis.running, timeout=20_000)
    qtbot.keyClick(window, Qt.Key.Key_B)
    return window


def _combo(window: MainWindow, name: str) -> QComboBox:
    combo = window.findChild(QComboBox, name)
    assert combo is not None
    return combo


def _badge(window: MainWindow) -> QLabel:
    label = window.findChild(QLabel, "cadSourceBadge")
    assert label is not None
    return label


def _marked(window: MainWindow) -> dict[str, int]:
    """Return how many marks are drawn in each pane."""
    return {
        view.pane.label: sum(
            bool(item.flags() & _UPRIGHT) and item.isVisible() for item in view.marks.items
        )
        for view in window.four_view.panes()
    }


def test_the_key_goes_to_the_report_and_back(window_with_report: MainWindow, qtbot: QtBot) -> None:
    window = window_with_report
    assert not _badge(window).isVisible()
    qtbot.keyClick(window, Qt.Key.Key_M, _CTRL_SHIFT)
    qtbot.waitUntil(lambda: _badge(window).isVisible())
    assert "Finder 7.2" in _badge(window).text()
    expected = {"R CC": 1, "L CC": 1, "R MLO": 0, "L MLO": 0}
    qtbot.waitUntil(lambda: _marked(window) == expected)
    qtbot.keyClick(window, Qt.Key.Key_M, _CTRL_SHIFT)
    qtbot.waitUntil(lambda: not _badge(window).isVisible())


def test_choosing_by_mouse_names_the_algorithm_and_its_optional_marks(
    window_with_report: MainWindow, qtbot: QtBot
) -> None:
    window = window_with_report
    source, level = _combo(window, "cadSource"), _combo(window, "cadLevel")
    assert [source.itemText(row) for row in range(source.count())] == [
        "the model here",
        "Finder 7.2",
    ]
    assert not level.isEnabled()
    source.setFocus()
    qtbot.keyClick(source, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: _badge(window).isVisible())
    qtbot.waitUntil(level.isEnabled)
    qtbot.waitUntil(lambda: _marked(window)["L CC"] == 1)
    level.setFocus()
    qtbot.keyClick(level, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: _marked(window)["L CC"] == 2)
    assert not _combo(window, "operatingPoint").isEnabled()


def test_an_operating_point_that_cannot_be_chosen_says_why(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    points = _combo(window, "operatingPoint")
    assert not points.isEnabled()
    assert "no model is open" in points.toolTip()
    assert points.accessibleDescription() == points.toolTip()
    assert points.placeholderText() == "none"
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.model is not None, timeout=20_000)
    assert points.isEnabled()
    assert points.currentText() == window.desk.workspace.operating_point
    assert (points.toolTip(), points.accessibleDescription()) == ("", "")


def test_without_a_report_the_choice_is_gone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.prediction is not None, timeout=20_000)
    panel = window.findChild(QWidget, "sourcePanel")
    assert panel is not None
    assert not panel.isVisible()


def test_a_mark_in_a_slice_is_drawn_on_that_slice(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    files = build_tomo_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: window.desk.workspace.exam_key is not None)
    (volume,) = [
        hung.mammogram
        for hung in window.desk.workspace.views
        if hung.frame is not None and hung.mammogram.label == "R CC"
    ]
    image = Image(uid=volume.sop_instance_uid)
    build_report(tmp_path / "cad.dcm", files[0], [image], [Seen(image=0, frame=3)])
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: len(reports_of(window.desk.workspace)) == 1)
    window.desk.do(steps.go_to, "tomo-cc")
    key = next(p.key for p in window.desk.workspace.panes if p.label == "R CC")
    qtbot.keyClick(window, Qt.Key.Key_B)
    qtbot.keyClick(window, Qt.Key.Key_M, _CTRL_SHIFT)
    for frame, drawn in ((3, 1), (4, 0), (3, 1)):
        window.desk.do(frames.scroll_to, key, frame)
        qtbot.waitUntil(partial(_has, window, (frame, drawn)))


def _has(window: MainWindow, slice_and_marks: tuple[int, int]) -> bool:
    (view,) = [v for v in window.four_view.panes() if v.pane.label == "R CC"]
    image = view.pane.image
    return image is not None and (image.frame, _marked(window)["R CC"]) == slice_and_marks
