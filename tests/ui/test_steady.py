"""Who scrolls the side panel, or walks through a list, says nothing by it in a read."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSlider,
    QWidget,
)

from mammoview.domain.reading import Disposition
from mammoview.ui.elided import ElidedCombo
from tests.ui.test_read_findings import Reader, reader

__all__ = ["reader"]  # a fixture


def scroll(widget: QWidget) -> QWheelEvent:
    """Turn the wheel by a notch over a widget, as the window system does."""
    here = QPointF(widget.rect().center())
    event = QWheelEvent(
        here,
        widget.mapToGlobal(here),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event


def fields(root: QWidget) -> list[QWidget]:
    """Return what Qt would change under a wheel."""
    kinds = (QComboBox, QAbstractSpinBox, QSlider)
    return [found for kind in kinds for found in root.findChildren(kind)]


def values(root: QWidget) -> list[tuple[str, object]]:
    return [
        (
            field.objectName(),
            field.currentIndex() if isinstance(field, QComboBox) else field.property("value"),
        )
        for field in fields(root)
    ]


@pytest.mark.parametrize("revealed", [False, True])
def test_the_wheel_scrolls_the_panel_and_changes_no_field(reader: Reader, revealed: bool) -> None:
    if revealed:
        reader.to_reveal()
    else:
        reader.outline()
    panel = reader.window.side_panel
    before, now, answered = values(panel), reader.now, reader.read.disposed
    assert len(before) > 10
    for field in fields(panel):
        if field.isVisible() and field.isEnabled():
            assert not scroll(field).isAccepted(), field.objectName()
    assert values(panel) == before
    assert (reader.now, reader.read.disposed) == (now, answered)


def test_arrows_show_answers_and_return_says_the_one_that_stands_there(reader: Reader) -> None:
    reader.images()
    reader.press(Qt.Key.Key_3)
    for _ in range(3):
        reader.press(Qt.Key.Key_Down)
    reader.press(Qt.Key.Key_Up)
    chosen = reader.find("opinion-R")
    assert isinstance(chosen, QComboBox)
    assert chosen.currentData() == "1"
    assert not reader.now.opinions
    reader.press(Qt.Key.Key_Return)
    assert [(said.category, said.laterality) for said in reader.now.opinions] == [("1", "R")]
    assert reader.focused == "fourView"


@pytest.mark.parametrize("leave", [Qt.Key.Key_Escape, Qt.Key.Key_Tab], ids=["Esc", "Tab"])
def test_what_arrows_showed_is_gone_where_it_was_not_taken(reader: Reader, leave: Qt.Key) -> None:
    reader.choose(Qt.Key.Key_3, "1")
    reader.press(Qt.Key.Key_End)
    chosen = reader.find("opinion-R")
    assert isinstance(chosen, QComboBox)
    assert chosen.currentData() == "6"
    reader.press(leave)
    assert chosen.currentData() == "1"
    assert [said.category for said in reader.now.opinions] == ["1"]


def test_codes_typed_in_one_go_answer_for_one_breast_after_the_other(reader: Reader) -> None:
    """They all went to the right breast, and the last that it knew, BI-RADS 5, was said of it."""
    reader.images()
    for key in "314":
        reader.press(Qt.Key(ord(key)))
    assert reader.focused == "opinion-L"
    for key in "15B":
        reader.press(Qt.Key(ord(key)))
    said = {str(each.laterality): each.category for each in reader.now.opinions}
    assert (said, reader.now.density) == ({"R": "1", "L": "1"}, "b")


def test_a_letter_that_no_action_has_changes_no_answer(reader: Reader) -> None:
    reader.choose(Qt.Key.Key_3, "1")
    reader.type("0")
    assert [each.category for each in reader.now.opinions] == ["1"]
    chosen = reader.find("opinion-R")
    assert isinstance(chosen, QComboBox)
    assert chosen.currentData() == "1"
    reader.press(Qt.Key.Key_Return)
    reader.choose(Qt.Key.Key_3, "2")
    assert [each.category for each in reader.now.opinions] == ["2"]


def test_arrows_walk_to_a_reason_and_dismiss_one_mark_with_it(reader: Reader) -> None:
    reader.to_reveal()
    reader.images()
    reader.press(Qt.Key.Key_F6)
    assert reader.focused == "dismissReason"
    reader.press(Qt.Key.Key_Down)
    reader.press(Qt.Key.Key_Down)
    assert not reader.read.disposed
    chosen = reader.find("dismissReason")
    assert isinstance(chosen, QComboBox)
    code = chosen.itemData(1)
    reader.press(Qt.Key.Key_Return)
    (answer,) = reader.read.disposed
    assert (answer.disposition, answer.reason) == (Disposition.DISMISS, code)


def test_a_list_of_sources_is_steady_too() -> None:
    combo = ElidedCombo()
    combo.addItems(["a", "b"])
    scroll(combo)
    assert combo.currentText() == "a"
