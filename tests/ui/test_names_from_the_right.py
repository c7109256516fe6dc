"""A date stays a date beside a name that is written from right to left."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextLayout
from PySide6.QtWidgets import QApplication

from mammoview.domain.study import PatientIdentity
from mammoview.domain.views import Slot
from mammoview.ui.panels.exam_list import describe
from tests.builders.desk import exam, mammogram


def _x(place: object) -> float:
    """Return where a letter begins; PySide6 gives the place back with the number beside it."""
    x = place[0] if isinstance(place, tuple) else place
    assert isinstance(x, float)
    return x


@pytest.mark.parametrize("name", ["قباني^لنزار", "שרון^דבורה", "Qabbani=قباني", "Roe^Jane"])
def test_the_line_of_an_examination_reads_from_the_left(qapp: QApplication, name: str) -> None:
    who = PatientIdentity(name=name, patient_id="1", birth_date="")
    views = [mammogram(slot, identity=who, date="20240305") for slot in Slot]
    line = describe(exam(views=views), 1)
    layout = QTextLayout(line, qapp.font())
    layout.beginLayout()
    shown = layout.createLine()
    layout.endLayout()
    at = line.index("2024-03-05")
    steps = range(len("2024-03-05") + 1)
    xs = [_x(shown.cursorToX(at + step)) for step in steps]
    assert xs == sorted(xs)
    assert len(set(xs)) == len(xs)
