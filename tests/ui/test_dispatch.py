"""The one bridge onto the GUI thread."""

from __future__ import annotations

import threading
from functools import partial

from pytestqt.qtbot import QtBot

from mammoview.ui.dispatch import GuiDispatcher


def test_calls_arrive_in_order_on_the_gui_thread(qtbot: QtBot) -> None:
    dispatcher, got = GuiDispatcher(), list[tuple[int, int]]()

    def work() -> None:
        for number in range(50):
            dispatcher.post(partial(_note, got, number))

    worker = threading.Thread(target=work)
    worker.start()
    qtbot.waitUntil(lambda: len(got) == 50)
    worker.join()
    assert got == [(number, threading.get_ident()) for number in range(50)]
    dispatcher.deleteLater()


def test_nothing_runs_after_close(qtbot: QtBot) -> None:
    dispatcher, got = GuiDispatcher(), list[tuple[int, int]]()
    dispatcher.post(partial(_note, got, 1))
    dispatcher.close()
    dispatcher.post(partial(_note, got, 2))
    qtbot.wait(30)
    assert got == []
    dispatcher.deleteLater()


def _note(got: list[tuple[int, int]], number: int) -> None:
    got.append((number, threading.get_ident()))
