"""Why an image hangs where it does, in words made from its tags."""

from __future__ import annotations

from mammoview.app.workspace import HungPlace
from mammoview.domain.study import Mammogram
from mammoview.domain.views import ViewModifier
from mammoview.words import QT_TRANSLATE_NOOP, translate

_MODIFIERS = {
    ViewModifier.CLEAVAGE: QT_TRANSLATE_NOOP("Why", "cleavage"),
    ViewModifier.AXILLARY_TAIL: QT_TRANSLATE_NOOP("Why", "axillary tail"),
    ViewModifier.ROLLED_LATERAL: QT_TRANSLATE_NOOP("Why", "rolled lateral"),
    ViewModifier.ROLLED_MEDIAL: QT_TRANSLATE_NOOP("Why", "rolled medial"),
    ViewModifier.ROLLED_INFERIOR: QT_TRANSLATE_NOOP("Why", "rolled inferior"),
    ViewModifier.ROLLED_SUPERIOR: QT_TRANSLATE_NOOP("Why", "rolled superior"),
    ViewModifier.IMPLANT_DISPLACED: QT_TRANSLATE_NOOP("Why", "implant displaced"),
    ViewModifier.MAGNIFICATION: QT_TRANSLATE_NOOP("Why", "magnification"),
    ViewModifier.SPOT_COMPRESSION: QT_TRANSLATE_NOOP("Why", "spot compression"),
    ViewModifier.TANGENTIAL: QT_TRANSLATE_NOOP("Why", "tangential"),
    ViewModifier.NIPPLE_IN_PROFILE: QT_TRANSLATE_NOOP("Why", "nipple in profile"),
    ViewModifier.ANTERIOR_COMPRESSION: QT_TRANSLATE_NOOP("Why", "anterior compression"),
    ViewModifier.INFRAMAMMARY_FOLD: QT_TRANSLATE_NOOP("Why", "inframammary fold"),
    ViewModifier.AXILLARY_TISSUE: QT_TRANSLATE_NOOP("Why", "axillary tissue"),
}


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
    unknown = translate("Why", "unknown")
    line = translate("Why", "View {view}: {source}")
    if shown.modifiers:
        line = translate("Why", "View {view} with {modifiers}: {source}")
    said = (
        translate("Why", "Side {side}: {source}").format(
            side=side.value or unknown, source=side.source
        ),
        line.format(
            view=shown.value or unknown, modifiers=", ".join(shown.modifiers), source=shown.source
        ),
        _where(hung, view),
        _which(hung),
    )
    return tuple(filter(None, said))


def _which(hung: HungPlace) -> str:
    count = len(hung.images)
    if count < 2:
        return ""
    if hung.shown == count - 1:
        said = translate(
            "Why",
            "Chosen of {count} images: whole before partial, originals before copies, the newest",
        )
        return said.format(count=count)
    return translate("Why", "One of {count} images, chosen by the reader").format(count=count)


def _where(hung: HungPlace, view: Mammogram) -> str:
    if hung.place.prior:
        return translate("Why", "Same patient (two identifiers), side and view, earlier")
    if view.place is None:
        reason = view.unsupported or _unusual(view)
        return translate("Why", "Not a standard view: {reason}").format(reason=reason)
    if view.volume_slot is not None:
        return translate("Why", "Tomosynthesis: beside the 2D views, not among them")
    if view.displaced_slot is not None:
        return translate("Why", "Implant-displaced: beside the full views, not among them")
    return translate("Why", "Partial view: PartialView") if view.partial else ""


def _unusual(view: Mammogram) -> str:
    if view.laterality.value is None or view.view.value is None:
        return translate("Why", "side or view unknown")
    marks = [translate("Why", _MODIFIERS[mark]) for mark in view.view.modifiers]
    return ", ".join(marks) or translate("Why", "view {view}").format(view=view.view.value)
