"""CAD reports beside the images: read in the background, held out of sight, shown when chosen.

What a report found is held here like `app.cad.computer` holds what the model found: no widget
reaches it, and `app.analysis.show` asks the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from mammoview.app import analysis, commands
from mammoview.app.cad.match import result_of
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.second_read import gate
from mammoview.app.state.cad import MODEL_HERE, CadSource
from mammoview.app.workspace import Overlay, Workspace
from mammoview.domain.cad_report import CadReport, CadReportFile
from mammoview.domain.prediction import ExamPrediction, ModelIdentity
from mammoview.errors import MammoviewError
from mammoview.words import translate


class CadReports:
    """All methods belong to the desk's thread.

    Parameters
    ----------
    deliver : callable
        Runs a callable on the desk's thread, in order.
    state : callable
        Returns the desk's state.
    change : callable
        ``change(command, *args)`` changes the desk's state.
    ready : callable
        Called when what is chosen may be shown, as far as the gate lets it.

    Attributes
    ----------
    joins : callable
        Asked after another operating point was chosen: whether a revealed read takes its marks in.
    failure : str
        Why the chosen report could not be read; empty where it could.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        state: Callable[[], Workspace],
        change: Callable[..., None],
        ready: Callable[[], None],
    ) -> None:
        self._lanes = Lanes(name="cad-reports", workers=1, deliver=deliver)
        self._state, self._change, self._ready = state, change, ready
        self._report: CadReport | None = None
        self._result: tuple[object, ExamPrediction] | None = None
        self.failure = ""
        self.joins: Callable[[], bool] = _joins_nothing

    def choose(self, uid: str) -> None:
        """Show the marks of the report of that SOPInstanceUID; empty: those of the model here."""
        why_not = fixed_reason(self._state())
        if why_not:
            self._change(commands.say, why_not)
            return
        self.stop()
        report = next((r for r in reports_of(self._state()) if r.sop_instance_uid == uid), None)
        if report is None:
            self._change(with_source, MODEL_HERE)
            self._ready()
            return
        self._change(_waiting_for, CadSource(report=report, loading=True))
        job = Job(work=partial(_load, report), on_done=self._loaded, on_error=self._failed)
        self._lanes.submit("load", job)

    def choose_next(self) -> None:
        """Go round whose marks are shown: the model's here, then each report's."""
        ws = self._state()
        uids = ["", *(report.sop_instance_uid for report in reports_of(ws))]
        chosen = ws.cad_source.report
        at = uids.index(chosen.sop_instance_uid) if chosen is not None else 0
        self.choose(uids[(at + 1) % len(uids)])

    def set_level(self, level: int) -> None:
        """Show the optional marks up to a CAD operating point; a revealed read takes them in."""
        source = self._state().cad_source
        level = min(max(level, 0), source.highest)
        self._change(with_source, replace(source, level=level))
        if not self.joins():
            self._ready()

    def with_levels(self, ws: Workspace) -> Workspace:
        """Tell how many operating points the report has, once what it found may be seen.

        Where it does not say so itself, their number is that of its optional marks.
        """
        report, source = self._report, ws.cad_source
        if report is None or source.report != report.source or not gate.shows_all(ws):
            return ws
        level = min(source.level, report.highest)
        return with_source(ws, replace(source, level=level, highest=report.highest))

    def held(self) -> ExamPrediction | None:
        """Return what the chosen report says of the hung examination."""
        ws, report = self._state(), self._report
        exam = commands.exam_by_key(ws, ws.exam_key)
        if report is None or exam is None or ws.cad_source.report != report.source:
            return None
        asked = report.source, ws.exam_key, ws.cad_source.level
        if self._result is None or self._result[0] != asked:
            found = result_of(report, exam.mammograms, level=ws.cad_source.level)
            self._result = asked, found
        return self._result[1]

    def stop(self) -> None:
        """Forget what was read: another examination comes, or another choice."""
        self._lanes.cancel_all()
        self._report = self._result = None
        self.failure = ""

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        self._lanes.shutdown()

    def _loaded(self, report: CadReport) -> None:
        self._report = report
        source = CadSource(report=report.source, level=report.recommended)
        self._change(lambda ws: self.with_levels(with_source(ws, source)))
        self._ready()

    def _failed(self, error: MammoviewError) -> None:
        self.failure = str(error)
        self._change(with_source, replace(self._state().cad_source, loading=False))
        said = translate("CAD report", "The CAD report cannot be shown: {error}")
        self._change(commands.warn, said.format(error=error))


# -- what the state says of it: pure functions --------------------------------------------------


def reports_of(ws: Workspace) -> tuple[CadReportFile, ...]:
    """Return the CAD reports of the hung examination."""
    exam = commands.exam_by_key(ws, ws.exam_key)
    return exam.cad_reports if exam is not None else ()


def with_source(ws: Workspace, source: CadSource) -> Workspace:
    """Take the reader's choice."""
    return ws if ws.cad_source == source else replace(ws, cad_source=source)


def _joins_nothing() -> bool:
    return False


def _waiting_for(ws: Workspace, source: CadSource) -> Workspace:
    """Take a choice whose marks are still to come: no others may stand under its name."""
    return analysis.show(with_source(ws, source), None)


def fixed_reason(ws: Workspace) -> str:
    """Return why the source of the marks cannot be chosen now; empty where it can."""
    if not reports_of(ws):
        return translate("CAD report", "No CAD report lies beside these images")
    if ws.read.kept is not None and ws.read.kept.revealed is not None:
        return translate("CAD report", "The computer's result of this read was revealed: it stays")
    return ""


def foreign_identity(ws: Workspace) -> ModelIdentity | None:
    """Return the algorithm of a CAD report whose marks are shown or chosen; None for the model."""
    if ws.prediction is not None:
        # A bundle has a digest; a report has none.
        return None if ws.prediction.model.sha256 else ws.prediction.model
    report = ws.cad_source.report
    revealed = ws.read.kept.revealed if ws.read.kept is not None else None
    if report is None or revealed is not None:
        return None
    return ModelIdentity(name=report.title, version="", sha256="")


def drawn_overlay(ws: Workspace) -> Overlay:
    """Return what of the result is drawn: of a report also kinds that the model does not know.

    There is no box to choose those, and what a report says must be shown is shown.
    """
    if ws.prediction is None or foreign_identity(ws) is None:
        return ws.overlay
    known = {*ws.overlay.kinds, *(ws.model.findings if ws.model else ())}
    met = dict.fromkeys(r.kind for view in ws.prediction.views for r in view.regions)
    fresh = tuple(kind for kind in met if kind not in known)
    return replace(ws.overlay, kinds=(*ws.overlay.kinds, *fresh))


def source_text(ws: Workspace) -> str:
    """Return the lasting words on whose marks these are; empty for the model's."""
    identity = foreign_identity(ws)
    if identity is None or not identity.name:
        return ""
    named = f"{identity.name} {identity.version}".strip()
    if ws.cad_source.report is not None:
        named = ws.cad_source.report.title
    return translate("CAD report", "Marks of another CAD: {name}").format(name=named)


def _load(source: CadReportFile, context: JobContext) -> CadReport:
    from mammoview.dicom.cad_sr_read import load_cad_report  # heavy: the window comes first

    return load_cad_report(source)
