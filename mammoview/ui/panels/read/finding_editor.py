"""The selected finding: its kind, descriptors, size, place and comment, each kept at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QVBoxLayout, QWidget

from mammoview.app.assessment.consistency import breast
from mammoview.app.assessment.finding_rules import QUADRANTS
from mammoview.app.assessment.lexicon import shipped_lexicon
from mammoview.app.marks.breast_place import THIRDS
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import editing, findings
from mammoview.app.workspace import Workspace
from mammoview.domain.finding import Depth, Finding, FindingKind, Quadrant
from mammoview.ui.panels.parts import Panel, heading, paragraph, row_label
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.panels.read.descriptors import Descriptors
from mammoview.ui.panels.read.words_line import WordsLine
from mammoview.ui.steady import SteadySpinBox
from mammoview.words import translate

_LARGEST_MM = 250.0
_NOTHING = "-"
_HOURS = 12
_ROW_GAP_PX = 6  # as in the other parts; else it were that of the column that this lies in


class FindingEditor(Panel):
    """A form; hidden while no finding is selected, read only while nothing can be said."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("findingEditor", translate("Findings", "Selected finding"), parent)
        self._desk = desk
        self._title = heading("", self)
        self.kind = CodeChoice("findingKind", translate("Findings", "Kind of finding"), self)
        self.descriptors = Descriptors(self)
        self.diameter = _size_box(self)
        self.quadrant = CodeChoice("findingQuadrant", translate("Findings", "Quadrant"), self)
        self.clock = CodeChoice("findingClock", translate("Findings", "Hour of the clock"), self)
        self.third = CodeChoice("findingDepth", translate("Findings", "Depth"), self)
        self.comment = WordsLine("findingComment", translate("Findings", "Comment"), self)
        self._notes = paragraph(
            "findingNotes",
            translate("Findings", "What size and place are estimated from"),
            self,
            role="faint",
        )
        self._lay_out()
        self._offer()
        self._connect()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(_ROW_GAP_PX)
        form.setVerticalSpacing(3)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(row_label(translate("Findings", "Kind"), self.kind), self.kind)
        place = QFormLayout()
        place.setContentsMargins(0, 0, 0, 0)
        place.setHorizontalSpacing(_ROW_GAP_PX)
        place.setVerticalSpacing(3)
        place.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in (
            (translate("Findings", "Size"), self.diameter),
            (translate("Findings", "Quadrant"), self.quadrant),
            (translate("Findings", "O'clock"), self.clock),
            (translate("Findings", "Depth"), self.third),
        ):
            place.addRow(row_label(name, field), field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self._title)
        layout.addLayout(form)
        layout.addWidget(self.descriptors)
        layout.addLayout(place)
        layout.addWidget(self.comment)
        layout.addWidget(self._notes)

    def _offer(self) -> None:
        """Offer what is the same for every finding."""
        kinds = shipped_lexicon().kinds
        self.kind.offer([(rule.kind, translate("Assessment", rule.name)) for rule in kinds])
        self.quadrant.offer(
            [(q or _NOTHING, translate("Assessment", name)) for q, name in QUADRANTS.items()]
        )
        unknown = (_NOTHING, translate("Assessment", "not known"))
        thirds = [(str(depth), translate("Marks", name)) for depth, name in THIRDS.items()]
        self.third.offer([*thirds, unknown])
        hours = [(str(hour), str(hour)) for hour in range(1, _HOURS + 1)]
        self.clock.offer([*hours, unknown])

    def _connect(self) -> None:
        self.kind.chosen.connect(self._kind_chosen)
        self.descriptors.chosen.connect(self._terms_chosen)
        self.diameter.editingFinished.connect(self._sized)
        self.quadrant.chosen.connect(self._quadrant_chosen)
        self.clock.chosen.connect(self._clock_chosen)
        self.third.chosen.connect(self._depth_chosen)
        self.comment.said.connect(self._commented)

    # -- reader's side ------------------------------------------------------------------------

    def _kind_chosen(self, kind: str) -> None:
        self._change(lambda f: editing.with_kind(f, FindingKind(kind), shipped_lexicon()))

    def _terms_chosen(self, axis: str, terms: tuple[str, ...]) -> None:
        self._change(lambda f: editing.with_terms(f, axis, terms, shipped_lexicon()))

    def _sized(self) -> None:
        self._change(lambda f: replace(f, size_mm=round(self.diameter.value(), 1)))

    def _quadrant_chosen(self, code: str) -> None:
        self._change(lambda f: replace(f, quadrant=Quadrant("" if code == _NOTHING else code)))

    def _clock_chosen(self, code: str) -> None:
        self._change(lambda f: replace(f, clock=0 if code == _NOTHING else int(code)))

    def _depth_chosen(self, code: str) -> None:
        self._change(lambda f: replace(f, depth=Depth("" if code == _NOTHING else code)))

    def _commented(self, words: str) -> None:
        self._change(lambda f: replace(f, comment=words))

    def _change(self, make: Callable[[Finding], Finding]) -> None:
        finding = findings.selected(self._desk.workspace)
        if finding is not None:
            self._desk.do(findings.change, make(finding))
            self.render(None, self._desk.workspace)  # what was not allowed is not shown

    def commit(self) -> None:
        """Say what was typed and is not said yet."""
        self.comment.commit()
        if self.diameter.hasFocus():
            self.diameter.interpretText()
            self._sized()

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        finding = findings.selected(new)
        self.setVisible(finding is not None)
        if finding is None:
            return
        said = translate("Findings", "Finding {number}, {breast}")
        number = findings.number_of(new, finding.id)
        self._title.setText(said.format(number=number, breast=breast(finding.laterality)).upper())
        self.kind.show_code(finding.kind)
        self.descriptors.show_finding(finding)
        with QSignalBlocker(self.diameter):
            self.diameter.setValue(finding.size_mm)
        self.quadrant.show_code(finding.quadrant or _NOTHING)
        self.clock.show_code(str(finding.clock) if finding.clock else _NOTHING)
        self.third.show_code(finding.depth or _NOTHING)
        self.comment.show_words(finding.comment)
        self._notes.setText("\n".join(_noted(new, finding)))
        self._notes.setVisible(bool(self._notes.text()))
        for field in self._fields():
            field.setEnabled(not findings.why_closed(new))

    def _fields(self) -> tuple[QWidget, ...]:
        place = (self.diameter, self.quadrant, self.clock, self.third)
        return (self.kind, self.descriptors, *place, self.comment)


def _noted(ws: Workspace, finding: Finding) -> list[str]:
    """Return what size and place are estimated from, and where the reader says otherwise."""
    found = findings.estimated(ws, finding)
    notes = [translate("Findings", "estimated: {note}").format(note=note) for note in found.notes]
    differs = (finding.size_mm, finding.quadrant, finding.clock, finding.depth) != (
        found.size_mm,
        found.quadrant,
        found.clock,
        found.depth,
    )
    return [*notes, translate("Findings", "changed by the reader")] if differs else notes


def _size_box(parent: QWidget) -> QDoubleSpinBox:
    """Return a field for the longest diameter; 0 reads as not measured."""
    box = SteadySpinBox(parent)
    box.setObjectName("findingSize")
    box.setAccessibleName(translate("Findings", "Longest diameter, mm"))
    box.setRange(0.0, _LARGEST_MM)
    box.setDecimals(1)
    box.setSuffix(" mm")
    box.setSpecialValueText(translate("Findings", "not measured"))
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box
