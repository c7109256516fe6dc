"""Walking through the hanging: pure functions ``Workspace -> Workspace``."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import hanging, priors, tiles
from mammoview.app.protocol import Protocol
from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import Hanging, HungPlace, Step, Workspace
from mammoview.domain.study import Examination
from mammoview.words import translate


def hang(ws: Workspace, exam: Examination) -> Workspace:
    """Hang an examination by the protocol in use, at the first step and with the latest prior."""
    earlier = priors.priors_of(exam, ws.index)
    fresh = Hanging(
        protocol=ws.hanging.protocol,
        priors=tuple(prior.key for prior in earlier),
        explain=ws.hanging.explain,
    )
    return _planned(replace(ws, hanging=fresh))


def next_step(ws: Workspace) -> Workspace:
    """Go one step on; at the last one say so."""
    return _walk(ws, 1, translate("Status", "Last step"))


def previous_step(ws: Workspace) -> Workspace:
    """Go one step back; at the first one say so."""
    return _walk(ws, -1, translate("Status", "First step"))


def go_to(ws: Workspace, step_id: str) -> Workspace:
    """Go to a step by its id; an unknown one changes nothing."""
    ids = [step.id for step in ws.hanging.steps]
    return _at(ws, ids.index(step_id)) if step_id in ids else ws


def use_protocol(ws: Workspace, protocol: Protocol) -> Workspace:
    """Hang by another protocol, from its first step; images already decoded stay."""
    ws = replace(ws, hanging=replace(ws.hanging, protocol=protocol, steps=(), at=0))
    said = translate("Status", "Hanging protocol: {title}")
    return replace(_planned(ws), status=said.format(title=protocol.title))


def older_prior(ws: Workspace) -> Workspace:
    """Compare with the next older examination, and after the oldest with the latest again."""
    count = len(ws.hanging.priors)
    if count < 2:
        one = translate("Status", "There is one earlier examination")
        none = translate("Status", "There is no earlier examination of this patient")
        return replace(ws, status=one if count else none)
    ws = replace(ws, hanging=replace(ws.hanging, prior_at=(ws.hanging.prior_at + 1) % count))
    return _planned(ws)


def next_image(ws: Workspace) -> Workspace:
    """Show the next older image of a place that has several, and after the oldest the newest.

    The place is the one that the reader pointed at, else the first of the step with several.
    """
    step = ws.hanging.step
    several = [hung for hung in step.places if len(hung.images) > 1] if step else []
    if not several:
        return replace(ws, status=translate("Status", "No second image of these views"))
    pointed = [hung for hung in several if hung.place.key == ws.active]
    chosen = (pointed or several)[0]
    turned = replace(chosen, shown=(chosen.shown - 1) % len(chosen.images))
    steps = tuple(_turned(step, turned) for step in ws.hanging.steps)
    said = translate("Status", "{view}: image {at} of {count}").format(
        view=chosen.place.label, at=turned.shown + 1, count=len(turned.images)
    )
    ws = replace(ws, hanging=replace(ws.hanging, steps=steps), status=said)
    return hanging.rehang(ws)


def show_image(ws: Workspace, sop_instance_uid: str) -> Workspace:
    """Show the step in which an image stands largest; stay where it is on the screen already."""
    panes = (pane.mammogram for pane in ws.panes)
    if any(view is not None and view.sop_instance_uid == sop_instance_uid for view in panes):
        return ws
    with_it = [step for step in ws.hanging.steps if _places_of(step, sop_instance_uid)]
    if not with_it:
        return replace(ws, status=translate("Status", "That image does not hang in this protocol"))
    largest = min(with_it, key=lambda step: len(step.places))
    chosen = _places_of(largest, sop_instance_uid)[0]
    turned = replace(chosen, shown=chosen.images.index(sop_instance_uid))
    steps = tuple(_turned(step, turned) for step in ws.hanging.steps)
    ws = replace(ws, hanging=replace(ws.hanging, steps=steps))
    return go_to(ws, largest.id)


def explain(ws: Workspace) -> Workspace:
    """Say in every pane why its image is there, or stop saying so."""
    changed = replace(ws.hanging, explain=not ws.hanging.explain)
    return hanging.rehang(replace(ws, hanging=changed))


def step_line(ws: Workspace) -> str:
    """Return where the reader is, for the window: ``Step 2 of 9: CC pair``."""
    step = ws.hanging.step
    if step is None:
        return ""
    count = len(ws.hanging.steps)
    said = translate("Status", "Step {at} of {count}: {title}")
    line = said.format(at=ws.hanging.at + 1, count=count, title=step.title)
    return " · ".join(filter(None, (line, tiles.walk_text(ws))))


# -- helpers ----------------------------------------------------------------------------------


def _places_of(step: Step, sop_instance_uid: str) -> list[HungPlace]:
    return [hung for hung in step.places if sop_instance_uid in hung.images]


def _walk(ws: Workspace, by: int, end: str) -> Workspace:
    if tiles.walks_on(ws, by):
        return tiles.next_tile(ws) if by > 0 else tiles.previous_tile(ws)
    at = ws.hanging.at + by
    if not 0 <= at < len(ws.hanging.steps):
        return replace(ws, status=end) if ws.hanging.steps else ws
    return _at(ws, at, backwards=by < 0)


def _at(ws: Workspace, at: int, *, backwards: bool = False) -> Workspace:
    """Show a step, fitted afresh: its panes have another size."""
    moved = replace(
        ws, hanging=replace(ws.hanging, at=at), fit_request=ws.fit_request + 1, cine=False
    )
    return hanging.rehang(tiles.entered(moved, at_end=backwards))


def _planned(ws: Workspace) -> Workspace:
    """Make the steps anew; stay at the same one and with the same images where they remain."""
    exam, prior = hanging.compared(ws)
    if exam is None:
        return ws
    before = ws.hanging.step
    steps = hanging.steps_of(exam, prior, ws.hanging.protocol)
    for hung in (hung for step in ws.hanging.steps for hung in step.places):
        steps = tuple(_turned(step, hung) for step in steps)
    ids = [step.id for step in steps]
    at = ids.index(before.id) if before and before.id in ids else 0
    known = {(view.prior, view.mammogram.sop_instance_uid): view for view in ws.views}
    views = tuple(_known(view, known) for view in hanging.views_of(exam, prior, steps))
    planned = replace(ws, hanging=replace(ws.hanging, steps=steps, at=at), views=views)
    fresh = tiles.entered(replace(planned, fit_request=ws.fit_request + 1), at_end=False)
    return hanging.rehang(fresh)


def _known(view: HungView, known: dict[tuple[bool, str], HungView]) -> HungView:
    return known.get((view.prior, view.mammogram.sop_instance_uid), view)


def _turned(step: Step, turned: HungPlace) -> Step:
    """Show the same image of a place in every step that has it."""
    places = tuple(
        turned if (hung.place, hung.images) == (turned.place, turned.images) else hung
        for hung in step.places
    )
    return step if places == step.places else replace(step, places=places)
