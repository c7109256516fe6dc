"""A picture without a screen, by the same widgets."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPixmap
from pytestqt.qtbot import QtBot

from mammoview.app.workspace import OverlayMode
from mammoview.dicom.index import index_paths
from mammoview.domain.study import ExamIndex
from mammoview.errors import UsageError
from mammoview.review import blinding
from mammoview.ui.main_window import MainWindow
from mammoview.ui.snapshot import Look, Reading, snapshot
from tests.builders.desk import SUMMARY, prediction, view_prediction
from tests.builders.dicom import build_exam


@pytest.fixture
def opened(tmp_path: Path) -> ExamIndex:
    build_exam(tmp_path / "exam")
    return index_paths([tmp_path / "exam"])


def _draw(opened: ExamIndex, out: Path, mode: OverlayMode) -> QImage:
    views = [view_prediction(m.sop_instance_uid) for m in opened.examinations[0].mammograms]
    snapshot(
        opened,
        out=out,
        look=Look(size=(900, 700), mode=mode),
        reading=Reading(model=SUMMARY, prediction=prediction(*views)),
    )
    return QImage(str(out))


def test_size_and_overlay(qtbot: QtBot, opened: ExamIndex, tmp_path: Path) -> None:
    off = _draw(opened, tmp_path / "off.png", OverlayMode.OFF)
    heat = _draw(opened, tmp_path / "heat.png", OverlayMode.HEATMAP)
    assert (off.width(), off.height()) == (900, 700)
    assert off != heat
    assert heat == _draw(opened, tmp_path / "again.png", OverlayMode.HEATMAP)


def test_closed_gate_draws_nothing_of_a_result(
    qtbot: QtBot, opened: ExamIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blinding, "may_see_results", lambda mode, state=None: False)
    shut = _draw(opened, tmp_path / "a.png", OverlayMode.BOTH)
    look = Look(size=(900, 700), mode=OverlayMode.BOTH)
    snapshot(opened, out=tmp_path / "b.png", look=look, reading=Reading(model=SUMMARY))
    bare = QImage(str(tmp_path / "b.png"))
    images = shut.width() - 264
    assert shut.copy(60, 30, images - 60, 600) == bare.copy(60, 30, images - 60, 600)


def test_no_step_is_still_decoding(
    qtbot: QtBot, opened: ExamIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    grab = MainWindow.grab

    def watched(window: MainWindow) -> QPixmap:
        waiting.append(sum(view.waits for view in window.desk.workspace.views))
        return grab(window)

    monkeypatch.setattr(MainWindow, "grab", watched)
    snapshot(opened, out=tmp_path / "x.png", step="cc-pair")
    assert waiting == [0]


def test_nothing_to_show_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        snapshot(ExamIndex(examinations=(), refused=()), out=tmp_path / "x.png")
