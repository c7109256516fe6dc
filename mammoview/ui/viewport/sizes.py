"""How large the images of a four-view are, could be, and may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Signal

from mammoview.app.second_screen import ShownScale
from mammoview.app.workspace import FitMode
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.placement import ScreenPixels

# Fits that fill a pane: there what another screen has room for may hold the scale down.
_FILLING = frozenset({FitMode.BREAST, FitMode.IMAGE})


class Sizes(QObject):
    """Keeps the sizes that another screen is to share or to be compared with.

    Signals
    -------
    shownChanged()
        The images are shown at another scale: see `shown`.
    roomChanged()
        The panes have room for another scale: see `room`.
    zoomedByHand()
        The reader has zoomed all panes: another screen is to follow to what is `shown`.
    """

    shownChanged = Signal()
    roomChanged = Signal()
    zoomedByHand = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("sizes")
        self.shown: ShownScale | None = None
        self.room: tuple[ShownScale, ...] = ()
        self._limits: dict[str, float] = {}

    def note_shown(self, panes: Sequence[PaneView], screen: ScreenPixels) -> None:
        """Keep how large the first image of the panes is shown."""
        shown = next(filter(None, (_shown_in(view, screen) for view in panes)), None)
        if shown != self.shown:
            self.shown = shown
            self.shownChanged.emit()

    def note_room(self, fit: FitMode, scales: Mapping[str, float], screen: ScreenPixels) -> None:
        """Keep how large a fit makes the images, by unit, where it is one that fills the panes.

        Parameters
        ----------
        fit : FitMode
            How the panes are scaled.
        scales : mapping
            For each unit the logical pixels that it takes.
        screen : ScreenPixels
            What the panes are on.
        """
        room = tuple(
            ShownScale(
                unit=unit,
                device_px=scale * screen.device_pixel_ratio,
                screen_px_per_mm=screen.per_mm,
            )
            for unit, scale in scales.items()
            if fit in _FILLING
        )
        if room != self.room:
            self.room = room
            self.roomChanged.emit()

    def set_limits(self, limits: Mapping[str, float]) -> bool:
        """Take the most device pixels that a unit may take; return True if they are other ones."""
        if limits == self._limits:
            return False
        self._limits = dict(limits)
        return True

    def within(self, scale: float, unit: str, fit: FitMode, screen: ScreenPixels) -> float:
        """Return a scale, logical pixels a unit, held down to what both screens have room for."""
        if fit not in _FILLING or unit not in self._limits:
            return scale
        return min(scale, self._limits[unit] / screen.device_pixel_ratio)


def _shown_in(view: PaneView, screen: ScreenPixels) -> ShownScale | None:
    if view.placement is None or view.subject is None:
        return None
    return ShownScale(
        unit=view.subject.unit,
        device_px=view.placement.scale * screen.device_pixel_ratio,
        screen_px_per_mm=screen.per_mm,
    )
