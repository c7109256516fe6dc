"""A row longer than its list is wide is read whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mammoview.ui.panels.wrapping_list import WrappingList

LONG = "1  Mass, irregular, microlobulated, high density, skin retraction and thickening"


@pytest.fixture
def rows(qtbot: QtBot) -> Iterator[WrappingList]:
    room = QWidget()
    qtbot.addWidget(room)
    made = WrappingList("rows", "Rows", room, most_rows=3)
    layout = QVBoxLayout(room)
    layout.addWidget(made)
    layout.addStretch(1)
    room.resize(200, 400)
    room.show()
    qtbot.waitExposed(room)
    yield made
    assert made.window() is room


def test_the_last_words_are_painted(rows: WrappingList) -> None:
    rows.show_rows([("a", f"{LONG} and more\nleft breast")])
    whole = grey(rows)
    rows.show_rows([("a", f"{LONG} and more\nleft")])
    assert whole.shape == grey(rows).shape
    assert (whole != grey(rows)).any()


def test_it_is_as_high_as_its_rows_need_at_its_width(rows: WrappingList, qtbot: QtBot) -> None:
    rows.show_rows([("a", "short")])
    low = rows.height()
    rows.show_rows([("a", LONG)])
    high = rows.height()
    assert high > 1.8 * low
    rows.window().resize(900, 400)
    qtbot.waitUntil(lambda: rows.height() == low)
    rows.window().resize(200, 400)
    qtbot.waitUntil(lambda: rows.height() == high)


def test_many_rows_are_scrolled_and_a_row_without_end_is_cut(
    rows: WrappingList, qtbot: QtBot
) -> None:
    rows.show_rows((str(number), "short") for number in range(3))
    three = rows.height()
    rows.show_rows((str(number), "short") for number in range(9))
    assert rows.height() == three
    qtbot.waitUntil(lambda: rows.verticalScrollBar().maximum() > 0)
    rows.show_rows([("a", "words " * 3000)])
    assert rows.height() < 200


def grey(widget: QWidget) -> NDArray[np.uint8]:
    shot = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine())
    return rows[:, : shot.width()].copy()
