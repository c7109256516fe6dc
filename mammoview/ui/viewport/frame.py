"""From a stored image to what a pane measures in: pose, spacing and breast box in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QTransform

from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.geometry import Affine2D, ImageBox
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality
from mammoview.imaging.orientation import pose_affine, posed_shape
from mammoview.ui.viewport.placement import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where stored pixels lie in a pane's units.

    ``to_units`` maps continuous stored ``(col, row)`` to units of the displayed image;
    ``displayed_to_units`` does so for displayed pixels.
    """

    to_units: Affine2D
    displayed_to_units: Affine2D
    subject: Subject


def frame_of(side: Laterality | None, mammogram: Mammogram, image: LoadedImage) -> Frame:
    """Return where an image's pixels lie in the units of its pane.

    ``side`` tells the border that the chest wall leans on; None, where nothing does: the left.
    """
    rows, cols = image.stored.shape
    shown_rows, shown_cols = posed_shape(image.pose, rows, cols)
    spacing = mammogram.spacing
    row_units = spacing.row_mm if spacing else 1.0
    col_units = spacing.col_mm if spacing else 1.0
    if image.pose.rotate_degrees in (90, 270):
        row_units, col_units = col_units, row_units
    scale = Affine2D.scale_translate(col_scale=col_units, row_scale=row_units, col0=0.0, row0=0.0)
    to_units = pose_affine(image.pose, rows, cols).then(scale)
    return Frame(
        to_units=to_units,
        displayed_to_units=scale,
        subject=Subject(
            width=shown_cols * col_units,
            height=shown_rows * row_units,
            breast=to_units.apply_box(breast_box(image)),
            unit="mm" if spacing else "px",
            pixel_width=col_units,
            pixel_height=row_units,
            wall_right=side is Laterality.RIGHT,
        ),
    )


def mask_to_stored(mask: NDArray[np.bool_], image: LoadedImage) -> Affine2D:
    """Return the map of continuous mask cells to stored pixels: equal shares of the image."""
    rows, cols = image.stored.shape
    return Affine2D.scale_translate(
        col_scale=cols / mask.shape[1], row_scale=rows / mask.shape[0], col0=0.0, row0=0.0
    )


def breast_box(image: LoadedImage) -> ImageBox:
    """Return the box round the breast mask in stored pixels; the whole image if it is empty."""
    mask = image.breast
    rows = np.flatnonzero(mask.any(axis=1))
    cols = np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return ImageBox(
            col0=0.0, row0=0.0, col1=float(image.stored.shape[1]), row1=float(image.stored.shape[0])
        )
    return mask_to_stored(mask, image).apply_box(
        ImageBox(
            col0=float(cols[0]),
            row0=float(rows[0]),
            col1=float(cols[-1] + 1),
            row1=float(rows[-1] + 1),
        )
    )


def to_qtransform(affine: Affine2D) -> QTransform:
    """Return the same map for Qt, which writes matrices transposed."""
    return QTransform(affine.xx, affine.yx, affine.xy, affine.yy, affine.x0, affine.y0)
