"""The cheat sheet: the action table, as the reader sees it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mammoview.app.keys import KeyMap
from mammoview.ui.actions.keyboard import native_text
from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.dialogs.text_table import HEADING, Row, TextTable
from mammoview.words import QT_TRANSLATE_NOOP, translate

MOUSE: tuple[Row, ...] = (
    (QT_TRANSLATE_NOOP("Mouse", "Left drag"), QT_TRANSLATE_NOOP("Mouse", "Move the image")),
    (
        QT_TRANSLATE_NOOP("Mouse", "Right drag"),
        QT_TRANSLATE_NOOP("Mouse", "Window (sideways) and level (up and down), all views"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Wheel"),
        QT_TRANSLATE_NOOP("Mouse", "Zoom at the cursor, all views"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Wheel with Ctrl"),
        QT_TRANSLATE_NOOP("Mouse", "Make the loupe's glass larger or smaller"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Left press or drag with a tool"),
        QT_TRANSLATE_NOOP("Mouse", "Draw the mark; its last point ends the tool"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Left drag on a mark"),
        QT_TRANSLATE_NOOP("Mouse", "Move it as a whole; on one of its handles, change it"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Tab, Shift+Tab"),
        QT_TRANSLATE_NOOP("Mouse", "From mark to mark, and on to the panels"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Arrow keys with a tool or a selected mark"),
        QT_TRANSLATE_NOOP("Mouse", "Move the drawing cross or the mark; with Shift in small steps"),
    ),
    (
        QT_TRANSLATE_NOOP("Mouse", "Return with a tool or a selected mark"),
        QT_TRANSLATE_NOOP("Mouse", "Set a point; let the arrow keys move the next handle"),
    ),
    (QT_TRANSLATE_NOOP("Mouse", "Drop"), QT_TRANSLATE_NOOP("Mouse", "Open files or folders")),
)


def rows(resolved: KeyMap) -> tuple[Row, ...]:
    """Return key and meaning of every action, under its menu's title, then the mouse."""
    mouse = [(translate("Mouse", how), translate("Mouse", what)) for how, what in MOUSE]
    return tuple(
        row
        for title, under in (
            *((menu.heading, _of_menu(menu, resolved)) for menu in Menu),
            (translate("CheatSheet", "Mouse, and keys on the images"), mouse),
        )
        for row in ((title, HEADING), *under)
    )


def _of_menu(menu: Menu, resolved: KeyMap) -> list[Row]:
    return [(native_text(resolved.of(spec.id)), spec.said) for spec in TABLE if spec.menu is menu]


def cheat_sheet(resolved: KeyMap, parent: QWidget) -> TextTable:
    """Return the dialog."""
    return TextTable(
        name="cheatSheet",
        title=translate("CheatSheet", "Keys"),
        intro="",
        columns=(translate("CheatSheet", "Key"), translate("CheatSheet", "What it does")),
        rows=rows(resolved),
        parent=parent,
    )
