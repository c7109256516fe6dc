"""The worklist beside the reading desk: which page the window shows, and the ways between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QWidget

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.worklist.desk import Worklist, WorklistState
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.keyboard import key_map
from mammoview.ui.task_bar import TaskBar
from mammoview.ui.worklist.offer import ImportOffer
from mammoview.ui.worklist.page import WorklistPage
from mammoview.ui.worklist.sources import Sources
from mammoview.words import translate


class WorklistFrame(QObject):
    """Turns the pages of the window.

    Parameters
    ----------
    pages : QStackedWidget
        The window's pages; the images are on the first, the worklist is added.
    images : QWidget
        What has the keyboard on the first page.
    desk : ReadingDesk
        Where studies are opened.
    worklist : Worklist
        Which studies there are.
    """

    def __init__(
        self, pages: QStackedWidget, images: QWidget, desk: ReadingDesk, worklist: Worklist
    ) -> None:
        super().__init__(pages)
        self.setObjectName("worklistFrame")
        self._pages, self._images = pages, images
        self._desk, self.worklist = desk, worklist
        self._show_at_start = False
        self.page = WorklistPage(worklist, key_map(desk.workspace.keys), pages)
        self.task_bar = TaskBar(
            name="importTask",
            accessible=translate("Worklist", "Progress of the import"),
            cancel=self._cancel,
            parent=pages,
        )
        self.offer = ImportOffer(worklist, pages)
        pages.addWidget(self.page)
        self._connect()

    def _connect(self) -> None:
        self._desk.subscribe(self._desk_changed)
        self.worklist.subscribe(self._worklist_changed)
        self.page.opened.connect(self.open)
        self.page.importing.connect(self.import_folder)
        self.page.managing.connect(self.show_sources)

    def begin(self, *, show: bool) -> None:
        """Read the list behind the window; show it then, where it has studies and is wanted."""
        self._show_at_start = show
        self.worklist.start()

    def end(self) -> None:
        """Keep the widths of the columns, and wait for the workers."""
        self.page.table.keep_columns()
        self.task_bar.show_task(None)
        self.worklist.shutdown()

    # -- which page ---------------------------------------------------------------------------

    @property
    def shown(self) -> bool:
        """Whether the worklist is on the screen, and not the images."""
        return self._pages.currentWidget() is self.page

    def toggle(self) -> None:
        """Go from the images to the worklist, or back."""
        if self.shown:
            self.show_images()
        else:
            self.show_list()

    def show_list(self) -> None:
        """Show the worklist as it is by now, at the study that is open."""
        if self.worklist.state.ready:
            self.worklist.refresh()
        self._pages.setCurrentWidget(self.page)
        self.page.go_to(self._desk.workspace.exam_key)
        self.page.take_keyboard()

    def type_filter(self) -> None:
        """Show the worklist, and give the keyboard to its filter."""
        if not self.shown:
            self.show_list()
        self.page.type_filter()

    def show_images(self) -> None:
        """Show the images."""
        if self.shown:
            self.page.model.forget_wanted()
            self._pages.setCurrentIndex(0)
            self._images.setFocus()

    # -- reading ------------------------------------------------------------------------------

    def open(self, key: str) -> None:
        """Open a study; the others follow in the order of the list."""
        self._desk.open_in_order(self.worklist.order(), key)
        self.show_images()

    def next_unread(self) -> None:
        """Open the next unread study of the list."""
        current = self.page.current if self.shown else None
        at = current.key if current else self._desk.workspace.exam_key
        if current is not None and current.to_read:
            self.open(current.key)
            return
        study = self.worklist.next_unread(at)
        if study is None:
            self._desk.do(commands.say, translate("Worklist", "No study to read in the list"))
        else:
            self.open(study.key)

    def toggle_aside(self) -> None:
        """Put the chosen studies, or the one that hangs, aside; or take them up again."""
        hung = self._desk.workspace.exam_key
        keys = self.page.chosen() if self.shown else [hung] if hung else []
        aside = self.worklist.toggle_aside(keys)
        if aside is None:
            known = any(self.worklist.study(key) for key in keys)
            said = (
                translate("Worklist", "Its reading has begun: it cannot be put aside")
                if known
                else translate("Worklist", "Not in the worklist: import its folder first")
            )
        elif aside:
            said = translate("Worklist", "Put aside: it is not to be read here")
        else:
            said = translate("Worklist", "Taken up again")
        self._desk.do(commands.say, said)

    # -- import -------------------------------------------------------------------------------

    def import_folder(self) -> None:
        """Let the reader choose a folder, and add it."""
        name = QFileDialog.getExistingDirectory(self._pages, translate("Worklist", "Import folder"))
        if name:
            self.import_paths([Path(name)])

    def import_paths(self, paths: Sequence[Path]) -> None:
        """Add folders and archives, and show the list grow."""
        self.worklist.import_paths(paths)
        self.show_list()

    def show_sources(self) -> None:
        """Show the imported folders, and what could not be read in them."""
        Sources(self.worklist, self.page).open()

    def cancel_import(self) -> bool:
        """Stop an import; tell whether one ran."""
        return self.worklist.cancel()

    def _cancel(self) -> None:
        self.worklist.cancel()

    # -- states -------------------------------------------------------------------------------

    def _desk_changed(self, old: Workspace, new: Workspace) -> None:
        """Show what hangs now, and how far its reading is by now."""
        self.offer.render(old, new)
        if new.keys != old.keys:
            self.page.show_keys(key_map(new.keys))
        if new.exam_key is not None and new.exam_key != old.exam_key:
            self.show_images()
        if new.read.state is not old.read.state and self.worklist.state.ready:
            self.worklist.refresh()

    def _worklist_changed(self, old: WorklistState, new: WorklistState) -> None:
        self.task_bar.show_task(new.task)
        self.offer.judge_list(old, new)
        if old.shown is not new.shown and new.shown:
            self._desk.follow(self.worklist.order())
        if new.ready and self._show_at_start:
            self._show_at_start = False
            if new.listing.studies or new.listing.roots or new.problem:
                self.show_list()
