"""A reading of the computer becomes a value of the log, and is shown from it as it was."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app.second_read.cad_result import cad_result, marks_of, no_result, prediction_of
from mammoview.domain.prediction import AnalysisStatus, ExamPrediction
from mammoview.domain.reading import AnalysisOutcome, CadResult
from mammoview.modelkit.manifest import Caveat
from mammoview.review.events import content_text, parse_content
from mammoview.review.states import Action
from tests.builders.desk import prediction, view_prediction

IMAGES = ("a", "b", "c")
CAVEAT = Caveat(kind="calcification", text="trained on simulated calcifications")


def revealed(reading: ExamPrediction) -> CadResult:
    return cad_result(
        reading, images=IMAGES, kinds=("mass",), caveats=(CAVEAT,), heatmaps_sha256=""
    )


def test_what_was_flagged_is_what_is_shown_again() -> None:
    first = replace(view_prediction("a"), outside_range=("breast larger than any",))
    reading = prediction(first, view_prediction("b", score=0.3))
    value = revealed(reading)
    assert [mark.sop_instance_uid for mark in value.marks] == ["a"]
    assert value.caveats == ("Calcification: trained on simulated calcifications",)
    assert value.kinds == ("mass",)
    assert parse_content(Action.REVEAL, content_text(value)) == value, "the log can hold it"
    shown = prediction_of(value, value.marks, ())
    a, b, c = shown.views
    assert a.regions == first.regions
    assert (a.notes, a.outside_range) == (first.notes, first.outside_range)
    assert (b.status, b.regions) == (AnalysisStatus.ANALYZED, ())
    assert c.status is AnalysisStatus.NOT_SUPPORTED
    assert c.reason


def test_three_negatives_are_three_outcomes() -> None:
    nothing = revealed(prediction(view_prediction("a", score=0.1)))
    assert (nothing.outcome, nothing.marks) == (AnalysisOutcome.DONE, ())
    broken = view_prediction("a", status=AnalysisStatus.FAILED)
    failed = revealed(prediction(broken))
    assert (failed.outcome, failed.reason) == (AnalysisOutcome.FAILED, "because of the test")
    spot = view_prediction("a", status=AnalysisStatus.NOT_SUPPORTED)
    assert revealed(prediction(spot)).outcome is AnalysisOutcome.NOT_RUN
    assert revealed(prediction(broken, view_prediction("b"))).outcome is AnalysisOutcome.DONE
    none = no_result(AnalysisOutcome.FAILED, "a broken model", images=IMAGES)
    assert {view.status for view in none.views} == {AnalysisStatus.FAILED}
    assert [view.sop_instance_uid for view in none.views] == list(IMAGES)


def test_every_mark_has_an_id_of_its_own_that_stays() -> None:
    one = view_prediction("a")
    twice = replace(one, regions=(*one.regions, replace(one.regions[0], score=0.6)))
    marks = marks_of(prediction(twice, view_prediction("b")))
    assert len({mark.id for mark in marks}) == 3
    again = marks_of(prediction(twice, view_prediction("b")))
    assert [m.id for m in again] == [m.id for m in marks]
