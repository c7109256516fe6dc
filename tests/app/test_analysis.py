"""What the state says of the computer's reading."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import analysis, commands
from mammoview.app.workspace import Workspace
from mammoview.domain.prediction import AnalysisStatus
from tests.builders.desk import SUMMARY, prediction, view_prediction


def opened() -> Workspace:
    return analysis.model_opened(commands.empty(), SUMMARY)


def test_model_brings_its_classes_and_its_default_threshold() -> None:
    ws = opened()
    assert ws.overlay.kinds == ("mass",)
    assert ws.operating_point == "balanced"


def test_chosen_operating_point_outlives_the_opening_of_the_model() -> None:
    ws = analysis.set_operating_point(opened(), "strict")
    assert analysis.model_opened(ws, SUMMARY).operating_point == "strict"


def test_an_operating_point_that_the_model_lacks_is_replaced_and_said() -> None:
    ws = replace(commands.empty(), operating_point="gentle")
    ws = analysis.model_opened(ws, SUMMARY)
    assert ws.operating_point == "balanced"
    assert ws.warnings == ("quick has no operating point gentle: its default, balanced, is used",)
    assert analysis.model_opened(ws, SUMMARY).warnings == ws.warnings
    assert opened().warnings == ()


def test_views_come_one_by_one() -> None:
    ws = analysis.started(opened(), 2)
    first = analysis.with_view(ws, None, view_prediction("a"))
    ws = analysis.view_done(ws, first)
    assert ws.prediction is not None
    assert [view.sop_instance_uid for view in ws.prediction.views] == ["a"]
    assert (ws.analysis.done, ws.analysis.total, ws.analysis.running) == (1, 2, True)
    ws = analysis.view_done(ws, analysis.with_view(ws, first, view_prediction("b")))
    assert ws.prediction is not None
    assert [view.sop_instance_uid for view in ws.prediction.views] == ["a", "b"]


def test_operating_point_flags_anew_and_keeps_the_scores() -> None:
    ws = analysis.finished(opened(), prediction(view_prediction("a", score=0.7)))
    assert ws.prediction is not None
    assert ws.prediction.views[0].regions[0].flagged
    strict = analysis.set_operating_point(ws, "strict")
    assert strict.prediction is not None
    assert not strict.prediction.views[0].regions[0].flagged
    assert strict.prediction.operating_point == "strict"
    assert strict.prediction.views[0].heatmaps == ws.prediction.views[0].heatmaps
    assert strict.analysis.message.startswith("0 marks")
    assert analysis.set_operating_point(ws, "unknown") is ws


def test_three_negatives_read_differently() -> None:
    views = [
        view_prediction("a", score=0.1),
        view_prediction("b", status=AnalysisStatus.FAILED),
        view_prediction("c", status=AnalysisStatus.NOT_SUPPORTED),
    ]
    assert analysis.summary(prediction(*views)) == "0 marks in 1 view, 1 failed, 1 not analysed"


def test_stopped_says_why() -> None:
    ws = analysis.stopped(analysis.started(opened(), 4), "no model")
    assert (ws.analysis.running, ws.analysis.message) == (False, "no model")
