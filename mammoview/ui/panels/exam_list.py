"""The examinations that are open, where there are several."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem, QVBoxLayout, QWidget

from mammoview.app.looking import hides_identity
from mammoview.app.patient_words import in_a_line, patient_name, patient_number
from mammoview.app.priors import display_date
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.domain.study import Examination
from mammoview.ui.panels.parts import Panel, heading
from mammoview.ui.panels.wrapping_list import WrappingList
from mammoview.words import COUNTED, translate

_MOST_ROWS = 6


class ExamList(Panel):
    """One line for each examination; hidden while there is only one."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("examListPanel", translate("ExamList", "Examinations"), parent)
        self._desk = desk
        said = translate("ExamList", "Open examinations")
        self._list = WrappingList("examList", said, self, most_rows=_MOST_ROWS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading(translate("ExamList", "Examinations"), self))
        layout.addWidget(self._list)
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self._list.itemClicked.connect(self._chosen)
        self._list.itemActivated.connect(self._chosen)

    def _chosen(self, item: QListWidgetItem) -> None:
        key = str(item.data(Qt.ItemDataRole.UserRole))
        if key != self._desk.workspace.exam_key:
            self._desk.select_exam(key)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the open examinations and which one hangs."""
        exams = new.index.examinations
        hidden = hides_identity(new)
        if old is None or old.index is not new.index or hides_identity(old) != hidden:
            numbered = enumerate(exams, start=1)
            self._list.show_rows(
                (e.key, describe(e, number, hidden=hidden)) for number, e in numbered
            )
            self.setVisible(len(exams) > 1)
        keys = [exam.key for exam in exams]
        self._list.setCurrentRow(keys.index(new.exam_key) if new.exam_key in keys else -1)


def describe(exam: Examination, number: int, *, hidden: bool = False) -> str:
    """Return an examination's line: number, patient (unless hidden), date and how many views."""
    first = exam.mammograms[0]
    who = in_a_line(patient_name(first) or patient_number(first))
    date = display_date(first.study_date)
    number_of_views = len(exam.mammograms)
    views = translate("ExamList", "%n view(s)", "", COUNTED, number_of_views)
    return "  ·  ".join(filter(None, [f"{number}", "" if hidden else who, date, views]))
