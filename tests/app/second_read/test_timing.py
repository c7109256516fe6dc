"""The time of a step is that in which its images were looked at."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import commands, steps
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import log_answers
from mammoview.app.second_read.timing import StepTimer
from mammoview.app.workspace import WindowChange, Workspace
from mammoview.domain.reading import ReadingMode
from mammoview.review.events import GreyShown, StepRecorded
from tests.builders.desk import exam, image, index
from tests.builders.read_room import READER


def reading() -> Workspace:
    """Return an examination whose unaided read has begun."""
    ws = log_answers.seat(commands.empty(), READER, keeps=True)
    ws = commands.select_exam(commands.with_index(ws, index(exam())), "exam-1")
    ws = commands.views_loaded(ws, [(view.mammogram, image()) for view in ws.views])
    begun = reads.begin(
        ws, "read-1", mode=ReadingMode.SECOND_READ, scheme="birads", result_seen=False
    )
    return reads.settled(begun)


class Clock:
    """Seconds that a test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def recorded(entries: tuple[object, ...]) -> StepRecorded:
    (entry,) = entries
    content = entry.content  # type: ignore[attr-defined]
    assert isinstance(content, StepRecorded)
    return content


def test_what_lies_over_the_images_stops_the_clock() -> None:
    clock = Clock()
    timer, ws = StepTimer(clock), reading()
    assert timer.follow(ws, ws) == ()
    clock.now = 10.0
    listed = reads.away(ws, True)
    assert timer.follow(ws, listed) == ()
    clock.now = 4000.0
    back = reads.away(listed, False)
    assert timer.follow(listed, back) == ()
    clock.now = 4002.5
    left = recorded(timer.follow(back, steps.next_step(back)))
    assert (left.step, left.seconds) == ("overview", 12.5)
    assert {share for _, share in left.seen} == {0.0}


def test_how_it_was_shown_stands_beside_it() -> None:
    timer, ws = StepTimer(Clock()), reading()
    timer.follow(ws, ws)
    dark = commands.change_window(commands.invert(ws), WindowChange(width=0.5, darker=0.25))
    step = recorded(timer.end(dark))
    assert step.grey == GreyShown(voi="", width=0.5, darker=0.25, inverted=True)
    assert step.overlay == "off", "nothing of the computer lay over it"
    assert timer.end(dark) == ()


def test_without_a_read_nothing_is_recorded() -> None:
    timer, ws = StepTimer(Clock()), reading()
    plain = replace(ws, read=commands.without_read(ws.read))
    assert timer.follow(plain, plain) == ()
    assert timer.follow(plain, steps.next_step(plain)) == ()
    assert timer.end(plain) == ()
