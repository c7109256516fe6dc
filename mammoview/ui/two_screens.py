"""Two windows with images: one size on both, and which of them the reader is at.

Fits are held to one size; a zoom by hand is followed.  One to one and tiles are of each screen's
own pixels: there the second screen says how the sizes differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF

from mammoview.app.second_screen import ShownScale, as_seen_on
from mammoview.ui.viewport.four_view import ZOOM_PER_NOTCH, FourView


class TwoScreens(QObject):
    """What fits on both screens is the size on both; keys go to the screen last pointed at.

    Parameters
    ----------
    first, second : FourView
        The images of the two windows.
    """

    def __init__(self, first: FourView, second: FourView) -> None:
        super().__init__(second)
        self.setObjectName("twoScreens")
        self._views = (first, second)
        self.led = first
        second.spot.set_led(False)
        self._connect()
        self.share()

    def _connect(self) -> None:
        first, second = self._views
        for view in self._views:
            view.sizes.roomChanged.connect(self.share)
            view.window().installEventFilter(self)
        first.sizes.zoomedByHand.connect(self._second_follows)
        second.sizes.zoomedByHand.connect(self._first_follows)
        first.canvas.hovered.connect(self._at_first)
        first.canvas.pressed.connect(self._at_first)
        second.canvas.hovered.connect(self._at_second)
        second.canvas.pressed.connect(self._at_second)

    # -- one size -----------------------------------------------------------------------------

    def share(self) -> None:
        """Hold each screen down to what the other one has room for, while both are seen."""
        first, second = self._views
        both = not second.window().isHidden()
        first.limit_sizes(_limits(second.sizes.room, first) if both else {})
        second.limit_sizes(_limits(first.sizes.room, second) if both else {})

    def _second_follows(self) -> None:
        self._follow(*self._views)

    def _first_follows(self) -> None:
        self._follow(*reversed(self._views))

    def _follow(self, zoomed: FourView, other: FourView) -> None:
        """Zoom the other screen to the size that the reader has zoomed to on this one."""
        want, have = zoomed.sizes.shown, other.sizes.shown
        if other.window().isHidden() or want is None or have is None:
            return
        if want.unit != have.unit:
            return  # millimetres and pixels are no one size: the badge says so
        factor = as_seen_on(want, have.screen_px_per_mm) / have.device_px
        other.zoom_by(math.log(factor, ZOOM_PER_NOTCH), told=False)

    # -- where the reader is ------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keyboard from window to window; share sizes when one comes or goes."""
        if event.type() is QEvent.Type.WindowActivate:
            self._lead(next(view for view in self._views if view.window() is watched))
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.share()
            if self.led.window().isHidden():
                self._lead(self._views[0])
        return False

    def _at_first(self, position: QPointF) -> None:
        self._lead(self._views[0])

    def _at_second(self, position: QPointF) -> None:
        self._lead(self._views[1])

    def _lead(self, view: FourView) -> None:
        if view is not self.led:
            self.led.spot.set_led(False)
            self.led = view
            view.spot.set_led(True)


def _limits(room: Sequence[ShownScale], view: FourView) -> dict[str, float]:
    per_mm = view.screen_pixels().per_mm
    return {other.unit: as_seen_on(other, per_mm) for other in room}
