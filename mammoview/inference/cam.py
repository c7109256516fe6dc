"""Raw class maps to calibrated heatmaps in image coordinates.

The map is the class activation map of Zhou et al. 2016 (arXiv 1512.04150): output weights on the
last convolution's maps, inside the network.  Scores are calibrated on a fixed scale; nothing is
stretched to an image's own minimum and maximum, so that a normal breast stays dark.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Heatmap
from mammoview.inference.odds import from_log_odds
from mammoview.modelkit.manifest import Calibration, Manifest


def heatmaps(
    cam: NDArray[np.float32], *, manifest: Manifest, grid_to_image: Affine2D
) -> tuple[Heatmap, ...]:
    """Return the calibrated heatmap of each finding.

    Parameters
    ----------
    cam : ndarray of float32, (classes, h', w')
        Raw scores, channels in the order of ``manifest.classes``.
    manifest : Manifest
        Classes, calibration and geometry of the map.
    grid_to_image : Affine2D
        From the network's grid to stored pixels.

    Returns
    -------
    tuple of Heatmap
        In the order of ``manifest.findings``.
    """
    to_image = manifest.map_geometry.cell_to_grid().then(grid_to_image)
    background = cam[manifest.classes.index(manifest.background)].astype(np.float64)
    calibration = {item.kind: item for item in manifest.calibration}
    result = []
    for kind in manifest.findings:
        margin = cam[manifest.classes.index(kind)] - background
        item = calibration[kind]
        values = calibrated(margin, item).astype(np.float32)
        values.setflags(write=False)
        result.append(Heatmap(kind=kind, values=values, to_image=to_image))
    return tuple(result)


def calibrated(margin: NDArray[np.float64], item: Calibration) -> NDArray[np.float64]:
    """Return the score 0..1 of margins ``cam[kind] - cam[background]``, any shape."""
    return from_log_odds(item.slope * margin + item.intercept)
