"""What a file says stands in a tooltip as it is, and is never read as markup."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import Qt, QTextDocument
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from mammoview.app.worklist.arrange import Column
from mammoview.app.worklist.desk import Worklist
from mammoview.app.worklist.values import Study
from mammoview.ui.plain_tip import plain_tip
from mammoview.ui.strip_rows import YieldingLabel
from mammoview.ui.worklist.model import COLUMNS, StudyModel

_NAME = '<img src="/etc/hostname"><b>Doe</b>, Jane'


def as_shown(tip: str) -> str:
    """Return what a tooltip shows, which takes markup where it finds some."""
    document = QTextDocument()
    if Qt.mightBeRichText(tip):
        document.setHtml(tip)
    else:
        document.setPlainText(tip)
    return document.toPlainText()


def test_a_tip_shows_the_very_words() -> None:
    for text in (_NAME, "Doe < Jane", "two\nlines", "<b>two</b>\nlines"):
        assert as_shown(plain_tip(text)) == text
    assert as_shown(_NAME) != _NAME


def test_a_label_that_was_cut_says_a_name_as_it_is(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    label = YieldingLabel(host)
    label.setText(_NAME)
    assert as_shown(label.toolTip()) == _NAME


def test_the_worklist_says_a_name_as_it_is(qtbot: QtBot, tmp_path: Path) -> None:
    worklist = Worklist(deliver=lambda work: work(), path=tmp_path / "worklist.sqlite")
    model = StudyModel(worklist)
    study = Study(
        key="1",
        name=_NAME,
        patient_id="<u>7</u>",
        birth_date="",
        date="20200101",
        accession="",
        slots=frozenset(),
        extra=(),
        images=1,
        aside=False,
        source="folder",
        reachable=True,
        cbis=False,
    )
    model.show_studies((study,))
    for column in (Column.PATIENT, Column.ID):
        index = model.index(0, COLUMNS.index(column))
        shown, tip, spoken = (
            model.data(index, role)
            for role in (
                Qt.ItemDataRole.DisplayRole,
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
            )
        )
        assert as_shown(tip) == shown == spoken
    worklist.shutdown()
