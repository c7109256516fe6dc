"""The breast in the image: mask, box, and the edge where the chest wall is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox

_LONG_SIDE = 256
_SMALLEST_SHARE = 0.02
_BORDER_SHARE = 0.02
# Shares of the breast's extent along an edge that it hardly touches, and that it lies against.
_HARDLY, _MUCH = 0.1, 0.4
# A film's frame is no deeper than this share of the picture.
_STRIP_SHARE = 0.06
# The chest wall lies along a long side of film and detector alike (18 x 24 cm, 24 x 30 cm); with
# sides less unlike than this it is not told which are the long ones.
_LONGER = 1.1
# Of the picture's brightest: a frame has this or more, and what lies beside it this or less.
_WHITE, _BESIDE = 0.93, 0.8
# NumPy adds at most so many values in one go of its pairwise summation.
_PAIRED_ROWS = 120


class Blocks(StrEnum):
    """How an image is cut into the blocks that become cells of the breast's mask.

    ``CENTRED`` blocks lie the same way from every edge, so that an image gives the same mask
    however it is stored; ``FROM_CORNER`` is what pipeline ``breast-grid-1`` did.
    """

    CENTRED = "centred"
    FROM_CORNER = "from-corner"


class Edge(StrEnum):
    """One of the four edges of an image."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


_OPPOSITE = {
    Edge.LEFT: Edge.RIGHT,
    Edge.RIGHT: Edge.LEFT,
    Edge.TOP: Edge.BOTTOM,
    Edge.BOTTOM: Edge.TOP,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Breast:
    """Where the breast is.

    Attributes
    ----------
    mask : ndarray of bool, (h, w), read-only
        The breast at low resolution, at most 256 cells on the long side.
    to_image : Affine2D
        Map of continuous cell coordinates to image pixels.
    box : ImageBox
        Box around the breast, image pixels; the whole image when nothing was found.
    found : bool
        False when no breast could be told from the background; then the mask is all True.
    """

    mask: NDArray[np.bool_]
    to_image: Affine2D
    box: ImageBox
    found: bool


def find_breast(values: NDArray[np.float32], *, blocks: Blocks = Blocks.CENTRED) -> Breast:
    """Find the breast as the largest bright part of the image.

    Film borders are taken off first: thin white strips along the edges that end at once, while
    tissue fades (with blocks from the corner: runs of rows or columns that are almost all bright).
    What is left is thresholded (Otsu, lowered so that the skin line stays inside), opened so that
    labels come off, and its largest part is taken with its holes filled.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        Grey values 0..1, tissue bright.
    blocks : Blocks
        How the image is cut into mask cells.
    """
    rows, cols = values.shape
    step = max(1, int(np.ceil(max(rows, cols) / _LONG_SIDE)))
    small = _block_mean(values, _starts(rows, step, blocks), _starts(cols, step, blocks))
    scale_row, scale_col = rows / small.shape[0], cols / small.shape[1]
    to_image = Affine2D.scale_translate(
        col_scale=scale_col, row_scale=scale_row, col0=0.0, row0=0.0
    )
    border = _white_strips if blocks is Blocks.CENTRED else _film_border
    mask = _largest_bright_part(small, ~border(small))
    found = bool(mask.mean() >= _SMALLEST_SHARE)
    if not found:
        mask = np.ones_like(mask)
    mask.setflags(write=False)
    r = np.flatnonzero(mask.any(axis=1))
    c = np.flatnonzero(mask.any(axis=0))
    cells = ImageBox(
        col0=float(c[0]), row0=float(r[0]), col1=float(c[-1] + 1), row1=float(r[-1] + 1)
    )
    return Breast(mask=mask, to_image=to_image, box=to_image.apply_box(cells), found=found)


def chest_wall_edge(breast: Breast) -> Edge | None:
    """Return the edge of the image that the breast lies against, or None if none stands out.

    The chest wall is the edge that most of the breast's own extent touches: the breast's share of
    that edge must be at least twice that of the opposite edge.  It is a long edge of the picture,
    also where a muscle or an arm covers more of a short one.
    """
    if not breast.found:
        return None
    mask = breast.mask
    touch = _touch(mask)
    best = max(_long_edges(mask), key=lambda edge: touch[edge])
    if touch[best] == 0 or touch[best] < 2.0 * touch[_OPPOSITE[best]]:
        return _edge_by_weight(mask, best)
    return best


def is_wall_elsewhere(breast: Breast, edge: Edge) -> bool:
    """Tell whether the chest wall is surely at another edge of the image than at this one.

    The breast hardly touches this edge, and much of it another one.  Of 89 digital pictures
    (CDD-CESM) with the edge where the chest wall is, none is called wrong: where the breast hardly
    touches that one, it touches no other with more than 0.22 of its extent.

    Parameters
    ----------
    breast : Breast
        The breast.
    edge : Edge
        Where the header says that the chest wall is.
    """
    if not breast.found:
        return False
    along = {Edge.LEFT: 1, Edge.RIGHT: 1, Edge.TOP: 0, Edge.BOTTOM: 0}
    extent = [max(1, int(breast.mask.any(axis=axis).sum())) for axis in (0, 1)]
    share = {at: touch / extent[along[at]] for at, touch in _touch(breast.mask).items()}
    return share[edge] < _HARDLY and max(share.values()) > _MUCH


def _touch(mask: NDArray[np.bool_]) -> dict[Edge, float]:
    """Return how many cells of each edge the breast touches."""
    depth_rows = max(1, round(_BORDER_SHARE * mask.shape[0]))
    depth_cols = max(1, round(_BORDER_SHARE * mask.shape[1]))
    return {
        Edge.LEFT: float(mask[:, :depth_cols].any(axis=1).sum()),
        Edge.RIGHT: float(mask[:, -depth_cols:].any(axis=1).sum()),
        Edge.TOP: float(mask[:depth_rows].any(axis=0).sum()),
        Edge.BOTTOM: float(mask[-depth_rows:].any(axis=0).sum()),
    }


def _long_edges(mask: NDArray[np.bool_]) -> tuple[Edge, ...]:
    rows, cols = mask.shape
    if rows >= _LONGER * cols:
        return Edge.LEFT, Edge.RIGHT
    if cols >= _LONGER * rows:
        return Edge.TOP, Edge.BOTTOM
    return tuple(Edge)


def grey_on_mask(values: NDArray[np.float32], breast: Breast) -> NDArray[np.float32]:
    """Return the mean grey value of each cell of the breast's mask, 0 outside the breast.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        The image that the breast was found in, with ``Blocks.CENTRED``.
    breast : Breast
        Where the breast is.

    Returns
    -------
    ndarray of float32, like ``breast.mask``
    """
    (rows, cols), (h, w) = values.shape, breast.mask.shape
    means = _block_mean(values, _centred(rows, h), _centred(cols, w))
    return np.where(breast.mask, means, np.float32(0.0))


def white_strips_of(values: NDArray[np.float32], breast: Breast) -> NDArray[np.bool_]:
    """Return which cells of the breast's mask are white strips along the picture's edges.

    Parameters
    ----------
    values, breast
        As in :func:`grey_on_mask`.
    """
    (rows, cols), (h, w) = values.shape, breast.mask.shape
    return _white_strips(_block_mean(values, _centred(rows, h), _centred(cols, w)))


def _edge_by_weight(mask: NDArray[np.bool_], edge: Edge) -> Edge | None:
    """Decide by where the breast is widest, when an edge and its opposite are both touched."""
    along = 0 if edge in (Edge.TOP, Edge.BOTTOM) else 1
    first = Edge.TOP if along == 0 else Edge.LEFT
    profile = mask.sum(axis=1 - along).astype(np.float64)
    third = max(1, profile.size // 3)
    near, far = profile[:third].mean(), profile[-third:].mean()
    if max(near, far) < 1.15 * max(min(near, far), 1e-9):
        return None
    return first if near > far else _OPPOSITE[first]


def _starts(size: int, step: int, blocks: Blocks) -> NDArray[np.intp]:
    """Return where the blocks of an axis begin, about ``step`` pixels apart."""
    if blocks is Blocks.FROM_CORNER:
        return np.arange(0, size, step)
    count = -(-size // step)
    return _centred(size, count + 1 if size % 2 > count % 2 else count)


def _centred(size: int, count: int) -> NDArray[np.intp]:
    """Return where ``count`` blocks begin that are the same read from either end.

    An odd axis needs an odd count: an even one would cut it in the middle of a pixel.
    """
    near = np.arange(count // 2 + 1) * size // count
    far = size - near[1 : (count + 1) // 2][::-1]
    return np.asarray(np.concatenate([near, far]), np.intp)


def _block_mean(
    values: NDArray[np.float32], row_at: NDArray[np.intp], col_at: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the mean of each block between the starts given, and from the last one on."""
    sums = np.add.reduceat(_row_sums(values, row_at), col_at, axis=1)
    heights = np.diff(np.append(row_at, values.shape[0]))
    widths = np.diff(np.append(col_at, values.shape[1]))
    return np.asarray(sums / np.outer(heights, widths), np.float32)


def _row_sums(values: NDArray[np.float32], row_at: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the sum of each block's rows: ``np.add.reduceat``, bit for bit, eight times as fast.

    NumPy goes down the columns one by one, all over the image; here whole rows are added, in the
    order in which it adds: to the first row the others, in eight running sums that are joined by
    pairs, and then what fills no eight.  A breast's mask must not hang on the order of adding.
    """
    sums = np.empty((len(row_at), values.shape[1]), np.float32)
    for block, (first, stop) in enumerate(pairwise((*row_at.tolist(), len(values)))):
        eights, left = divmod(stop - first - 1, 8)
        if eights * 8 > _PAIRED_ROWS:  # NumPy splits so many in halves: no image has such blocks
            return np.asarray(np.add.reduceat(values, row_at, axis=0))
        total = np.zeros(values.shape[1], np.float32)
        if eights:
            by_eight = values[first + 1 : stop - left].reshape(eights, 8, -1)
            s = sum(by_eight[1:], start=by_eight[0])
            total = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
        sums[block] = values[first] + sum(values[stop - left : stop], start=total)
    return sums


def _largest_bright_part(
    small: NDArray[np.float32], inside: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    if not inside.any() or float(np.ptp(small[inside])) < 1e-3:
        return np.zeros(small.shape, np.bool_)
    from mammoview.imaging.itk import sitk  # heavy: the window is there before it is needed

    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(sitk.GetImageFromArray(small[inside][None, :]))
    air = float(np.percentile(small[inside], 2))
    threshold = air + 0.35 * (otsu.GetThreshold() - air)
    bright = sitk.GetImageFromArray(((small > threshold) & inside).astype(np.uint8))
    opened = sitk.BinaryMorphologicalOpening(bright, [3, 3])
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(opened), sortByObjectSize=True)
    filled = sitk.BinaryFillhole(parts == 1)
    return sitk.GetArrayFromImage(filled).astype(np.bool_)


def _film_border(small: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark runs of rows and columns at the edges that are bright all along (a film's frame)."""
    border = np.zeros(small.shape, np.bool_)
    bright = small > 0.9 * float(small.max())
    for axis in (0, 1):
        share = bright.mean(axis=1 - axis)
        limit = max(1, round(_STRIP_SHARE * small.shape[axis]))
        for order in (slice(None), slice(None, None, -1)):
            run = int(np.argmin(np.append(share[order][:limit] > 0.8, False)))
            lines = np.arange(small.shape[axis])[order][:run]
            border[(lines, slice(None)) if axis == 0 else (slice(None), lines)] = True
    return border


def _white_strips(small: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark thin white strips along the edges: the film's frame where it is slanted or broken.

    On each line that leads inwards from an edge it is a white run that ends within
    ``_STRIP_SHARE`` and falls to ``_BESIDE`` within two cells.  Tissue at the chest wall fades over
    millimetres, and a bright muscle reaches deeper.
    """
    top = float(small.max())
    strips = np.zeros(small.shape, np.bool_)
    for turns in range(4):
        lines = np.rot90(small, turns)  # each column leads inwards from the first row
        limit = min(max(2, round(_STRIP_SHARE * lines.shape[0])), lines.shape[0] - 2)
        white = np.vstack([lines[: limit + 1] >= _WHITE * top, np.zeros(lines.shape[1], np.bool_)])
        run = np.argmin(white, axis=0)
        # The cell where a run ends is part frame, part what lies beside it.
        beside = lines[np.minimum(run + 1, lines.shape[0] - 1), np.arange(lines.shape[1])]
        is_frame = (run > 0) & (run <= limit) & (beside <= _BESIDE * top)
        found = is_frame & (np.arange(lines.shape[0])[:, None] <= run)
        strips |= np.rot90(found, -turns)
    return strips
