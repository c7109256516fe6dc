"""What the reader looks with: loupe, level line, texts on the images."""

from __future__ import annotations

from mammoview.app import looking
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, Reach, Run, command, has_exam


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
        text="Loupe on stored pixels, with its twin in the other breast",
        keys=("L",),
        menu=Menu.IMAGE,
        run=command(looking.toggle_loupe),
        toolbar="Loupe",
        checked=_loupe_on,
        enabled=has_exam,
        group=10,
    ),
    ActionSpec(
        id="loupe-more",
        text="Loupe: larger pixels (Ctrl+wheel: larger glass)",
        keys=("Ctrl+Up",),
        menu=Menu.IMAGE,
        run=command(looking.magnify, 1),
        enabled=_loupe_on,
        group=10,
    ),
    ActionSpec(
        id="loupe-less",
        text="Loupe: smaller pixels",
        keys=("Ctrl+Down",),
        menu=Menu.IMAGE,
        run=command(looking.magnify, -1),
        enabled=_loupe_on,
        group=10,
    ),
    ActionSpec(
        id="level-line",
        text="Level line: as far from the nipple in the other view",
        keys=("K",),
        menu=Menu.IMAGE,
        run=command(looking.toggle_level_line),
        checked=_level_line_on,
        enabled=has_exam,
        group=10,
    ),
    *(
        ActionSpec(
            id=f"spot-{name}",
            text=f"Loupe and level line: {name}",
            keys=(f"Alt+{name.capitalize()}",),
            menu=Menu.IMAGE,
            run=_moved(*step),
            enabled=_follows_a_spot,
            group=10,
        )
        for name, step in (
            ("left", (-1, 0)),
            ("right", (1, 0)),
            ("up", (0, -1)),
            ("down", (0, 1)),
        )
    ),
)
