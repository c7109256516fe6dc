"""What is done ahead: an analyst that can be held at one examination, and a list to walk on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from mammoview.app.analysis import Item
from mammoview.app.jobs import CancelToken
from mammoview.app.workspace import QueuePlace
from mammoview.domain.prediction import ExamPrediction, ViewPrediction
from mammoview.domain.study import ExamIndex
from mammoview.errors import ModelError
from tests.builders.desk import QuickAnalyst, index, prediction, view_prediction

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

    def read(
        self,
        items: Iterable[Item],
        *,
        on_view: Callable[[ViewPrediction], None],
        cancel: CancelToken | None = None,
        operating_point: str = "",
        passes: str = "one",
        views: Path | None = None,
    ) -> ExamPrediction:
        self.read_exams += 1
        work = tuple(items)
        study = work[0][0].study_key
        self.began.append(study)
        if study == self.broken_at:
            raise ModelError("a broken model", expected="a sound one", todo="install it again")
        assert cancel is not None
        stop = threading.Event()
        cancel.on_cancel(stop.set)  # inside a view, as the network is stopped
        done: list[ViewPrediction] = []
        for view, pixels in work:
            if study == self._held_at and len(done) == self._after:
                self._held_at = ""
                end = time.monotonic() + _PATIENCE_S
                while not (self._go.wait(0.005) or stop.is_set()):
                    assert time.monotonic() < end, "neither let go nor stopped"
            if cancel.cancelled():
                self.stopped.append(study)
                break
            pixels()
            done.append(view_prediction(view.sop_instance_uid))
            on_view(done[-1])
        else:
            self.ended.append(study)
        return prediction(*done)


class ListOf:
    """A list whose examinations may have grown when they are asked for once more."""

    def __init__(self, examinations: ExamIndex) -> None:
        self.examinations = examinations
        self.keys = [each.key for each in examinations.examinations]

    def neighbour(self, key: str, step: int) -> str | None:
        at = self.keys.index(key) + step
        return self.keys[at] if 0 <= at < len(self.keys) else None

    def place(self, key: str) -> QueuePlace | None:
        return QueuePlace(at=self.keys.index(key), total=len(self.keys))

    def load(self, key: str, cancelled: Callable[[], bool]) -> ExamIndex:
        return index(self.examinations.examinations[self.keys.index(key)])
