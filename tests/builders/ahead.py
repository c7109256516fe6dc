"""What is done ahead: an analyst that can be held at one examination."""

from __future__ import annotations

import threading
import time

from mammoview.app.jobs import CancelToken
from mammoview.domain.study import Mammogram
from mammoview.errors import ModelError
from tests.builders.desk import QuickAnalyst

_PATIENCE_S = 20.0


class WatchedAnalyst(QuickAnalyst):
    """Reads at once, but for one examination.

    Attributes
    ----------
    began, ended, stopped : list of str
        Studies in the order in which their reading began, came to its end, or was broken off.
    """

    def __init__(self) -> None:
        super().__init__()
        self.began: list[str] = []
        self.ended: list[str] = []
        self.stopped: list[str] = []
        self.broken_at = ""
        self._held_at, self._after = "", 0
        self._go = threading.Event()

    def hold(self, study: str, *, after: int = 0) -> None:
        """Stand still in an examination, the next time that so many of its views are read."""
        self._held_at, self._after = study, after
        self._go.clear()

    def go_on(self) -> None:
        """Go on where it stands still."""
        self._go.set()

    def before(self, view: Mammogram, number: int, cancel: CancelToken) -> None:
        if number == 0:
            self.began.append(view.study_key)
            if view.study_key == self.broken_at:
                raise ModelError("a broken model", expected="a sound one", todo="install it again")
        if (view.study_key, number) == (self._held_at, self._after):
            self._held_at = ""
            stop = threading.Event()
            cancel.on_cancel(stop.set)  # inside a view, as the network is stopped
            end = time.monotonic() + _PATIENCE_S
            while not (self._go.wait(0.005) or stop.is_set()):
                assert time.monotonic() < end, "neither let go nor stopped"

    def after(self, *, whole: bool) -> None:
        (self.ended if whole else self.stopped).append(self.began[-1])
