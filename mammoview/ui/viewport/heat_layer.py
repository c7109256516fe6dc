"""Heatmaps over one mammogram: prepared once for a prediction, then only shown or hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from mammoview.app.workspace import LoadedImage, Overlay, OverlayMode
from mammoview.domain.prediction import Heatmap
from mammoview.imaging.colormap import heat_rgba
from mammoview.ui.viewport import layers
from mammoview.ui.viewport.frame import Frame, mask_to_stored, to_qtransform


def scores_on_mask(heatmap: Heatmap, image: LoadedImage) -> NDArray[np.float32]:
    """Return the score in the middle of each cell of the breast mask, 0 outside the breast.

    Scores are interpolated, not colours, so that every colour on screen is one of the scale.  Each
    mask cell's centre is mapped to stored pixels and from there, through the inverse of
    ``to_image``, to continuous cells of the heatmap, whose values stand at ``(j + 0.5, i + 0.5)``:
    nothing moves by half a cell.

    Returns
    -------
    ndarray of float32
        Shape of ``image.breast``.
    """
    mask = image.breast
    rows, cols = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]] + 0.5
    to_cells = mask_to_stored(mask, image).then(heatmap.to_image.inverse())
    cell_cols = to_cells.xx * cols + to_cells.xy * rows + to_cells.x0
    cell_rows = to_cells.yx * cols + to_cells.yy * rows + to_cells.y0
    high, wide = heatmap.values.shape
    covered = (cell_cols >= 0) & (cell_cols <= wide) & (cell_rows >= 0) & (cell_rows <= high)
    scores = _bilinear(heatmap.values, cell_cols, cell_rows)
    return np.where(covered & mask, scores, np.float32(0.0)).astype(np.float32)


def _bilinear(
    values: NDArray[np.float32], cols: NDArray[np.float64], rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate between cell centres; beyond the outermost centres the edge cell goes on."""
    high, wide = values.shape
    x = np.clip(cols - 0.5, 0.0, wide - 1.0)
    y = np.clip(rows - 0.5, 0.0, high - 1.0)
    x0 = np.floor(x).astype(np.intp)
    y0 = np.floor(y).astype(np.intp)
    x1 = np.minimum(x0 + 1, wide - 1)
    y1 = np.minimum(y0 + 1, high - 1)
    fx = x - x0
    fy = y - y0
    upper = values[y0, x0] * (1.0 - fx) + values[y0, x1] * fx
    lower = values[y1, x0] * (1.0 - fx) + values[y1, x1] * fx
    between: NDArray[np.float64] = upper * (1.0 - fy) + lower * fy
    return between


@dataclass(slots=True)
class _Heat:
    kind: str
    item: pg.ImageItem
    scores: NDArray[np.float32]
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
        if image is None or frame is None:
            return
        place = mask_to_stored(image.breast, image).then(frame.to_units)
        for heatmap in heatmaps:
            item = pg.ImageItem(axisOrder="row-major")
            item.setZValue(layers.HEAT)
            item.setTransform(to_qtransform(place))
            item.hide()
            self._box.addItem(item, ignoreBounds=True)
            self._heats.append(_Heat(heatmap.kind, item, scores_on_mask(heatmap, image)))

    def set_overlay(self, overlay: Overlay) -> None:
        """Show, hide, fade; colours are made again only when the floor has moved."""
        shown = overlay.mode in (OverlayMode.HEATMAP, OverlayMode.BOTH) and not overlay.peeking
        for heat in self._heats:
            if shown and heat.floor != overlay.heat_floor:
                heat.item.setImage(
                    heat_rgba(heat.scores, floor=overlay.heat_floor), autoLevels=False
                )
                heat.floor = overlay.heat_floor
            heat.item.setOpacity(overlay.opacity)
            heat.item.setVisible(shown and heat.kind in overlay.kinds)
