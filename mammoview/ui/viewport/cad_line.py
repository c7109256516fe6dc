"""What a pane says about the computer's reading of its view: the negatives look different."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mammoview.app.cad.reports import drawn_overlay
from mammoview.app.second_read import gate
from mammoview.app.second_read.texts import closed_reason
from mammoview.app.workspace import OverlayMode, Pane, Workspace
from mammoview.domain.prediction import AnalysisStatus, ViewPrediction
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

OUTSIDE_RANGE = QT_TRANSLATE_NOOP(
    "CAD", "Unlike the training images: the CAD is less reliable here"
)


class Tone(StrEnum):
    """How loud a line is."""

    QUIET = "quiet"
    PLAIN = "plain"
    MARKED = "marked"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class CadLine:
    """One line of text and how loud it is; empty text for nothing to say."""

    text: str
    tone: Tone


def prediction_for(pane: Pane, workspace: Workspace) -> ViewPrediction | None:
    """Return the prediction of the view in a pane, or None."""
    if pane.mammogram is None or workspace.prediction is None:
        return None
    uid = pane.mammogram.sop_instance_uid
    for view in workspace.prediction.views:
        if view.sop_instance_uid == uid:
            return view
    return None


def cad_line(pane: Pane, workspace: Workspace) -> CadLine:
    """Return what to say: not run, failed, no marks and marks are four different things."""
    if pane.mammogram is None:
        return CadLine(text="", tone=Tone.QUIET)
    if pane.place.prior:
        return CadLine(text=translate("CAD", "CAD: not run on priors"), tone=Tone.QUIET)
    found = prediction_for(pane, workspace)
    asks = gate.asks_only(workspace)
    if found is not None and not (asks and found.status is AnalysisStatus.ANALYZED):
        return _of_result(found, workspace)
    if pane.mammogram.unsupported:
        return _not_run(pane.mammogram.unsupported)
    if asks:
        return _of_spots(found)
    if closed_reason(workspace):
        return CadLine(text=translate("CAD", "CAD: hidden"), tone=Tone.QUIET)
    if workspace.analysis.running:
        return CadLine(text=translate("CAD", "CAD: running"), tone=Tone.QUIET)
    return CadLine(text=translate("CAD", "CAD: not run"), tone=Tone.QUIET)


def _of_spots(found: ViewPrediction | None) -> CadLine:
    """Return what is said where asked spots alone are answered: nothing of the whole image."""
    if found is None:
        return CadLine(text=translate("CAD", "CAD: answers asked spots"), tone=Tone.QUIET)
    if not found.regions:
        return CadLine(text=translate("CAD", "CAD: nothing at asked spots"), tone=Tone.PLAIN)
    marks = len(found.regions)
    said = translate("CAD", "CAD: %n mark(s) at asked spots", "", COUNTED, marks)
    return CadLine(text=said, tone=Tone.MARKED)


def range_badge(found: ViewPrediction | None) -> str:
    """Return the lasting words on an image unlike those that the model was trained on."""
    return translate("CAD", OUTSIDE_RANGE) if found is not None and found.outside_range else ""


def _not_run(reason: str) -> CadLine:
    said = translate("CAD", "CAD: not run: {reason}").format(reason=reason)
    return CadLine(text=said, tone=Tone.WARNING)


def _of_result(found: ViewPrediction, workspace: Workspace) -> CadLine:
    if found.status is AnalysisStatus.NOT_SUPPORTED:
        return _not_run(found.reason)
    if found.status is AnalysisStatus.FAILED:
        said = translate("CAD", "CAD: failed: {reason}").format(reason=found.reason)
        return CadLine(text=said, tone=Tone.WARNING)
    # The panel has the whole note; on the image its first words do: "scale assumed".
    short = [note.partition(":")[0] for note in found.notes]
    notes = f" ({', '.join(short)})" if short else ""
    flagged = [r for r in found.regions if r.flagged]
    if not flagged:
        return CadLine(text=translate("CAD", "CAD: no marks") + notes, tone=Tone.PLAIN)
    marks = len(flagged)
    count = translate("CAD", "CAD: %n mark(s)", "", COUNTED, marks)
    overlay = drawn_overlay(workspace)
    drawn = overlay.mode in (OverlayMode.MARKS, OverlayMode.BOTH)
    hidden = sum(not drawn or r.kind not in overlay.kinds for r in flagged)
    if hidden == len(flagged):
        count += translate("CAD", ", hidden")
    elif hidden:
        count += translate("CAD", ", {count} hidden").format(count=hidden)
    return CadLine(text=count + notes, tone=Tone.MARKED)
