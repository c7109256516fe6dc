"""A study of more views than there is room for: each is painted in its step, and memory is held."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mammoview.app import steps
from mammoview.app.pixels import resident, resolve
from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Slot
from mammoview.imaging.pyramid import smaller_levels
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import exam, image, index, mammogram
from tests.ui.test_window import picture, press, state

ROWS, COLS, EXTRA = 400, 300, 30
ONE = resident.estimated_bytes(mammogram(Slot.RCC, rows=ROWS, cols=COLS))
BUDGET = 8 * ONE


class Decoder:
    """Gives each view pixels of one value, its own, and remembers who is alive."""

    def __init__(self) -> None:
        self.given: list[weakref.ref[LoadedImage]] = []

    def __call__(self, view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        stored = np.full((view.rows, view.cols), value_of(view), np.uint16)
        found = replace(image(), stored=stored, smaller=smaller_levels(stored, None))
        self.given.append(weakref.ref(found))
        return view, found

    @property
    def alive_bytes(self) -> int:
        """Bytes of all pixels that somebody still holds."""
        gc.collect()
        return sum(there.nbytes for ref in self.given if (there := ref()) is not None)


def value_of(view: Mammogram) -> int:
    return 800 + 100 * int(view.sop_instance_uid.rpartition(".")[2]) if not view.slot else 400


@pytest.fixture
def decoder(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Decoder:
    """Open four standard views and many more in the window."""
    found = Decoder()
    monkeypatch.setattr(resolve, "load_image", found)
    monkeypatch.setattr(resident, "within", partial(resident.within, budget_bytes=BUDGET))
    size: dict[str, Any] = {"rows": ROWS, "cols": COLS}
    more = [
        mammogram(None, uid=f"1.2.9.{at}", acquired=f"13{at:04d}", **size) for at in range(EXTRA)
    ]
    window.desk.open_index(index(exam(views=[*(mammogram(s, **size) for s in Slot), *more])))
    qtbot.waitUntil(lambda: window.desk.at_rest)
    return found


def test_each_view_is_painted_and_the_pixels_are_bounded(
    window: MainWindow, decoder: Decoder, qtbot: QtBot
) -> None:
    painted = set()
    while True:
        qtbot.waitUntil(lambda: window.desk.at_rest)
        assert decoder.alive_bytes <= BUDGET, "pixels that were given back are still held"
        seen = picture(window)
        ratio = window.devicePixelRatioF()
        for view in window.four_view.panes():
            header = view.pane.mammogram
            assert header is not None
            middle = view.box.geometry().center() * ratio
            grey = seen[int(middle.y()), int(middle.x()), 0]
            assert grey == pytest.approx(value_of(header) / 16, abs=2), header.sop_instance_uid
            painted.add(header.sop_instance_uid)
        press(qtbot, window, Qt.Key.Key_D)
        if state(window).status == "Last step":
            break
    assert len(painted) == EXTRA + len(Slot)


def test_a_step_far_away_says_that_it_is_decoded_and_then_shows_it(
    window: MainWindow, decoder: Decoder, qtbot: QtBot
) -> None:
    last = state(window).hanging.steps[-1]
    window.desk.do(steps.go_to, last.id)
    (view,) = window.four_view.panes()
    assert "decoding" in view.texts.message.text
    qtbot.waitUntil(lambda: window.desk.at_rest)
    (view,) = window.four_view.panes()
    assert view.placement is not None
    assert not view.texts.message.text


def test_window_and_inversion_hold_for_a_view_that_comes_back(
    window: MainWindow, decoder: Decoder, qtbot: QtBot
) -> None:
    last = state(window).hanging.steps[-1].id
    window.desk.do(steps.go_to, last)
    press(qtbot, window, Qt.Key.Key_N)
    for step in state(window).hanging.steps:
        window.desk.do(steps.go_to, step.id)
        qtbot.waitUntil(lambda: window.desk.at_rest)
    window.desk.do(steps.go_to, last)
    qtbot.waitUntil(lambda: window.desk.at_rest)
    (view,) = window.four_view.panes()
    assert view.pane.mammogram is not None
    middle = view.box.geometry().center()
    grey = picture(window)[int(middle.y()), int(middle.x()), 0]
    assert grey == pytest.approx(255 - value_of(view.pane.mammogram) / 16, abs=2)
