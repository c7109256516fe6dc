"""The second screen: opened when it is first asked for, shown, hidden, and led like the first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from mammoview.app.workspace import Workspace
from mammoview.ui.places import Places
from mammoview.ui.reading_window import ReadingWindow
from mammoview.ui.second_window import SecondWindow
from mammoview.ui.two_screens import TwoScreens
from mammoview.ui.viewport.four_view import FourView


class SecondScreen(QObject):
    """Shows and hides the second window; hidden it costs nothing.

    Parameters
    ----------
    first : ReadingWindow
        The first window.
    images : FourView
        Its images.
    places : Places
        Where the windows stand.
    make : callable
        Makes the second window.
    """

    def __init__(
        self,
        first: ReadingWindow,
        images: FourView,
        *,
        places: Places,
        make: Callable[[], SecondWindow],
    ) -> None:
        super().__init__(first)
        self.setObjectName("secondScreen")
        self._first, self._images, self._places, self._make = first, images, places, make
        self.window: SecondWindow | None = None
        self._both: TwoScreens | None = None
        self._covered = False
        self._connect()

    def _connect(self) -> None:
        self._images.sizes.shownChanged.connect(self._compare_scales)

    @property
    def in_use(self) -> ReadingWindow:
        """The window that has the keyboard; the first one where neither has."""
        second = self.window
        return second if second is not None and second.isActiveWindow() else self._first

    @property
    def led(self) -> FourView:
        """The images that the reader is at, by mouse or by keyboard."""
        return self._both.led if self._both is not None else self._images

    def render(self, old: Workspace, new: Workspace) -> None:
        """Show a state, or hide the window where it is switched off."""
        if not new.second_screen or self._covered:
            self.hide()
        elif old.second_screen and self.window is not None and self.window.isVisible():
            self.window.render(old, new)
        else:
            self.show()

    def show(self) -> None:
        """Open the window where it stood."""
        if self.window is None:
            self.window = self._make()
            self.window.four_view.sizes.shownChanged.connect(self._compare_scales)
            self._both = TwoScreens(self._images, self.window.four_view)
            self._places.restore(self.window)
        self.window.render(None, self._first.desk.workspace)
        self.window.show()
        self._compare_scales()

    def cover(self, covered: bool) -> None:
        """Hide the window while nobody has signed in, or show it again."""
        self._covered = covered
        state = self._first.desk.workspace
        if state.second_screen:
            self.render(state, state)

    def hide(self) -> None:
        """Hide the window, where there is one."""
        if self.window is not None:
            self.window.hide()

    def end(self) -> None:
        """Close for good."""
        self.hide()
        if self.window is not None:
            self.window.deleteLater()

    def _compare_scales(self) -> None:
        if self.window is not None:
            self.window.show_scale(self._images.sizes.shown)
