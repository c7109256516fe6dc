"""The reader walks the hanging by keys: other panes, another step line, other pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from mammoview.app.pixels import resolve
from mammoview.app.settings import Settings
from mammoview.domain.study import Examination, Mammogram
from mammoview.domain.views import Slot
from mammoview.ui.boot import chosen_settings
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import exam, image, index, mammogram
from tests.builders.dicom import build_exam, build_mg
from tests.ui.test_window import analysed, picture, press, state, text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode nothing: every view is the same small picture, at once."""
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))


def keys(window: MainWindow) -> list[str]:
    """Return what is on the screen, from left to right and from top to bottom."""
    return [view.pane.key for view in window.four_view.panes()]


def uids(window: MainWindow) -> list[str]:
    panes = [view.pane for view in window.four_view.panes()]
    return [pane.mammogram.sop_instance_uid if pane.mammogram else "" for pane in panes]


def opened(window: MainWindow, qtbot: QtBot, *exams: Examination) -> None:
    window.desk.open_index(index(*exams))
    qtbot.waitUntil(lambda: analysed(window))
    qtbot.waitUntil(lambda: all(view.image for view in state(window).views))


@pytest.mark.usefixtures("quick")
def test_d_and_a_walk_through_the_steps(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    walked = [(text(window, "stepLabel"), keys(window))]
    for _ in range(5):
        press(qtbot, window, Qt.Key.Key_D)
        walked.append((text(window, "stepLabel"), keys(window)))
    assert walked == [
        ("Step 1 of 12: Overview", ["RCC", "LCC", "RMLO", "LMLO"]),
        ("Step 2 of 12: CC pair", ["RCC", "LCC"]),
        ("Step 3 of 12: MLO pair", ["RMLO", "LMLO"]),
        ("Step 4 of 12: Four-up", ["RCC", "LCC", "RMLO", "LMLO"]),
        ("Step 5 of 12: R CC + MLO", ["RCC", "RMLO"]),
        ("Step 6 of 12: L CC + MLO", ["LCC", "LMLO"]),
    ]
    for _ in range(9):
        press(qtbot, window, Qt.Key.Key_Period)
    assert text(window, "stepLabel") == "Step 12 of 12: Single view: L MLO"
    assert "Last step" in text(window, "statusMessage")
    for _ in range(12):
        press(qtbot, window, Qt.Key.Key_A)
    assert text(window, "stepLabel") == "Step 1 of 12: Overview"


def test_a_step_shows_its_own_pixels_and_the_overlay_and_back_is_the_same_picture(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    build_exam(tmp_path)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: analysed(window), timeout=20_000)
    overview = picture(window)
    press(qtbot, window, Qt.Key.Key_D)
    pair = picture(window)
    assert (pair != overview).any()
    middle = pair.shape[1] // 2
    row = pair[pair.shape[0] // 2]
    assert row[middle - 30 : middle + 30, 1].min() > 40, "tissue meets at the middle line"
    press(qtbot, window, Qt.Key.Key_H)
    assert (picture(window) != pair).any(), "the heat is drawn in this step too"
    press(qtbot, window, Qt.Key.Key_H)
    press(qtbot, window, Qt.Key.Key_A)
    assert (picture(window) == overview).all()


@pytest.mark.usefixtures("quick")
def test_the_computer_reads_the_standard_views_once_whatever_step_is_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    twice = mammogram(Slot.RCC, uid="old", acquired="080000")
    extra = mammogram(None, uid="spot", study="exam-1")
    window.desk.open_index(index(exam(views=[*exam().mammograms, twice, extra])))
    press(qtbot, window, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: analysed(window))
    read = state(window).prediction
    assert read is not None
    assert sorted(view.sop_instance_uid for view in read.views) == sorted(
        [*(f"1.2.3.{slot}" for slot in Slot), "old"]
    )
    assert text(window, "result").count("1 mark") == 5
    for _ in range(15):
        press(qtbot, window, Qt.Key.Key_D)
    assert text(window, "stepLabel").endswith("Extra views: R CC")
    assert uids(window) == ["spot"]
    assert state(window).prediction is read


@pytest.mark.usefixtures("quick")
def test_x_turns_the_pane_that_was_clicked(window: MainWindow, qtbot: QtBot) -> None:
    views = [mammogram(s, uid=f"{s}.{n}", acquired=str(n)) for s in Slot for n in (1, 2)]
    opened(window, qtbot, exam(views=views))
    canvas = window.four_view.canvas
    corner = QPoint(canvas.width() * 3 // 4, canvas.height() * 3 // 4)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=corner)
    press(qtbot, window, Qt.Key.Key_X)
    assert uids(window) == ["RCC.2", "LCC.2", "RMLO.2", "LMLO.1"]
    assert "1 of 2" in window.four_view.pane("LMLO").texts.head.text
    press(qtbot, window, Qt.Key.Key_X)
    assert uids(window)[3] == "LMLO.2"


@pytest.mark.usefixtures("quick")
def test_t_goes_to_an_older_prior_and_its_pixels_come(window: MainWindow, qtbot: QtBot) -> None:
    def study(key: str, date: str) -> Examination:
        return exam(key, [mammogram(s, uid=f"{key}.{s}", study=key, date=date) for s in Slot])

    opened(window, qtbot, study("now", "20200601"), study("b", "20180601"), study("a", "20160601"))
    while "CC against prior" not in text(window, "stepLabel"):
        press(qtbot, window, Qt.Key.Key_D)
    assert uids(window) == ["now.RCC", "now.LCC", "b.RCC", "b.LCC"]
    head = window.four_view.pane("RCC prior").texts.head.text
    assert "PRIOR 2018-06-01\n2 years before\nprior 1 of 2" in head
    assert "PRIOR" not in window.four_view.pane("RCC").texts.head.text
    assert window.four_view.pane("RCC prior").texts.foot.text == "CAD: not run on priors"
    press(qtbot, window, Qt.Key.Key_T)
    assert uids(window) == ["now.RCC", "now.LCC", "a.RCC", "a.LCC"]
    qtbot.waitUntil(lambda: all(view.pane.image for view in window.four_view.panes()))
    assert "CC against prior" in text(window, "stepLabel")


@pytest.mark.usefixtures("quick")
def test_w_says_why_each_image_is_there(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    head = window.four_view.pane("RCC").texts.head
    assert "Side R" not in head.text
    press(qtbot, window, Qt.Key.Key_W)
    assert "Side R: test\nView CC: test" in head.text
    press(qtbot, window, Qt.Key.Key_W)
    assert "Side R" not in head.text


@pytest.mark.usefixtures("quick")
def test_the_protocol_is_a_choice_that_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(qtbot, window, Qt.Key.Key_D)
    assert text(window, "stepLabel") == "Step 2 of 12: MLO pair"
    action = window.findChild(QAction, "mlo-first")
    assert action is not None
    assert action.isChecked()
    kept = chosen_settings(Settings(), state(window), panel_open=True)
    assert kept.hanging == "mlo-first"
    window.desk.open_index(index(exam("other")))
    assert [step.id for step in state(window).hanging.steps][1] == "mlo-pair"
    qtbot.waitUntil(lambda: analysed(window))


@pytest.mark.usefixtures("quick")
def test_the_next_exam_starts_at_its_first_step_with_nothing_of_the_last(
    window: MainWindow, qtbot: QtBot
) -> None:
    other = exam("b", [replace(v, sop_instance_uid=f"b.{v.slot}") for v in exam("b").mammograms])
    opened(window, qtbot, exam("a"), other)
    press(qtbot, window, Qt.Key.Key_D, Qt.Key.Key_PageDown)
    qtbot.waitUntil(lambda: analysed(window))
    assert text(window, "stepLabel") == "Step 1 of 12: Overview"
    assert uids(window) == [f"b.{slot}" for slot in Slot]


def test_a_view_that_cannot_be_decoded_says_so_in_every_step(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = resolve.load_image

    def fails(view: Mammogram) -> object:
        if view.slot is Slot.LCC:
            return real(replace(view, file=tmp_path / "gone.dcm"))
        return real(view)

    monkeypatch.setattr(resolve, "load_image", fails)
    for side in "RL":
        build_mg(tmp_path / f"{side}.dcm", laterality=side)
    window.desk.open_paths([tmp_path])
    qtbot.waitUntil(lambda: analysed(window), timeout=20_000)
    for step in ("Overview", "CC pair"):
        assert step in text(window, "stepLabel")
        said = window.four_view.pane("LCC").texts.message.text
        assert said.startswith("Not shown\nL CC: ")
        press(qtbot, window, Qt.Key.Key_D)
