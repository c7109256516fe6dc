"""An image without a VOI, as digitised films are: V offers the range that its breast fills."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mammoview.app import commands
from mammoview.imaging.grayscale import BREAST_RANGE
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.windowing import voi_in_use, voi_text
from tests.builders.dicom import VIEWS, build_mg

_OWN = {"WindowCenter": 900, "WindowWidth": 600, "VOILUTFunction": "LINEAR"}


def test_v_shows_the_breast_over_all_greys_and_back_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for side, view in VIEWS:
        build_mg(
            tmp_path / f"{side}{view}.dcm",
            laterality=side,
            view=view,
            elements=_OWN if (side, view) == ("L", "MLO") else None,
        )
    desk = window.desk
    desk.open_paths([tmp_path])
    qtbot.waitUntil(
        lambda: bool(desk.workspace.views) and commands.waiting_for(desk.workspace) is None,
        timeout=20_000,
    )
    qtbot.waitUntil(window.isActiveWindow)
    film, own = window.four_view.pane("RCC").fmt, window.four_view.pane("LMLO").fmt
    assert film is not None
    assert own is not None
    gray = desk.workspace.gray
    assert (voi_in_use(film, gray), voi_text(film, gray)) == (None, "full range")

    qtbot.keyClick(window, Qt.Key.Key_V)
    gray = desk.workspace.gray
    assert voi_in_use(film, gray) == film.found
    assert film.found is not None
    assert film.found.width < 2**film.bits_stored - 1
    assert voi_text(film, gray).endswith(BREAST_RANGE)
    assert voi_in_use(own, gray) == own.windows[0]
    assert voi_text(own, gray).endswith(f"default: no {BREAST_RANGE} here")
    assert BREAST_RANGE in desk.workspace.status

    qtbot.keyClick(window, Qt.Key.Key_V)
    assert voi_in_use(film, desk.workspace.gray) is None
