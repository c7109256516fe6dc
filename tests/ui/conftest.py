"""The window as the reader has it, with a quick analyst behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview import words
from mammoview.app.reading import ReadingDesk
from mammoview.ui import theme
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import QuickAnalyst


@pytest.fixture(autouse=True)
def own_window_settings(tmp_path: Path) -> None:
    """Keep the window's geometry out of the developer's own store."""
    scope = QSettings.Scope.UserScope
    QSettings.setPath(QSettings.Format.NativeFormat, scope, str(tmp_path / "qsettings"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Leave no other language behind."""
    yield
    words.use(None)


@pytest.fixture
def analyst() -> QuickAnalyst:
    """Return the analyst of the window; a test may hold or break it."""
    return QuickAnalyst()


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, analyst: QuickAnalyst) -> Iterator[MainWindow]:
    """Show a window on a desk of its own, and end both in the program's own order."""
    theme.apply(qapp)
    dispatcher = GuiDispatcher()
    desk = ReadingDesk(deliver=dispatcher.post, analyst=analyst)
    window = MainWindow(desk)
    window.resize(1200, 800)
    window.show()
    yield window
    window.close()
    desk.shutdown()
    dispatcher.close()
    dispatcher.deleteLater()
    window.deleteLater()
