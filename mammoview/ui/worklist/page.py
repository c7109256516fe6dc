"""The worklist's page: a line to filter by, the table, and what to do when it is empty."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.keys import KeyMap
from mammoview.app.worklist.desk import Worklist, WorklistState
from mammoview.app.worklist.values import Study
from mammoview.ui.actions.keyboard import native_text
from mammoview.ui.panels.parts import push_button
from mammoview.ui.worklist.model import COLUMNS, StudyModel
from mammoview.ui.worklist.table import StudyTable
from mammoview.words import COUNTED, translate

_MARGIN_PX = 10


class WorklistPage(QWidget):
    """Shows the worklist's state and passes the reader's wishes on.

    Signals
    -------
    opened(str)
        A study was chosen for reading: its key.
    importing()
        A folder is to be added.
    managing()
        The imported folders are to be shown.
    """

    opened = Signal(str)
    importing = Signal()
    managing = Signal()

    def __init__(self, worklist: Worklist, keys: KeyMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.setObjectName("worklistPage")
        self.setAccessibleName(translate("Worklist", "Worklist"))
        self._worklist = worklist
        self._key: str | None = None
        self.model = StudyModel(worklist, self)
        self.table = StudyTable(self.model, self)
        self.field = QLineEdit(self)
        self.field.setObjectName("worklistFilter")
        self.field.setClearButtonEnabled(True)
        self.field.setAcceptDrops(False)  # a folder dropped on it is for the list
        self._count = _label("worklistCount", "", self)
        self._problem = _label("worklistProblem", "caution", self)
        self._empty = _label("worklistEmpty", "", self)
        self._message = _label("worklistMessage", "faint", self)
        self._import = push_button("worklistImport", translate("Worklist", "Import folder…"), self)
        self._rescan = push_button("worklistRescan", translate("Worklist", "Rescan"), self)
        self._roots = push_button("worklistRoots", "", self)
        self._middle = QStackedWidget(self)
        self._lay_out()
        self._connect()
        self.render(None, worklist.state)

    def _lay_out(self) -> None:
        self.field.setPlaceholderText(
            translate(
                "Worklist",
                "Filter: any words · 2024-01..2024-06 · unread · second · started · to-sign"
                " · discordant · arbitration · signed · missing",
            )
        )
        self.field.setAccessibleName(translate("Worklist", "Filter"))
        top = QHBoxLayout()
        for widget in (self.field, self._count, self._import, self._rescan, self._roots):
            top.addWidget(widget)
        top.setStretch(0, 1)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._problem.setWordWrap(True)
        self._middle.addWidget(self.table)
        self._middle.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX // 2)
        layout.addLayout(top)
        layout.addWidget(self._problem)
        layout.addWidget(self._middle, 1)
        layout.addWidget(self._message)

    def _connect(self) -> None:
        self._worklist.subscribe(self.render)
        self.field.textChanged.connect(self._worklist.filter)
        self.table.opened.connect(self._open_row)
        self.table.horizontalHeader().sectionClicked.connect(self._header_clicked)
        self.table.selectionModel().currentRowChanged.connect(self._moved)
        self._import.clicked.connect(self.importing)
        self._rescan.clicked.connect(self._rescan_clicked)
        self._roots.clicked.connect(self.managing)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: WorklistState | None, new: WorklistState) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if self.field.text() != new.text:
            self.field.setText(new.text)
        if old is None or old.shown is not new.shown:
            key = self._key
            if self.model.show_studies(new.shown):
                self._go_back(key)
        self.table.show_sort(new.sort)
        self._count.setText(count_text(new))
        self._message.setText(new.message)
        self._problem.setText(new.problem)
        self._problem.setVisible(bool(new.problem))
        # A list that could not be read is empty, and says "try again".
        again = bool(new.listing.roots) or bool(new.problem)
        self._rescan.setEnabled(again and new.task is None)
        self._roots.setEnabled(bool(new.listing.roots))
        self._roots.setText(sources_text(new))
        self._empty.setText(empty_text(new, self._keys))
        self._middle.setCurrentIndex(0 if new.shown else 1)
        if self._import.hasFocus() and (old is None or not old.shown) and new.shown:
            self.take_keyboard()  # it stood in for the table

    def show_keys(self, keys: KeyMap) -> None:
        """Name these keys where one is named."""
        self._keys = keys
        self._empty.setText(empty_text(self._worklist.state, keys))

    def _go_back(self, key: str | None) -> None:
        """Stay at the study that was current; where it is gone, at the first."""
        row = self.model.row_of(key)
        if row is not None:
            self.table.go_to(row)
        elif self.model.rowCount():
            self.table.go_to(0)

    # -- reader's side ------------------------------------------------------------------------

    @property
    def current(self) -> Study | None:
        """The study of the current row."""
        return self.model.study_at(self.table.currentIndex().row())

    def chosen(self) -> list[str]:
        """Return the keys of the selected studies."""
        studies = map(self.model.study_at, self.table.chosen_rows())
        return [study.key for study in studies if study is not None]

    def go_to(self, key: str | None) -> None:
        """Make a study the current one."""
        row = self.model.row_of(key)
        if row is not None:
            self.table.go_to(row)

    def take_keyboard(self) -> None:
        """Give the keyboard to the table, or where it is empty to what fills it again."""
        if self.model.rowCount():
            self.table.setFocus()
        elif self.field.text():
            self.type_filter()
        else:
            self._import.setFocus()

    def type_filter(self) -> None:
        """Give the keyboard to the filter; what is typed replaces it."""
        self.field.setFocus()
        self.field.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """From the filter, the arrow down and Return lead into the table."""
        down = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self.field.hasFocus() and event.key() in down and self.model.rowCount():
            self.table.setFocus()
            return
        super().keyPressEvent(event)

    def _moved(self) -> None:
        study = self.current
        self._key = study.key if study else self._key

    def _open_row(self, row: int) -> None:
        study = self.model.study_at(row)
        if study is not None:
            self.opened.emit(study.key)

    def _header_clicked(self, section: int) -> None:
        self._worklist.sort_by(COLUMNS[section])

    def _rescan_clicked(self) -> None:
        self._worklist.import_paths(())


def count_text(state: WorklistState) -> str:
    """Return how many studies are shown, and how many of them are for this reader to read."""
    shown, total = len(state.shown), len(state.listing.studies)
    if not total:
        return ""
    said = translate("Worklist", "{shown} of {total} studies · {unread} to read")
    return said.format(shown=shown, total=total, unread=state.unread)


def sources_text(state: WorklistState) -> str:
    """Return what opens the sources, with how many of their files could not be read."""
    lost = len(state.listing.refused)
    if not lost:
        return translate("Worklist", "Sources…")
    return translate("Worklist", "Sources, %n not read…", "", COUNTED, lost)


def empty_text(state: WorklistState, keys: KeyMap) -> str:
    """Return what stands in place of an empty table: why, and what to do with which keys."""
    if not state.ready:
        return translate("Worklist", "Reading the worklist…")
    if state.listing.studies:
        return translate("Worklist", "No study matches the filter.\nClear it to see them all.")
    if state.task is not None:
        return translate("Worklist", "Importing: studies appear here as they are found.")
    if state.listing.roots:
        return translate(
            "Worklist", "No mammograms were found in the imported folders.\nSources… tells why."
        )
    return translate(
        "Worklist",
        "The worklist is empty.\n\n"
        "Import folder… ({key}) lists the studies of a folder, archive or DICOMDIR.\n"
        "The files stay where they are; names are kept on this machine alone.\n\n"
        "A folder dropped here is added too; dropped on the images ({images}) it is only opened.",
    ).format(key=native_text(keys.of("import-folder")), images=native_text(keys.of("worklist")))


def _label(name: str, role: str, parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        label.setProperty("role", role)
    return label
