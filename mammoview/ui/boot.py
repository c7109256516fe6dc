"""From nothing to a usable window; images and model come after it is on the screen."""

from __future__ import annotations

import logging
import signal
import socket
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from mammoview.app import commands, logs, settings
from mammoview.app.analysis import Analyst
from mammoview.app.display.display_check import DisplayChecks, records_path
from mammoview.app.logs import LogSession
from mammoview.app.reading import ReadingDesk
from mammoview.app.reports import Places
from mammoview.app.results.desk import ExportDesk, formats_of, formats_text
from mammoview.app.second_read.reader_desk import ReaderDesk, rules_of
from mammoview.app.settings import Settings
from mammoview.app.state.read import NOBODY
from mammoview.app.worklist.arrange import sort_of, sort_text
from mammoview.app.worklist.desk import Worklist
from mammoview.app.workspace import Workspace
from mammoview.errors import MammoviewError
from mammoview.review.leases import leases_path
from mammoview.review.marks import MarkStore, marks_path
from mammoview.review.readers import readers_path
from mammoview.review.store import reads_path
from mammoview.ui import language, theme
from mammoview.ui.actions import keyboard
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow

_log = logging.getLogger(__name__)


class InterruptGuard(QObject):
    """Closes the window on Ctrl+C: Python's signal wakes Qt's event loop through a socket."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("interruptGuard")
        self._window = window
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handler = signal.signal(signal.SIGINT, self._interrupted)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._connect()

    def _connect(self) -> None:
        self._notifier.activated.connect(self._woken)

    def _woken(self) -> None:
        self._reader.recv(64)  # Python runs the handler as soon as it has the word again

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self._window.close()

    def release(self) -> None:
        """Give the signal back to whoever had it."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        signal.signal(signal.SIGINT, self._old_handler)
        self._reader.close()
        self._writer.close()


class Session:
    """One run of the window: desk, dispatcher, window, settings and log, and their order of end."""

    def __init__(self, *, badge: str | None, bundle: Path | None, device: str | None) -> None:
        self.log, log_problem = _start_log()
        loaded = settings.load_or_default(settings.settings_path())
        self._stored = stored = loaded.settings
        self._keeps_settings = loaded.replaceable
        language_problem = language.install(stored.language)
        self.dispatcher = GuiDispatcher()
        deliver, reads = self.dispatcher.post, reads_path()
        self.desk = self._make_desk(Analyst(bundle=bundle, device=device or stored.device.value))
        self.readers = ReaderDesk(readers_path(), deliver=deliver, rules=rules_of(stored))
        self.readers.start()
        self.worklist = Worklist(deliver=deliver, sort=sort_of(stored.worklist_sort), reads=reads)
        self.results = ExportDesk(
            Places(log=reads, readers=readers_path(), marks=marks_path()),
            deliver=deliver,
            chosen=formats_of(stored.export_formats),
        )
        self.window = MainWindow(
            self.desk,
            badge=badge,
            checks=DisplayChecks(records_path(), days=stored.display_check_days),
            worklist=self.worklist,
            results=self.results,
            readers=self.readers,
        )
        self._restore(stored)
        said = filter(None, (loaded.problem, log_problem, language_problem))
        for problem in (*map(str, said), *keyboard.problems(stored.keys)):
            self.desk.do(commands.warn, problem)
        self.desk.subscribe(self._changed)

    def _make_desk(self, analyst: Analyst) -> ReadingDesk:
        return ReadingDesk(
            deliver=self.dispatcher.post,
            analyst=analyst,
            settings=self._stored,
            keep_private=self.log.hide if self.log else None,
            mark_store=MarkStore(marks_path()),
            read_log=reads_path(),
            reader=NOBODY,
            leases=leases_path(),
        )

    def _restore(self, stored: Settings) -> None:
        self.window.side_panel.setVisible(stored.panel_open)
        self.window.places.restore(self.window)

    def _changed(self, old: Workspace, new: Workspace) -> None:
        """Write the measurement of a screen down at once."""
        fresh = [c for c in new.calibrations if c not in old.calibrations]
        for measured in fresh:
            try:
                settings.keep_screen(measured, self._stored, settings.settings_path())
            except MammoviewError as error:
                self.desk.do(commands.warn, str(error))

    def begin(self, paths: tuple[Path, ...]) -> None:
        """Open what was asked for; without anything, the worklist, where it has studies."""
        self.desk.open_paths(paths)
        if self.window.worklist is not None:
            self.window.worklist.begin(show=not paths)

    def end(self) -> None:
        """Save, then stop: cancel, executor (the desk's), dispatcher, log."""
        chosen = chosen_settings(
            self._stored, self.desk.workspace, panel_open=not self.window.side_panel.isHidden()
        )
        rules = self.readers.state.rules
        path = settings.settings_path()
        chosen = replace(
            chosen,
            worklist_sort=sort_text(self.worklist.state.sort),
            export_formats=formats_text(self.results.state.chosen),
            # Written as they were measured; another window may have measured since.
            screens=settings.screens_in(path, chosen),
            double_reading=rules.double_reading,
            arbitration=rules.arbitration,
            lock_minutes=rules.lock_minutes,
        )
        try:
            if self._keeps_settings:
                settings.save_changes(self._stored, chosen, path)
        except MammoviewError as error:
            _log.warning("settings not saved: %s", type(error).__name__)
        self.worklist.shutdown()
        self.results.shutdown()
        self.readers.shutdown()
        self.desk.shutdown()
        self.dispatcher.close()
        if self.log:
            self.log.close()


def boot(
    paths: tuple[Path, ...], *, badge: str | None, bundle: Path | None, device: str | None
) -> int:
    """Show the window, open the paths behind it, and run until it is closed."""
    application = theme.application()
    application.setApplicationName("mammoview")
    application.setOrganizationName("mammoview")
    session = Session(badge=badge, bundle=bundle, device=device)
    guard = InterruptGuard(session.window)
    session.window.show()
    if session.desk.workspace.second_screen:
        session.window.second_screen.show()
    QTimer.singleShot(0, session.window, partial(session.begin, paths))
    try:
        return application.exec()
    finally:
        guard.release()
        session.end()


def chosen_settings(stored: Settings, ws: Workspace, *, panel_open: bool) -> Settings:
    """Return the settings to keep: what the reader left the controls at.

    A reader who never chose an operating point stays with the model's own default, whatever its
    name is in the next model.
    """
    is_default = ws.model is not None and ws.operating_point == ws.model.default_operating_point
    never_chosen = not stored.operating_point and (ws.model is None or is_default)
    return replace(
        stored,
        overlay_mode=ws.overlay.mode,
        opacity=ws.overlay.opacity,
        heat_floor=ws.overlay.heat_floor,
        fit=ws.fit,
        operating_point="" if never_chosen else ws.operating_point,
        panel_open=panel_open,
        hanging=ws.hanging.protocol.id,
        keys=ws.keys,
        annotations=ws.looking.annotations,
        linked=ws.linked,
        screens=ws.calibrations,
        second_screen=ws.second_screen,
        reading_mode=ws.read.site_mode,
        opinion_scheme=ws.read.site_scheme,
    )


def _start_log() -> tuple[LogSession | None, MammoviewError | None]:
    try:
        return logs.start(), None
    except OSError as error:
        return None, MammoviewError(
            f"no log file can be written ({type(error).__name__})",
            expected="a log folder with write access",
            todo="run mammoview doctor",
        )
