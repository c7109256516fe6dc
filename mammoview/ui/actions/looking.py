"""What the reader looks with: loupe, level line, texts on the images."""

from __future__ import annotations

from mammoview.app import looking
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, Reach, Run, command, has_exam
from mammoview.words import QT_TRANSLATE_NOOP


def _loupe_on(ws: Workspace) -> bool:
    return ws.looking.loupe


def _level_line_on(ws: Workspace) -> bool:
    return ws.looking.level_line


def _follows_a_spot(ws: Workspace) -> bool:
    return ws.looking.loupe or ws.looking.level_line


def _moved(right: int, down: int) -> Run:
    def run(reach: Reach) -> None:
        reach.frame.move_spot(right, down)

    return run


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
    ActionSpec(
        id="spot-left",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe and level line: left"),
        keys=("Alt+Left",),
        menu=Menu.IMAGE,
        run=_moved(-1, 0),
        repeats=True,
        enabled=_follows_a_spot,
        group=10,
    ),
    ActionSpec(
        id="spot-right",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe and level line: right"),
        keys=("Alt+Right",),
        menu=Menu.IMAGE,
        run=_moved(1, 0),
        repeats=True,
        enabled=_follows_a_spot,
        group=10,
    ),
    ActionSpec(
        id="spot-up",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe and level line: up"),
        keys=("Alt+Up",),
        menu=Menu.IMAGE,
        run=_moved(0, -1),
        repeats=True,
        enabled=_follows_a_spot,
        group=10,
    ),
    ActionSpec(
        id="spot-down",
        text=QT_TRANSLATE_NOOP("Actions", "Loupe and level line: down"),
        keys=("Alt+Down",),
        menu=Menu.IMAGE,
        run=_moved(0, 1),
        repeats=True,
        enabled=_follows_a_spot,
        group=10,
    ),
)
