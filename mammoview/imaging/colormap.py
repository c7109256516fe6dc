"""Heat value -> colour: one fixed scale for every image, safe for colour-blind readers.

The colours are "plasma" (S. van der Walt, N. Smith: matplotlib's perceptually uniform maps, 2015,
CC0): lightness rises all the way, so that the order of two scores can be read without seeing hue,
and no step is grey, so that heat is never mistaken for tissue.  The scale always runs over the
calibrated score 0..1 and never over an image's own range: a normal breast stays dark.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 256
_PLASMA = (
    "0d0887", "46039f", "7201a8", "9c179e", "bd3786",
    "d8576b", "ed7953", "fb9f3a", "fdca26", "f0f921",
)  # fmt: skip
# Alpha at the floor and at score 1, before the reader's own opacity: heat starts
# faint, and is still seen on dense tissue.
_ALPHA_AT_FLOOR = 0.4
_ALPHA_AT_ONE = 1.0


def heat_table(floor: float) -> NDArray[np.uint8]:
    """Return the colours of the scores ``0, 1/255, ..., 1``.

    Parameters
    ----------
    floor : float
        Score 0..1 below which heat is fully transparent.

    Returns
    -------
    ndarray of uint8, (256, 4)
        Red, green, blue and alpha, alpha not premultiplied, read-only.

    Raises
    ------
    ValueError
        If the floor lies outside 0..1.
    """
    if not 0.0 <= floor <= 1.0:
        raise ValueError(f"heat floor {floor} lies outside 0..1")
    anchors = np.array([list(bytes.fromhex(code)) for code in _PLASMA], np.float64)
    score = np.linspace(0.0, 1.0, STEPS)
    table = np.empty((STEPS, 4), np.float64)
    for channel in range(3):
        table[:, channel] = np.interp(
            score, np.linspace(0.0, 1.0, len(anchors)), anchors[:, channel]
        )
    table[:, 3] = _alpha(score, floor)
    out = np.rint(table).astype(np.uint8)
    out.flags.writeable = False
    return out


def heat_rgba(scores: NDArray[np.float32], *, floor: float) -> NDArray[np.uint8]:
    """Colour an array of scores on the fixed scale.

    Parameters
    ----------
    scores : ndarray of float32, (rows, cols)
        Calibrated scores, 0..1.
    floor : float
        Score below which heat is fully transparent.

    Returns
    -------
    ndarray of uint8, (rows, cols, 4)

    Raises
    ------
    ValueError
        If a score is not finite or lies outside 0..1.
    """
    if scores.size and not (float(scores.min()) >= 0.0 and float(scores.max()) <= 1.0):
        raise ValueError("a score is not finite or lies outside 0..1")
    colours = heat_table(floor)[np.rint(scores * (STEPS - 1)).astype(np.intp)]
    # From the score itself, so that the floor is exact and not one of the table's steps.
    colours[..., 3] = np.rint(_alpha(scores, floor))
    return colours


def _alpha(scores: NDArray[np.floating], floor: float) -> NDArray[np.float64]:
    """Return opacity 0..255: nothing below the floor, then a ramp.

    A score of exactly 0 is no finding, whatever the floor: it never colours a breast.
    """
    rise = np.clip((scores.astype(np.float64) - floor) / max(1.0 - floor, 1e-9), 0.0, 1.0)
    alpha = _ALPHA_AT_FLOOR + (_ALPHA_AT_ONE - _ALPHA_AT_FLOOR) * rise
    return np.where((scores >= floor) & (scores > 0.0), 255.0 * alpha, 0.0)
