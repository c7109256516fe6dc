"""The cheat sheet: the action table, as the reader sees it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mammoview.ui.actions.qt import key_text
from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.dialogs.text_table import Row, TextTable

MOUSE: tuple[Row, ...] = (
    ("Left drag", "Move the image"),
    ("Right drag", "Window (sideways) and level (up and down), all views"),
    ("Wheel", "Zoom at the cursor, all views"),
    ("Drop", "Open files or folders"),
)


def rows() -> tuple[Row, ...]:
    """Return key and meaning of every action, menu by menu, then the mouse."""
    keys = [(key_text(spec), spec.text) for menu in Menu for spec in TABLE if spec.menu is menu]
    return (*keys, *MOUSE)


def cheat_sheet(parent: QWidget) -> TextTable:
    """Return the dialog."""
    return TextTable(
        name="cheatSheet",
        title="Keys",
        intro="",
        columns=("Key", "What it does"),
        rows=rows(),
        parent=parent,
    )
