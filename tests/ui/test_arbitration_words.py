"""Words that an arbitrator typed for one read are never there for the next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Role
from mammoview.review.read import Read
from mammoview.review.states import ReadState
from mammoview.ui.main_window import MainWindow
from mammoview.ui.panels.read.arbitration_part import ArbitrationPart
from tests.builders import reads as read_builder


def arbitrating(ws: Workspace, exam: str, read_id: str) -> Workspace:
    """Return a state in which a read waits for its decision."""
    opening = read_builder.opened()
    read = Read(read_id=read_id, reader="a", opened=opening, state=ReadState.ARBITRATION)
    return replace(ws, exam_key=exam, read=replace(ws.read, read=read, role=Role.ARBITRATOR))


@pytest.fixture
def part(window: MainWindow, qtbot: QtBot) -> ArbitrationPart:
    """Type words and choose, and decide nothing."""
    found = ArbitrationPart(window.desk, window)
    empty = window.desk.workspace
    found.render(empty, arbitrating(empty, "exam-1", "read-1"))
    found.show()
    qtbot.keyClicks(line(found), "biopsy of the left mass")
    decision(found).setFocus()
    qtbot.keyClick(decision(found), Qt.Key.Key_Down)
    assert decision(found).currentIndex() >= 0
    return found


def line(part: ArbitrationPart) -> QLineEdit:
    found = part.findChild(QLineEdit, "decisionReason-L")
    assert found is not None
    return found


def decision(part: ArbitrationPart) -> QComboBox:
    found = part.findChild(QComboBox, "decision-L")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("exam", "read_id"), [("exam-2", "read-2"), ("exam-1", "read-2")], ids=["exam", "read"]
)
def test_words_left_over_from_one_read_do_not_show_in_the_next(
    window: MainWindow, part: ArbitrationPart, exam: str, read_id: str
) -> None:
    ws = window.desk.workspace
    before = arbitrating(ws, "exam-1", "read-1")
    part.render(before, arbitrating(ws, exam, read_id))
    assert line(part).text() == ""
    assert decision(part).currentIndex() == -1


def test_words_left_over_do_not_come_back_when_no_read_was_there_between(
    window: MainWindow, part: ArbitrationPart
) -> None:
    ws = window.desk.workspace
    before = arbitrating(ws, "exam-1", "read-1")
    part.render(before, replace(ws, exam_key="exam-1"))
    part.render(replace(ws, exam_key="exam-1"), arbitrating(ws, "exam-1", "read-2"))
    assert line(part).text() == ""


def test_words_stay_while_their_read_goes_on(window: MainWindow, part: ArbitrationPart) -> None:
    before = arbitrating(window.desk.workspace, "exam-1", "read-1")
    part.render(before, replace(before, read=replace(before.read, unsaved=1)))
    assert line(part).text() == "biopsy of the left mass"
    assert decision(part).currentIndex() >= 0
