"""Whose examination hangs: on the screen only, never in a title, a log or a file name."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mammoview.app.looking import hides_identity
from mammoview.app.patient_words import patient_name, patient_number
from mammoview.app.priors import display_date
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Workspace
from mammoview.ui.panels.parts import Panel, breakable, heading, paragraph
from mammoview.words import translate


class PatientPanel(Panel):
    """Name, id, birth date and study date."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("patientPanel", translate("Patient", "Examination"), parent)
        self._patient = paragraph("patient", translate("Patient", "Patient"), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(heading(translate("Patient", "Examination"), self))
        layout.addWidget(self._patient)
        self.render(None, desk.workspace)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state."""
        self._patient.setText(breakable(patient_text(new)))


def patient_text(ws: Workspace) -> str:
    """Return name, id, birth date and study date of the hung examination."""
    if hides_identity(ws):
        return translate("Patient", "Identity hidden, as on the images")
    view = next((hung.mammogram for hung in ws.views if not hung.prior), None)
    if view is None:
        return translate("Patient", "No examination")
    who = view.identity
    lines = [patient_name(view), patient_number(view)]
    if who.birth_date:
        born = translate("Patient", "born {date}")
        lines.append(born.format(date=display_date(who.birth_date)))
    if view.study_date:
        study = translate("Patient", "study of {date}")
        lines.append(study.format(date=display_date(view.study_date)))
    return "\n".join(dict.fromkeys(line for line in lines if line))
