"""Whose marks are shown, where a CAD report of another maker lies beside the images."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QWidget

from mammoview.app.cad.reports import fixed_reason, reports_of
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.domain.cad_report import CadReportFile
from mammoview.ui.elided import ElidedCombo
from mammoview.ui.panels.parts import Panel
from mammoview.ui.plain_tip import plain_tip
from mammoview.words import translate


class SourcePanel(Panel):
    """A choice of the source, and of a report's operating point; gone where there is no report."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("sourcePanel", translate("CAD report", "Whose marks are shown"), parent)
        self._desk = desk
        self._source = _combo("cadSource", translate("CAD report", "Marks of"), self)
        said = translate("CAD report", "Optional marks of the CAD report")
        self._level = _combo("cadLevel", said, self)
        self._reports: tuple[CadReportFile, ...] = ()
        self._highest = -1
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow(translate("CAD report", "Marks of"), self._source)
        layout.addRow(translate("CAD report", "Optional"), self._level)
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self._source.activated.connect(self._source_chosen)
        self._level.activated.connect(self._level_chosen)

    def _source_chosen(self, row: int) -> None:
        self._desk.cad_reports.choose(str(self._source.itemData(row)))
        self._show_choice(self._desk.workspace)  # what was not allowed is not shown as chosen

    def _level_chosen(self, row: int) -> None:
        self._desk.cad_reports.set_level(int(self._level.itemData(row)))

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        reports = reports_of(new)
        self.setVisible(bool(reports))
        if reports != self._reports or not self._source.count():
            self._reports = reports
            self._source.clear()
            self._source.addItem(translate("CAD report", "the model here"), "")
            for report in reports:
                self._source.addItem(report.title, report.sop_instance_uid)
                tip = plain_tip(f"{report.title} ({report.maker})")
                self._source.setItemData(self._source.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._show_choice(new)

    def _show_choice(self, ws: Workspace) -> None:
        source = ws.cad_source
        uid = source.report.sop_instance_uid if source.report is not None else ""
        self._source.setCurrentIndex(self._source.findData(uid))
        reason = fixed_reason(ws)
        self._source.setEnabled(not reason)
        self._source.setToolTip(reason or translate("CAD report", "Whose marks are shown"))
        if source.highest != self._highest:
            self._highest = source.highest
            self._level.clear()
            for level in range(source.highest + 1):
                self._level.addItem(level_text(level), level)
        self._level.setCurrentIndex(self._level.findData(source.level))
        self._level.setEnabled(source.report is not None and source.highest > 0)


def level_text(level: int) -> str:
    """Return what a CAD operating point shows, in words."""
    if level == 0:
        return translate("CAD report", "0: required marks only")
    return translate("CAD report", "{level}: and optional up to {level}").format(level=level)


def _combo(name: str, accessible: str, parent: QWidget) -> ElidedCombo:
    combo = ElidedCombo(parent)
    combo.setObjectName(name)
    combo.setAccessibleName(accessible)
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    # A title of many algorithms is cut, and whole in its tool tip: the panel keeps its width.
    combo.setSizeAdjustPolicy(ElidedCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(12)
    return combo
