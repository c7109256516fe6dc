"""Systematic reading: the breasts of a step at full resolution, tile by tile, both at once.

All panes have one scale, at which every image pixel has a device pixel or more of its own (the
finest image decides, so that sizes stay the same), and show the mirrored place: as far from the
chest wall, as far below a level that all have.  It is the nipple's; the outlines of both sides of
a projection are laid together.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.app.landmarks import nipple_in
from mammoview.app.workspace import Pane, TileWalk, Viewport, Workspace
from mammoview.domain.views import Laterality
from mammoview.imaging.breast_tiles import Outline, plan_breast_tiles
from mammoview.imaging.orientation import apply_pose, pose_affine, posed_shape
from mammoview.imaging.side_by_side import drop_of_second
from mammoview.words import translate

# Overlap of neighbours as a share of a pane, and beyond what a cell of the mask needs.
_OVERLAP_SHARE = 0.06
_BEYOND_CELL_PX = 3.0


def next_tile(ws: Workspace) -> Workspace:
    """Go to the next tile: to the first where none is walked, to the same after another fit."""
    return _go(ws, 1)


def previous_tile(ws: Workspace) -> Workspace:
    """Go back to the last tile."""
    return _go(ws, -1)


def walks_on(ws: Workspace, by: int) -> bool:
    """Tell whether the Next key stays in this step: one to be read tile by tile, not at its end."""
    step, walk = ws.hanging.step, ws.walk
    if step is None or not step.tiles or walk is None or not walk.tiles:
        return False
    return not walk.on or 0 <= walk.at + by < len(walk.tiles)


def entered(ws: Workspace, *, at_end: bool) -> Workspace:
    """Begin the walk of a step that is to be read tile by tile, and end it in any other."""
    step = ws.hanging.step
    if step is None or not step.tiles:
        return replace(ws, walk=None)
    return replace(ws, walk=TileWalk(on=True, at=-1 if at_end else 0))


def left(ws: Workspace) -> Workspace:
    """Show the whole again; the walk can be taken up where it was."""
    return replace(ws, walk=replace(ws.walk, on=False)) if ws.walk and ws.walk.on else ws


def set_viewport(ws: Workspace, viewport: Viewport) -> Workspace:
    """Take note of the size of the surface that the panes share."""
    return ws if viewport == ws.viewport else replanned(replace(ws, viewport=viewport))


def replanned(ws: Workspace) -> Workspace:
    """Plan a walk under way anew, for other panes or another size; stay nearest to where it was."""
    if ws.walk is None or not ws.walk.on:
        return ws
    plan = _plan(ws)
    if plan is None:
        return replace(ws, walk=replace(ws.walk, tiles=()))
    old = ws.walk
    if old.tile is not None and ws.viewport is not None:
        at = _nearest(plan, old)
    else:
        at = len(plan.tiles) - 1 if old.at < 0 else min(old.at, len(plan.tiles) - 1)
    new = replace(plan, at=at)
    return ws if new == old else replace(ws, walk=new)


def walk_text(ws: Workspace) -> str:
    """Return where the walk is: ``tile 3 of 12``; empty without one."""
    walk = ws.walk
    if walk is None or not walk.on or not walk.tiles:
        return ""
    said = translate("Status", "tile {at} of {count}")
    return said.format(at=walk.at + 1, count=len(walk.tiles))


def _go(ws: Workspace, by: int) -> Workspace:
    plan = _plan(ws)
    if plan is None:
        said = translate("Status", "No tiles: no image is there yet, or the window is too small")
        return replace(ws, status=said)
    walk = ws.walk
    if walk is None or walk.tile is None:
        return _shown(ws, plan)
    at = _nearest(plan, walk) + (by if walk.on else 0)
    if not 0 <= at < len(plan.tiles):
        last = translate("Status", "Last tile of this step")
        return replace(ws, status=last if by > 0 else translate("Status", "First tile"))
    return _shown(ws, replace(plan, at=at))


def _shown(ws: Workspace, walk: TileWalk) -> Workspace:
    """Place the panes at the tile, whatever the reader did by hand since."""
    return replace(ws, walk=walk, fit_request=ws.fit_request + 1, status="")


def _nearest(plan: TileWalk, old: TileWalk) -> int:
    """Return the tile of a plan whose middle is nearest to that of another plan's tile."""
    was = old.tile
    assert was is not None
    col, row = was.depth + old.width_px / 2, was.top + old.height_px / 2
    # Another finest image changes the scale: the place is the same in millimetres.
    grown = plan.px_per_mm / old.px_per_mm if plan.px_per_mm and old.px_per_mm else 1.0

    def apart(at: int) -> float:
        tile = plan.tiles[at]
        return math.hypot(
            tile.depth + plan.width_px / 2 - col * grown,
            tile.top + plan.height_px / 2 - row * grown,
        )

    return min(range(len(plan.tiles)), key=apart)


# -- planning ---------------------------------------------------------------------------------


def _plan(ws: Workspace) -> TileWalk | None:
    """Return the walk over the panes of the step, at its first tile; None where there is none."""
    there = [pane for pane in ws.panes if pane.image is not None and pane.mammogram is not None]
    if ws.viewport is None or not there:
        return None
    width = ws.viewport.width_px // ws.columns
    height = ws.viewport.height_px // math.ceil(len(ws.panes) / ws.columns)
    px_per_mm = max((1.0 / min(_sides(pane)) for pane in there if _in_mm(pane)), default=0.0)
    levels = _levels(there)
    outlines = [_outline(pane, px_per_mm, levels[pane.key]) for pane in there]
    largest = max(max(outline.cell_width, outline.cell_height) for outline in outlines)
    overlap = max(_OVERLAP_SHARE * min(width, height), largest + _BEYOND_CELL_PX)
    try:
        tiles = plan_breast_tiles(outlines, width=width, height=height, overlap=overlap)
    except ValueError:
        return None
    if not tiles:
        return None
    return TileWalk(
        on=True,
        tiles=tiles,
        width_px=width,
        height_px=height,
        px_per_mm=px_per_mm,
        levels=tuple(levels.items()),
    )


def _in_mm(pane: Pane) -> bool:
    return pane.mammogram is not None and pane.mammogram.spacing is not None


def _sides(pane: Pane) -> tuple[float, float]:
    """Return width and height of a displayed pixel, mm; 1 where no mm are known."""
    assert pane.mammogram is not None
    assert pane.image is not None
    spacing = pane.mammogram.spacing
    sides = (spacing.col_mm, spacing.row_mm) if spacing else (1.0, 1.0)
    return sides[::-1] if pane.image.pose.rotate_degrees in (90, 270) else sides


def _from_wall(pane: Pane) -> NDArray[np.bool_]:
    """Return the breast's mask as displayed, laid with its chest wall on the left."""
    assert pane.image is not None
    cells, _ = apply_pose(pane.image.breast, pane.image.pose)
    return cells[:, ::-1] if pane.side is Laterality.RIGHT else cells


def _outline(pane: Pane, px_per_mm: float, level: float) -> Outline:
    assert pane.image is not None
    image, (wide, high) = pane.image, _sides(pane)
    rows, cols = posed_shape(image.pose, *image.stored.shape)
    cells = _from_wall(pane)
    scale = px_per_mm if _in_mm(pane) else 1.0
    return Outline(
        cells=cells,
        cell_width=cols * wide * scale / cells.shape[1],
        cell_height=rows * high * scale / cells.shape[0],
        level=level * scale,
    )


def _levels(panes: list[Pane]) -> dict[str, float]:
    """Return the level of each pane, mm (or pixels) below its first row.

    A left breast lies beside the right one of its projection as their outlines agree: by itself
    the outermost point of a breast that hangs straight may be anywhere.
    """
    levels = {pane.key: _level(pane) for pane in panes}
    right = {_projection(pane): pane for pane in panes if pane.side is Laterality.RIGHT}
    for pane in panes:
        other = right.get(_projection(pane)) if pane.side is Laterality.LEFT else None
        if other is not None and _in_mm(other) is _in_mm(pane):
            levels[pane.key] = levels[other.key] + drop_of_second(
                _from_wall(other), _cell_height(other), _from_wall(pane), _cell_height(pane)
            )
    return levels


def _projection(pane: Pane) -> tuple[object, ...]:
    assert pane.mammogram is not None
    view = pane.mammogram.view
    return view.value, view.modifiers, pane.place.prior


def _cell_height(pane: Pane) -> float:
    """Return the height of a cell of the displayed mask, mm (or pixels)."""
    assert pane.image is not None
    rows, _ = posed_shape(pane.image.pose, *pane.image.stored.shape)
    cells, _ = apply_pose(pane.image.breast, pane.image.pose)
    return float(rows * _sides(pane)[1] / cells.shape[0])


def _level(pane: Pane) -> float:
    """Return the row of the nipple, mm (or pixels) below the first; else of the breast's middle."""
    assert pane.image is not None
    assert pane.mammogram is not None
    image, (_, high) = pane.image, _sides(pane)
    rows, cols = image.stored.shape
    to_shown = pose_affine(image.pose, rows, cols)
    nipple = nipple_in(pane.mammogram, image)
    if nipple is not None:
        return to_shown.apply(nipple.place).row * high
    cells, _ = apply_pose(image.breast, image.pose)
    down = np.flatnonzero(cells.any(axis=1))
    shown_rows = posed_shape(image.pose, rows, cols)[0]
    middle = (down[0] + down[-1] + 1) / 2 if down.size else cells.shape[0] / 2
    return float(middle * shown_rows / cells.shape[0] * high)
