"""Measure and mark."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app.marks import marking
from mammoview.app.second_read import findings
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import OUTLINES, MarkKind
from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, command, has_exam, in_window
from mammoview.words import QT_TRANSLATE_NOOP

_TOOLS = (
    (MarkKind.LENGTH, QT_TRANSLATE_NOOP("Actions", "Length"), "Shift+L"),
    (MarkKind.DIAMETERS, QT_TRANSLATE_NOOP("Actions", "Two diameters"), "Shift+D"),
    (MarkKind.AREA, QT_TRANSLATE_NOOP("Actions", "Area"), "Shift+A"),
    (MarkKind.ANGLE, QT_TRANSLATE_NOOP("Actions", "Angle"), "Shift+G"),
    (MarkKind.STATISTICS, QT_TRANSLATE_NOOP("Actions", "Region statistics"), "Shift+R"),
    (MarkKind.ARROW, QT_TRANSLATE_NOOP("Actions", "Arrow with text"), "Shift+W"),
    (MarkKind.ELLIPSE, QT_TRANSLATE_NOOP("Actions", "Ellipse"), "Shift+E"),
    (MarkKind.FREEHAND, QT_TRANSLATE_NOOP("Actions", "Freehand outline"), "Shift+F"),
    (MarkKind.NIPPLE, QT_TRANSLATE_NOOP("Actions", "Nipple: set or correct it"), "Shift+N"),
    (MarkKind.PECTORAL, QT_TRANSLATE_NOOP("Actions", "Pectoral muscle: draw its edge"), "Shift+K"),
)

_TURNS = (
    ("left", QT_TRANSLATE_NOOP("Actions", "Second diameter: turn left"), "Ctrl+Left", -5.0),
    ("right", QT_TRANSLATE_NOOP("Actions", "Second diameter: turn right"), "Ctrl+Right", 5.0),
)


def _draws(kind: MarkKind) -> Callable[[Workspace], bool]:
    def draws(ws: Workspace) -> bool:
        return ws.marks.tool is kind and ws.marks.outlines is None

    return draws


def _has_selected(ws: Workspace) -> bool:
    return ws.marks.selected is not None


def _outline_selected(ws: Workspace) -> bool:
    mark = ws.marks.by_id(ws.marks.selected)
    return mark is not None and mark.kind in OUTLINES


def _diameters_selected(ws: Workspace) -> bool:
    mark = ws.marks.by_id(ws.marks.selected)
    return mark is not None and mark.kind is MarkKind.DIAMETERS


def _can_redo(ws: Workspace) -> bool:
    return bool(ws.marks.taken_back)


ROWS: tuple[ActionSpec, ...] = (
    *(
        ActionSpec(
            id=f"draw-{kind}",
            text=text,
            keys=(key,),
            menu=Menu.MEASURE,
            run=command(marking.choose_tool, kind),
            checked=_draws(kind),
            enabled=has_exam,
        )
        for kind, text, key in _TOOLS
    ),
    ActionSpec(
        id="rename-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Words of the selected mark"),
        keys=("F4",),
        menu=Menu.MEASURE,
        run=in_window(Frame.rename_mark),
        enabled=_has_selected,
        group=1,
    ),
    ActionSpec(
        id="delete-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Delete the selected mark"),
        keys=("Del", "Backspace"),
        menu=Menu.MEASURE,
        run=in_window(Frame.delete_mark),
        enabled=_has_selected,
        group=1,
    ),
    ActionSpec(
        id="add-corner",
        text=QT_TRANSLATE_NOOP("Actions", "Outline: add a corner (Return chooses, Del takes one)"),
        keys=("Ins",),
        menu=Menu.MEASURE,
        run=in_window(Frame.add_corner),
        enabled=_outline_selected,
        group=1,
    ),
    *(
        ActionSpec(
            id=f"turn-second-{way}",
            text=text,
            keys=(key,),
            menu=Menu.MEASURE,
            run=command(marking.turn_second, degrees),
            enabled=_diameters_selected,
            group=1,
            repeats=True,
        )
        for way, text, key, degrees in _TURNS
    ),
    ActionSpec(
        id="undo",
        text=QT_TRANSLATE_NOOP("Actions", "Undo"),
        keys=("Ctrl+Z",),
        menu=Menu.MEASURE,
        run=command(findings.undo),
        enabled=findings.can_undo,
        group=2,
    ),
    ActionSpec(
        id="redo",
        text=QT_TRANSLATE_NOOP("Actions", "Redo"),
        keys=("Ctrl+Shift+Z",),
        menu=Menu.MEASURE,
        run=command(marking.redo),
        enabled=_can_redo,
        group=2,
    ),
)
