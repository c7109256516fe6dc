"""Why an image hangs where it does, in words made from its tags."""

from __future__ import annotations

from mammoview.app.workspace import HungPlace
from mammoview.domain.study import Mammogram


def why_here(hung: HungPlace, view: Mammogram) -> tuple[str, ...]:
    """Return why an image stands in a place of a step, one reason a line.

    Parameters
    ----------
    hung : HungPlace
        The place, with all images that may stand there.
    view : Mammogram
        The one shown.
    """
    side, shown = view.laterality, view.view
    marks = f" with {', '.join(shown.modifiers)}" if shown.modifiers else ""
    said = (
        f"Side {side.value or 'unknown'}: {side.source}",
        f"View {shown.value or 'unknown'}{marks}: {shown.source}",
        _where(hung, view),
        _which(hung),
    )
    return tuple(filter(None, said))


def _which(hung: HungPlace) -> str:
    count = len(hung.images)
    if count < 2:
        return ""
    if hung.shown == count - 1:
        return f"Chosen of {count} images: whole before partial, then the newest"
    return f"One of {count} images, chosen by the reader"


def _where(hung: HungPlace, view: Mammogram) -> str:
    if hung.place.prior:
        return "Same patient (two identifiers), side and view, earlier"
    if view.place is None:
        reason = view.unsupported or _unusual(view)
        return f"Not a standard view: {reason}"
    if view.volume_slot is not None:
        return "Tomosynthesis: beside the 2D views, not among them"
    if view.displaced_slot is not None:
        return "Implant-displaced: beside the full views, not among them"
    return "Partial view: PartialView" if view.partial else ""


def _unusual(view: Mammogram) -> str:
    if view.laterality.value is None or view.view.value is None:
        return "side or view unknown"
    marks = [mark.name.lower().replace("_", " ") for mark in view.view.modifiers]
    return ", ".join(marks) or f"view {view.view.value}"
