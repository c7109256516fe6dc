"""From a header to a picture that can be hung: pixels, breast and the settled pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.geometry import Pose
from mammoview.domain.study import Mammogram
from mammoview.imaging.breast import Breast, chest_wall_edge, find_breast, is_wall_elsewhere
from mammoview.imaging.grayscale import breast_window, unit_values
from mammoview.imaging.orientation import pose_from_edge, wall_edge
from mammoview.imaging.pyramid import halve, smaller_levels
from mammoview.words import QT_TRANSLATE_NOOP, translate

FROM_IMAGE = QT_TRANSLATE_NOOP("Pane", "chest wall found in the image")
AGAINST_PIXELS = QT_TRANSLATE_NOOP(
    "Pane", "chest wall not where PatientOrientation says: side or orientation may be wrong"
)
NOT_FOUND = QT_TRANSLATE_NOOP("Pane", "orientation unknown: shown as stored")
_LONG_SIDE = 512


def load_image(mammogram: Mammogram, frame: int | None = None) -> tuple[Mammogram, LoadedImage]:
    """Decode a view and settle how it lies; see `settle`.

    Parameters
    ----------
    mammogram : Mammogram
        A view of the index.
    frame : int, optional
        Which slice of a volume, from 1; without it the middle one.

    Raises
    ------
    DicomError
        If the pixels cannot be decoded.
    """
    # Heavy: the window is there before the first image is decoded.
    from mammoview.dicom.decode import decode_pixels
    from mammoview.dicom.frames import open_frames, read_frame

    if mammogram.frames is None:
        return settle(mammogram, decode_pixels(mammogram), frame=None)
    frame = mammogram.frames.middle if frame is None else frame
    return settle(mammogram, read_frame(open_frames(mammogram), frame), frame=frame)


def load_coarse(mammogram: Mammogram) -> LoadedImage | None:
    """Return what can be seen of a view before all of it is decoded, or None.

    It lies and measures as the whole does; its finest pixels are four by four of one value.

    Raises
    ------
    DicomError
        If the file has gone or changed.
    """
    from mammoview.dicom.coarse import decode_coarse

    quarter = decode_coarse(mammogram)
    if quarter is None:
        return None
    rows, cols = mammogram.rows, mammogram.cols
    whole = _enlarged(quarter, 4)[:rows, :cols]
    half = _enlarged(quarter, 2)[: -(-rows // 2), : -(-cols // 2)]
    smaller = (half, quarter, halve(quarter, mammogram.pixel_format.padding))
    return settle(mammogram, whole, frame=None, smaller=smaller)[1]


def _enlarged(small: NDArray[np.generic], times: int) -> NDArray[np.generic]:
    rows, cols = small.shape
    large = np.empty((rows, times, cols, times), small.dtype)
    large[...] = small[:, None, :, None]
    return large.reshape(rows * times, cols * times)


def settle(
    mammogram: Mammogram,
    stored: NDArray[np.generic],
    *,
    frame: int | None,
    smaller: tuple[NDArray[np.generic], ...] = (),
) -> tuple[Mammogram, LoadedImage]:
    """Settle how a decoded image lies, where its breast is, and what greys that fills.

    The header's pose is kept where there is one, with a warning where the chest wall is surely not
    where it says.  Else the chest wall is looked for in the pixels,
    and the source and a warning say so; where that fails too, the image is shown as stored, with a
    warning.  ``smaller`` is the image at 1/2, 1/4 and 1/8 size, where it is known already.

    Returns
    -------
    mammogram : Mammogram
        With ``pose`` settled, and a warning where the header could not tell; with a window for
        its breast where the header has none.
    image : LoadedImage
        Read-only pixels ``(rows, cols)``, at smaller sizes too, and the breast mask at low
        resolution.
    """
    breast = _find_breast(mammogram, stored)
    smaller = smaller or smaller_levels(stored, mammogram.pixel_format.padding)
    mammogram = _with_window(mammogram, smaller[-1], breast)
    pose = _checked_pose(mammogram, breast) or _pose_from_pixels(mammogram, breast)
    if pose != mammogram.pose:
        mammogram = replace(mammogram, pose=pose, warnings=(*mammogram.warnings, pose.source))
    return mammogram, LoadedImage(
        stored=stored,
        breast=breast.mask,
        pose=pose,
        frame=frame,
        smaller=smaller,
    )


def _with_window(mammogram: Mammogram, stored: NDArray[np.generic], breast: Breast) -> Mammogram:
    """Offer the breast's own window where the header has none."""
    fmt = mammogram.pixel_format
    if fmt.windows or fmt.luts or not breast.found:
        return mammogram
    found = breast_window(stored, breast.mask, fmt)
    return replace(mammogram, pixel_format=replace(fmt, found=found))


def _find_breast(mammogram: Mammogram, stored: NDArray[np.generic]) -> Breast:
    step = max(1, max(stored.shape) // _LONG_SIDE)
    return find_breast(unit_values(stored[::step, ::step], mammogram.pixel_format))


def _checked_pose(mammogram: Mammogram, breast: Breast) -> Pose | None:
    """Return the header's pose, which says so where the pixels surely contradict it.

    It is kept all the same: which of the two is wrong, the reader must see.
    """
    pose, side = mammogram.pose, mammogram.laterality.value
    if pose is None or side is None or mammogram.slot is None:
        return pose
    if not is_wall_elsewhere(breast, wall_edge(pose, side)):
        return pose
    return replace(pose, source=translate("Pane", AGAINST_PIXELS))


def _pose_from_pixels(mammogram: Mammogram, breast: Breast) -> Pose:
    edge = chest_wall_edge(breast)
    if edge is not None and mammogram.laterality.value is not None:
        pose = pose_from_edge(edge, mammogram.laterality.value)
        if pose is not None:
            return replace(pose, source=translate("Pane", FROM_IMAGE))
    return Pose(flip_horizontal=False, rotate_degrees=0, source=translate("Pane", NOT_FOUND))
