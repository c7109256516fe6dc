"""An opinion longer than its list is wide is read whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mammoview.ui.wrapping_combo import WrappingCombo

LONG = "4A: low suspicion for malignancy, biopsy should be considered at the next visit"


@pytest.fixture
def combo(qtbot: QtBot) -> Iterator[WrappingCombo]:
    room = QWidget()
    qtbot.addWidget(room)
    chosen = WrappingCombo(room)
    chosen.setSizeAdjustPolicy(WrappingCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    chosen.setMinimumContentsLength(6)
    chosen.addItems([LONG, "1"])
    layout = QVBoxLayout(room)
    layout.addWidget(chosen)
    layout.addStretch(1)
    room.resize(200, 300)
    room.show()
    qtbot.waitExposed(room)
    yield chosen
    assert chosen.window() is room


def needed(combo: WrappingCombo) -> int:
    """Return how high the words are in the room that they have."""
    width = combo.width() - 40  # frame and arrow
    flags = Qt.TextFlag.TextWordWrap.value
    return combo.fontMetrics().boundingRect(QRect(0, 0, width, 9999), flags, LONG).height()


def test_a_long_line_makes_the_list_higher_and_a_short_one_lower(
    combo: WrappingCombo, qtbot: QtBot
) -> None:
    combo.setCurrentIndex(0)
    qtbot.waitUntil(lambda: combo.height() > needed(combo) * 0.9)
    tall = combo.height()
    combo.setCurrentIndex(1)
    qtbot.waitUntil(lambda: combo.height() < tall / 2)


def test_the_last_words_are_painted(combo: WrappingCombo, qtbot: QtBot) -> None:
    combo.setCurrentIndex(0)
    qtbot.waitUntil(lambda: combo.height() > needed(combo) * 0.9)
    whole = grey(combo)
    combo.setItemText(0, LONG.removesuffix("visit"))
    assert (grey(combo)[-30:] != whole[-30:]).any()


def test_it_is_as_high_again_where_it_becomes_wide(combo: WrappingCombo, qtbot: QtBot) -> None:
    combo.setCurrentIndex(0)
    qtbot.waitUntil(lambda: combo.height() > needed(combo) * 0.9)
    tall = combo.height()
    combo.window().resize(900, 300)
    qtbot.waitUntil(lambda: combo.height() < tall / 2)


def grey(widget: QWidget) -> NDArray[np.uint8]:
    shot = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine())
    return rows[:, : shot.width()].copy()
