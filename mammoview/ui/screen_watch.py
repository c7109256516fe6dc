"""Which screen a window is on, and how that screen is driven."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QScreen, QWindow
from PySide6.QtWidgets import QWidget

from mammoview.app.display.screens import Screen
from mammoview.words import translate

_TELLING = (QEvent.Type.Show, QEvent.Type.DevicePixelRatioChange)


class ScreenWatch(QObject):
    """Tells when a window comes onto another screen, or its screen runs at another resolution.

    Attributes
    ----------
    window : QWidget
        The window.

    Signals
    -------
    changed(Screen)
        Also at the first show; the same screen may be told twice.
    """

    changed = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("screenWatch")
        self.window = window
        self._handle: QWindow | None = None
        self._screen: QScreen | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again, and let everything pass."""
        if event.type() in _TELLING:
            self._look()
        return False

    def _look(self) -> None:
        handle = self.window.windowHandle()
        if handle is not None and handle is not self._handle:
            handle.screenChanged.connect(self._look)
            self._handle = handle
        screen = self.window.screen()
        if screen is not self._screen:
            if self._screen is not None:
                self._screen.geometryChanged.disconnect(self._look)
            screen.geometryChanged.connect(self._look)
            self._screen = screen
        self.changed.emit(screen_of(screen))


def screen_of(screen: QScreen) -> Screen:
    """Return what tells a screen from others, and how it is driven."""
    ratio = screen.devicePixelRatio()
    size = screen.geometry().size() * ratio
    known = (screen.manufacturer(), screen.model(), screen.serialNumber())
    # Two screens of one model without a number are told apart by where they are connected.
    words = known if screen.serialNumber() else (screen.name(), *known[:2])
    across_mm = screen.physicalSize().width()
    return Screen(
        key=" ".join(word.strip() for word in words if word.strip()),
        name=screen.model().strip() or screen.name() or translate("Screens", "this screen"),
        width_px=size.width(),
        height_px=size.height(),
        device_pixel_ratio=ratio,
        reported_mm_per_px=across_mm / size.width() if size.width() else 0.0,
    )
