"""The computer reads the next examination while this one is looked at, and says nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.app import analysis
from mammoview.app.cad import computer
from mammoview.app.pixels import ahead, resolve
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.dicom import decode as dicom_decode
from mammoview.domain.study import Examination, ExamIndex, Mammogram
from mammoview.domain.views import Slot
from tests.builders.ahead import WatchedAnalyst
from tests.builders.desk import ListOf, Mailbox, exam, image, index, mammogram

MakeDesk = Callable[..., ReadingDesk]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def analyst() -> WatchedAnalyst:
    return WatchedAnalyst()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the studies whose views are decoded, one entry a view."""
    studies: list[str] = []

    def load(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        studies.append(view.study_key)
        return view, image()

    def decode(view: Mammogram) -> NDArray[np.generic]:
        return load(view)[1].stored

    monkeypatch.setattr(resolve, "load_image", load)
    monkeypatch.setattr(dicom_decode, "decode_pixels", decode)
    return studies


@pytest.fixture
def make_desk(mailbox: Mailbox, analyst: WatchedAnalyst, decoded: list[str]) -> Iterator[MakeDesk]:
    desks: list[ReadingDesk] = []

    def make(**settings: object) -> ReadingDesk:
        chosen = Settings(**settings)  # type: ignore[arg-type]
        desks.append(ReadingDesk(deliver=mailbox.post, analyst=analyst, settings=chosen))
        return desks[-1]

    yield make
    for desk in desks:
        desk.shutdown()


@pytest.fixture
def desk(make_desk: MakeDesk) -> ReadingDesk:
    return make_desk()


def study(
    key: str, slots: tuple[Slot, ...] = tuple(Slot), *, rows: int = 40, cols: int = 30
) -> Examination:
    return exam(
        key,
        [mammogram(s, study=key, uid=f"{key}.{s}", rows=rows, cols=cols) for s in slots],
    )


def several(*keys: str) -> ExamIndex:
    return index(*map(study, keys))


def listed(*keys: str) -> ListOf:
    return ListOf(*map(study, keys))


def done(ws: Workspace) -> bool:
    return ws.prediction is not None and not ws.analysis.running


def views_shown(ws: Workspace) -> list[str]:
    """Return the studies that the shown marks belong to, and of which view."""
    return [view.sop_instance_uid for view in ws.prediction.views] if ws.prediction else []


def test_the_result_of_the_next_examination_stands_when_it_opens(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    desk.open_index(several("a", "b", "c"))
    mailbox.run_until(lambda: desk.at_rest and done(desk.workspace))
    assert analyst.ended == ["a", "b"], "one ahead, and no more"
    desk.step_exam(1)
    assert done(desk.workspace), "no turn of the event loop was needed"
    assert views_shown(desk.workspace) == [f"b.{slot}" for slot in Slot]
    mailbox.run_until(lambda: desk.at_rest)
    assert analyst.began == ["a", "b", "c"], "none is read twice"


def test_nothing_of_the_next_examination_reaches_the_state_before_it_hangs(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    states: list[Workspace] = []
    analyst.hold("b", after=2)
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    desk.subscribe(lambda old, new: states.append(new))
    analyst.go_on()
    mailbox.run_until(lambda: analyst.ended == ["a", "b"] and desk.at_rest)
    assert states == [], "the state has not changed at all"


def test_a_reading_under_way_goes_on_when_its_examination_opens(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    analyst.hold("b", after=2)
    desk.open_index(several("a", "b", "c"))
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    run = desk._computer._under_way
    mailbox.run_until(lambda: run is not None and run.partial is not None)
    mailbox.run_until(lambda: run is not None and len(run.partial.views) == 2)  # type: ignore[union-attr]
    desk.step_exam(1)
    state = desk.workspace
    assert (state.analysis.running, state.analysis.done, state.analysis.total) == (True, 2, 4)
    assert len(views_shown(state)) == 2, "what is read is shown, as far as the gate lets it"
    analyst.go_on()
    mailbox.run_until(lambda: done(desk.workspace))
    assert len(views_shown(desk.workspace)) == 4
    mailbox.run_until(lambda: desk.at_rest)
    assert analyst.began == ["a", "b", "c"]


def test_a_reading_ahead_stops_at_once_when_another_examination_opens(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    analyst.hold("b", after=2)
    desk.open_index(several("a", "b", "c"))
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    desk.select_exam("c")
    mailbox.run_until(lambda: done(desk.workspace))
    assert analyst.stopped == ["b"]
    assert analyst.began == ["a", "b", "c"]
    assert views_shown(desk.workspace) == [f"c.{slot}" for slot in Slot]
    desk.select_exam("b")
    mailbox.run_until(lambda: done(desk.workspace))
    assert len(views_shown(desk.workspace)) == 4, "half a result is none"
    assert analyst.began[-1] == "b"


def test_the_open_examination_goes_first(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    analyst.hold("a")
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: analyst.began == ["a"])
    analyst.go_on()
    analyst.hold("b")
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    desk.analyse()
    assert desk.workspace.analysis.running
    mailbox.run_until(lambda: analyst.ended == ["a", "a", "b"] and desk.at_rest)
    assert analyst.stopped == ["b"]
    assert analyst.began == ["a", "b", "a", "b"], "taken up again once the open one is read"


def test_nothing_is_read_ahead_after_the_reader_stopped_the_computer(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    analyst.hold("a", after=1)
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.workspace.analysis.done == 1)
    desk.cancel_analysis()
    mailbox.run_until(lambda: desk.at_rest and desk._ahead.hung("b") != ())
    assert analyst.began == ["a"]
    desk.set_operating_point("strict")
    desk._computer.show_held()
    assert len(views_shown(desk.workspace)) == 1, "what was read before stays"


def test_a_failure_ahead_says_nothing_and_opening_says_it(
    desk: ReadingDesk,
    mailbox: Mailbox,
    analyst: WatchedAnalyst,
    caplog: pytest.LogCaptureFixture,
) -> None:
    analyst.broken_at = "b"
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.at_rest and analyst.began == ["a", "b"])
    assert done(desk.workspace)
    assert "broken" not in desk.workspace.analysis.message + desk.workspace.status
    assert [r for r in caplog.records if r.levelname not in ("INFO", "DEBUG")] == []
    desk.follow(listed("a", "b"))  # whatever asks once more: it is tried once
    desk._look_ahead()
    mailbox.run_posted()
    assert analyst.began == ["a", "b"]
    desk.step_exam(1)
    mailbox.run_until(lambda: "a broken model" in desk.workspace.analysis.message)
    assert analyst.began == ["a", "b", "b"]


def test_it_can_be_switched_off(
    make_desk: MakeDesk, mailbox: Mailbox, analyst: WatchedAnalyst, decoded: list[str]
) -> None:
    desk = make_desk(analyse_ahead=False)
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.at_rest and done(desk.workspace) and decoded.count("b") == 4)
    assert analyst.began == ["a"]
    desk.step_exam(1)
    mailbox.run_until(lambda: done(desk.workspace))
    assert analyst.began == ["a", "b"]


def test_results_are_bounded(
    desk: ReadingDesk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer, "_RESULTS_KEPT", 3)
    desk.open_index(several(*"abcdefg"))
    for _ in range(6):
        mailbox.run_until(lambda: desk.at_rest and done(desk.workspace))
        assert len(desk._computer._known) <= 3
        desk.step_exam(1)
        assert done(desk.workspace)


def test_what_has_no_room_among_the_pixels_is_decoded_for_the_computer_alone(
    make_desk: MakeDesk, mailbox: Mailbox, analyst: WatchedAnalyst, decoded: list[str]
) -> None:
    desk = make_desk(prefetch_mib=70)
    large = [study(key, rows=4000, cols=3000) for key in "ab"]  # 31 MiB each, once decoded
    desk.open_index(index(*large))
    mailbox.run_until(lambda: desk.at_rest and analyst.ended == ["a", "b"])
    assert len([view for view in desk._ahead.hung("b") if view.image is not None]) == 2
    assert decoded.count("b") == 4
    desk.step_exam(1)
    mailbox.run_until(lambda: done(desk.workspace))
    assert analyst.began == ["a", "b"]


def test_images_that_came_later_are_read_too(
    desk: ReadingDesk,
    mailbox: Mailbox,
    analyst: WatchedAnalyst,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The machine is still sending when the examination is read ahead."""
    monkeypatch.setattr(ahead, "_HEADERS_KEPT", 0)
    order = ListOf(study("a"), study("b", (Slot.RCC, Slot.LCC)))
    desk.open_in_order(order, "a")
    mailbox.run_until(lambda: desk.at_rest and analyst.ended == ["a", "b"])
    order.examinations = several("a", "b").examinations
    desk.step_exam(1)
    mailbox.run_until(lambda: done(desk.workspace))
    assert len(views_shown(desk.workspace)) == 4
    assert analyst.began == ["a", "b", "b"]


def test_another_order_of_the_list_has_another_next_one(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    analyst.hold("b")
    desk.open_in_order(listed("a", "b", "c"), "a")
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    desk.follow(listed("a", "c", "b"))
    mailbox.run_until(lambda: desk.at_rest and analyst.ended == ["a", "c"])
    assert analyst.stopped == ["b"]


@pytest.mark.parametrize("way", ["open_index", "open_in_order", "close_all"])
def test_what_was_read_ahead_of_other_files_is_let_go(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst, way: str
) -> None:
    analyst.hold("b")
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    if way == "open_index":
        desk.open_index(several("b"))
    elif way == "open_in_order":
        desk.open_in_order(listed("b"), "b")
    else:
        desk.close_all()
    mailbox.run_until(lambda: desk.at_rest and analyst.stopped == ["b"])
    if way != "close_all":
        mailbox.run_until(lambda: done(desk.workspace))
        assert analyst.began == ["a", "b", "b"], "files may have changed"
    else:
        assert not desk._computer._known


def test_shutdown_while_it_reads_ahead_is_clean(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    """The leak guard of the suite fails this test if a thread outlives it."""
    analyst.hold("b")
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: analyst.began == ["a", "b"])
    desk.shutdown()
    assert analyst.stopped == ["b"]
    before = desk.workspace
    mailbox.run_posted()
    assert desk.workspace is before


def test_the_operating_point_chosen_meanwhile_holds(
    desk: ReadingDesk, mailbox: Mailbox, analyst: WatchedAnalyst
) -> None:
    desk.open_index(several("a", "b"))
    mailbox.run_until(lambda: desk.at_rest and analyst.ended == ["a", "b"])
    desk.do(analysis.set_operating_point, "strict")
    desk.step_exam(1)
    prediction = desk.workspace.prediction
    assert prediction is not None
    assert prediction.operating_point == "strict"
    assert not any(region.flagged for view in prediction.views for region in view.regions)
