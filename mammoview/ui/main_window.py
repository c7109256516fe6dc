"""The frame: four views in the middle, a slim toolbar, a side panel and the status strip."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QToolBar, QWidget

from mammoview.app import commands, coverage, frames, tiles, true_size
from mammoview.app.display.display_check import DisplayChecks, DisplayStatus
from mammoview.app.display.screens import Screen
from mammoview.app.marks import marking
from mammoview.app.reading import ReadingDesk
from mammoview.app.results.desk import ExportDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import next_step
from mammoview.app.second_read.next_step import Go
from mammoview.app.second_read.reader_desk import ReaderDesk
from mammoview.app.state.read import Field
from mammoview.app.worklist.desk import Worklist
from mammoview.app.workspace import Viewport, Workspace
from mammoview.ui.actions.bars import fill_menus, fill_toolbar
from mammoview.ui.actions.keyboard import HeldKeys, key_map
from mammoview.ui.actions.qt import TableAction
from mammoview.ui.actions.spec import Reach
from mammoview.ui.actions.table import TABLE
from mammoview.ui.cine import Cine
from mammoview.ui.dialogs.loss import loss_accepted
from mammoview.ui.display_watch import DisplayWatch
from mammoview.ui.export_frame import ExportFrame
from mammoview.ui.local_path import local_path
from mammoview.ui.panels.side_panel import SidePanel
from mammoview.ui.places import Places
from mammoview.ui.readers.frame import ReadersFrame
from mammoview.ui.reading_window import ReadingWindow
from mammoview.ui.screen_watch import ScreenWatch
from mammoview.ui.second_screen import SecondScreen
from mammoview.ui.second_window import SecondWindow
from mammoview.ui.status_strip import StatusStrip
from mammoview.ui.view_commands import ViewCommands, ask_spot
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.spoken import panes_text
from mammoview.ui.window_dialogs import WindowDialogs
from mammoview.ui.window_title import title
from mammoview.ui.worklist.frame import WorklistFrame
from mammoview.words import translate

_SMALLEST = (800, 600)


class MainWindow(ReadingWindow):
    """The one window.  It shows the desk's state and passes the reader's wishes on to it."""

    def __init__(
        self,
        desk: ReadingDesk,
        *,
        badge: str | None = None,
        checks: DisplayChecks | None = None,
        worklist: Worklist | None = None,
        results: ExportDesk | None = None,
        readers: ReaderDesk | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setAccessibleName("mammoview")
        self.setAcceptDrops(True)
        self.setMinimumSize(*_SMALLEST)
        self.desk = desk
        self._reach = Reach(desk=desk, frame=self)
        self.held = HeldKeys(self._reach)
        self.dialogs = WindowDialogs(self, desk)
        self._actions = {
            spec.id: TableAction(spec, self._reach, self) for spec in TABLE if spec.release is None
        }
        self.places = Places()
        self._closed = False
        self.four_view = FourView(self)
        self._checks = checks
        self.second_screen = SecondScreen(
            self, self.four_view, places=self.places, make=self._second_window
        )
        self._view_commands = ViewCommands(desk, self.four_view)
        self._cine = Cine(self.four_view)
        self.side_panel = SidePanel(desk, self)
        self.status_strip = StatusStrip(desk, badge=badge, actions=self._actions, parent=self)
        self.setStatusBar(self.status_strip)
        self._screen_watch = ScreenWatch(self)
        self._pages = self._build_pages()
        self.worklist = self._add_worklist(worklist)
        self.export = self._add_export(results)
        self._build_bars()
        self._connect()
        self.render(None, desk.workspace)
        self.display = DisplayWatch(self._screen_watch, checks, self._judge_display)
        self.readers = self._add_readers(readers)

    def _build_pages(self) -> QStackedWidget:
        centre = QWidget(self)
        centre.setObjectName("centre")
        layout = QHBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.four_view, 1)
        layout.addWidget(self.side_panel)
        pages = QStackedWidget(self)
        pages.setObjectName("pages")
        pages.addWidget(centre)
        self.setCentralWidget(pages)
        self.four_view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.four_view.setAccessibleName(translate("Window", "Images"))
        self.four_view.setFocus()
        return pages

    def _add_worklist(self, worklist: Worklist | None) -> WorklistFrame | None:
        """Add the worklist's page; a snapshot has none."""
        if worklist is None:
            return None
        frame = WorklistFrame(self._pages, self.four_view, self.desk, worklist)
        self.status_strip.add_bar(frame.task_bar)
        self.status_strip.add_bar(frame.offer)
        return frame

    def _add_export(self, results: ExportDesk | None) -> ExportFrame | None:
        """Add the export's bar; a snapshot exports nothing."""
        if results is None:
            return None
        frame = ExportFrame(self, self.desk, results)
        self.status_strip.add_bar(frame.task_bar)
        return frame

    def _add_readers(self, readers: ReaderDesk | None) -> ReadersFrame | None:
        """Add the page that asks who reads; a snapshot is nobody's."""
        if readers is None:
            return None
        return ReadersFrame(self._pages, self, self.desk, readers, self.worklist)

    def _build_bars(self) -> None:
        fill_menus(self.menuBar(), self._actions)
        # The window owns them too, so that the keys work while the menus are hidden.
        for action in self._actions.values():
            (self.four_view if action.spec.on_images else self).addAction(action)
        self._toolbar = QToolBar(translate("Window", "Tools"), self)
        fill_toolbar(self._toolbar, self._actions)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._toolbar)

    def _connect(self) -> None:
        self.desk.subscribe(self.render)
        self.side_panel.asked.connect(self.go_in_read)
        self.desk.before_leaving(self.side_panel.read.commit)
        self._screen_watch.changed.connect(self._screen_changed)
        self.four_view.viewportChanged.connect(self._viewport_changed)
        self.four_view.cursorRead.connect(self.status_strip.show_cursor)
        self._cine.ticked.connect(self._cine_ticked)
        self._pages.currentChanged.connect(self._page_turned)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if old is None or old.keys != new.keys:
            self._take_keys(new)
        self.four_view.render(old, new)
        self.four_view.setAccessibleDescription(panes_text(new))
        self._cine.render(old, new)
        self.side_panel.render(old, new)
        self.status_strip.render(old, new)
        for action in self._actions.values():
            action.show_state(new)
        self.setWindowTitle(title(new))
        if old is not None:
            self.second_screen.render(old, new)
            self.dialogs.render(old, new)

    def cover(self, closed: bool) -> None:
        """Hide everything and take no key, or show it again: nobody has signed in."""
        self._closed = closed
        self.held.cover(closed)
        self.menuBar().setEnabled(not closed)
        self._toolbar.setVisible(not closed and not self.isFullScreen())
        self.status_strip.setVisible(not closed)
        self.setAcceptDrops(not closed)
        for action in self._actions.values():
            action.cover(closed)
        self.second_screen.cover(closed)

    def _second_window(self) -> SecondWindow:
        return SecondWindow(
            self.desk,
            actions=tuple(self._actions.values()),
            held=self.held,
            checks=self._checks,
        )

    def _judge_display(self, status: DisplayStatus) -> None:
        self.desk.do(commands.judge_display, status)

    def _take_keys(self, new: Workspace) -> None:
        resolved = key_map(new.keys)
        for action in self._actions.values():
            action.set_keys(resolved.of(action.spec.id))
        self.held.set_keys(resolved)

    # -- reader's side ------------------------------------------------------------------------

    def _cine_ticked(self) -> None:
        self.desk.do(frames.cine_tick)

    def _page_turned(self, number: int) -> None:
        self.desk.do(reads.away, number != 0)

    def _viewport_changed(self, viewport: Viewport) -> None:
        self.desk.do(tiles.set_viewport, viewport)

    def _screen_changed(self, screen: Screen) -> None:
        self.desk.do(true_size.set_screen, screen)

    def changeEvent(self, event: QEvent) -> None:
        """Show images alone in full screen."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self.menuBar().setVisible(not self.isFullScreen())
            self._toolbar.setVisible(not self.isFullScreen() and not self._closed)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped; on the worklist, add it."""
        urls = event.mimeData().urls()
        paths = [local_path(url) for url in urls if url.isLocalFile()]
        if self.worklist is not None and self.worklist.shown:
            self.worklist.import_paths(paths)
        else:
            self.open_by_hand(paths)
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Disappear at once, then wait for the workers; ask first where marks would be lost."""
        self.side_panel.read.commit()
        marks, entries = self.desk.unsaved_marks(), self.desk.unsaved_entries()
        if marks + entries and not self.accept_loss(marks, entries):
            event.ignore()
            return
        self.places.keep()
        self.hide()
        self.second_screen.end()
        for frame in (self.worklist, self.export, self.readers):
            if frame is not None:
                frame.end()
        self.desk.shutdown()
        super().closeEvent(event)

    # -- what the actions ask of the frame ----------------------------------------------------

    def open_files(self) -> None:
        """Let the reader choose files, and open them."""
        names, _ = QFileDialog.getOpenFileNames(self, translate("Window", "Open files"))
        self.open_by_hand([Path(name) for name in names])

    def open_folder(self) -> None:
        """Let the reader choose a folder, and open it."""
        name = QFileDialog.getExistingDirectory(self, translate("Window", "Open folder"))
        self.open_by_hand([Path(name)] if name else [])

    def open_by_hand(self, paths: list[Path]) -> None:
        """Open paths, and offer what of them is not in the worklist."""
        if paths and self.worklist is not None:
            self.worklist.offer.opened(paths)
        self.desk.open_paths(paths)

    def toggle_worklist(self) -> None:
        """Go from the images to the worklist, or back."""
        if self.worklist is not None:
            self.worklist.toggle()

    def filter_worklist(self) -> None:
        """Give the keyboard to the filter of the worklist."""
        if self.worklist is not None:
            self.worklist.type_filter()

    def import_folder(self) -> None:
        """Let the reader choose a folder for the worklist."""
        if self.worklist is not None:
            self.worklist.import_folder()

    def next_unread(self) -> None:
        """Open the next study of the worklist that the reader is to read."""
        if self.worklist is not None:
            self.worklist.next_unread()

    def toggle_aside(self) -> None:
        """Put what is chosen aside, or take it up again."""
        if self.worklist is not None:
            self.worklist.toggle_aside()

    def cancel_import(self) -> bool:
        """Stop an import into the worklist; tell whether one ran."""
        return self.worklist is not None and self.worklist.cancel_import()

    def toggle_panel(self) -> None:
        """Fold the side panel away, or show it again."""
        self.side_panel.setVisible(self.side_panel.isHidden())

    def turn_page(self) -> None:
        """Turn the side panel to its other page; where it is folded away, show it."""
        if self.side_panel.isHidden():
            self.side_panel.show()
        else:
            self.desk.do(reads.turn_page)

    def toggle_full_screen(self) -> None:
        """Give the whole screen to the window in use; what must be said stays."""
        window = self.second_screen.in_use
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def end_drawing(self) -> bool:
        """End the drawing, the tool, the choice of a mark or finding; tell if there was any."""
        return self.second_screen.led.measure.escape()

    def rename_mark(self) -> None:
        """Let the reader type the words of the selected mark, on its image."""
        selected = self.desk.workspace.marks.selected
        if selected is None:
            return
        view = self.second_screen.led
        if view.measure.selected_place() is None:
            self.desk.do(marking.go_to, selected)
            view = self.four_view
        view.edit_label()

    def delete_mark(self) -> None:
        """Take the chosen corner of the selected outline away, else the selected mark."""
        if not self.second_screen.led.measure.take_corner():
            self.desk.do(marking.delete_selected)

    def add_corner(self) -> None:
        """Give the selected outline one more corner."""
        self.second_screen.led.measure.add_corner()

    def accept_loss(self, marks: int, entries: int = 0) -> bool:
        """Ask whether to close although changes of marks or of a read could not be written."""
        return loss_accepted(self, marks, entries)

    def put_away(self) -> bool:
        """Close what lies over the images without the keyboard; tell whether anything did."""
        return self.export is not None and self.export.put_away()

    def leave_full_screen(self) -> bool:
        """Leave full screen; tell whether there was anything to leave."""
        was = self.second_screen.in_use.isFullScreen()
        if was:
            self.toggle_full_screen()
        return was

    def show_daily_check(self) -> None:
        """Walk through the test patterns, on the screen of the window in use."""
        self.second_screen.in_use.display.check()

    def move_spot(self, right: int, down: int) -> None:
        """Move loupe and level line without the mouse."""
        self.second_screen.led.spot.move(right, down)

    def toggle_coverage(self) -> None:
        """Show the maps of what was seen in the side panel, or hide them."""
        self.desk.do(coverage.toggle_map)
        if self.desk.workspace.coverage_shown:
            self.side_panel.show()

    def pan_by(self, right: float, down: float) -> None:
        """Move the images on by shares of a pane."""
        self.second_screen.led.pan_by(right, down)

    def zoom_by(self, notches: float) -> None:
        """Zoom the images about the middle of their panes."""
        self.second_screen.led.zoom_by(notches)

    def ask_spot(self) -> None:
        """Ask what the computer says of the spot that the reader points at."""
        ask_spot(self.desk, self.second_screen.led)

    def export_results(self) -> None:
        """Let the reader choose what of the read is written, and where."""
        if self.export is not None:
            self.export.ask()

    def focus_read(self, field: Field) -> None:
        """Give the keyboard to a field of the read."""
        self.side_panel.show()
        self.side_panel.read.focus(field)

    def go_in_read(self, go: Go) -> None:
        """Take a step of the read; before it is final, both statements are shown."""
        self.side_panel.read.commit()
        if go is Go.FINALIZE and not next_step.why_not(self.desk.workspace, go):
            self.dialogs.compare_statements()
        else:
            self.desk.go_in_read(go)

    def lock_screen(self) -> None:
        """Hide everything until this reader's PIN."""
        if self.readers is not None:
            self.readers.lock()

    def sign_out(self) -> None:
        """Leave the desk to others."""
        if self.readers is not None:
            self.readers.sign_out()

    def show_readers(self) -> None:
        """Show who reads here, and how."""
        if self.readers is not None:
            self.dialogs.open(self.readers.profiles(self))

    def show_second_look(self) -> None:
        """Show what the second look does to reading, in numbers."""
        dialog = self.readers.second_look(self) if self.readers is not None else None
        if dialog is not None:
            self.dialogs.open(dialog)

    def quit(self) -> None:
        """Close the window."""
        self.close()
