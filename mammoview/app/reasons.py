"""Why an image hangs where it does, in a sentence made from its tags."""

from __future__ import annotations

from mammoview.app.workspace import HungPlace
from mammoview.domain.study import Mammogram


def why_here(hung: HungPlace, view: Mammogram) -> str:
    """Return why an image stands in a place of a step.

    Parameters
    ----------
    hung : HungPlace
        The place, with all images that may stand there.
    view : Mammogram
        The one shown.
    """
    said = [_what(view), _where(hung, view)]
    if len(hung.images) > 1:
        which = "best" if hung.shown == len(hung.images) - 1 else "another"
        said.append(f"{which} of {len(hung.images)} images of this view, by time of acquisition")
    return "; ".join(filter(None, said)) + "."


def _what(view: Mammogram) -> str:
    side, shown = view.laterality, view.view
    marks = f" with {', '.join(shown.modifiers)}" if shown.modifiers else ""
    return (
        f"Side {side.value or 'unknown'} ({side.source}), "
        f"view {shown.value or 'unknown'}{marks} ({shown.source})"
    )


def _where(hung: HungPlace, view: Mammogram) -> str:
    if hung.place.prior:
        return "the same side and view in the earlier examination, PatientID and one more match"
    if view.place is None:
        reason = view.unsupported or _unusual(view)
        return f"not a standard view ({reason}), so after the standard ones"
    if view.displaced_slot is not None:
        return "implant-displaced, so beside the full views and not among them"
    return "partial view (PartialView)" if view.partial else ""


def _unusual(view: Mammogram) -> str:
    if view.laterality.value is None or view.view.value is None:
        return "side or view unknown"
    marks = [mark.name.lower().replace("_", " ") for mark in view.view.modifiers]
    return ", ".join(marks) or f"view {view.view.value}"
