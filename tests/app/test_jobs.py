"""Newest wins; stale answers never arrive; shutdown is clean."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mammoview.app.jobs import CancelToken, Job, JobContext, Lanes, seldom
from mammoview.errors import DicomError, MammoviewError
from tests.builders.desk import Mailbox


def _ignore(error: MammoviewError) -> None:
    raise AssertionError(str(error))


def _answer(value: int, context: JobContext) -> int:
    return value


def test_what_is_hurried_comes_before_what_came_first() -> None:
    mailbox = Mailbox()
    lanes = Lanes(name="test", workers=1, deliver=mailbox.post)
    go_on = threading.Event()
    done: list[str] = []

    def work(name: str, context: JobContext) -> str:
        assert go_on.wait(10.0)
        return name

    try:
        for name in "abcdef":
            lanes.submit(name, Job(work=partial(work, name), on_done=done.append, on_error=_ignore))
        lanes.hurry(["e", "f", "unknown", "d"])
        lanes.cancel("f")
        go_on.set()
        mailbox.run_until(lambda: len(done) == 5)
    finally:
        lanes.shutdown()
    begun = done.index("a")  # the worker may have begun it before the others came
    assert begun in (0, 2)
    assert [name for name in done if name != "a"] == ["e", "d", "b", "c"]


def test_a_worker_hears_of_a_cancellation_before_and_after_it_asks() -> None:
    token, heard = CancelToken(), []
    token.on_cancel(lambda: heard.append("before"))
    assert heard == []
    token.cancel()
    token.on_cancel(lambda: heard.append("after"))
    assert heard == ["before", "after"]


@settings(max_examples=40, deadline=None)
@given(
    requests=st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=1, max_size=12
    )
)
def test_newest_request_of_a_lane_wins(requests: list[tuple[str, bool, bool]]) -> None:
    """Whatever the order of requests, cancellations and deliveries: never an older answer."""
    mailbox = Mailbox()
    lanes = Lanes(name="test", workers=2, deliver=mailbox.post)
    newest: dict[str, int | None] = {}
    seen: dict[str, list[int]] = {"a": [], "b": [], "c": []}

    def arrived(lane: str, value: int) -> None:
        assert newest[lane] == value, "an answer arrived that nobody waits for"
        seen[lane].append(value)

    try:
        for number, (lane, cancel, deliver) in enumerate(requests):
            newest[lane] = number
            job = Job(
                work=partial(_answer, number), on_done=partial(arrived, lane), on_error=_ignore
            )
            lanes.submit(lane, job)
            if cancel:
                lanes.cancel(lane)
                newest[lane] = None
            if deliver:
                mailbox.run_posted()
        wanted = {lane: value for lane, value in newest.items() if value is not None}
        mailbox.run_until(lambda: all(v in seen[lane] for lane, v in wanted.items()))
    finally:
        lanes.shutdown()
    mailbox.run_posted()
    for lane, values in seen.items():
        assert values == sorted(set(values)), f"lane {lane} went backwards"


def test_stale_answer_is_dropped_even_when_it_waits_in_the_mailbox() -> None:
    mailbox, got = Mailbox(), list[str]()
    lanes = Lanes(name="test", workers=1, deliver=mailbox.post)
    finished = threading.Event()

    def work(context: JobContext) -> str:
        finished.set()
        return "old"

    lanes.submit("x", Job(work=work, on_done=got.append, on_error=_ignore))
    assert finished.wait(5)
    new: Job[str] = Job(work=lambda context: "new", on_done=got.append, on_error=_ignore)
    lanes.submit("x", new)
    mailbox.run_until(lambda: bool(got))
    lanes.shutdown()
    mailbox.run_posted()
    assert got == ["new"]


def test_cancelled_worker_sees_it_and_its_reports_are_dropped() -> None:
    mailbox, got, stopped = Mailbox(), list[str](), threading.Event()
    lanes = Lanes(name="test", workers=1, deliver=mailbox.post)
    started = threading.Event()

    def work(context: JobContext) -> str:
        context.report(partial(got.append, "report"))
        started.set()
        while not context.cancelled():
            pass
        stopped.set()
        return "late"

    lanes.submit("x", Job(work=work, on_done=got.append, on_error=_ignore))
    assert started.wait(5)
    lanes.cancel("x")
    assert stopped.wait(5)
    lanes.shutdown()
    mailbox.run_posted()
    assert got == []


@pytest.mark.parametrize("raised", [DicomError("m", expected="e", todo="t"), ValueError("secret")])
def test_errors_arrive_as_errors_of_the_program(raised: Exception) -> None:
    mailbox, errors = Mailbox(), list[MammoviewError]()
    lanes = Lanes(name="test", workers=1, deliver=mailbox.post)

    def work(context: JobContext) -> str:
        raise raised

    lanes.submit("x", Job(work=work, on_done=_never, on_error=errors.append))
    mailbox.run_until(lambda: bool(errors))
    lanes.shutdown()
    assert isinstance(errors[0], MammoviewError)
    assert "secret" not in str(errors[0])


def test_nothing_starts_after_shutdown() -> None:
    mailbox = Mailbox()
    lanes = Lanes(name="test", workers=1, deliver=mailbox.post)
    lanes.shutdown()
    token = lanes.submit("x", Job(work=lambda context: 1, on_done=_never, on_error=_ignore))
    assert token.cancelled()
    assert mailbox.run_posted() == 0


def _never(value: object) -> None:
    raise AssertionError(f"arrived: {value}")


def _told_of(files: int, seconds_each: float, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [100.0]
    monkeypatch.setattr("mammoview.app.jobs.time.monotonic", lambda: now[0])
    told: list[int] = []
    progress = seldom(lambda done, total: told.append(done))
    for done in range(1, files + 1):
        now[0] += seconds_each
        progress(done, files)
    return told


def test_progress_is_told_seldom_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told_of(35, 0.01, monkeypatch) == [10, 20, 30, 35]


def test_progress_of_what_ends_at_once_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told_of(4, 0.005, monkeypatch) == []


def test_progress_of_few_slow_files_is_told_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told_of(3, 2.0, monkeypatch) == [1, 2, 3]
