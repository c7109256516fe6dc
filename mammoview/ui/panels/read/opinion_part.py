"""The opinion of each breast and the density, entered by list."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read.texts import side_text
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.domain.views import Laterality
from mammoview.review.states import Action, ReadState, next_state
from mammoview.words import translate

_CATEGORIES = ("0", "1", "2", "3", "4A", "4B", "4C", "5", "6")
_DENSITIES = ("a", "b", "c", "d")


class OpinionPart(QWidget):
    """One list for each breast and one for the density; a reason where an opinion has changed."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readOpinions")
        self.setAccessibleName(translate("Read", "Opinion"))
        self._desk = desk
        self._lists = {side: self._opinion_list(side) for side in Laterality}
        self._density = _list("density", translate("Read", "Density"), _DENSITIES, self)
        self.reason = QLineEdit(self)
        self.reason.setObjectName("changeReason")
        said = translate("Read", "Why it is changed after the lock")
        self.reason.setAccessibleName(said)
        self.reason.setPlaceholderText(said)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for side, chosen in self._lists.items():
            layout.addRow(side_text(side).capitalize(), chosen)
        layout.addRow(translate("Read", "Density"), self._density)
        layout.addRow(self.reason)
        self._connect()
        self.render(None, desk.workspace)

    def _opinion_list(self, side: Laterality) -> QComboBox:
        said = translate("Read", "Opinion of the {side} breast").format(side=side_text(side))
        chosen = _list(f"opinion-{side}", said, _CATEGORIES, self)
        chosen.setProperty("side", side.value)
        return chosen

    def _connect(self) -> None:
        for chosen in self._lists.values():
            chosen.activated.connect(self._chosen)
        self._density.activated.connect(self._density_chosen)

    def _chosen(self, row: int) -> None:
        chosen = self.sender()
        assert isinstance(chosen, QComboBox)
        opinion = Opinion(
            laterality=Laterality(str(chosen.property("side"))),
            category=chosen.itemText(row),
            reason=self.reason.text(),
        )
        self._desk.do(reads.set_opinion, opinion)
        self.render(None, self._desk.workspace)  # what was not allowed is not shown

    def _density_chosen(self, row: int) -> None:
        self._desk.do(reads.set_density, self._density.itemText(row), self.reason.text())
        self.render(None, self._desk.workspace)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        read = new.read.read
        begun = read is not None and read.state not in (ReadState.OPENED, ReadState.VIEWS_CHECKED)
        self.setVisible(begun)
        if read is None:
            return
        open_now = next_state(read.state, Action.SET_OPINION) is not None
        for side, chosen in self._lists.items():
            opinion = read.now.opinion(side)
            chosen.setCurrentIndex(chosen.findText(opinion.category) if opinion else -1)
            chosen.setEnabled(open_now and side in read.opened.sides)
        self._density.setCurrentIndex(self._density.findText(read.now.density))
        self._density.setEnabled(open_now)
        self.reason.setVisible(read.state is ReadState.AI_REVEALED)


def _list(name: str, accessible: str, items: tuple[str, ...], parent: QWidget) -> QComboBox:
    chosen = QComboBox(parent)
    chosen.setObjectName(name)
    chosen.setAccessibleName(accessible)
    chosen.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    chosen.addItems(list(items))
    chosen.setCurrentIndex(-1)
    return chosen
