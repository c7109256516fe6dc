"""Tiles with a halo, so that a large grid goes through a network in parts and nothing differs.

A tile starts at a multiple of the network's stride, so that its cells fall on those of the whole
map; it carries as much context as the network's reach; and where it ends at the edge of the grid
it ends exactly there, so that the network pads where it would pad the whole grid.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One axis of a tile: pixels to read, and cells of the whole map that it answers for.

    All ranges are half open.  Cell ``cell0`` of the whole map is cell
    ``cell0 - start_px // stride_px`` of the tile's own map.
    """

    start_px: int
    stop_px: int
    cell0: int
    cell1: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A rectangle of the grid with the rectangle of cells that it answers for."""

    rows: Span
    cols: Span


def plan_tiles(
    shape: tuple[int, int], *, tile_px: int, halo_px: int, stride_px: int
) -> tuple[Tile, ...]:
    """Cut a grid into tiles that all have the same size.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the grid, pixels.
    tile_px : int
        Side of the part of a tile that is kept; rounded down to a multiple of the stride.
    halo_px : int
        Context around it that the network needs for the same result as one pass.
    stride_px : int
        Pixels from cell to cell of the map, which has ``ceil(size / stride_px)`` cells.

    Returns
    -------
    tuple of Tile
        Row by row; every cell of the map belongs to exactly one tile.

    Raises
    ------
    ValueError
        If a size is below 1, the halo is negative, or a tile is smaller than the stride.
    """
    if min(shape) < 1 or halo_px < 0 or stride_px < 1 or tile_px < stride_px:
        raise ValueError(f"no tiles of {tile_px} + {halo_px} by {stride_px} on {shape}")
    rows, cols = (_spans(size, tile_px, halo_px, stride_px) for size in shape)
    return tuple(Tile(rows=row, cols=col) for row in rows for col in cols)


def _spans(size: int, tile_px: int, halo_px: int, stride: int) -> tuple[Span, ...]:
    cells = -(-size // stride)
    core = tile_px // stride
    halo = -(-halo_px // stride)
    # All tiles share one length; it leaves the same rest as the grid, so that the last one can
    # start on a cell and still end with the grid.
    length = (core + 2 * halo) * stride
    length += (size - length) % stride
    if length >= size:
        return (Span(start_px=0, stop_px=size, cell0=0, cell1=cells),)
    spans = []
    for cell0 in range(0, cells, core):
        start = min(max(0, cell0 - halo) * stride, size - length)
        cell1 = min(cell0 + core, cells)
        spans.append(Span(start_px=start, stop_px=start + length, cell0=cell0, cell1=cell1))
    return tuple(spans)
