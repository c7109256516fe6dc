"""Walk through the hanging."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app import steps, tiles
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Menu, at_desk, command, has_exam
from mammoview.words import QT_TRANSLATE_NOOP


def _has_priors(ws: Workspace) -> bool:
    return bool(ws.hanging.priors)


def _explains(ws: Workspace) -> bool:
    return ws.hanging.explain


def _hangs_by(name: str) -> Callable[[Workspace], bool]:
    def hangs(ws: Workspace) -> bool:
        return ws.hanging.protocol.id == name

    return hangs


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="next-step",
        text=QT_TRANSLATE_NOOP("Actions", "Next step of the hanging"),
        keys=("D", "."),
        menu=Menu.HANGING,
        run=command(steps.next_step),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Next"),
        enabled=has_exam,
    ),
    ActionSpec(
        id="previous-step",
        text=QT_TRANSLATE_NOOP("Actions", "Previous step of the hanging"),
        keys=("A", ","),
        menu=Menu.HANGING,
        run=command(steps.previous_step),
        toolbar=QT_TRANSLATE_NOOP("Toolbar", "Back"),
        enabled=has_exam,
    ),
    ActionSpec(
        id="next-tile",
        text=QT_TRANSLATE_NOOP("Actions", "Next tile at full resolution, both breasts at once"),
        keys=("E",),
        menu=Menu.HANGING,
        run=command(tiles.next_tile),
        enabled=has_exam,
    ),
    ActionSpec(
        id="previous-tile",
        text=QT_TRANSLATE_NOOP("Actions", "Last tile again"),
        keys=("Q",),
        menu=Menu.HANGING,
        run=command(tiles.previous_tile),
        enabled=has_exam,
    ),
    ActionSpec(
        id="next-image",
        text=QT_TRANSLATE_NOOP("Actions", "Next image of the same view, where there are several"),
        keys=("X",),
        menu=Menu.HANGING,
        run=command(steps.next_image),
        enabled=has_exam,
        group=8,
    ),
    ActionSpec(
        id="older-prior",
        text=QT_TRANSLATE_NOOP("Actions", "Older prior, and after the oldest the latest"),
        keys=("T",),
        menu=Menu.HANGING,
        run=at_desk(ReadingDesk.older_prior),
        enabled=_has_priors,
        group=8,
    ),
    ActionSpec(
        id="why-here",
        text=QT_TRANSLATE_NOOP("Actions", "Why each image hangs here"),
        keys=("W",),
        menu=Menu.HANGING,
        run=command(steps.explain),
        checked=_explains,
        enabled=has_exam,
        group=8,
    ),
    ActionSpec(
        id="cc-first",
        text=QT_TRANSLATE_NOOP("Actions", "Hang CC first"),
        keys=("Ctrl+1",),
        menu=Menu.HANGING,
        run=at_desk(ReadingDesk.use_protocol, "cc-first"),
        checked=_hangs_by("cc-first"),
        group=9,
    ),
    ActionSpec(
        id="mlo-first",
        text=QT_TRANSLATE_NOOP("Actions", "Hang MLO first"),
        keys=("Ctrl+2",),
        menu=Menu.HANGING,
        run=at_desk(ReadingDesk.use_protocol, "mlo-first"),
        checked=_hangs_by("mlo-first"),
        group=9,
    ),
)
