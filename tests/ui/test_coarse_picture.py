"""JPEG 2000: a coarse picture is to be seen at once, and nothing reads or measures on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.app.pixels import resolve
from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from mammoview.ui.main_window import MainWindow
from tests.builders.dicom import JPEG_2000_LOSSLESS, VIEWS, build_mg


class _Held:
    """Stands in for decoding the whole: it waits until it is let go."""

    def __init__(self, real: object) -> None:
        self.go = threading.Event()
        self.refuses = False
        self._real = real

    def __call__(self, view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        assert self.go.wait(20)
        if self.refuses:
            raise DicomError("pixels that cannot be decoded", expected="some", todo="ask again")
        return self._real(view)  # type: ignore[no-any-return, operator]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Held]:
    held = _Held(resolve.load_image)
    monkeypatch.setattr(resolve, "load_image", held)
    yield held
    held.go.set()


@pytest.fixture
def coarse(window: MainWindow, held: _Held, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    for side, view in VIEWS:
        build_mg(
            tmp_path / f"{side}{view}.dcm",
            laterality=side,
            view=view,
            rows=480,
            cols=360,
            transfer_syntax=JPEG_2000_LOSSLESS,
        )
    desk = window.desk
    desk.open_paths([tmp_path])
    qtbot.waitUntil(
        lambda: bool(desk.workspace.panes) and all(pane.coarse for pane in desk.workspace.panes),
        timeout=20_000,
    )
    qtbot.waitUntil(window.isActiveWindow)
    return window


def _middle(window: MainWindow, key: str) -> QPointF:
    return window.four_view.pane(key).box.geometry().center()


def _greys(window: MainWindow, key: str) -> NDArray[np.int_]:
    rect = window.four_view.pane(key).box.geometry().toRect()
    picture = window.four_view.grab(rect).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    return lines[:, : picture.width()].astype(int)


def test_all_views_are_to_be_seen_before_one_is_decoded(
    coarse: MainWindow, held: _Held, qtbot: QtBot
) -> None:
    desk = coarse.desk
    assert commands.loading(desk.workspace)
    assert desk.workspace.prediction is None
    assert not desk.workspace.analysis.running
    assert all("coarse picture" in pane.message for pane in desk.workspace.panes)
    assert "coarse picture" in coarse.four_view.accessibleDescription()
    seen = {key: _greys(coarse, key) for key in ("RCC", "LMLO")}
    assert all((greys > 60).mean() > 0.02 for greys in seen.values())

    held.go.set()
    qtbot.waitUntil(lambda: desk.workspace.prediction is not None, timeout=20_000)
    assert all(pane.image and not pane.coarse for pane in desk.workspace.panes)
    for key, before in seen.items():  # it lies where the coarse one lay, as bright
        after = _greys(coarse, key)
        assert np.abs(after - before).mean() < 6


def test_nothing_reads_or_moves_a_coarse_picture(coarse: MainWindow, qtbot: QtBot) -> None:
    view = coarse.four_view.pane("RCC")
    assert view.readout(_middle(coarse, "RCC")) == ""
    assert view.to_image(_middle(coarse, "RCC")) is None
    assert view.lie() is None
    assert view.placement is None
    before = _greys(coarse, "RCC")
    canvas = coarse.four_view.canvas.viewport()
    at = coarse.four_view.canvas.mapFromScene(_middle(coarse, "RCC"))
    qtbot.keyClick(coarse, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    for _ in range(2):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
        at.setX(at.x() + 20)
    assert coarse.desk.workspace.marks.items == ()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Right):
        qtbot.keyClick(coarse, key)
    assert np.array_equal(_greys(coarse, "RCC"), before)


def test_it_goes_when_the_whole_is_refused(coarse: MainWindow, held: _Held, qtbot: QtBot) -> None:
    held.refuses = True
    held.go.set()
    desk = coarse.desk
    qtbot.waitUntil(lambda: commands.waiting_for(desk.workspace) is None, timeout=20_000)
    assert not any(pane.coarse or pane.image for pane in desk.workspace.panes)
    assert all("cannot be decoded" in pane.message for pane in desk.workspace.panes)


def test_it_goes_when_decoding_is_cancelled(coarse: MainWindow) -> None:
    coarse.desk.cancel_decoding()
    assert not any(pane.coarse for pane in coarse.desk.workspace.panes)
    assert all("cancelled" in pane.message for pane in coarse.desk.workspace.panes)
