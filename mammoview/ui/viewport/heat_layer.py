"""Heatmaps over one mammogram: prepared when they are first seen, then only shown or hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Overlay, OverlayMode
from mammoview.domain.prediction import Heatmap
from mammoview.imaging.colormap import heat_rgba
from mammoview.imaging.heat_grid import scores_on_grid
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.frame import Frame, mask_to_stored, to_qtransform


def scores_on_mask(heatmap: Heatmap, image: LoadedImage) -> NDArray[np.float32]:
    """Return the score in the middle of each cell of the breast mask, 0 outside the breast.

    Scores are interpolated, not colours, so that every colour on screen is one of the scale.

    Returns
    -------
    ndarray of float32
        Shape of ``image.breast``.
    """
    mask = image.breast
    scores = scores_on_grid(heatmap, mask_to_stored(mask, image), (mask.shape[0], mask.shape[1]))
    return np.where(mask, scores, np.float32(0.0))


@dataclass(slots=True)
class _Heat:
    heatmap: Heatmap
    item: pg.ImageItem
    scores: NDArray[np.float32] | None = None  # on the breast mask, once it is seen
    floor: float | None = None


class HeatLayer:
    """One image item for each class of finding.

    Parameters
    ----------
    box : ViewBox
        The pane that the items are put into.
    """

    def __init__(self, box: pg.ViewBox) -> None:
        self._box = box
        self._heats: list[_Heat] = []
        self._image: LoadedImage | None = None

    @property
    def items(self) -> tuple[pg.ImageItem, ...]:
        """The image items, one for each class."""
        return tuple(heat.item for heat in self._heats)

    def set_heatmaps(
        self, heatmaps: tuple[Heatmap, ...], image: LoadedImage | None, frame: Frame | None
    ) -> None:
        """Take the heatmaps of another prediction."""
        for heat in self._heats:
            self._box.removeItem(heat.item)
        self._heats = []
        self._image = image
        if image is None or frame is None:
            return
        place = mask_to_stored(image.breast, image).then(frame.to_units)
        for heatmap in heatmaps:
            item = pg.ImageItem(axisOrder="row-major")
            item.setZValue(layers.HEAT)
            item.setTransform(to_qtransform(place))
            item.hide()
            self._box.addItem(item, ignoreBounds=True)
            self._heats.append(_Heat(heatmap, item))

    def set_overlay(self, overlay: Overlay) -> None:
        """Show, hide, fade; colours are made only where they are seen, and for another floor.

        An examination whose result is there already opens without waiting for them.
        """
        shown = overlay.mode in (OverlayMode.HEATMAP, OverlayMode.BOTH) and not overlay.peeking
        for heat in self._heats:
            seen = shown and heat.heatmap.kind in overlay.kinds
            if seen and heat.floor != overlay.heat_floor:
                self._colour(heat, overlay.heat_floor)
            heat.item.setOpacity(overlay.opacity)
            heat.item.setVisible(seen)

    def _colour(self, heat: _Heat, floor: float) -> None:
        assert self._image is not None  # without one there is no heat
        if heat.scores is None:
            heat.scores = scores_on_mask(heat.heatmap, self._image)
        heat.item.setImage(heat_rgba(heat.scores, floor=floor), autoLevels=False)
        heat.floor = floor
