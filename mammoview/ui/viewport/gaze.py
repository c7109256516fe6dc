"""What stands still on the screen at full resolution, for the map of what was seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from mammoview.app.workspace import Glimpse
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.placement import ScreenPixels
from mammoview.ui.viewport.scale_line import shown_in_full

_TICK_MS = 125
# Two ticks after the last movement, and uncovered at each tick of that time: a quarter second.
_TICKS = 2


class Gaze(QObject):
    """Looks now and then while nothing moves; a frame costs it a comparison.

    Parameters
    ----------
    host : QWidget
        What the panes and everything that may cover them lie on.
    canvas : QWidget
        The surface of the panes; its coordinates are those of the host.
    panes : callable
        Returns the panes on the screen.

    Signals
    -------
    seen(tuple of Glimpse)
        What has stood still for a quarter second, where it is not what was told last.
    """

    seen = Signal(object)

    def __init__(
        self, host: QWidget, canvas: QWidget, panes: Callable[[], tuple[PaneView, ...]]
    ) -> None:
        super().__init__(host)
        self.setObjectName("gaze")
        self._host, self._canvas, self._panes = host, canvas, panes
        self._still: tuple[object, ...] = ()
        self._covers: deque[tuple[QRectF, ...]] = deque(maxlen=_TICKS + 1)
        self._told: tuple[Glimpse, ...] = ()
        self._timer = QTimer(self)
        self._timer.setObjectName("gazeTimer")
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._look)

    def refresh(self, *, veiled: bool = False) -> None:
        """Begin anew if anything has moved; at rest only while something is at full resolution.

        ``veiled`` tells that colour lies over the images: then nothing counts.
        """
        ratio = self._canvas.devicePixelRatioF()
        placed = ((id(v.pane.image), v.placement, v.box.geometry()) for v in self._panes())
        still = (veiled, ratio, *placed)
        if still == self._still:
            return
        self._still, self._told = still, ()
        self._covers.clear()
        if not veiled and any(_in_full(view, ratio) for view in self._panes()):
            self._timer.start()
        else:
            self._timer.stop()

    def _look(self) -> None:
        if not self._on_screen():
            self._covers.clear()
            return
        self._covers.append(self._covering())
        if len(self._covers) < _TICKS:
            return
        covers = tuple(rect for at_tick in self._covers for rect in at_tick)
        ratio = self._canvas.devicePixelRatioF()
        glimpses = tuple(
            glimpse
            for view in self._panes()
            if _in_full(view, ratio) and (glimpse := _glimpse(view, covers)) is not None
        )
        if glimpses != self._told:
            self._told = glimpses
            self.seen.emit(glimpses)

    def _on_screen(self) -> bool:
        """Tell whether anybody can see the panes."""
        window = self._host.window()
        active = QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        return active and self._host.isVisible() and not window.isMinimized()

    def _covering(self) -> tuple[QRectF, ...]:
        """Return what lies over the canvas: panels and glasses on it, and other windows."""
        flat = Qt.FindChildOption.FindDirectChildrenOnly
        on_it = [
            QRectF(part.geometry())
            for part in self._host.findChildren(QWidget, options=flat)
            if part is not self._canvas and part.isVisible()
        ]
        window, origin = self._host.window(), self._host.mapToGlobal(self._host.rect().topLeft())
        others = [
            QRectF(top.frameGeometry().translated(-origin))
            for top in QApplication.topLevelWidgets()
            if top is not window and top.isVisible() and top.parent() is not None
        ]
        return (*on_it, *others)


def _in_full(view: PaneView, ratio: float) -> bool:
    if view.subject is None or view.placement is None:
        return False
    return shown_in_full(view.subject, view.placement, ScreenPixels(device_pixel_ratio=ratio))


def _glimpse(view: PaneView, covers: tuple[QRectF, ...]) -> Glimpse | None:
    rect = view.box.geometry()
    hidden = [rect.intersected(cover) for cover in covers if rect.intersects(cover)]
    if view.pane.mammogram is None or view.pane.frame is not None:
        return None
    return Glimpse(
        uid=view.pane.mammogram.sop_instance_uid,
        visible=view.stored_box(rect),
        covers=tuple(dict.fromkeys(view.stored_box(part) for part in hidden)),
    )
