"""Small parts that several panels share."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QPushButton,
    QTableWidget,
    QWidget,
)

from mammoview.app.workspace import Workspace

_ROW_LABEL_PX = 82
_UNBROKEN = re.compile(r"\S{20}(?=\S)")


class Panel(QWidget):
    """A part of a panel, which shows the state and hides itself where it has nothing to say.

    Parameters
    ----------
    name, accessible : str
        Its object name, and what a screen reader calls it.
    """

    def __init__(self, name: str, accessible: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)

    # What Qt calls so draws a widget into a picture; nobody asks a panel for that.
    @abstractmethod
    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""


def heading(text: str, parent: QWidget) -> QLabel:
    """Return a section's title."""
    label = QLabel(text.upper(), parent)
    label.setProperty("role", "heading")
    label.setIndent(0)
    label.setWordWrap(True)
    return label


def breakable(text: str) -> str:
    """Return a text whose longest words can be broken: an id of 64 letters widens no panel."""
    return _UNBROKEN.sub("\\g<0>\u200b", text)


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


def read_table(name: str, accessible: str, heads: Sequence[str], parent: QWidget) -> QTableWidget:
    """Return a table to be read, without rows; Tab leads out of it, arrows walk in it."""
    made = QTableWidget(0, len(heads), parent)
    made.setObjectName(name)
    made.setAccessibleName(accessible)
    made.setHorizontalHeaderLabels(list(heads))
    made.verticalHeader().hide()
    made.setTabKeyNavigation(False)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    return made
