"""Scores 0..1 as log-odds, on which what is learnt of them adds up, and back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Scores are kept this far from 0 and 1, so that their log-odds are finite.
_MARGIN = 1e-7


def log_odds(score: float) -> float:
    """Return the log-odds of a score, kept finite."""
    kept = min(max(score, _MARGIN), 1.0 - _MARGIN)
    return math.log(kept / (1.0 - kept))


def from_log_odds(odds: ArrayLike) -> NDArray[np.float64]:
    """Return the scores 0..1 of log-odds, any shape."""
    # tanh neither overflows nor loses the small scores' order before they reach 1e-16
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(odds))), np.float64)
