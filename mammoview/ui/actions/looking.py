"""What the reader looks with: loupe, level line, texts on the images."""

from __future__ import annotations

from mammoview.app import looking
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, command, has_exam, in_window
from mammoview.words import QT_TRANSLATE_NOOP


def _loupe_on(ws: Workspace) -> bool:
    return ws.looking.loupe


def _level_line_on(ws: Workspace) -> bool:
    return ws.looking.level_line


def _follows_a_spot(ws: Workspace) -> bool:
    return ws.looking.loupe or ws.looking.level_line


_SPOT_KEYS = (
    ("left", "Alt+Left", QT_TRANSLATE_NOOP("Actions", "Loupe and level line: left"), -1, 0),
    ("right", "Alt+Right", QT_TRANSLATE_NOOP("Actions", "Loupe and level line: right"), 1, 0),
    ("up", "Alt+Up", QT_TRANSLATE_NOOP("Actions", "Loupe and level line: up"), 0, -1),
    ("down", "Alt+Down", QT_TRANSLATE_NOOP("Actions", "Loupe and level line: down"), 0, 1),
)


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="loupe",
        text=QT_TRANSLATE_NOOP(
            "Actions", "Loupe on stored pixels, with its twin in the other breast"
        ),
        keys=("L",),
        menu=Menu.IMAGE,
        run=command(looking.toggle_loupe),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Loupe"),
        checked=_loupe_on,
        enabled=has_exam,
        group=10,
    ),
    ActionSpec(
        id="loupe-more",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe: larger pixels"),
        keys=("Ctrl+Up",),
        menu=Menu.IMAGE,
        run=command(looking.magnify, 1),
        enabled=_loupe_on,
        group=10,
    ),
    ActionSpec(
        id="loupe-less",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe: smaller pixels"),
        keys=("Ctrl+Down",),
        menu=Menu.IMAGE,
        run=command(looking.magnify, -1),
        enabled=_loupe_on,
        group=10,
    ),
    ActionSpec(
        id="level-line",
        text=QT_TRANSLATE_NOOP("Actions", "Level line: as far from the nipple in the other view"),
        keys=("K",),
        menu=Menu.IMAGE,
        run=command(looking.toggle_level_line),
        checked=_level_line_on,
        enabled=has_exam,
        group=10,
    ),
    ActionSpec(
        id="annotations",
        text=QT_TRANSLATE_NOOP("Actions", "Texts on the images: none, minimal, full"),
        keys=("G",),
        menu=Menu.IMAGE,
        run=command(looking.cycle_annotations),
        enabled=has_exam,
        group=11,
    ),
    *(
        ActionSpec(
            id=f"spot-{way}",
            text=text,
            keys=(key,),
            menu=Menu.IMAGE,
            run=in_window(Frame.move_spot, right, down),
            repeats=True,
            enabled=_follows_a_spot,
            group=10,
        )
        for way, key, text, right, down in _SPOT_KEYS
    ),
)
