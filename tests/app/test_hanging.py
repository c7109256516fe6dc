"""Which image hangs in which step, and what an empty slot says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mammoview.app import commands, hanging, protocol, steps
from mammoview.app.settings import Settings
from mammoview.app.workspace import Empty, Pane, Step, Workspace
from mammoview.domain.study import Examination, FrameStack, ImageKind, Mammogram
from mammoview.domain.views import (
    Laterality,
    Place,
    Projection,
    Slot,
    SourcedLaterality,
    SourcedView,
    ViewModifier,
    displaced_slot,
    standard_slot,
)
from tests.builders.desk import exam, index, mammogram

SHIPPED = ("cc-first", "mlo-first", "four-up")


def hung(*views: Mammogram, prior: Examination | None = None) -> Workspace:
    """Return a window on an examination, the four standard views unless told."""
    own = exam(views=views or None)
    opened = commands.with_index(commands.empty(), index(own, *([prior] if prior else [])))
    return commands.select_exam(opened, own.key)


def extra(
    side: Laterality | None,
    view: Projection | None,
    *modifiers: ViewModifier,
    uid: str,
    **changes: Any,
) -> Mammogram:
    """Return a view by its tags, in the slots that these tags give."""
    return mammogram(
        standard_slot(side, view, modifiers),
        uid=uid,
        laterality=SourcedLaterality(value=side, source="ImageLaterality"),
        view=SourcedView(value=view, modifiers=modifiers, source="ViewCodeSequence"),
        displaced_slot=displaced_slot(side, view, modifiers),
        **changes,
    )


def volume(view: Mammogram, frames: int = 5) -> Mammogram:
    """Return the tomosynthesis volume of a view."""
    return replace(
        view,
        slot=None,
        displaced_slot=None,
        volume_slot=view.slot,
        kind=ImageKind.VOLUME,
        frames=FrameStack(count=frames),
    )


def titles(ws: Workspace) -> list[str]:
    return [step.title for step in ws.hanging.steps]


def shown(step: Step) -> list[list[str]]:
    """Return the keys of a step's places, row by row."""
    keys = [place.place.key for place in step.places]
    return [keys[at : at + step.columns] for at in range(0, len(keys), step.columns)]


def uids(ws: Workspace) -> list[str | None]:
    views = [pane.mammogram for pane in ws.panes]
    return [None if view is None else view.sop_instance_uid for view in views]


# -- the shipped protocols --------------------------------------------------------------------


def test_an_examination_opens_on_all_four_views_right_on_the_left() -> None:
    ws = hung()
    assert [pane.key for pane in ws.panes] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert ws.columns == 2


def test_cc_first_walks_the_pairs_then_each_breast_then_each_view() -> None:
    ws = hung()
    walked = [(step.id, shown(step)) for step in ws.hanging.steps]
    assert walked[:6] == [
        ("overview", [["RCC", "LCC"], ["RMLO", "LMLO"]]),
        ("cc-pair", [["RCC", "LCC"]]),
        ("mlo-pair", [["RMLO", "LMLO"]]),
        ("four-up", [["RCC", "LCC"], ["RMLO", "LMLO"]]),
        ("right", [["RCC", "RMLO"]]),
        ("left", [["LCC", "LMLO"]]),
    ]
    assert titles(ws)[6:8] == ["CC tile by tile", "MLO tile by tile"]
    assert [step.id for step in ws.hanging.steps if step.tiles] == ["cc-tiles", "mlo-tiles"]
    assert titles(ws)[8:] == [f"Single view: {slot.label}" for slot in Slot]


def test_mlo_first_has_the_other_order() -> None:
    ws = steps.use_protocol(hung(), protocol.shipped("mlo-first"))
    assert [step.id for step in ws.hanging.steps][:3] == ["overview", "mlo-pair", "cc-pair"]
    assert titles(ws)[6:9] == ["MLO tile by tile", "CC tile by tile", "Single view: R MLO"]


@pytest.mark.parametrize("name", SHIPPED)
def test_steps_without_an_image_are_skipped(name: str) -> None:
    ws = steps.use_protocol(hung(mammogram(Slot.LCC)), protocol.shipped(name))
    assert all(any(place.images for place in step.places) for step in ws.hanging.steps)
    assert not {"mlo-pair", "right", "displaced-cc", "prior-cc"} & {s.id for s in ws.hanging.steps}


# -- missing, duplicate and partial views -----------------------------------------------------


def test_missing_view_is_named() -> None:
    ws = hung(*(mammogram(slot) for slot in Slot if slot is not Slot.LMLO))
    assert (ws.panes[3].mammogram, ws.panes[3].message) == (None, "L MLO not found")
    assert ws.panes[3].empty is Empty.MISSING
    assert "missing from the examination" in ws.panes[3].todo
    assert "refused" not in ws.panes[3].todo
    waiting, failed = ws.panes[0], commands.view_failed(ws, ws.views[0].mammogram, "damaged")
    assert (waiting.empty, waiting.todo) == (Empty.LOADING, "")
    assert (failed.panes[0].empty, failed.panes[0].message) == (Empty.FAILED, "R CC: damaged")


def test_a_missing_view_may_be_in_a_file_that_was_refused() -> None:
    ws = hung(*(mammogram(slot) for slot in Slot if slot is not Slot.LMLO))
    refused = index(*ws.index.examinations, refused=("a.dcm",))
    pane = hanging.rehang(replace(ws, index=refused)).panes[3]
    assert pane.todo.endswith("1 file refused: it may be in there.")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_newest_duplicate_is_shown_with_its_badge(order: tuple[int, ...]) -> None:
    times = ("090000", "100000", "110000")
    ws = hung(*(mammogram(Slot.RCC, uid=f"1.2.{n}", acquired=times[n]) for n in order))
    assert uids(ws)[0] == "1.2.2"
    assert ws.panes[0].notes == ("image 3 of 3",)


def test_a_key_turns_from_the_newest_to_the_oldest_and_round_in_every_step() -> None:
    views = [mammogram(Slot.RCC, uid=f"1.2.{n}", acquired=f"1{n}0000") for n in range(3)]
    ws = hung(*views, mammogram(Slot.LCC))
    seen = []
    for _ in range(3):
        ws = steps.next_image(ws)
        seen.append((uids(ws)[0], *ws.panes[0].notes))
    assert seen == [("1.2.1", "image 2 of 3"), ("1.2.0", "image 1 of 3"), ("1.2.2", "image 3 of 3")]
    ws = steps.next_step(steps.next_image(ws))
    assert uids(ws) == ["1.2.1", "1.2.3.LCC"]


def test_the_pane_that_the_reader_pointed_at_is_turned() -> None:
    twice = [mammogram(s, uid=f"{s}.{n}", acquired=str(n)) for s in Slot for n in (1, 2)]
    ws = steps.next_image(commands.activate(hung(*twice), "LMLO"))
    assert uids(ws) == ["RCC.2", "LCC.2", "RMLO.2", "LMLO.1"]
    assert "L MLO: image 1 of 2" in ws.status


def test_without_a_second_image_the_key_says_so() -> None:
    ws = hung()
    assert "No second image" in steps.next_image(ws).status
    assert uids(steps.next_image(ws)) == uids(ws)


def test_partial_views_stand_behind_a_whole_one_and_together_in_their_own_step() -> None:
    parts = [mammogram(Slot.RMLO, uid=f"p{n}", acquired=f"{n}", partial=True) for n in (7, 8, 9)]
    whole = mammogram(Slot.RMLO, uid="whole", acquired="1")
    ws = hung(*parts, whole)
    assert uids(ws)[2] == "whole"
    last = ws.hanging.steps[-1]
    assert last.title == "Partial views: R MLO"
    assert shown(last) == [["p7", "p8"], ["p9"]]
    pane = steps.go_to(ws, last.id).panes[0]
    assert "partial view" in pane.notes
    assert "Single view: R MLO, 4 of 4" in titles(ws)


# -- extra, modified and implant views --------------------------------------------------------

R, L = Laterality.RIGHT, Laterality.LEFT


def test_extra_views_hang_last_in_pairs_and_never_in_a_standard_slot() -> None:
    spots = [
        extra(R, Projection.MLO, ViewModifier.SPOT_COMPRESSION, uid="spot-r1", acquired="1"),
        extra(R, Projection.MLO, ViewModifier.SPOT_COMPRESSION, uid="spot-r2", acquired="2"),
        extra(L, Projection.ML, uid="ml-l"),
        extra(R, Projection.ML, uid="ml-r"),
        extra(None, None, uid="unknown"),
    ]
    ws = hung(*(mammogram(slot) for slot in Slot), *spots)
    tail = ws.hanging.steps[-4:]
    assert [shown(step) for step in tail] == [
        [["unknown"]],
        [["spot-r1"]],
        [["spot-r2"]],
        [["ml-r", "ml-l"]],
    ]
    assert tail[-1].title == "Extra views: R ML + L ML"
    assert uids(ws) == [f"1.2.3.{slot}" for slot in Slot]


def test_implant_displaced_views_have_slots_of_their_own() -> None:
    views = [extra(s.laterality, s.projection, uid=s) for s in Slot]
    moved = [
        extra(s.laterality, s.projection, ViewModifier.IMPLANT_DISPLACED, uid=f"{s}-ID")
        for s in Slot
        if s is not Slot.LCC
    ]
    ws = hung(*views, *moved)
    assert uids(ws) == list(Slot)
    ws = steps.go_to(ws, "displaced-cc")
    assert uids(ws) == ["RCC-ID", None]
    assert ws.panes[1].message == "L CC ID not found"
    assert ws.panes[0].label == "R CC ID"


def test_what_the_header_leaves_out_hangs_nowhere_and_is_named() -> None:
    raw = mammogram(None, uid="raw", left_out="For Processing twin")
    ws = hung(*(mammogram(slot) for slot in Slot), raw)
    assert ws.not_hung == ("R CC (For Processing twin)",)
    assert "raw" not in {v.mammogram.sop_instance_uid for v in ws.views}


# -- walking ----------------------------------------------------------------------------------


def test_next_and_previous_stop_at_the_ends_and_say_so() -> None:
    ws = hung()
    assert steps.step_line(ws) == "Step 1 of 12: Overview"
    back = steps.previous_step(ws)
    assert (back.hanging.at, back.status) == (0, "First step")
    for _ in range(20):
        ws = steps.next_step(ws)
    assert steps.step_line(ws) == "Step 12 of 12: Single view: L MLO"
    assert ws.status == "Last step"
    assert [pane.slot for pane in ws.panes] == [Slot.LMLO]


def test_without_an_examination_there_is_no_step() -> None:
    ws = commands.empty()
    assert steps.next_step(ws) is ws
    assert steps.step_line(ws) == ""


def test_a_step_is_fitted_afresh_and_forgets_a_pane_that_is_gone() -> None:
    ws = commands.activate(hung(), "RMLO")
    moved = steps.next_step(ws)
    assert moved.fit_request == ws.fit_request + 1
    assert moved.active is None
    assert steps.go_to(moved, "nowhere") is moved


def test_another_protocol_starts_at_its_first_step_and_keeps_the_pixels() -> None:
    ws = steps.next_step(steps.next_step(hung()))
    ws = commands.view_failed(ws, mammogram(Slot.RCC), "broken")
    other = steps.use_protocol(ws, protocol.shipped("mlo-first"))
    assert other.hanging.at == 0
    assert other.panes[0].message == "R CC: broken"


def test_an_unknown_protocol_of_the_settings_is_said_and_the_default_used() -> None:
    ws = commands.empty(Settings(hanging="sideways"))
    assert ws.hanging.protocol.id == "cc-first"
    assert "sideways" in ws.warnings[0]
    assert "CC first is used" in ws.warnings[0]


def test_each_pane_says_why_its_image_is_there_when_asked() -> None:
    spot = extra(L, Projection.CC, ViewModifier.SPOT_COMPRESSION, uid="spot", unsupported="spot")
    ws = hung(mammogram(Slot.RCC, uid="a", acquired="1"), mammogram(Slot.RCC, uid="b"), spot)
    assert {pane.why for pane in ws.panes} == {()}
    ws = steps.explain(ws)
    assert ws.panes[0].why == (
        "Side R: test",
        "View CC: test",
        "Chosen of 2 images: whole before partial, originals before copies, the newest",
    )
    assert ws.panes[1].why == ()
    assert steps.next_image(ws).panes[0].why[-1] == "One of 2 images, chosen by the reader"
    last = steps.go_to(ws, ws.hanging.steps[-1].id)
    assert last.panes[0].why[1:] == (
        "View CC with S: ViewCodeSequence",
        "Not a standard view: spot",
    )


@pytest.mark.parametrize("modifier", ViewModifier)
def test_every_modifier_has_words(modifier: ViewModifier) -> None:
    ws = steps.explain(hung(extra(L, Projection.XCCL, modifier, uid="x")))
    (pane,) = steps.go_to(ws, ws.hanging.steps[-1].id).panes
    words = modifier.name.lower().replace("_", " ")
    assert pane.why[-1] == f"Not a standard view: {words}"


@pytest.mark.parametrize(
    ("view", "modifiers", "said"),
    [
        (Projection.XCCL, (), "Not a standard view: view XCCL"),
        (Projection.CC, (ViewModifier.ROLLED_LATERAL,), "Not a standard view: rolled lateral"),
        (None, (), "Not a standard view: side or view unknown"),
        (
            Projection.CC,
            (ViewModifier.IMPLANT_DISPLACED,),
            "Implant-displaced: beside the full views, not among them",
        ),
    ],
)
def test_a_view_outside_the_standard_slots_says_what_sets_it_apart(
    view: Projection | None, modifiers: tuple[ViewModifier, ...], said: str
) -> None:
    ws = steps.explain(hung(extra(L, view, *modifiers, uid="x")))
    assert [pane.why[2] for pane in ws.panes if pane.why] == [said]


# -- priors -----------------------------------------------------------------------------------


def study(key: str, date: str, slots: tuple[Slot, ...] = tuple(Slot), **who: str) -> Examination:
    views = [mammogram(s, uid=f"{key}.{s}", study=key, date=date) for s in slots]
    return exam(key, [replace(v, identity=replace(v.identity, **who)) for v in views])


def compared(*others: Examination) -> Workspace:
    opened = commands.with_index(commands.empty(), index(study("now", "20200601"), *others))
    return commands.select_exam(opened, "now")


def test_current_stands_over_the_latest_prior_with_date_and_interval() -> None:
    ws = compared(study("old", "20150101"), study("late", "20180812"))
    assert "prior-cc" in [step.id for step in ws.hanging.steps]
    ws = steps.go_to(ws, "prior-cc")
    assert uids(ws) == ["now.RCC", "now.LCC", "late.RCC", "late.LCC"]
    assert [pane.prior for pane in ws.panes[:2]] == [(), ()]
    assert ws.panes[2].prior == ("PRIOR 2018-08-12", "21 months before", "prior 1 of 2")


def test_a_key_goes_to_the_older_prior_and_round_and_stays_in_the_step() -> None:
    ws = compared(study("late", "20180812"), study("old", "20150101", (Slot.RCC,)))
    ws = steps.older_prior(steps.go_to(ws, "prior-cc"))
    assert uids(ws) == ["now.RCC", "now.LCC", "old.RCC", None]
    assert ws.panes[3].message == "L CC not found in the prior of 2015-01-01"
    assert "prior-mlo" not in [step.id for step in ws.hanging.steps]
    assert uids(steps.older_prior(ws))[2] == "late.RCC"


@pytest.mark.parametrize(
    "other",
    [
        study("later", "20210101"),
        study("same day", "20200601"),
        study("undated", ""),
        study("someone", "20190101", patient_id="ID-2"),
        study("no id", "20190101", patient_id=""),
        study("same number", "20190101", birth_date="19600101"),
        study("number only", "20190101", birth_date="", name=""),
        study("other name, no birth date", "20190101", birth_date="", name="Phantom^Two"),
    ],
    ids=lambda other: other.key,
)
def test_what_is_no_prior_is_never_compared(other: Examination) -> None:
    ws = compared(other)
    assert ws.hanging.priors == ()
    assert not [step for step in ws.hanging.steps if step.id.startswith("prior")]
    assert not any(view.prior for view in ws.views)


def test_a_prior_under_another_name_says_so() -> None:
    ws = steps.go_to(compared(study("old", "20190601", name="Maiden^One")), "prior-cc")
    assert ws.panes[2].prior == ("PRIOR 2019-06-01", "12 months before", "under another name")


# -- any study at all -------------------------------------------------------------------------


# Few values, so that duplicates, pairs and sets happen in most studies.
_VIEWS = [*[Projection.CC, Projection.MLO] * 2, Projection.ML, None]
_MARKS = [
    (),
    (),
    (ViewModifier.IMPLANT_DISPLACED,),
    (ViewModifier.SPOT_COMPRESSION,),
    (ViewModifier.AXILLARY_TAIL,),
    (ViewModifier.NIPPLE_IN_PROFILE,),
    (ViewModifier.IMPLANT_DISPLACED, ViewModifier.NIPPLE_IN_PROFILE),
    (ViewModifier.IMPLANT_DISPLACED, ViewModifier.MAGNIFICATION),
]
_ANY_VIEW = st.tuples(
    st.sampled_from([Laterality.RIGHT, Laterality.LEFT, Laterality.RIGHT, Laterality.LEFT, None]),
    st.sampled_from(_VIEWS),
    st.sampled_from(_MARKS),
    st.sampled_from(["1", "2"]),  # when
    st.booleans(),  # partial
    st.sampled_from(["", "", "", "twin"]),
    st.sampled_from([ImageKind.PLAIN, ImageKind.PLAIN, ImageKind.VOLUME]),
)
_Tags = tuple[
    Laterality | None, Projection | None, tuple[ViewModifier, ...], str, bool, str, ImageKind
]


def _study(tags: list[_Tags]) -> tuple[Mammogram, ...]:
    made = []
    for number, (side, view, marks, when, partial, twin, kind) in enumerate(tags):
        one = extra(
            side, view, *marks, uid=f"own.{number}", acquired=when, partial=partial, left_out=twin
        )
        if kind is ImageKind.VOLUME:
            one = volume(one)
        homeless = replace(one, slot=None, displaced_slot=None, volume_slot=None)
        made.append(homeless if twin else one)
    return tuple(made)


STUDIES = st.lists(_ANY_VIEW, min_size=1, max_size=12).map(_study)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(views=STUDIES, older=st.none() | STUDIES, name=st.sampled_from(SHIPPED))
def test_no_image_is_lost_none_is_twice_and_none_is_in_a_wrong_slot(
    views: tuple[Mammogram, ...], older: tuple[Mammogram, ...] | None, name: str
) -> None:
    prior = None
    if older is not None:
        prior = exam(
            "prior",
            [
                replace(view, sop_instance_uid=f"old.{at}", study_date="20100101")
                for at, view in enumerate(older)
            ],
        )
    ws = steps.use_protocol(hung(*views, prior=prior), protocol.shipped(name))
    seen: set[str] = set()
    for step in ws.hanging.steps:
        ws = steps.go_to(ws, step.id)
        assert 1 <= len(ws.panes) <= 4
        here = [pane.mammogram.sop_instance_uid for pane in ws.panes if pane.mammogram]
        assert here, "a step without an image"
        assert len(set(here)) == len(here), "an image twice in a step"
        for pane in ws.panes:
            _belongs(pane)
        _right_is_left(ws)
        # What one look at every step shows, older duplicates of a slot counted by their own step;
        # those of a volume come by a key alone.
        several = [p for p in step.places if name == "four-up" or p.place.volume]
        seen |= {*here, *(uid for p in several for uid in p.images)}
    own = {view.sop_instance_uid for view in views}
    left_out = {view.sop_instance_uid for view in views if view.left_out}
    assert seen & own == own - left_out, "an image lost, or a left-out one shown"
    assert len(ws.not_hung) == len(left_out)


def _belongs(pane: Pane) -> None:
    """Check an image against its place by its own tags, not by the program's rule."""
    view = pane.mammogram
    if view is None:
        assert pane.message.startswith(f"{pane.place.label} not found")
        return
    assert pane.place.prior == (view.study_date == "20100101")
    if pane.place.image:
        assert pane.place.image == view.sop_instance_uid
        return
    assert pane.slot is not None
    assert pane.place.volume == (view.kind is ImageKind.VOLUME)
    assert (view.laterality.value, view.view.value) == (pane.slot.laterality, pane.slot.projection)
    marks = set(view.view.modifiers) - {ViewModifier.NIPPLE_IN_PROFILE}
    assert marks == ({ViewModifier.IMPLANT_DISPLACED} if pane.place.displaced else set())


def _right_is_left(ws: Workspace) -> None:
    for at in range(0, len(ws.panes), ws.columns):
        sides = [pane.side for pane in ws.panes[at : at + ws.columns]]
        assert sides != [Laterality.LEFT, Laterality.RIGHT]


def test_places_are_named_as_in_a_protocol() -> None:
    for text in ("RCC", "LMLO ID", "RCC prior", "LCC ID prior", "RCC TOMO", "LMLO TOMO prior"):
        assert protocol.parse_place(text).key == text
    assert protocol.parse_place("RCC ID") == Place(slot=Slot.RCC, displaced=True)


def test_every_view_in_the_plan_has_a_state() -> None:
    ws = compared(study("old", "20150101"))
    assert [v.mammogram.sop_instance_uid for v in ws.views if not v.prior] == [
        f"now.{slot}" for slot in Slot
    ]
    assert hanging.not_hung(exam()) == ()
