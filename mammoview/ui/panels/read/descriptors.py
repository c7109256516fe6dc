"""The words of the lexicon for one finding: a field for each axis that its kind has."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from mammoview.app.assessment.lexicon import Axis, shipped_lexicon
from mammoview.app.second_read import editing
from mammoview.domain.finding import Finding
from mammoview.ui.panels.parts import row_label
from mammoview.ui.panels.read.choice import CodeChoice
from mammoview.ui.panels.read.terms_choice import TermsChoice
from mammoview.words import translate

_NOTHING = "-"


class Descriptors(QWidget):
    """All axes there are; those that the finding's kind does not have are hidden.

    Signals
    -------
    chosen(str, tuple of str)
        An axis, and the terms that hold for it now.
    """

    chosen = Signal(str, tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findingDescriptors")
        self.setAccessibleName(translate("Findings", "Descriptors"))
        self._axes = shipped_lexicon().axes
        self.fields: dict[str, CodeChoice | TermsChoice] = {
            axis.id: _field(axis, self) for axis in self._axes
        }
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(3)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for axis in self._axes:
            field = self.fields[axis.id]
            self._form.addRow(row_label(translate("Assessment", axis.name), field), field)
        self._connect()

    def _connect(self) -> None:
        for axis, field in self.fields.items():
            if isinstance(field, TermsChoice):
                field.chosen.connect(partial(self.chosen.emit, axis))
            else:
                field.chosen.connect(partial(self._one_chosen, axis))

    def _one_chosen(self, axis: str, term: str) -> None:
        self.chosen.emit(axis, () if term == _NOTHING else (term,))

    def show_finding(self, finding: Finding) -> None:
        """Show what is said of a finding; emits no change by itself."""
        for axis in self._axes:
            field = self.fields[axis.id]
            held = editing.terms_of(finding, axis.id)
            self._form.setRowVisible(field, finding.kind in axis.kinds)
            if isinstance(field, TermsChoice):
                field.offer(_terms(axis), held)
            else:
                field.show_code(held[0] if held else "")


def _field(axis: Axis, parent: QWidget) -> CodeChoice | TermsChoice:
    name, said = f"axis-{axis.id}", translate("Assessment", axis.name)
    if axis.several:
        return TermsChoice(name, said, parent)
    field = CodeChoice(name, said, parent)
    field.offer([*_terms(axis), (_NOTHING, translate("Findings", "not said"))])
    return field


def _terms(axis: Axis) -> list[tuple[str, str]]:
    return [(term.id, translate("Assessment", term.name)) for term in axis.terms]
