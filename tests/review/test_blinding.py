"""One gate: closed for every mode that it does not name."""

from __future__ import annotations

import pytest

from mammoview.app import analysis, commands
from mammoview.review import blinding
from mammoview.review.blinding import ReadingMode
from tests.builders.desk import SUMMARY, prediction, view_prediction


def test_concurrent_reading_is_open() -> None:
    assert blinding.may_see_results(ReadingMode.CONCURRENT)


@pytest.mark.parametrize("mode", ["concurrent", "blinded", "", None])
def test_everything_else_is_closed(mode: object) -> None:
    assert not blinding.may_see_results(mode)  # type: ignore[arg-type]


def test_closed_gate_lets_nothing_of_a_result_into_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blinding, "may_see_results", lambda mode: False)
    ws = analysis.started(analysis.model_opened(commands.empty(), SUMMARY), 1)
    one = view_prediction("1.2.3")
    ws = analysis.view_done(ws, one)
    assert ws.prediction is None
    ws = analysis.finished(ws, prediction(one))
    assert ws.prediction is None
    assert "mark" not in ws.analysis.message
    assert "hidden" in ws.analysis.message


def test_open_gate_shows_the_result() -> None:
    ws = analysis.started(analysis.model_opened(commands.empty(), SUMMARY), 1)
    ws = analysis.finished(ws, prediction(view_prediction("1.2.3")))
    assert ws.prediction is not None
    assert ws.analysis.message == "1 mark in 1 view"
