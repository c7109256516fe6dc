"""The computer's reading in words: view by view, model, and every assumption made."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mammoview.app.cad.reports import source_text
from mammoview.app.commands import exam_by_key
from mammoview.app.kinds import kind_text
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import gate, texts
from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import Workspace
from mammoview.domain.prediction import AnalysisStatus, ViewPrediction
from mammoview.ui.panels.parts import Panel, heading, paragraph
from mammoview.words import COUNTED, translate

_NAMED = 4  # views by their names, then how many more


class ReadingPanel(Panel):
    """Text only; every fallback of the reading is named here."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("readingPanel", translate("Reading", "Result and model"), parent)
        self._result = paragraph(
            "result", translate("Reading", "Result of the analysis, view by view"), self
        )
        self._model = paragraph("model", translate("Reading", "Model"), self, role="faint")
        self._notes = paragraph(
            "notes", translate("Reading", "Assumptions and warnings"), self, role="caution"
        )
        self._notes_heading = heading(translate("Reading", "Notes"), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (
            heading(translate("Reading", "Computer reading"), self),
            self._result,
            heading(translate("Reading", "Model"), self),
            self._model,
            self._notes_heading,
            self._notes,
        ):
            layout.addWidget(widget)
        self.render(None, desk.workspace)

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state in words."""
        self._result.setText(result_text(new))
        self._model.setText(model_text(new))
        notes = notes_text(new)
        self._notes.setText(notes)
        self._notes.setVisible(bool(notes))
        self._notes_heading.setVisible(bool(notes))


def result_text(ws: Workspace) -> str:
    """Return one line a view; ran and found nothing, failed and not run read differently."""
    lines = [ws.analysis.message] if ws.analysis.message else []
    if gate.asks_only(ws):
        lines.append(texts.spot_answer(ws) or translate("Reading", "answers asked spots alone"))
    elif ws.prediction is not None:
        by_uid = {view.sop_instance_uid: view for view in ws.prediction.views}
        read = [hung.mammogram for hung in ws.views if hung.analysed]
        lines += [f"{m.label}: {view_text(by_uid.get(m.sop_instance_uid))}" for m in read]
    return "\n".join(lines) or translate("Reading", "Not analysed")


def view_text(view: ViewPrediction | None) -> str:
    """Say what came out for one view."""
    if view is None:
        return translate("Reading", "not analysed yet")
    if view.status is AnalysisStatus.FAILED:
        return translate("Reading", "ANALYSIS FAILED, {reason}").format(reason=view.reason)
    if view.status is AnalysisStatus.NOT_SUPPORTED:
        return translate("Reading", "not analysed, {reason}").format(reason=view.reason)
    flagged = [region for region in view.regions if region.flagged]
    if not flagged:
        if not any(region.scored for region in view.regions) or not view.scores:
            return translate("Reading", "analysed, no mark")
        said = translate("Reading", "analysed, no mark (highest score {score:.2f})")
        return said.format(score=max(score for _, score in view.scores))
    marks = ", ".join(
        f"{kind_text(r.kind)} {r.score:.2f}" if r.scored else kind_text(r.kind) for r in flagged
    )
    count = len(flagged)
    return translate("Reading", "%n mark(s): {marks}", "", COUNTED, count).format(marks=marks)


def model_text(ws: Workspace) -> str:
    """Return name, version, hash, device and operating point of whose marks are shown."""
    if source_text(ws):
        return _report_text(ws)
    if ws.model is None:
        return translate("Reading", "Not open")
    identity = ws.model.identity
    return "\n".join(
        (
            f"{identity.name} {identity.version}  ({identity.sha256[:8]})",
            ws.model.device,
            translate("Reading", "operating point: {name}").format(name=ws.operating_point),
            translate("Reading", "Scores are kinds of finding, not a probability of cancer."),
        )
    )


def _report_text(ws: Workspace) -> str:
    shown, report = ws.prediction, ws.cad_source.report
    point = translate("Reading", "operating point: {name}")
    return "\n".join(
        (
            source_text(ws),
            *((shown.device,) if shown is not None else ()),
            *((point.format(name=ws.cad_source.level),) if report is not None else ()),
            translate("Reading", "Scores are kinds of finding, not a probability of cancer."),
        )
    )


def _range_notes(view: ViewPrediction) -> tuple[str, ...]:
    line = translate("Reading", "unlike the training images: {how}")
    return tuple(line.format(how=how) for how in view.outside_range or ())


def notes_of(ws: Workspace) -> tuple[str, ...]:
    """Return every assumption and warning, each once, with the views it holds for.

    A standard view that is not there comes first: in a step that does not hang it nothing else
    would say so.
    """
    notes = (f"{note}  [{_where(views, ws)}]" for note, views in _of_views(ws).items())
    return (*_of_all(ws), *notes)


def notes_text(ws: Workspace) -> str:
    """Return the notes for the panel: the views that several of them hold for stand there once."""
    together: dict[tuple[str, ...], list[str]] = {}
    for note, views in _of_views(ws).items():
        together.setdefault(views, []).append(note)
    lines = [f"• {note}" for note in _of_all(ws)]
    for views, notes in together.items():
        if len(notes) == 1:
            lines.append(f"• {notes[0]}  [{_where(views, ws)}]")
        else:
            lines += [f"{_where(views, ws)}:", *(f"• {note}" for note in notes)]
    return "\n".join(lines)


def _of_views(ws: Workspace) -> dict[str, tuple[str, ...]]:
    """Return what is said of single views, with their names."""
    said: dict[str, list[str]] = {}
    for hung in ws.views:
        view, label = hung.mammogram, _label(hung)
        for warning in view.warnings:
            said.setdefault(warning, []).append(label)
        for result in ws.prediction.views if ws.prediction else ():
            if result.sop_instance_uid == view.sop_instance_uid:
                for note in (*result.notes, *_range_notes(result)):
                    said.setdefault(note, []).append(label)
    return {note: tuple(dict.fromkeys(labels)) for note, labels in said.items()}


def _of_all(ws: Workspace) -> tuple[str, ...]:
    """Return what is said of the examination and of the program."""
    left_out = translate("Reading", "Left out of the hanging: {views}")
    not_hung = (left_out.format(views=", ".join(ws.not_hung)),) if ws.not_hung else ()
    return (*_missing_views(ws), *dict.fromkeys(ws.warnings), *not_hung)


def _where(views: tuple[str, ...], ws: Workspace) -> str:
    everywhere = len({_label(hung) for hung in ws.views})
    if everywhere > _NAMED and len(views) == everywhere:
        return translate("Reading", "all views")
    if len(views) <= _NAMED:
        return ", ".join(views)
    more = len(views) - _NAMED
    said = translate("Reading", "{views} and %n more", "", COUNTED, more)
    return said.format(views=", ".join(views[:_NAMED]))


def _label(hung: HungView) -> str:
    label = hung.mammogram.label
    return translate("Reading", "prior {view}").format(view=label) if hung.prior else label


def _missing_views(ws: Workspace) -> tuple[str, ...]:
    exam = exam_by_key(ws, ws.exam_key)
    if exam is None or not exam.missing_slots:
        return ()
    said = translate("Reading", "Not found: {views}")
    return (said.format(views=", ".join(slot.label for slot in exam.missing_slots)),)
