"""Where the nipple is, as far as the outline of the breast can tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, ImagePoint, PixelSpacing, Pose
from mammoview.domain.views import Laterality
from mammoview.imaging.orientation import pose_affine

# At the height of the outermost millimetres; without spacing, of so much of the breast's depth.
_TIP_MM = 1.5
_TIP_SHARE = 0.02


def estimate_nipple(
    breast: NDArray[np.bool_],
    *,
    shape: tuple[int, int],
    pose: Pose,
    laterality: Laterality | None,
    spacing: PixelSpacing | None,
) -> ImagePoint | None:
    """Return where the breast reaches farthest from the chest wall.

    An estimate, and no more: a nipple that is not in profile, or a breast that hangs over a fold,
    lies elsewhere, and the reader's own position goes before it.

    Parameters
    ----------
    breast : ndarray of bool, (h, w)
        The breast at low resolution; each cell covers an equal share of the stored image.
    shape : (int, int)
        Rows and columns of the stored image.
    pose : Pose
        How the image is turned for display, where the chest wall of a right breast is on the right.
    laterality : Laterality or None
        Side of the breast.
    spacing : PixelSpacing or None
        Of the stored pixels.

    Returns
    -------
    ImagePoint or None
        Stored pixels; None where the side is not known or no breast was told from the background.
    """
    if laterality is None or breast.all() or not breast.any():
        return None
    rows, cols = shape
    to_stored = Affine2D.scale_translate(
        col_scale=cols / breast.shape[1], row_scale=rows / breast.shape[0], col0=0.0, row0=0.0
    )
    to_shown = to_stored.then(pose_affine(pose, rows, cols))
    row, col = np.nonzero(breast)
    matrix = to_shown.matrix()
    across, down = matrix[:, :2] @ np.stack([col + 0.5, row + 0.5]) + matrix[:, 2:]
    depth = across if laterality is Laterality.RIGHT else -across
    tip = depth <= depth.min() + _tip_px(depth, pose, spacing)
    outermost = across[np.argmin(depth)]
    shown = ImagePoint(col=float(outermost), row=float(np.median(down[tip])))
    return pose_affine(pose, rows, cols).inverse().apply(shown)


def _tip_px(depth: NDArray[np.float64], pose: Pose, spacing: PixelSpacing | None) -> float:
    if spacing is None:
        return float(_TIP_SHARE * np.ptp(depth))
    lying = pose.rotate_degrees in (90, 270)
    return _TIP_MM / (spacing.row_mm if lying else spacing.col_mm)
