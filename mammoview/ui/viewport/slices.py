"""Walking through volumes with the hand: the wheel over a pane, and a slider at its border."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from mammoview.app.workspace import Pane
from mammoview.domain.study import FrameStack
from mammoview.ui.viewport.annotations import SLIDER_PX
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.words import translate

_NOTCH = 120.0
_END_PX = 8
_PAGE = 5


class SliceSlider(QSlider):
    """The slices of one pane, the first at the top: a turn of the wheel moves it the same way.

    Signals
    -------
    turned(float)
        The wheel was turned over it, so many notches away from the reader.
    """

    turned = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.key = ""
        self.setInvertedAppearance(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setPageStep(_PAGE)

    def show_pane(self, pane: Pane, stack: FrameStack) -> None:
        """Show which slice the reader wants to see."""
        self.key = pane.key
        self.setObjectName(f"slices-{pane.key}")
        self.setAccessibleName(translate("Volume", "Slices of {0}").format(pane.label))
        with QSignalBlocker(self):
            self.setRange(1, stack.count)
            self.setValue(pane.frame or stack.middle)

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Turn the slices as the wheel over the image does."""
        e.accept()
        self.turned.emit(e.angleDelta().y() / _NOTCH)


class SliceTools(QObject):
    """A slider for each volume on the screen.

    Parameters
    ----------
    host : QWidget
        What the sliders lie on.

    Signals
    -------
    scrolled(str, int)
        Key of a pane, and by how many slices.
    chosen(str, int)
        Key of a pane, and the slice.
    """

    scrolled = Signal(str, int)
    chosen = Signal(str, int)

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setObjectName("sliceTools")
        self._host = host
        self._sliders: list[SliceSlider] = []
        self._turned = 0.0  # touch pads turn by parts of a notch
        self._over = ""

    def render(self, views: Sequence[PaneView]) -> None:
        """Show a slider for each volume, at the border away from its chest wall."""
        there = [(view, stack) for view in views if (stack := _stack(view)) is not None]
        while len(self._sliders) < len(there):
            self._sliders.append(self._made())
        for slider in self._sliders[len(there) :]:
            slider.hide()
        for slider, (view, stack) in zip(self._sliders, there, strict=False):
            slider.show_pane(view.pane, stack)
            slider.setGeometry(_border(view))
            slider.show()
            slider.raise_()

    def is_volume(self, view: PaneView) -> bool:
        """Tell whether a pane shows a volume."""
        return _stack(view) is not None

    def turn(self, view: PaneView, notches: float) -> bool:
        """Scroll the volume of a pane; tell whether it has one.  Towards the reader is onward."""
        if not self.is_volume(view):
            return False
        self._turn(view.pane.key, notches)
        return True

    def _made(self) -> SliceSlider:
        slider = SliceSlider(self._host)
        slider.valueChanged.connect(self._on_value)
        slider.turned.connect(self._on_turned)
        return slider

    def _on_value(self, value: int) -> None:
        slider = self.sender()
        if isinstance(slider, SliceSlider):
            self.chosen.emit(slider.key, value)

    def _on_turned(self, notches: float) -> None:
        slider = self.sender()
        if isinstance(slider, SliceSlider):
            self._turn(slider.key, notches)

    def _turn(self, key: str, notches: float) -> None:
        if key != self._over:
            self._over, self._turned = key, 0.0
        self._turned -= notches
        whole = int(self._turned)
        if whole:
            self._turned -= whole
            self.scrolled.emit(key, whole)


def _stack(view: PaneView) -> FrameStack | None:
    return view.pane.mammogram.frames if view.pane.mammogram else None


def _border(view: PaneView) -> QRect:
    room = view.box.geometry().toAlignedRect()
    left = room.left() if view.wall_right else room.right() + 1 - SLIDER_PX
    return QRect(left, room.top() + _END_PX, SLIDER_PX, max(1, room.height() - 2 * _END_PX))
