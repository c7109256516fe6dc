"""True size: measured or refused, on each screen by its own measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app import commands, settings, true_size
from mammoview.app.display import screens
from mammoview.app.display.screens import Calibration, Screen
from mammoview.app.settings import Settings
from mammoview.app.workspace import FitMode, Workspace
from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import SettingsError, UsageError
from tests.builders.desk import exam, index, mammogram

SCREEN = Screen(key="Maker M1 007", name="M1", width_px=2048, height_px=2560, device_pixel_ratio=1)
OTHER = Screen(key="DP-2", name="DP-2", width_px=1920, height_px=1080, device_pixel_ratio=1)
MEASURED = screens.measured(SCREEN, bar_px=600, bar_mm=99.0)

_CALIBRATIONS = st.builds(
    Calibration,
    key=st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    width_px=st.integers(1, 20_000),
    height_px=st.integers(1, 20_000),
    device_pixel_ratio=st.floats(0.5, 4.0),
    px_per_mm=st.floats(1.0, 25.0),
)


def hung(*, spacing: PixelSpacing | None) -> Workspace:
    view = mammogram(None, uid="a", spacing=spacing)
    ws = commands.with_index(commands.empty(), index(exam(views=[view])))
    return commands.select_exam(ws, "exam-1")


MM = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")


def test_without_a_measurement_true_size_is_refused_and_the_dialog_named() -> None:
    ws = true_size.set_screen(hung(spacing=MM), SCREEN)
    asked = true_size.fit_true_size(ws)
    assert asked.fit is FitMode.BREAST
    assert "Measure this screen" in asked.status
    assert "M1" in asked.status


def test_measured_it_is_shown_and_images_without_mm_are_refused() -> None:
    ws = true_size.calibrate(true_size.set_screen(hung(spacing=MM), SCREEN), MEASURED)
    shown = true_size.fit_true_size(ws)
    assert shown.fit is FitMode.TRUE_SIZE
    assert shown.fit_request == ws.fit_request + 1
    assert true_size.px_per_mm(shown) == pytest.approx(600 / 99)
    bare = true_size.calibrate(true_size.set_screen(hung(spacing=None), SCREEN), MEASURED)
    assert true_size.fit_true_size(bare).fit is FitMode.BREAST
    assert "no mm" in true_size.fit_true_size(bare).status


@pytest.mark.parametrize(
    "driven",
    [
        replace(SCREEN, width_px=1024, height_px=1280),
        replace(SCREEN, device_pixel_ratio=2.0),
        replace(SCREEN, width_px=2560, height_px=2048),
    ],
)
def test_a_screen_that_runs_otherwise_must_be_measured_anew(driven: Screen) -> None:
    ws = true_size.calibrate(true_size.set_screen(hung(spacing=MM), SCREEN), MEASURED)
    moved = true_size.set_screen(true_size.fit_true_size(ws), driven)
    assert moved.fit is FitMode.BREAST
    assert "another resolution" in moved.status
    assert true_size.px_per_mm(moved) == 0.0
    back = true_size.set_screen(moved, SCREEN)
    assert true_size.px_per_mm(back) == MEASURED.px_per_mm


def test_each_screen_has_its_own_measurement() -> None:
    second = screens.measured(OTHER, bar_px=600, bar_mm=160.0)
    ws = true_size.calibrate(true_size.set_screen(hung(spacing=MM), SCREEN), MEASURED)
    ws = true_size.fit_true_size(true_size.calibrate(ws, second))
    there = true_size.set_screen(ws, OTHER)
    assert there.fit is FitMode.TRUE_SIZE
    assert there.fit_request > ws.fit_request
    assert true_size.px_per_mm(there) == second.px_per_mm
    again = true_size.calibrate(there, screens.measured(OTHER, bar_px=600, bar_mm=150.0))
    assert len(again.calibrations) == 2
    assert true_size.set_screen(again, OTHER) is again


def test_the_calibration_outlives_another_exam() -> None:
    ws = true_size.calibrate(true_size.set_screen(hung(spacing=MM), SCREEN), MEASURED)
    opened = commands.with_index(ws, index())
    assert true_size.px_per_mm(opened) == MEASURED.px_per_mm


@pytest.mark.parametrize("bar_mm", [0.0, 3.9, 60.0, 2000.0])
def test_a_ruler_that_was_misread_is_refused(bar_mm: float) -> None:
    plausible = 0.04 <= bar_mm / 600 <= 1.0
    if plausible:
        assert screens.measured(SCREEN, bar_px=600, bar_mm=bar_mm).px_per_mm == 10.0
    else:
        with pytest.raises(UsageError, match="mm a pixel"):
            screens.measured(SCREEN, bar_px=600, bar_mm=bar_mm)


@given(known=st.lists(_CALIBRATIONS, max_size=3))
def test_calibrations_are_kept_in_the_settings(
    tmp_path_factory: pytest.TempPathFactory, known: list[Calibration]
) -> None:
    path = tmp_path_factory.mktemp("settings") / "settings.toml"
    chosen = Settings(screens=tuple(known), linked=False)
    settings.save(chosen, path)
    assert settings.load(path) == chosen


@pytest.mark.parametrize(
    "lines",
    [
        "screens = 3",
        "[[screens]]\nkey = 'a'",
        "[[screens]]\nkey = 'a'\nwidth_px = 1\nheight_px = 1\ndevice_pixel_ratio = 1.0\n"
        "px_per_mm = 900.0",
        "[[screens]]\nkey = 'a'\nwidth_px = 1.5\nheight_px = 1\ndevice_pixel_ratio = 1.0\n"
        "px_per_mm = 9.0",
        "[[screens]]\nkey = 'a'\nwidth_px = 1\nheight_px = 1\ndevice_pixel_ratio = true\n"
        "px_per_mm = 9.0",
    ],
)
def test_a_calibration_that_cannot_be_is_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"schema = 2\n{lines}\n", "utf-8")
    with pytest.raises(SettingsError, match="screens"):
        settings.load(path)


def test_a_settings_file_of_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('schema = 1\nfit = "image"\n', "utf-8")
    assert settings.load(path) == Settings(fit=FitMode.IMAGE)
