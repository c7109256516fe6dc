"""What hangs on the second screen: beside a step, the images that a reader compares it with."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mammoview.app import hanging
from mammoview.app.workspace import HungPlace, Step, Workspace
from mammoview.domain.study import Examination
from mammoview.domain.views import Place, Slot
from mammoview.words import translate

_OTHER = {
    Slot.RCC: Slot.RMLO,
    Slot.LCC: Slot.LMLO,
    Slot.RMLO: Slot.RCC,
    Slot.LMLO: Slot.LCC,
}


_SAME_WITHIN = 0.005  # of the size: what nobody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownScale:
    """Device pixels that one unit of an image takes: of a millimetre, or of an image pixel.

    ``screen_px_per_mm`` are the device pixels in a millimetre of that screen; 0: not measured.
    """

    unit: str
    device_px: float
    screen_px_per_mm: float = 0.0


def as_seen_on(other: ShownScale, screen_px_per_mm: float) -> float:
    """Return the device pixels a unit that look as large on a screen as on the other one.

    Millimetres of the glass where both screens were measured, else device pixels: a screen's own
    word for its size is no measurement.
    """
    known = screen_px_per_mm and other.screen_px_per_mm
    return other.device_px * (screen_px_per_mm / other.screen_px_per_mm if known else 1.0)


def scale_text(here: ShownScale | None, first: ShownScale | None) -> str:
    """Return how sizes on the second screen compare with the first; empty: nothing to compare.

    Both are fitted to one size and zoomed together; one to one or on tiles they may come apart.
    Whoever compares across the screens must know whether sizes can be compared: on a screen that
    was not measured the same pixels may be other millimetres of the glass.
    """
    if here is None or first is None:
        return ""
    if here.unit != first.unit:
        return translate("SecondScreen", "NOT the size of the first screen: no mm on one of them")
    factor = here.device_px / as_seen_on(first, here.screen_px_per_mm)
    measured = here.screen_px_per_mm and first.screen_px_per_mm
    if math.isclose(factor, 1.0, rel_tol=_SAME_WITHIN):
        if measured:
            return translate("SecondScreen", "same size as on the first screen")
        return translate("SecondScreen", "same size in pixels only: measure both screens")
    said = translate("SecondScreen", "NOT the size of the first screen: × {factor}")
    if not measured:
        said = translate("SecondScreen", "NOT the size of the first screen: × {factor} in pixels")
    return said.format(factor=f"{factor:.2f}")


def toggle(ws: Workspace) -> Workspace:
    """Use a second screen, or no longer."""
    return replace(ws, second_screen=not ws.second_screen)


def partner(ws: Workspace) -> Step | None:
    """Return what hangs beside the current step.

    In this order: the same places of the earlier examination; the step with the other projection
    of the same places; the next step that shows whole images; where none follows, the last before.
    None where nothing is left.
    """
    step = ws.hanging.step
    if step is None:
        return None
    return _prior_of(ws, step) or _other_projection(ws, step) or _neighbour(ws)


def beside(ws: Workspace) -> Workspace:
    """Return the state as the second screen shows it: another step of the same reading."""
    step = partner(ws)
    shown = replace(ws.hanging, steps=(step,) if step else (), at=0)
    return hanging.rehang(replace(ws, hanging=shown, panes=(), walk=None))


def still_beside(shown: Workspace, ws: Workspace) -> Workspace:
    """Return a newer state with the panes that were there: hanging and images are the same."""
    return replace(ws, hanging=shown.hanging, panes=shown.panes, columns=shown.columns, walk=None)


def _prior_of(ws: Workspace, step: Step) -> Step | None:
    _, prior = hanging.compared(ws)
    own = [hung.place for hung in step.places]
    if prior is None or any(place.prior or place.image for place in own):
        return None
    places = tuple(_old(ws, replace(place, prior=True), prior) for place in own)
    if not any(hung.images for hung in places):
        return None
    title = translate("SecondScreen", "{step}, prior").format(step=step.title)
    return replace(step, id=f"{step.id}-prior", title=title, places=places)


def _old(ws: Workspace, place: Place, prior: Examination) -> HungPlace:
    """Return a place of the earlier examination, with the image that its own step shows."""
    known = next((h for s in ws.hanging.steps for h in s.places if h.place == place), None)
    if known is not None:
        return known
    there = {view.mammogram.sop_instance_uid for view in ws.views if view.prior}
    hung = hanging.hung_in(place, prior)
    images = tuple(uid for uid in hung.images if uid in there)
    return replace(hung, images=images, shown=max(0, len(images) - 1))


def _other_projection(ws: Workspace, step: Step) -> Step | None:
    wanted = [
        replace(hung.place, slot=_OTHER[hung.place.slot] if hung.place.slot else None)
        for hung in step.places
    ]
    others = [s for s in ws.hanging.steps if s.id != step.id]
    return next((s for s in others if [h.place for h in s.places] == wanted), None)


def _neighbour(ws: Workspace) -> Step | None:
    at, steps = ws.hanging.at, ws.hanging.steps
    whole = [step for step in (*steps[at + 1 :], *reversed(steps[:at])) if not step.tiles]
    return whole[0] if whole else None
