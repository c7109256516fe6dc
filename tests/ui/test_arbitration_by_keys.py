"""An arbitrator reads both reads whole, and decides by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QTableWidget
from pytestqt.qtbot import QtBot

from mammoview.app.second_read import two_reads
from mammoview.app.second_read.two_reads import Line
from mammoview.app.state.read import Hold
from mammoview.domain.reading import Decision
from mammoview.domain.views import Laterality
from mammoview.review.states import ReadState
from mammoview.ui.panels.read.arbitration_part import ArbitrationPart
from tests.ui.test_read_findings import Reader, reader
from tests.ui.test_readers import Site, exams, folder, open_discordant, site

__all__ = ["exams", "folder", "reader", "site"]  # fixtures
_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def arbitrates(site: Site, exams: Path, qtbot: QtBot) -> Site:
    """Sign the third reader in, before an examination on which two differ."""
    open_discordant(site, exams, "Cora Cedar", listed="◆ Waits for arbitration")
    site.wait(lambda: site.desk.workspace.read.hold is Hold.HELD and site.desk.at_rest)
    qtbot.waitUntil(site.window.four_view.hasFocus)
    return site


def focused() -> str:
    widget = QApplication.focusWidget()
    return widget.objectName() if widget is not None else ""


def types(site: Site, text: str) -> None:
    at = QApplication.focusWidget()
    assert at is not None
    site.qtbot.keyClicks(at, text)


def press(site: Site, key: Qt.Key) -> None:
    at = QApplication.focusWidget()
    assert at is not None
    site.qtbot.keyClick(at, key)


LINES = (
    Line(what="Right, final", said=("1 · normal", "4B · recall"), differs=True),
    Line(what="Right, findings", said=("–", "Mass, 18 mm, lower inner"), differs=True),
    Line(
        what="Computer's marks", said=("5 dismissed", "1 found before, 4 dismissed"), differs=True
    ),
)


def test_what_both_reads_say_is_not_cut(arbitrates: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "1 · nor…" against "4B · rec…" is nothing to decide between."""
    monkeypatch.setattr(two_reads, "lines", lambda ws: LINES)
    ws = arbitrates.desk.workspace
    arbitrates.find(ArbitrationPart, "readArbitration").render(None, ws)
    table = arbitrates.find(QTableWidget, "arbitrationTable")
    assert table.rowCount() >= len(LINES)
    arbitrates.window.grab()  # lays it out
    wrap = Qt.TextFlag.TextWordWrap.value
    margin = 2 * 4
    for row in range(table.rowCount()):
        for column in range(table.columnCount()):
            item = table.item(row, column)
            if item is None:
                continue
            room = table.visualItemRect(item)
            width = room.width() - margin
            metrics = QFontMetrics(item.font())
            words = max(metrics.horizontalAdvance(word) for word in item.text().split())
            assert words <= width, item.text()
            high = metrics.boundingRect(QRect(0, 0, width, 1000), wrap, item.text()).height()
            assert high <= room.height(), item.text()
    assert table.verticalScrollBar().maximum() == 0


def test_each_breast_is_decided_by_keys_alone(arbitrates: Site) -> None:
    site = arbitrates
    for key, side, code in ((Qt.Key.Key_3, "R", "4b"), (Qt.Key.Key_4, "L", "1")):
        press(site, key)
        assert focused() == f"decision-{side}"
        types(site, code)
        assert focused() == f"decisionReason-{side}"
        read = site.desk.workspace.read.read
        assert read is not None
        assert side not in {said.laterality for _, said in read.decisions}, "not yet"
        press(site, Qt.Key.Key_Return)
        assert focused() == f"decisionReason-{side}", "a decision wants its reason"
        types(site, "seen twice")
        press(site, Qt.Key.Key_Return)
        assert focused() == "fourView"
    read = site.desk.workspace.read.read
    assert read is not None
    assert {said for _, said in read.decisions} == {
        Decision(laterality=Laterality.RIGHT, category="4B", reason="seen twice"),
        Decision(laterality=Laterality.LEFT, category="1", reason="seen twice"),
    }
    site.qtbot.keyClick(site.window.four_view, Qt.Key.Key_S, _CTRL_SHIFT)
    site.until(ReadState.SIGNED)


def test_arrows_decide_nothing_and_return_goes_on_to_the_reason(arbitrates: Site) -> None:
    press(arbitrates, Qt.Key.Key_3)
    press(arbitrates, Qt.Key.Key_Down)
    press(arbitrates, Qt.Key.Key_Down)
    press(arbitrates, Qt.Key.Key_Return)
    assert focused() == "decisionReason-R"
    read = arbitrates.desk.workspace.read.read
    assert read is not None
    assert not read.decisions


def test_return_on_a_changed_opinion_leaves_the_keyboard_at_its_reason(reader: Reader) -> None:
    reader.to_reveal()
    reader.images()
    reader.press(Qt.Key.Key_3)
    reader.press(Qt.Key.Key_Down)
    reader.press(Qt.Key.Key_Return)
    assert reader.focused == "reason-R"
    reader.type("a second look")
    reader.press(Qt.Key.Key_Return)
    opinion = reader.now.opinion(Laterality.RIGHT)
    assert opinion is not None
    assert (opinion.category, opinion.reason) == ("2", "a second look")
