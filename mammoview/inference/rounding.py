"""Whether rounded arithmetic could change which regions are flagged."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mammoview.domain.prediction import Region
from mammoview.modelkit.manifest import Manifest


def in_doubt(regions: Iterable[Region], manifest: Manifest, rounding: float) -> bool:
    """Tell whether a region lies so near to a threshold that rounding decides.

    Every operating point counts, since another one can be chosen when the image has been read.

    Parameters
    ----------
    regions : iterable of Region
        Candidates of an image, flagged or not.
    manifest : Manifest
        Calibration and operating points.
    rounding : float
        How far a margin may be off; see ``Session.rounding``.  0: nothing is in doubt.
    """
    if rounding == 0.0:
        return False
    slopes = {item.kind: item.slope for item in manifest.calibration}
    return any(
        abs(_odds(region.score) - _odds(point.threshold)) <= slopes[region.kind] * rounding
        for region in regions
        for point in manifest.operating_points
        if point.kind == region.kind
    )


def _odds(score: float) -> float:
    """Return the log-odds of a score, infinite at 0 and 1."""
    if score in (0.0, 1.0):
        return math.inf if score else -math.inf
    return math.log(score / (1.0 - score))
