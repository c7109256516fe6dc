"""The ONE path from a mammogram's grey values to the grid that the network sees (house lock 1).

Trainer and viewer both call :func:`to_grid`; the patch cache stores what it returns.  A pipeline
has a version name: changing its output means a new name (lock 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImageBox, PixelSpacing
from mammoview.errors import ModelError
from mammoview.imaging.breast import Blocks, Breast, find_breast
from mammoview.imaging.orientation import apply_pose, upright_pose
from mammoview.imaging.resample import resample
from mammoview.modelkit.manifest import Preprocessing
from mammoview.words import translate

# As stored, cropped to the breast's box: where the box ends moves the map's cells.
BY_BOX = "breast-grid-1"
# Laid one way by the breast's shape, cropped to whole blocks that are counted from the picture's
# corner: the map's cells stay where they are when the picture moves by a pixel or is stored in
# another pose.
BY_BLOCK = "breast-grid-2"
PIPELINE = BY_BLOCK
# Sides of a block, grid pixels: the largest stride of the networks, and a multiple of the others.
BLOCK_PX = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """What the network sees of one mammogram.

    Attributes
    ----------
    pixels : ndarray of uint8, (h, w), read-only
        Grey values 0..255 on the grid of ``Preprocessing.mm_per_px``, laid as the pipeline lays
        them: as stored (``breast-grid-1``) or by the breast's shape (``breast-grid-2``).
    to_image : Affine2D
        Map of continuous grid coordinates to stored image pixels; it may flip and turn.
    breast : Breast
        Where the breast was found in the stored image.
    notes : tuple of str
        Assumptions that the screen has to show.
    """

    pixels: NDArray[np.uint8]
    to_image: Affine2D
    breast: Breast
    notes: tuple[str, ...]


def to_grid(
    values: NDArray[np.float32], *, spacing: PixelSpacing | None, spec: Preprocessing
) -> Grid:
    """Crop a mammogram to the breast and resample it to the model's grid.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        Grey values 0..1 with tissue bright and padding 0, in the stored orientation (no flip).
    spacing : PixelSpacing or None
        Of the stored image.  None: pixels are taken as square and the image as
        ``spec.assumed_height_mm`` high (``breast-grid-2``: on its longer side), and a note says so.
    spec : Preprocessing
        From the model's manifest.

    Raises
    ------
    ModelError
        If the manifest names a pipeline that this program does not have.
    """
    if spec.pipeline not in (BY_BOX, BY_BLOCK):
        raise ModelError(
            f"the model wants preprocessing {spec.pipeline!r}",
            expected=f"{BY_BOX} or {BY_BLOCK}",
            todo="install a model made for this version of mammoview",
        )
    notes = []
    by_block = spec.pipeline == BY_BLOCK
    if spacing is None:
        spacing = assumed_spacing(spec, rows=values.shape[0], cols=values.shape[1])
        notes.append(
            translate(
                "Network",
                "scale assumed: no pixel spacing in the header, image taken as {height:g} mm high",
            ).format(height=spec.assumed_height_mm)
        )
    breast = find_breast(values, blocks=Blocks.CENTRED if by_block else Blocks.FROM_CORNER)
    if not breast.found:
        notes.insert(0, translate("Network", "breast not found: the whole image was analysed"))
    cut = _cut_by_block if by_block else _cut_by_box
    grey, to_image = cut(values, breast, spacing, spec)
    return Grid(pixels=_quantised(grey), to_image=to_image, breast=breast, notes=tuple(notes))


def assumed_spacing(spec: Preprocessing, *, rows: int, cols: int) -> PixelSpacing:
    """Return the spacing that :func:`to_grid` takes where an image has none."""
    # Films are upright; one that is stored lying has its height along the rows.
    height_px = max(rows, cols) if spec.pipeline == BY_BLOCK else rows
    side_mm = spec.assumed_height_mm / height_px
    source = f"assumed: image taken as {spec.assumed_height_mm:g} mm high"
    return PixelSpacing(row_mm=side_mm, col_mm=side_mm, source=source)


def _cut_by_box(
    values: NDArray[np.float32], breast: Breast, spacing: PixelSpacing, spec: Preprocessing
) -> tuple[NDArray[np.float32], Affine2D]:
    """Cut out the breast's box as stored; its ends decide where grid pixels and cells lie."""
    row_mm, col_mm = spacing.row_mm, spacing.col_mm
    box = _with_margin(breast.box, values.shape, row_mm, col_mm, spec.crop_margin_mm)
    shape = (
        max(1, round((box.row1 - box.row0) * row_mm / spec.mm_per_px)),
        max(1, round((box.col1 - box.col0) * col_mm / spec.mm_per_px)),
    )
    return resample(values, box=box, out_shape=shape)


def _cut_by_block(
    values: NDArray[np.float32], breast: Breast, spacing: PixelSpacing, spec: Preprocessing
) -> tuple[NDArray[np.float32], Affine2D]:
    """Lay the picture by the breast's shape and cut out the blocks that the breast's box touches.

    Blocks are counted from the corner of the picture as it lies then, so that a chest wall at the
    picture's edge is at a block's edge; the last ones end with the picture.
    """
    row_mm, col_mm = spacing.row_mm, spacing.col_mm
    pose = upright_pose(values, breast, row_mm=row_mm, col_mm=col_mm)
    laid, to_stored = apply_pose(values, pose)
    if to_stored.xx == 0:  # a quarter turn: rows lie along the columns now
        row_mm, col_mm = spacing.col_mm, spacing.row_mm
    box = to_stored.inverse().apply_box(breast.box)
    box = _with_margin(box, laid.shape, row_mm, col_mm, spec.crop_margin_mm)
    step_row, step_col = spec.mm_per_px / row_mm, spec.mm_per_px / col_mm
    first_row, rows = _whole_blocks(box.row0, box.row1, laid.shape[0], step_row)
    first_col, cols = _whole_blocks(box.col0, box.col1, laid.shape[1], step_col)
    blocks = ImageBox(
        col0=first_col * step_col,
        row0=first_row * step_row,
        col1=(first_col + cols) * step_col,
        row1=(first_row + rows) * step_row,
    )
    grey, to_laid = resample(laid, box=blocks, out_shape=(rows, cols))
    return grey, to_laid.then(to_stored)


def _whole_blocks(start: float, stop: float, size: int, step: float) -> tuple[int, int]:
    """Return first grid pixel and count of the blocks that touch a range of image pixels.

    ``step`` is the side of a grid pixel in image pixels; what is left of the image at its end and
    fills no block is taken as far as it goes.
    """
    first = int(start / step / BLOCK_PX + 1e-9) * BLOCK_PX
    last = int(np.ceil(stop / step / BLOCK_PX - 1e-9)) * BLOCK_PX
    return first, max(1, min(last, round(size / step)) - first)


def to_square(
    values: NDArray[np.float32],
    *,
    box: ImageBox,
    spacing: PixelSpacing | None,
    inner_px: float,
    side_px: int,
) -> tuple[NDArray[np.uint8], Affine2D]:
    """Resample a square around a lesion, the training patch of Xi, Shu and Goubran (2018).

    The square is centred on the box and square in mm; beyond the image its border is repeated.

    Parameters
    ----------
    values : ndarray of float32, (rows, cols)
        Grey values 0..1, as for :func:`to_grid`.
    box : ImageBox
        The lesion's box in stored pixels.
    spacing : PixelSpacing or None
        None: pixels are square.
    inner_px : float
        The longer side of the box gets so many pixels of the result.
    side_px : int
        Side of the result.

    Returns
    -------
    ndarray of uint8, (side_px, side_px), read-only
    Affine2D
        Map of continuous coordinates of the result to stored pixels.
    """
    row_mm, col_mm = (spacing.row_mm, spacing.col_mm) if spacing else (1.0, 1.0)
    longer_mm = max((box.row1 - box.row0) * row_mm, (box.col1 - box.col0) * col_mm)
    half_mm = longer_mm * side_px / inner_px / 2.0
    middle = box.centre()
    square = ImageBox(
        col0=middle.col - half_mm / col_mm,
        row0=middle.row - half_mm / row_mm,
        col1=middle.col + half_mm / col_mm,
        row1=middle.row + half_mm / row_mm,
    )
    grey, to_image = resample(values, box=square, out_shape=(side_px, side_px))
    return _quantised(grey), to_image


def network_input(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn grid pixels (h, w) into the network's ``image``: (1, 1, h, w) float32 in 0..1."""
    return pixels[None, None].astype(np.float32) / np.float32(255.0)


def _quantised(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    pixels = np.asarray(np.rint(np.clip(grey, 0.0, 1.0) * 255.0), np.uint8)
    pixels.setflags(write=False)
    return pixels


def _with_margin(
    box: ImageBox, shape: tuple[int, ...], row_mm: float, col_mm: float, margin_mm: float
) -> ImageBox:
    rows, cols = shape
    return ImageBox(
        col0=max(0.0, box.col0 - margin_mm / col_mm),
        row0=max(0.0, box.row0 - margin_mm / row_mm),
        col1=min(float(cols), box.col1 + margin_mm / col_mm),
        row1=min(float(rows), box.row1 + margin_mm / row_mm),
    )
