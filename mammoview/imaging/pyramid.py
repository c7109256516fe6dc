"""Stored values at 1, 1/2, 1/4 and 1/8 size, so that grey tables run at screen resolution.

A coarser value is the **average** of 2x2 stored values: striding would alias fine structure, and a
speck of calcification one pixel wide would come and go with the zoom.  Only a 2x2 block that
touches padding is **strided** (its first value kept): an average of padding and tissue is a value
that no pixel has, it would no longer be black, and a bright seam would run along the padding.
Averages are taken before the grey table, as a detector with larger pixels would.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, Pose
from mammoview.imaging.orientation import apply_pose, pose_affine

LEVELS = 4
# Rows taken at a time: a strip stays in the processor's cache (3 times faster than all at once).
_STRIP_ROWS = 32


def halve(stored: NDArray[np.generic], padding: tuple[int, int] | None) -> NDArray[np.generic]:
    """Return the image at half its size, rounded up.

    Parameters
    ----------
    stored : ndarray of integers, (rows, cols)
        Stored values.
    padding : (int, int) or None
        Inclusive range of padding values.

    Returns
    -------
    ndarray, (ceil(rows / 2), ceil(cols / 2))
        Same type; cell ``(i, j)`` covers pixels ``2i..2i+1`` and ``2j..2j+1``.  An odd last row
        or column is averaged with itself.
    """
    rows, cols = stored.shape
    even = stored
    if rows % 2 or cols % 2:
        even = np.pad(stored, ((0, rows % 2), (0, cols % 2)), mode="edge")
    out = np.empty((even.shape[0] // 2, even.shape[1] // 2), stored.dtype)
    for row in range(0, out.shape[0], _STRIP_ROWS):
        strip = even[2 * row : 2 * (row + _STRIP_ROWS)]
        out[row : row + _STRIP_ROWS] = _halve_strip(strip, padding)
    out.flags.writeable = False
    return out


def smaller_levels(
    stored: NDArray[np.generic], padding: tuple[int, int] | None
) -> tuple[NDArray[np.generic], ...]:
    """Return the image at 1/2, 1/4 and 1/8 size; as `halve`, each from the one before."""
    levels = [stored]
    for _ in range(LEVELS - 1):
        levels.append(halve(levels[-1], padding))
    return tuple(levels[1:])


def _halve_strip(
    strip: NDArray[np.generic], padding: tuple[int, int] | None
) -> NDArray[np.generic]:
    sums = _sums_of_four(strip)
    sums += 2
    sums >>= 2
    mean = sums.astype(strip.dtype)
    if padding is not None:
        padded = np.greater_equal(strip, padding[0]) & np.less_equal(strip, padding[1])
        tall_padded = padded[0::2] | padded[1::2]
        touched = tall_padded[:, 0::2] | tall_padded[:, 1::2]
        mean[touched] = strip[0::2, 0::2][touched]
    return mean


def _sums_of_four(strip: NDArray[np.generic]) -> NDArray[np.integer]:
    """Return the sum of each 2x2 block."""
    if strip.dtype == np.uint16 and strip.flags.c_contiguous:
        # Two neighbours are one word of 32 bits: half as many to add, one beside the other.
        pairs = strip.view(np.uint32)
        wide: NDArray[np.integer] = pairs & 0xFFFF
        wide += pairs >> 16
    else:
        values = strip.astype(np.int32)
        wide = values[:, 0::2] + values[:, 1::2]
    return wide[0::2] + wide[1::2]


class Pyramid:
    """One image at several sizes, turned as it is displayed.

    Parameters
    ----------
    stored : ndarray of integers, (rows, cols)
        Stored values, not copied at full size.
    pose : Pose
        How the image is turned for display.
    padding : (int, int) or None
        Inclusive range of padding values.
    smaller : sequence of ndarray
        What `smaller_levels` made of it, in a worker; without it a level is made when it is first
        asked for, which takes the time of several frames.
    """

    def __init__(
        self,
        stored: NDArray[np.generic],
        pose: Pose,
        padding: tuple[int, int] | None,
        smaller: Sequence[NDArray[np.generic]] = (),
    ) -> None:
        self._pose = pose
        self._padding = padding
        self._stored = [stored, *smaller]

    def level_for(self, device_px_per_image_px: float) -> int:
        """Return the coarsest level that still has a cell for each screen pixel."""
        level = 0
        while level < LEVELS - 1 and device_px_per_image_px * 2 ** (level + 1) <= 1.0 + 1e-6:
            level += 1
        return level

    def level(self, level: int) -> NDArray[np.generic]:
        """Return the values of a level as displayed: a view, ``(rows, cols)`` after the pose."""
        while len(self._stored) <= level:
            self._stored.append(halve(self._stored[-1], self._padding))
        posed, _ = apply_pose(self._stored[level], self._pose)
        return posed

    def to_displayed(self, level: int) -> Affine2D:
        """Return the map from continuous coordinates of a level to those of level 0."""
        self.level(level)
        rows, cols = self._stored[0].shape
        small_rows, small_cols = self._stored[level].shape
        factor = float(2**level)
        stored_to_level = pose_affine(self._pose, small_rows, small_cols)
        grow = Affine2D.scale_translate(col_scale=factor, row_scale=factor, col0=0.0, row0=0.0)
        return stored_to_level.inverse().then(grow).then(pose_affine(self._pose, rows, cols))
