"""Menus and toolbar of the window, filled from the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenuBar, QToolBar

from mammoview.ui.actions.qt import TableAction
from mammoview.ui.actions.spec import ActionSpec, Menu
from mammoview.ui.actions.table import TABLE

Actions = Mapping[str, TableAction]


def fill_menus(bar: QMenuBar, actions: Actions) -> None:
    """Give a bar all menus with their actions, a line between groups."""
    bar.setObjectName("menuBar")
    for menu in Menu:
        shown = bar.addMenu(menu.said)
        shown.setObjectName(f"menu-{menu.name.lower()}")
        rows = [spec for spec in TABLE if spec.menu is menu and spec.release is None]
        for spec, begins_group in _grouped(rows):
            if begins_group:
                shown.addSeparator()
            shown.addAction(actions[spec.id])


def fill_toolbar(toolbar: QToolBar, actions: Actions) -> None:
    """Give a toolbar the actions that stand on it, as buttons that Tab comes to."""
    toolbar.setObjectName("toolbar")
    toolbar.setAccessibleName(toolbar.windowTitle())
    toolbar.setMovable(False)
    toolbar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    for spec, begins_group in _grouped([spec for spec in TABLE if spec.toolbar]):
        if begins_group:
            toolbar.addSeparator()
        toolbar.addAction(actions[spec.id])
        button = toolbar.widgetForAction(actions[spec.id])
        button.setObjectName(f"tool-{spec.id}")
        button.setAccessibleName(spec.said)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def _grouped(rows: Sequence[ActionSpec]) -> Iterator[tuple[ActionSpec, bool]]:
    for before, spec in zip([rows[0], *rows], rows, strict=False):
        yield spec, spec.group != before.group
