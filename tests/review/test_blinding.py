"""One gate: closed for every mode that it does not name, and before every reveal."""

from __future__ import annotations

import pytest

from mammoview.app import analysis, commands
from mammoview.domain.reading import ReadingMode
from mammoview.review import blinding
from mammoview.review.blinding import Visibility, visibility
from mammoview.review.states import ReadState
from tests.builders.desk import SUMMARY, prediction, view_prediction


def test_concurrent_reading_is_open() -> None:
    assert blinding.may_see_results(ReadingMode.CONCURRENT)


@pytest.mark.parametrize("mode", ["concurrent", "blinded", "", None])
@pytest.mark.parametrize("state", [None, *ReadState, "signed"])
def test_everything_else_is_closed(mode: object, state: object) -> None:
    assert not blinding.may_see_results(mode, state)  # type: ignore[arg-type]


# Before the lock, and after it until the reveal is written down, there is nothing to see.
_CLOSED = [None, *list(ReadState)[: list(ReadState).index(ReadState.AI_REVEALED)]]


@pytest.mark.parametrize("mode", [m for m in ReadingMode if m is not ReadingMode.CONCURRENT])
def test_a_blinded_read_opens_with_the_reveal(mode: ReadingMode) -> None:
    for state in [None, *ReadState]:
        expected = state not in _CLOSED
        assert blinding.may_see_results(mode, state) is expected, state


def test_asked_spots_are_seen_before_the_lock_in_their_mode_alone() -> None:
    seen = {
        (mode, state)
        for mode in ReadingMode
        for state in [None, *ReadState]
        if visibility(mode, state) is Visibility.ASKED_SPOTS
    }
    assert seen == {(ReadingMode.ASK_SPOT, ReadState.UNAIDED)}


@pytest.mark.parametrize("state", list(ReadState))
def test_readers_are_blind_to_each_other_until_their_own_read_is_final(state: ReadState) -> None:
    final = state in {ReadState.FINAL, ReadState.ARBITRATION, ReadState.SIGNED}
    assert blinding.may_see_other_reads(state, arbitrates=False) is final
    assert blinding.may_see_other_reads(state, arbitrates=True)


def test_closed_gate_lets_nothing_of_a_result_into_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blinding, "may_see_results", lambda mode, state=None: False)
    ws = analysis.started(analysis.model_opened(commands.empty(), SUMMARY), 1)
    one = view_prediction("1.2.3")
    ws = analysis.view_done(ws, analysis.with_view(ws, None, one))
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
