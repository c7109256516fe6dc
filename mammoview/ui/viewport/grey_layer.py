"""The mammogram itself in one pane: stored values, looked up at screen resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.geometry import Affine2D, ImageBox, Pose
from mammoview.domain.study import PixelFormat
from mammoview.imaging.grayscale import to_display
from mammoview.imaging.orientation import apply_pose
from mammoview.imaging.pyramid import Pyramid
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.air import air_alpha, covered, is_padded
from mammoview.ui.viewport.frame import Frame, mask_to_stored, to_qtransform
from mammoview.ui.viewport.grey_item import GreyItem, screen_table

# Looked up round the visible part when at rest, as a share of it, so that a pan costs no look-up.
_REST_MARGIN = 0.35


@dataclass(frozen=True, slots=True)
class _Patch:
    """The part of a pyramid level that is on the screen, in cells of that level."""

    level: int
    row0: int
    row1: int
    col0: int
    col1: int

    def holds(self, other: _Patch) -> bool:
        return (
            self.level == other.level
            and self.row0 <= other.row0
            and self.row1 >= other.row1
            and self.col0 <= other.col0
            and self.col1 >= other.col1
        )


class GreyLayer:
    """Two image items: grey values, and black over the air of an inverted film."""

    def __init__(self) -> None:
        self.item = GreyItem()
        self.item.setZValue(layers.IMAGE)
        self.air = pg.ImageItem(axisOrder="row-major")
        self.air.setZValue(layers.AIR)
        self._pyramid: Pyramid | None = None
        self._frame: Frame | None = None
        self._fmt: PixelFormat | None = None
        self._table: NDArray[np.uint8] | None = None
        self._screen_table = np.zeros(0, np.uint32)
        self._patch: _Patch | None = None
        self._breast = np.zeros((0, 0), np.bool_)
        self._pose: Pose | None = None
        self._air: NDArray[np.uint8] | None = None  # as displayed; made when first inverted
        self._padded = False
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._pyramid = self._frame = self._fmt = self._table = self._patch = None
        self.item.set_pixels(np.zeros((0, 0), np.uint32))
        self.item.hide()
        self.air.hide()

    def set_image(self, image: LoadedImage, fmt: PixelFormat, frame: Frame) -> None:
        """Take another image; nothing is drawn before `set_table` and `refresh`."""
        self._pyramid = Pyramid(image.stored, image.pose, fmt.padding, image.smaller)
        self._frame = frame
        self._fmt = fmt
        self._table = self._patch = None
        self._breast, self._pose, self._air = image.breast, image.pose, None
        self._padded = is_padded(image.stored, image.breast, fmt.padding)
        lie = mask_to_stored(image.breast, image).then(frame.to_units)
        self.air.setTransform(to_qtransform(lie))

    def show_frame(self, image: LoadedImage) -> None:
        """Take another frame of the same volume: it lies as the last one, under the same table."""
        assert self._fmt is not None
        self._pyramid = Pyramid(image.stored, image.pose, self._fmt.padding)
        self._patch = None

    def set_table(self, table: NDArray[np.uint8], *, invert: bool) -> bool:
        """Take another grey table; return True if it is new.

        Padding is black in the table.  A film without padding has air of the same value as
        tissue: when inverted, everything well outside the breast is covered in black.
        """
        assert self._fmt is not None
        covers = invert and not self._padded
        if covers and self._air is None:
            self._cover_air()
        self.air.setVisible(covers)
        if table is self._table:
            return False
        self._table = table
        self._screen_table = screen_table(table)
        self._patch = None
        return True

    def refresh(self, visible: ImageBox, *, device_px_per_unit: float, dragging: bool) -> None:
        """Look up what the pane shows, in no finer detail than the screen has.

        Parameters
        ----------
        visible : ImageBox
            What the pane shows, in units.
        device_px_per_unit : float
            Screen scale.
        dragging : bool
            True while the table changes with every frame: then nothing off screen is looked up.
        """
        if self._pyramid is None or self._frame is None or self._table is None:
            return
        # Where pixels are oblong, the longer side decides: nothing of it is averaged away.
        level = self._pyramid.level_for(device_px_per_unit * self._frame.subject.coarse)
        to_units = self._pyramid.to_displayed(level).then(self._frame.displayed_to_units)
        values = self._pyramid.level(level)
        needed = _patch_of(level, values.shape, to_units, visible, margin=0.0)
        if needed is None:
            self.item.hide()
            return
        self.item.show()
        if self._patch is not None and self._patch.holds(needed):
            return
        if not dragging:
            wide = _patch_of(level, values.shape, to_units, visible, margin=_REST_MARGIN)
            needed = wide or needed
        self._show(needed, values, to_units)

    def pixels_round(self, row: int, col: int, count: int) -> NDArray[np.uint8]:
        """Return the greys of stored pixels at full resolution, one by one: for the loupe.

        Parameters
        ----------
        row, col : int
            The middle pixel, in the displayed image.
        count : int
            Pixels across and down; only these are looked up.

        Returns
        -------
        ndarray of uint8, (count, count)
            As displayed: table, pose, padding and covered air; 0 outside the image.
        """
        out = np.zeros((count, count), np.uint8)
        if self._pyramid is None or self._table is None or self._fmt is None:
            return out
        values = self._pyramid.level(0)
        top, left = row - count // 2, col - count // 2
        row0, col0 = max(top, 0), max(left, 0)
        row1, col1 = (max(end, 0) for end in (top + count, left + count))
        part = values[row0:row1, col0:col1]
        grey = to_display(part, self._table, self._fmt)
        if self._air is not None and self.air.isVisible() and grey.size:
            grey = covered(grey, self._air, shape=values.shape, row0=row0, col0=col0)
        out[row0 - top :, col0 - left :][: grey.shape[0], : grey.shape[1]] = grey
        return out

    def _cover_air(self) -> None:
        """Prepare the black over the air: few images are ever inverted."""
        assert self._pose is not None
        alpha = air_alpha(self._breast)
        self._air = apply_pose(alpha, self._pose)[0]
        black = np.zeros((*alpha.shape, 4), np.uint8)
        black[..., 3] = alpha
        self.air.setImage(black, autoLevels=False)

    def _show(self, patch: _Patch, values: NDArray[np.generic], to_units: Affine2D) -> None:
        assert self._fmt is not None
        part = values[patch.row0 : patch.row1, patch.col0 : patch.col1]
        self.item.set_pixels(to_display(part, self._screen_table, self._fmt))
        shift = Affine2D.scale_translate(
            col_scale=1.0, row_scale=1.0, col0=float(patch.col0), row0=float(patch.row0)
        )
        self.item.setTransform(to_qtransform(shift.then(to_units)))
        self._patch = patch


def _patch_of(
    level: int,
    shape: tuple[int, ...],
    to_units: Affine2D,
    visible: ImageBox,
    *,
    margin: float,
) -> _Patch | None:
    """Return the cells of a level under a visible box, or None when the image is out of sight."""
    box = to_units.inverse().apply_box(visible)
    wide = margin * (box.col1 - box.col0)
    high = margin * (box.row1 - box.row0)
    # One more cell all round: smooth scaling reads a neighbour beyond the border.
    row0 = max(0, math.floor(box.row0 - high) - 1)
    row1 = min(shape[0], math.ceil(box.row1 + high) + 1)
    col0 = max(0, math.floor(box.col0 - wide) - 1)
    col1 = min(shape[1], math.ceil(box.col1 + wide) + 1)
    if row0 >= row1 or col0 >= col1:
        return None
    return _Patch(level, row0, row1, col0, col1)
