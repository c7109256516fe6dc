"""Whether words have the room that they need: by the metrics of the look in use, not by eye."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QToolButton,
    QWidget,
)

from mammoview.ui.elided import ElidedButton, ElidedCombo
from mammoview.ui.strip_rows import YieldingLabel
from mammoview.ui.wrapping_combo import WrappingCombo

_ELIDED = (ElidedButton, ElidedCombo, YieldingLabel)
_LINE_EDIT_PX = 2  # Qt's own margin on each side of a line's words
_HIGH = 100_000


def cut_in(root: QWidget) -> list[str]:
    """Return the words on the screen that need more room than they have.

    Words that end in three dots by design count only where the tooltip does not have them whole.
    """
    said = []
    for widget in [root, *root.findChildren(QWidget)]:
        text = _words(widget)
        if not text or not widget.isVisibleTo(root) or widget.window() is not root.window():
            continue
        if isinstance(widget, _ELIDED) and text in widget.toolTip():
            continue
        lack = _lacks(widget, text)
        if lack:
            said.append(f"{type(widget).__name__} {widget.objectName()!r} {text!r}: {lack}")
    return said


def off_the_edge(root: QWidget) -> list[str]:
    """Return what reaches over the left or right edge of what it lies in."""
    said = []
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        if (
            parent is None
            or widget.isWindow()
            or not widget.isVisibleTo(root)
            or not widget.width()
        ):
            continue
        if widget.x() < 0 or widget.x() + widget.width() > parent.width():
            over = f"{widget.x()} to {widget.x() + widget.width()} in {parent.width()}"
            said.append(f"{type(widget).__name__} {widget.objectName()!r}: {over}")
    return said


def _words(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QPushButton | QCheckBox | QToolButton):
        return widget.text()
    if isinstance(widget, QLineEdit):
        return "" if widget.text() else widget.placeholderText()
    if isinstance(widget, QComboBox):
        return widget.currentText() or widget.placeholderText()
    return ""


def _lacks(widget: QWidget, text: str) -> str:
    """Return how much is missing; empty where nothing is."""
    if isinstance(widget, QLabel):
        return _label_lacks(widget)
    if isinstance(widget, WrappingCombo):
        return _combo_lacks(widget, text)
    needed, room = _needed(widget, text), _room(widget)
    return "" if needed <= room else f"needs {needed} px, has {room}"


def _label_lacks(label: QLabel) -> str:
    has = label.contentsRect().size()
    if not label.wordWrap():
        needs = label.sizeHint() - (label.size() - has)
        return "" if needs.width() <= has.width() else f"needs {needs.width()} px"
    flags = Qt.TextFlag.TextWordWrap.value | label.alignment().value
    box = label.fontMetrics().boundingRect(QRect(0, 0, has.width(), _HIGH), flags, label.text())
    needs = QSize(box.width(), box.height())
    fits = needs.width() <= has.width() and needs.height() <= has.height()
    return "" if fits else f"needs {needs.toTuple()} px, has {has.toTuple()}"


def _combo_lacks(combo: WrappingCombo, text: str) -> str:
    chosen = QStyleOptionComboBox()
    combo.initStyleOption(chosen)
    control, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
    has = combo.style().subControlRect(control, chosen, field, combo).size()
    flags = Qt.TextFlag.TextWordWrap.value
    width = has.width() - 4  # what it keeps free itself
    box = combo.fontMetrics().boundingRect(QRect(0, 0, width, _HIGH), flags, text)
    fits = box.width() <= width and box.height() <= has.height()
    return "" if fits else f"needs {box.size().toTuple()} px, has {has.toTuple()}"


def _needed(widget: QWidget, text: str) -> int:
    if isinstance(widget, QComboBox | QLineEdit):
        return widget.fontMetrics().horizontalAdvance(text)
    return widget.fontMetrics().size(Qt.TextFlag.TextShowMnemonic.value, text).width()


def _room(widget: QWidget) -> int:
    style = widget.style()
    if isinstance(widget, QComboBox):
        chosen = QStyleOptionComboBox()
        widget.initStyleOption(chosen)
        control, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        return style.subControlRect(control, chosen, field, widget).width()
    if isinstance(widget, QLineEdit):
        frame = QStyleOptionFrame()
        widget.initStyleOption(frame)
        inner = style.subElementRect(QStyle.SubElement.SE_LineEditContents, frame, widget)
        return inner.width() - 2 * _LINE_EDIT_PX
    if isinstance(widget, QPushButton | QCheckBox):
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        part = QStyle.SubElement.SE_PushButtonContents
        if isinstance(widget, QCheckBox):
            part = QStyle.SubElement.SE_CheckBoxContents
        return style.subElementRect(part, option, widget).width()
    return widget.contentsRect().width()
