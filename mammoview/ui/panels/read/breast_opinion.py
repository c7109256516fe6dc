"""The opinion of one breast: category, the views of a technical recall, and words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QWidget

from mammoview.app.assessment.consistency import breast, breast_title
from mammoview.app.assessment.schemes import OpinionScheme, category_name
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import checks
from mammoview.app.second_read import commands as reads
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Consequence, Opinion
from mammoview.domain.views import Laterality, Slot
from mammoview.review.states import Action, next_state
from mammoview.ui.panels.parts import paragraph, row_label
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.panels.read.words_line import WordsLine
from mammoview.words import translate


class BreastOpinion(QWidget):
    """One breast of a read.  A changed opinion waits for its reason before it is said.

    Signals
    -------
    reasonAsked()
        A choice waits for the words that the cursor now stands in.
    """

    reasonAsked = Signal()

    def __init__(self, side: Laterality, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"breast-{side}")
        self._desk, self._side = desk, side
        self._waiting: Opinion | None = None
        name = breast(side)
        said = translate("Read", "Opinion of the {breast}").format(breast=name)
        self.setAccessibleName(said)
        self.choice = CodeChoice(f"opinion-{side}", said, self)
        said = translate("Read", "Words on the {breast}: why, what for").format(breast=name)
        hint = translate("Read", "Why, what for")
        self.words = WordsLine(f"reason-{side}", said, self, hint=hint)
        self._caution = paragraph(f"waiting-{side}", said, self, role="caution")
        self._before = paragraph(
            f"unaided-{side}", translate("Read", "Unaided opinion"), self, role="faint"
        )
        self._views = [self._view_box(slot) for slot in Slot if slot.laterality is side]
        self._view_row = QWidget(self)
        self._lay_out()
        self._connect()

    def _view_box(self, slot: Slot) -> QCheckBox:
        box = QCheckBox(slot.label, self)
        box.setObjectName(f"again-{slot}")
        box.setAccessibleName(translate("Read", "{view} is taken anew").format(view=slot.label))
        box.setProperty("slot", slot.value)
        return box

    def _lay_out(self) -> None:
        row = QHBoxLayout(self._view_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(translate("Read", "Anew:"), self._view_row))
        for box in self._views:
            row.addWidget(box)
        label = row_label(breast_title(self._side), self.choice)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.choice, 0, 1)
        for number, widget in enumerate(
            (self._before, self._view_row, self._caution, self.words), start=1
        ):
            grid.addWidget(widget, number, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def _connect(self) -> None:
        self.choice.chosen.connect(self._chosen)
        self.words.said.connect(self._worded)
        for box in self._views:
            box.clicked.connect(self._view_chosen)

    # -- reader's side ------------------------------------------------------------------------

    def _chosen(self, code: str) -> None:
        self._say(category=code)

    def _view_chosen(self) -> None:
        self._say()

    def _worded(self, words: str) -> None:
        self._say()

    def commit(self) -> None:
        """Say what was typed and is not said yet."""
        self.words.commit()

    def _say(self, category: str = "") -> None:
        """Say the opinion as it stands here; a changed one waits until it has a reason."""
        opinion = self._entered(category)
        if opinion is None:
            return
        waited = self._waiting is not None
        self._waiting = opinion if checks.lacks_reason(self._desk.workspace, opinion) else None
        if self._waiting is None:
            self._desk.do(reads.set_opinion, opinion)
        self.render(None, self._desk.workspace)
        if self._waiting is not None and not waited:
            self.words.setFocus()
            self.reasonAsked.emit()

    def _entered(self, category: str) -> Opinion | None:
        """Return the opinion as it stands here; None while there is no category."""
        said = self._said(self._desk.workspace)
        base = self._waiting or said
        code = category or (base.category if base is not None else "")
        if not code:
            return None
        views = tuple(str(box.property("slot")) for box in self._views if box.isChecked())
        anew = self._is_technical(self._desk.workspace, code)
        return Opinion(
            laterality=self._side,
            category=code,
            reason=self.words.text().strip(),
            views=views if anew else (),
        )

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        read = new.read.read
        other = old is not None and old.exam_key != new.exam_key
        if other:
            self.words.forget()
        if other or (old is not None and _closed(new)):
            self._waiting = None
        self.setVisible(read is not None and self._side in read.opened.sides)
        if read is None:
            return
        scheme = checks.scheme_of(new)
        self.choice.offer(answers(scheme))
        opinion = self._waiting or self._said(new)
        self.choice.show_code(opinion.category if opinion else "")
        technical = opinion is not None and self._is_technical(new, opinion.category)
        self._view_row.setVisible(technical)
        for box in self._views:
            box.setChecked(opinion is not None and str(box.property("slot")) in opinion.views)
        self.words.show_words(opinion.reason if opinion else "")
        for widget in (self.choice, *self._views):
            widget.setEnabled(not _closed(new))
        # Words belong to an opinion: without one they could be kept nowhere.
        self.words.setEnabled(opinion is not None and not _closed(new))
        self._show_notes(new, opinion)

    def _show_notes(self, new: Workspace, opinion: Opinion | None) -> None:
        read = new.read.read
        locked = read.unaided.opinion(self._side) if read and read.unaided else None
        self._before.setVisible(locked is not None)
        if locked is not None:
            name = category_name(checks.scheme_of(new).scheme, locked.category)
            self._before.setText(translate("Read", "unaided: {name}").format(name=name))
        self._caution.setVisible(self._waiting is not None)
        self._caution.setText(
            translate("Read", "Not said yet: write why it is changed, then Return")
        )

    def _said(self, ws: Workspace) -> Opinion | None:
        return ws.read.read.now.opinion(self._side) if ws.read.read is not None else None

    def _is_technical(self, ws: Workspace, code: str) -> bool:
        category = checks.scheme_of(ws).scheme.category(code)
        return category is not None and category.consequence is Consequence.TECHNICAL_RECALL


def answers(scheme: OpinionScheme) -> list[tuple[str, str]]:
    """Return code and words of every category."""
    return [(c.code, category_name(scheme.scheme, c.code)) for c in scheme.scheme.categories]


def _closed(ws: Workspace) -> bool:
    """Tell whether no opinion can be said now."""
    read = ws.read.read
    return read is None or next_state(read.state, Action.SET_OPINION) is None
