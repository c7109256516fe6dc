"""The list of marks, and what it knows of pixels that were given back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.marks import marking
from mammoview.app.pixels import resident
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.ui.main_window import MainWindow
from mammoview.ui.panels.marks_panel import MarksPanel
from tests.builders.desk import exam, image, index, mammogram

EXTRA = "1.2.9.9"


def counted() -> Workspace:
    """Return a state with a region marked in the last of many extra views, all decoded."""
    extra = [mammogram(None, uid=f"1.2.9.{at}", acquired=f"13{at:04d}") for at in range(10)]
    ws = commands.with_index(commands.empty(), index(exam(views=extra)))
    ws = commands.select_exam(ws, "exam-1")
    grey = replace(image(), stored=np.full((40, 30), 7, np.uint16))
    for view in extra:
        ws = commands.view_loaded(ws, view, grey)
    corners = ((5.0, 20.0), (25.0, 20.0), (15.0, 10.0), (15.0, 30.0))
    points = tuple(ImagePoint(col=col, row=row) for col, row in corners)
    mark = Annotation(
        id="m", sop_instance_uid=EXTRA, frame=None, kind=MarkKind.STATISTICS, points=points
    )
    return marking.add(ws, mark)


def row(panel: MarksPanel) -> str:
    listed = panel.findChild(QListWidget, "marksList")
    assert listed is not None
    return listed.item(0).text()


def test_grey_values_that_were_counted_stay_known(window: MainWindow, qtbot: QtBot) -> None:
    panel = MarksPanel(window.desk)
    qtbot.addWidget(panel)
    ws = counted()
    panel.render(None, ws)
    assert "mean 7.0" in row(panel)
    resting = resident.within(ws, 0)
    hung = resting.hung(EXTRA)
    assert hung is not None
    assert hung.rests
    panel.render(ws, resting)
    assert "mean 7.0" in row(panel)
    never = MarksPanel(window.desk)
    qtbot.addWidget(never)
    never.render(None, resting)
    assert "mean" not in row(never)


def test_what_was_counted_in_one_place_is_not_told_of_another(
    window: MainWindow, qtbot: QtBot
) -> None:
    panel = MarksPanel(window.desk)
    qtbot.addWidget(panel)
    ws = counted()
    panel.render(None, ws)
    (mark,) = ws.marks.items
    moved = replace(mark, points=tuple(ImagePoint(col=p.col, row=p.row - 8) for p in mark.points))
    resting = resident.within(ws, 0)
    resting = replace(resting, marks=replace(resting.marks, items=(moved,)))
    panel.render(ws, resting)
    assert "mean" not in row(panel)
