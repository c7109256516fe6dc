"""Small parts that several panels share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

_ROW_LABEL_PX = 82


def heading(text: str, parent: QWidget) -> QLabel:
    """Return a section's title."""
    label = QLabel(text.upper(), parent)
    label.setProperty("role", "heading")
    label.setIndent(0)
    label.setWordWrap(True)
    return label


def row_label(text: str, field: QWidget) -> QLabel:
    """Return the name beside a field: all of a page are as wide, so that the fields line up."""
    label = QLabel(text, field.parentWidget())
    label.setMinimumWidth(_ROW_LABEL_PX)
    label.setBuddy(field)
    return label


def paragraph(name: str, accessible: str, parent: QWidget, *, role: str = "") -> QLabel:
    """Return a label that wraps, shows plain text only and can be copied from."""
    label = QLabel("", parent)
    label.setObjectName(name)
    label.setAccessibleName(accessible)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.setProperty("role", role)
    return label


def push_button(name: str, text: str, parent: QWidget) -> QPushButton:
    """Return a button that Tab comes to; a click leaves the keyboard where it was."""
    made = QPushButton(text, parent)
    made.setObjectName(name)
    made.setAccessibleName(text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
