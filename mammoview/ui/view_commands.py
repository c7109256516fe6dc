"""What a reader does on the images, as commands: the same for every window that shows some."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from mammoview.app import commands, coverage, frames, looking
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import Glimpse, WindowChange, Workspace
from mammoview.ui.viewport.four_view import FourView
from mammoview.words import translate


class ViewCommands(QObject):
    """Passes a view's signals on to the desk.

    Parameters
    ----------
    desk : ReadingDesk
        Where the commands go.
    view : FourView
        Whose signals they are; it owns this object.
    """

    def __init__(self, desk: ReadingDesk, view: FourView) -> None:
        super().__init__(view)
        self.setObjectName("viewCommands")
        self._desk = desk
        self._connect(view)

    def _connect(self, view: FourView) -> None:
        view.windowChanged.connect(self._window_changed)
        view.paneActivated.connect(self._pane_activated)
        view.spot.glassTurned.connect(self._glass_turned)
        view.slices.scrolled.connect(self._scrolled)
        view.slices.chosen.connect(self._slice_chosen)
        view.measure.commanded.connect(self._commanded)
        view.gaze.seen.connect(self._seen)

    def _seen(self, glimpses: tuple[Glimpse, ...]) -> None:
        self._desk.do(coverage.saw, glimpses)

    def _window_changed(self, change: WindowChange) -> None:
        self._desk.do(commands.change_window, change)

    def _pane_activated(self, key: str) -> None:
        self._desk.do(commands.activate, key)

    def _commanded(self, command: Callable[[Workspace], Workspace]) -> None:
        self._desk.do(command)

    def _glass_turned(self, by: int) -> None:
        self._desk.do(looking.resize_glass, by)

    def _scrolled(self, key: str, by: int) -> None:
        self._desk.do(frames.scroll, key, by)

    def _slice_chosen(self, key: str, frame: int) -> None:
        self._desk.do(frames.scroll_to, key, frame)


def ask_spot(desk: ReadingDesk, view: FourView) -> None:
    """Ask what the computer says of the spot of a view that the reader points at."""
    place = view.spot.place()
    if place is None:
        said = translate("Read", "Point at a spot of an image, with the mouse or the loupe")
        desk.do(commands.say, said)
    else:
        desk.do(reads.ask_spot, *place)
