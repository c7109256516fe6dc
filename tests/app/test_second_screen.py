"""What hangs on the second screen: the prior, else the other projection, else the next step."""

from __future__ import annotations

from mammoview.app import commands, second_screen, steps
from mammoview.app.settings import Settings
from mammoview.app.workspace import Workspace
from mammoview.domain.views import Slot
from tests.builders.desk import exam, image, index, mammogram


def hung(*exams: str) -> Workspace:
    """Return the first of these examinations hung by CC first; later names are older."""
    made = [
        exam(
            key, [mammogram(s, study=key, uid=f"{key}.{s}", date=f"{2020 - at}0101") for s in Slot]
        )
        for at, key in enumerate(exams)
    ]
    ws = commands.with_index(commands.empty(Settings(hanging="cc-first")), index(*made))
    return commands.select_exam(ws, exams[0])


def keys(ws: Workspace) -> list[str]:
    return [pane.key for pane in second_screen.beside(ws).panes]


def test_without_a_prior_the_other_projection_hangs_beside() -> None:
    ws = steps.go_to(hung("now"), "cc-pair")
    assert keys(ws) == ["RMLO", "LMLO"]
    ws = steps.go_to(ws, "mlo-pair")
    assert keys(ws) == ["RCC", "LCC"]


def test_where_projections_tell_nothing_the_next_step_hangs_beside() -> None:
    ws = hung("now")
    assert ws.hanging.steps[0].id == "overview"
    assert keys(ws) == [h.place.key for h in ws.hanging.steps[1].places]
    ws = steps.go_to(ws, ws.hanging.steps[-1].id)
    assert second_screen.partner(ws) is not None


def test_a_step_that_is_read_tile_by_tile_never_hangs_beside_another() -> None:
    """Nothing walks over the tiles there: it would show whole images under that name."""
    ws = hung("now")
    assert any(step.tiles for step in ws.hanging.steps)
    for step in ws.hanging.steps:
        beside = second_screen.partner(steps.go_to(ws, step.id))
        assert beside is not None
        assert not beside.tiles


def test_the_prior_hangs_in_the_same_places_with_its_date() -> None:
    ws = steps.go_to(hung("now", "then"), "cc-pair")
    beside = second_screen.beside(ws)
    assert [pane.key for pane in beside.panes] == ["RCC prior", "LCC prior"]
    uids = [pane.mammogram.sop_instance_uid for pane in beside.panes if pane.mammogram]
    assert uids == ["then.RCC", "then.LCC"]
    assert all("PRIOR 2019-01-01" in pane.prior for pane in beside.panes)
    step = beside.hanging.step
    assert step is not None
    assert step.title == "CC pair, prior"


def test_an_older_prior_comes_to_the_second_screen_too() -> None:
    ws = steps.older_prior(steps.go_to(hung("now", "then", "long-ago"), "mlo-pair"))
    uids = [p.mammogram.sop_instance_uid for p in second_screen.beside(ws).panes if p.mammogram]
    assert uids == ["long-ago.RMLO", "long-ago.LMLO"]


def test_a_step_that_compares_with_the_prior_gets_the_other_projection_beside() -> None:
    ws = hung("now", "then")
    compared = next(s for s in ws.hanging.steps if any(h.place.prior for h in s.places))
    beside = second_screen.beside(steps.go_to(ws, compared.id))
    assert any(pane.place.prior for pane in beside.panes)
    assert {p.key for p in beside.panes}.isdisjoint({h.place.key for h in compared.places})


def test_a_step_never_hangs_beside_itself() -> None:
    for names in (("now",), ("now", "then")):
        ws = hung(*names)
        for step in ws.hanging.steps:
            beside = second_screen.partner(steps.go_to(ws, step.id))
            assert beside is not None
            assert beside.id != step.id


def test_an_image_arrives_on_both_screens() -> None:
    ws = steps.go_to(hung("now", "then"), "cc-pair")
    for view in ws.views:
        ws = commands.view_loaded(ws, view.mammogram, image())
    assert all(pane.image is not None for pane in second_screen.beside(ws).panes)


def test_without_an_examination_nothing_hangs() -> None:
    assert second_screen.beside(commands.empty()).panes == ()


def test_opening_something_else_leaves_the_second_screen_on() -> None:
    ws = second_screen.toggle(hung("now"))
    assert commands.with_index(ws, index()).second_screen
    assert commands.empty(Settings(second_screen=True)).second_screen
