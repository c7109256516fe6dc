"""From nothing to a window: settings, their faults, and the order of the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mammoview.app import analysis, commands, settings, true_size
from mammoview.app.display import screens
from mammoview.app.display.screens import Screen
from mammoview.app.settings import Settings
from mammoview.app.workspace import OverlayMode
from mammoview.errors import MissingPartError
from mammoview.ui import boot as booting
from mammoview.ui import platform_check
from mammoview.ui.main import run
from tests.builders.desk import SUMMARY
from tests.builders.dicom import build_exam


def _sessions(monkeypatch: pytest.MonkeyPatch) -> list[booting.Session]:
    made: list[booting.Session] = []

    class Seen(booting.Session):
        def __init__(self, **kwargs: object) -> None:
            super().__init__(**kwargs)  # type: ignore[arg-type]
            made.append(self)

    monkeypatch.setattr(booting, "Session", Seen)
    return made


def _closed(made: list[booting.Session]) -> None:
    made[0].window.deleteLater()
    made[0].dispatcher.deleteLater()


def test_window_opens_paths_and_ends_clean(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_exam(tmp_path)
    made = _sessions(monkeypatch)
    seen: list[str] = []
    poll = QTimer()

    def look() -> None:
        session = made[0]
        badge = session.window.findChild(QLabel, "demoBadge")
        if session.desk.workspace.exam_key and all(
            pane.image is not None for pane in session.desk.workspace.panes
        ):
            assert badge is not None
            seen.append(badge.text())
            poll.stop()
            session.window.close()

    poll.timeout.connect(look)
    poll.start(20)
    assert run([tmp_path], badge="Demo: synthetic") == 0
    assert seen == ["Demo: synthetic"]
    assert not any(t.name.startswith("mammoview-") for t in threading.enumerate())
    _closed(made)


def test_choices_are_kept_for_the_next_time(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.save(Settings(overlay_mode=OverlayMode.MARKS), settings.settings_path())
    made = _sessions(monkeypatch)

    def use() -> None:
        window = made[0].window
        qtbot.waitUntil(window.isActiveWindow)
        assert window.desk.workspace.overlay.mode is OverlayMode.MARKS
        window.toggle_panel()
        qtbot.keyClicks(window, "h")
        window.close()

    QTimer.singleShot(0, use)
    assert run([]) == 0
    kept = settings.load(settings.settings_path())
    assert (kept.overlay_mode, kept.panel_open) == (OverlayMode.BOTH, False)
    _closed(made)


def test_a_measured_screen_is_written_at_once_and_takes_none_from_another_window(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _sessions(monkeypatch)
    path = settings.settings_path()
    there = Screen(key="A", name="A", width_px=800, height_px=600, device_pixel_ratio=1.0)
    first = screens.measured(there, bar_px=400, bar_mm=100)
    elsewhere = screens.measured(replace(there, key="B"), bar_px=500, bar_mm=100)
    seen: list[Settings] = []

    def use() -> None:
        window = made[0].window
        window.desk.do(true_size.calibrate, first)
        seen.append(settings.load(path))
        settings.keep_screen(elsewhere, Settings(), path)  # by another window
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.keyClicks(window, "h")
        window.close()

    QTimer.singleShot(0, use)
    assert run([]) == 0
    assert seen[0].screens == (first,)
    kept = settings.load(path)
    assert kept.screens == (first, elsewhere)
    assert kept.overlay_mode is OverlayMode.HEATMAP, "the rest is kept at the end"
    _closed(made)


def test_a_measurement_that_cannot_be_written_is_said(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _sessions(monkeypatch)
    there = Screen(key="A", name="A", width_px=800, height_px=600, device_pixel_ratio=1.0)
    said: list[str] = []

    def use() -> None:
        folder = settings.settings_path().parent
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        made[0].desk.do(true_size.calibrate, screens.measured(there, bar_px=400, bar_mm=100))
        said.append(made[0].desk.workspace.status)
        made[0].window.close()

    QTimer.singleShot(0, use)
    assert run([]) == 0
    assert "the settings cannot be written" in said[0]
    _closed(made)


def test_the_operating_point_is_kept_once_it_is_chosen() -> None:
    def next_time(stored: Settings, *chosen: str) -> Settings:
        ws = analysis.model_opened(commands.empty(stored), SUMMARY)
        for name in chosen:
            ws = analysis.set_operating_point(ws, name)
        return booting.chosen_settings(stored, ws, panel_open=True)

    assert next_time(Settings()).operating_point == ""
    chosen = next_time(Settings(), "strict")
    assert chosen.operating_point == "strict"
    assert analysis.model_opened(commands.empty(chosen), SUMMARY).operating_point == "strict"
    assert next_time(chosen, "balanced").operating_point == "balanced"
    unread = booting.chosen_settings(chosen, commands.empty(chosen), panel_open=True)
    assert unread.operating_point == "strict"


def test_bad_settings_are_said_and_kept_aside(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings.settings_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("opacity = 'much'", "utf-8")
    made = _sessions(monkeypatch)
    said: list[str] = []

    def look() -> None:
        notes = made[0].window.findChild(QLabel, "notes")
        assert notes is not None
        said.append(notes.text())
        made[0].window.close()

    QTimer.singleShot(0, look)
    run([])
    assert "settings.bad-1.toml" in said[0]
    assert path.with_name("settings.bad-1.toml").exists()
    _closed(made)


def test_settings_that_cannot_be_kept_aside_are_not_written_over(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings.settings_path()
    settings.save(Settings(opacity=0.3), path)
    kept = path.read_text("utf-8")
    made = _sessions(monkeypatch)

    def deny(self: Path, *args: object, **options: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as closed:
        closed.setattr(Path, "rename", deny)
        closed.setattr(Path, "read_text", deny)
        loaded = settings.load_or_default(path)
    monkeypatch.setattr(settings, "load_or_default", lambda path: loaded)

    def use() -> None:
        qtbot.waitUntil(made[0].window.isActiveWindow)
        qtbot.keyClicks(made[0].window, "h")
        made[0].window.close()

    QTimer.singleShot(0, use)
    assert run([]) == 0
    assert path.read_text("utf-8") == kept
    _closed(made)


def test_no_display_is_said_with_words() -> None:
    with pytest.raises(MissingPartError, match="no display"):
        platform_check.require_window({})


def test_missing_libraries_name_their_packages() -> None:
    def loads(file: str) -> object:
        if "cursor" in file:
            raise OSError(file)
        return file

    with pytest.raises(MissingPartError, match=r"apt-get install libxcb-cursor0$"):
        platform_check.require_libraries("xcb", loads=loads)
    platform_check.require_libraries("offscreen", loads=loads)


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        ({"QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "xcb:x", "WAYLAND_DISPLAY": "w"}, "xcb"),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}, "wayland"),
        ({}, ""),
    ],
)
def test_platform_is_told_before_qt_is_loaded(environment: dict[str, str], platform: str) -> None:
    assert platform_check.platform_name(environment) == platform


def test_ctrl_c_closes_the_window(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _sessions(monkeypatch)
    before = signal.getsignal(signal.SIGINT)
    QTimer.singleShot(50, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert run([]) == 0
    assert not made[0].window.isVisible()
    assert signal.getsignal(signal.SIGINT) is before
    _closed(made)


def test_window_comes_before_what_is_heavy(repository: Path) -> None:
    """Model, DICOM and segmentation are imported by the worker that needs them first."""
    heavy = {"onnxruntime", "pydicom", "SimpleITK"}
    code = f"import sys, mammoview.ui.boot; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
