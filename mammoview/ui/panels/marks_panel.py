"""The reader's marks in a list: select, jump to, rename and delete without a mouse."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QListWidgetItem, QVBoxLayout, QWidget

from mammoview.app.marks import marking
from mammoview.app.marks.mark_text import size_text, where_text
from mammoview.app.reading import ReadingDesk
from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation
from mammoview.ui.panels.parts import Panel, heading, paragraph
from mammoview.ui.panels.wrapping_list import WrappingList
from mammoview.words import translate

_MOST_ROWS = 6


class MarksPanel(Panel):
    """One line for each mark; hidden while there is none.

    Up and down select, Return shows the image of the mark, F4 and Del rename and delete it.
    """

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("marksPanel", translate("Marks", "Marks"), parent)
        self._desk = desk
        # What was counted in pixels stays known when they are given back (`app.pixels.resident`).
        self._sizes: dict[Annotation, str] = {}
        said = translate("Marks", "Marks of the reader")
        self._list = WrappingList("marksList", said, self, most_rows=_MOST_ROWS)
        self._where = paragraph(
            "markPlace", translate("Marks", "Where the selected mark is"), self, role="faint"
        )
        self._problem = paragraph(
            "marksUnsaved", translate("Marks", "Marks that are not kept"), self, role="caution"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (
            heading(translate("Marks", "Marks"), self),
            self._list,
            self._where,
            self._problem,
        ):
            layout.addWidget(widget)
        self._connect()
        self.render(None, desk.workspace)

    def _connect(self) -> None:
        self._list.currentItemChanged.connect(self._pointed)
        self._list.itemActivated.connect(self._chosen)
        self._list.itemClicked.connect(self._chosen)

    def _pointed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._desk.do(marking.select, str(item.data(Qt.ItemDataRole.UserRole)))

    def _chosen(self, item: QListWidgetItem) -> None:
        self._desk.do(marking.go_to, str(item.data(Qt.ItemDataRole.UserRole)))

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        if old is not None and (old.marks, old.views) == (new.marks, new.views):
            return
        marks = new.marks
        with QSignalBlocker(self._list):
            if old is None or (old.marks.items, old.views) != (marks.items, new.views):
                self._fill(new)
            ids = [mark.id for mark in marks.items]
            self._list.setCurrentRow(ids.index(marks.selected) if marks.selected in ids else -1)
        selected = marks.by_id(marks.selected)
        self._where.setText(where_text(new, selected) if selected else "")
        self._where.setVisible(bool(self._where.text()))
        self._problem.setText(marking.problem_text(marks))
        self._problem.setVisible(bool(self._problem.text()))
        self.setVisible(bool(marks.items) or bool(self._problem.text()))

    def _fill(self, ws: Workspace) -> None:
        items = ws.marks.items
        self._sizes = {mark: self._sizes[mark] for mark in items if mark in self._sizes}
        self._list.show_rows((mark.id, self._row(ws, mark)) for mark in items)
        self._list.setVisible(bool(ws.marks.items))

    def _row(self, ws: Workspace, mark: Annotation) -> str:
        """Return a mark's two lines: view, what it is and its words; its size with the basis."""
        view = ws.hung(mark.sop_instance_uid)
        if view is None:
            away = translate("Marks", "on an image that does not hang")
            return f"{translate('Marks', mark.kind.value)}\n{away}"
        return f"{_name(mark, view)}\n{self._size(mark, view)}"

    def _size(self, mark: Annotation, view: HungView) -> str:
        if mark not in self._sizes:
            size = size_text(mark, view.mammogram, view.image).replace("\n", ", ")
            if view.image is None or mark.frame != view.image.frame:
                return size  # nothing is counted, or in another slice
            self._sizes[mark] = size
        return self._sizes[mark]


def _name(mark: Annotation, view: HungView) -> str:
    prior = translate("Marks", "prior {view}").format(view=view.mammogram.label)
    piece = translate("Marks", "slice {number}").format(number=mark.frame)
    parts = (
        prior if view.prior else view.mammogram.label,
        piece if mark.frame is not None else "",
        translate("Marks", mark.kind.value),
        mark.label,
    )
    return "  ·  ".join(filter(None, parts))
