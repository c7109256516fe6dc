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
from mammoview.imaging.breast import Breast, find_breast
from mammoview.imaging.resample import resample
from mammoview.modelkit.manifest import Preprocessing

PIPELINE = "breast-grid-1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """What the network sees of one mammogram.

    Attributes
    ----------
    pixels : ndarray of uint8, (h, w), read-only
        Grey values 0..255 on the grid of ``Preprocessing.mm_per_px``, in the stored orientation.
    to_image : Affine2D
        Map of continuous grid coordinates to stored image pixels.
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
        ``spec.assumed_height_mm`` high, and a note says so.
    spec : Preprocessing
        From the model's manifest.

    Raises
    ------
    ModelError
        If the manifest names a pipeline that this program does not have.
    """
    if spec.pipeline != PIPELINE:
        raise ModelError(
            f"the model wants preprocessing {spec.pipeline!r}",
            expected=PIPELINE,
            todo="install a model made for this version of mammoview",
        )
    breast = find_breast(values)
    notes = [] if breast.found else ["breast not found: the whole image was analysed"]
    if spacing is None:
        row_mm = col_mm = spec.assumed_height_mm / values.shape[0]
        notes.append(
            f"scale assumed: no pixel spacing in the header, image taken as "
            f"{spec.assumed_height_mm:g} mm high"
        )
    else:
        row_mm, col_mm = spacing.row_mm, spacing.col_mm
    box = _with_margin(breast.box, values.shape, row_mm, col_mm, spec.crop_margin_mm)
    shape = (
        max(1, round((box.row1 - box.row0) * row_mm / spec.mm_per_px)),
        max(1, round((box.col1 - box.col0) * col_mm / spec.mm_per_px)),
    )
    grey, to_image = resample(values, box=box, out_shape=shape)
    return Grid(pixels=_quantised(grey), to_image=to_image, breast=breast, notes=tuple(notes))


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
