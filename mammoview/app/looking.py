"""How the reader looks at the images: loupe, level line, texts on the images."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app.workspace import AnnotationLevel, Looking, Workspace
from mammoview.words import translate

# Screen pixels to a stored pixel: never less than one, so that nothing is averaged away.
MAGNIFICATIONS = (1, 2, 4)
# Sides of the glass, logical screen pixels.
GLASS_PX = (200, 300, 420, 560)


def toggle_loupe(ws: Workspace) -> Workspace:
    """Take the loupe, or lay it aside."""
    return _looking(ws, loupe=not ws.looking.loupe)


def magnify(ws: Workspace, by: int) -> Workspace:
    """Make the loupe magnify more or less; at the end of the range say so."""
    before = ws.looking.magnification
    ws = _looking(ws, magnification=_step(MAGNIFICATIONS, before, by))
    said = translate("Status", "Loupe {times} : 1")
    return replace(ws, status=said.format(times=ws.looking.magnification))


def resize_glass(ws: Workspace, by: int) -> Workspace:
    """Make the loupe's glass larger or smaller."""
    return _looking(ws, glass_px=_step(GLASS_PX, ws.looking.glass_px, by))


def toggle_level_line(ws: Workspace) -> Workspace:
    """Show where the other view has what lies as far from the nipple, or stop showing it."""
    return _looking(ws, level_line=not ws.looking.level_line)


def cycle_annotations(ws: Workspace) -> Workspace:
    """Write more on the images: none, minimal, full, and none again."""
    levels = list(AnnotationLevel)
    chosen = levels[(levels.index(ws.looking.annotations) + 1) % len(levels)]
    said = translate("Status", "Texts on the images: {level}")
    return replace(_looking(ws, annotations=chosen), status=said.format(level=chosen))


def hides_identity(ws: Workspace) -> bool:
    """Tell whether who the patient is must not be seen anywhere in the window."""
    return ws.looking.annotations is AnnotationLevel.NONE


def _looking(ws: Workspace, **changes: object) -> Workspace:
    looking: Looking = replace(ws.looking, **changes)  # type: ignore[arg-type]
    return ws if looking == ws.looking else replace(ws, looking=looking)


def _step(values: tuple[int, ...], at: int, by: int) -> int:
    """Return the value so many places on, kept within the ends."""
    return values[min(max(values.index(at) + by, 0), len(values) - 1)]
