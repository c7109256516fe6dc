"""The strip at the bottom: what must always be said, and how far the analysis is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QProgressBar, QStatusBar, QToolButton, QWidget

from mammoview.app import commands
from mammoview.app.cad.reports import foreign_identity, source_text
from mammoview.app.display.display_check import badge_text
from mammoview.app.kinds import named_caveat
from mammoview.app.linking import link_text
from mammoview.app.marks.marking import problem_text
from mammoview.app.message import message
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import texts
from mammoview.app.steps import step_line
from mammoview.app.workspace import Analysis, Workspace
from mammoview.ui.actions.qt import TableAction
from mammoview.ui.panels.reading_panel import notes_of
from mammoview.ui.strip_rows import StripRows, lasting, yielding
from mammoview.ui.task_bar import TaskBar
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

RESEARCH_USE_ONLY = QT_TRANSLATE_NOOP("Status", "RESEARCH USE ONLY")


class StatusStrip(QStatusBar):
    """Research line and reading badge stay, in full screen too."""

    def __init__(
        self,
        desk: ReadingDesk,
        *,
        badge: str | None,
        actions: dict[str, TableAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("statusStrip")
        self.setAccessibleName(translate("Status", "Status"))
        self.setSizeGripEnabled(False)
        self._research = lasting("researchUseOnly", translate("Status", "Research use only"), self)
        self._badge = lasting("readingBadge", translate("Status", "Reading mode"), self)
        self._demo = lasting("demoBadge", translate("Status", "Demo examination"), self)
        self._display = lasting("displayBadge", translate("Status", "Check of the display"), self)
        said = translate("Status", "Whose marks are shown, where they are not the model's")
        self._source = lasting("cadSourceBadge", said, self)
        said = translate("Status", "What stands beside results of the model")
        self._caveats = lasting("caveats", said, self)
        said = translate("Status", "Marks that are not kept")
        self._unsaved = lasting("marksProblem", said, self)
        said = translate("Status", "Entries of the read that are not kept")
        self._read_problem = lasting("readProblem", said, self)
        self._reader = yielding("readerLabel", translate("Status", "Who reads"), self)
        self._step = yielding("stepLabel", translate("Status", "Step of the hanging"), self)
        said = translate("Status", "Whether panes move together")
        self._link = yielding("linkLabel", said, self)
        self._message = yielding("statusMessage", translate("Status", "Message"), self)
        said = translate("Status", "Value under the cursor")
        self._cursor = yielding("cursorReadout", said, self)
        self._device = yielding("device", translate("Status", "Model and device"), self)
        self._actions = actions
        self._add_buttons(desk)
        self._rows = self._lay_out()
        self._research.setText(translate("Status", RESEARCH_USE_ONLY))
        self._demo.setText(badge or "")
        self._demo.setVisible(bool(badge))
        self.render(None, desk.workspace)

    def _add_buttons(self, desk: ReadingDesk) -> None:
        said = translate("Status", "Assumptions and warnings")
        self._notes = _button("notesButton", said, self._actions["side-panel"], self)
        said = translate("Status", "Refused files")
        self._refused = _button("refusedButton", said, self._actions["refused-files"], self)
        self._progress = QProgressBar(self)
        self._progress.setObjectName("analysisProgress")
        self._progress.setAccessibleName(translate("Status", "Progress of the analysis"))
        self._progress.setFixedWidth(190)
        said = translate("Status", "Cancel")
        self._cancel = _button("cancelAnalysis", said, self._actions["cancel-analysis"], self)
        self._task = TaskBar(
            name="task",
            accessible=translate("Status", "Progress of opening and decoding"),
            cancel=desk.cancel_waiting,
            parent=self,
        )

    def _lay_out(self) -> StripRows:
        badges = (self._research, self._badge, self._demo, self._display)
        news = (self._step, self._link, self._message)
        buttons = (self._refused, self._notes, self._task, self._progress, self._cancel)
        rows = StripRows(
            lasting=(*badges, self._source, self._caveats, self._unsaved, self._read_problem),
            rest=(self._reader, *news, *buttons, self._cursor, self._device),
            room=(self._reader, self._step, self._message, self._cursor, self._device, self._link),
            filler=self._message,
            parent=self,
        )
        self.addWidget(rows, 1)
        return rows

    def add_bar(self, bar: QWidget) -> None:
        """Show another task, or an offer."""
        self._rows.add(bar, before=self._progress)

    def show_cursor(self, text: str) -> None:
        """Show where the cursor is and what is stored there."""
        self._cursor.setText(text)
        self._rows.follow()

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        if old is None or old.keys != new.keys:
            self._show_keys()
        for label, said in (
            (self._badge, texts.badge_text(new)),
            (self._reader, texts.reader_text(new.read)),
            (self._display, badge_text(new.display)),
            (self._caveats, caveat_text(new)),
            (self._source, source_text(new)),
            (self._unsaved, problem_text(new.marks)),
            (self._read_problem, texts.problem_text(new.read)),
            (self._step, step_line(new)),
            (self._link, link_text(new)),
        ):
            label.setText(said)
            label.setVisible(bool(said))
        self._show_message(new)
        self._show_progress(new.analysis)
        self._task.show_task(commands.waiting_for(new))
        self._show_counts(refused=len(new.index.refused), notes=len(notes_of(new)))
        self._device.setText(device_text(new))
        self._rows.follow()

    def _show_message(self, new: Workspace) -> None:
        said = message(new)
        if said != self._message.text():
            announce(self._message, said)
        self._message.setText(said)

    def _show_progress(self, state: Analysis) -> None:
        self._progress.setVisible(state.running)
        self._cancel.setVisible(state.running)
        self._progress.setRange(0, max(1, state.total))
        self._progress.setValue(state.done)
        self._progress.setFormat(state.message)

    def _show_counts(self, *, refused: int, notes: int) -> None:
        self._refused.setVisible(refused > 0)
        self._refused.setText(translate("Status", "%n refused", "", COUNTED, refused))
        self._notes.setVisible(notes > 0)
        self._notes.setText(translate("Status", "%n note(s)", "", COUNTED, notes))

    def _show_keys(self) -> None:
        """Name the keys that do what the buttons do."""
        self._notes.setToolTip(self._actions["side-panel"].toolTip())
        self._refused.setToolTip(self._actions["refused-files"].toolTip())
        self._cancel.setToolTip(self._actions["cancel-analysis"].toolTip())


def announce(widget: QWidget, said: str) -> None:
    """Let a screen reader say something now, where one listens."""
    if said and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, said))


def caveat_text(ws: Workspace) -> str:
    """Return what must stand beside the results of the model's classes; empty for nothing."""
    ours = ws.model is not None and foreign_identity(ws) is None
    caveats = ws.model.caveats if ws.model is not None and ours else ()
    return " · ".join(named_caveat(caveat.kind, caveat.text) for caveat in caveats)


def device_text(ws: Workspace) -> str:
    """Return model, version, operating point and device in one line."""
    if foreign_identity(ws) is not None and ws.prediction is not None:
        return ws.prediction.device
    if ws.model is None:
        return translate("Status", "no model open")
    identity = ws.model.identity
    return f"{identity.name} {identity.version} · {ws.operating_point} · {ws.model.device}"


def _button(name: str, accessible: str, action: TableAction, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(name)
    button.setAccessibleName(accessible)
    button.setText(accessible)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(action.trigger)
    return button
