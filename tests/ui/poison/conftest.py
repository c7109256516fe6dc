"""The whole program with an analyst that says poison or nothing."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.app.second_read import texts
from mammoview.ui import boot, theme
from mammoview.ui.boot import Session
from mammoview.ui.viewport import gaze
from tests.builders.poison import PoisonAnalyst
from tests.ui.poison.evidence import Evidence, collect, picture

Start = Callable[[bool], "Program"]


class Program:
    """One run of the program, and the search through all of it."""

    def __init__(
        self, session: Session, home: Path, caplog: pytest.LogCaptureFixture, qtbot: QtBot
    ) -> None:
        self.session = session
        self.window = session.window
        self.desk = session.desk
        self.home, self._caplog, self._qtbot = home, caplog, qtbot
        self._ended = False

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until it holds and nothing runs any more, what counts a quarter second included."""
        windows = QApplication.topLevelWidgets()

        def settled() -> bool:
            told = not self.desk.workspace.read.unsaved
            return bool(condition()) and self.desk.at_rest and told

        self._qtbot.waitUntil(settled, timeout=60_000)
        QApplication.processEvents()
        timers = [timer for window in windows for timer in window.findChildren(QTimer)]
        once = [timer for timer in timers if timer.isSingleShot()]
        self._qtbot.waitUntil(lambda: not any(t.isActive() for t in once), timeout=60_000)

    def open(self, *paths: Path) -> None:
        """Open paths and wait until all is decoded and analysed."""
        self.session.begin(paths)
        self.wait(lambda: self.desk.workspace.exam_key)

    def search(self) -> Evidence:
        """Search everything, once no layout moves any more."""
        before, now = b"", picture(self.window)
        while before != now:
            QApplication.sendPostedEvents()
            QApplication.processEvents()
            before, now = now, picture(self.window)
        shown = [
            w
            for w in (self.window, self.window.second_screen.window)
            if w is not None and w.isVisible()
        ]
        return collect(
            self.desk.workspace,
            windows=shown,
            records=self._caplog.records,
            folders=[self.home],
        )

    def end(self) -> None:
        """Close the window, and end in the program's own order; a second time does nothing."""
        if self._ended:
            return
        self._ended = True
        self.window.close()
        self.session.end()
        self.window.deleteLater()
        self.session.dispatcher.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()


@pytest.fixture
def start(
    qtbot: QtBot,
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Start]:
    """Start the program in a home of its own, one run at a time."""
    theme.apply(qapp)
    caplog.set_level("DEBUG")
    running: list[Program] = []

    def begin(poison: bool) -> Program:
        if running:
            running.pop().end()
        caplog.clear()
        QApplication.clipboard().clear()
        home = tmp_path / f"home-{len(list(tmp_path.glob('home-*')))}"
        home.mkdir()
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        user = QSettings.Scope.UserScope
        QSettings.setPath(QSettings.Format.NativeFormat, user, str(home / "qsettings"))
        # Nothing stays long enough to count as seen: no two runs agree about a quarter second.
        monkeypatch.setattr(gaze, "_TICK_MS", 10**8)
        # The minute of the lock is on the screen, and two runs may lie on both sides of its turn.
        monkeypatch.setattr(texts, "_dated", lambda said, at: said)
        monkeypatch.setattr(boot, "Analyst", lambda **_: PoisonAnalyst(poison=poison))
        session = Session(badge=None, bundle=None, device="cpu")
        session.window.resize(1400, 900)
        session.window.show()
        running.append(Program(session, home, caplog, qtbot))
        return running[0]

    yield begin
    if running:
        running.pop().end()
