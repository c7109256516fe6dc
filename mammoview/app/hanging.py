"""Which image hangs in which step: the protocol is data, the rules for one examination are here.

Pure functions from values to values.  Every image of the examination hangs in some step, none
twice within a step; only what its header leaves out (a For Processing twin) hangs nowhere, and
`not_hung` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest

from mammoview.app import priors, tiles
from mammoview.app.protocol import Protocol, StepRule
from mammoview.app.reasons import why_here
from mammoview.app.state.hung_views import HungView, Pixels
from mammoview.app.workspace import Empty, HungPlace, Pane, Step, Workspace
from mammoview.domain.study import Examination, ImageKind, Mammogram
from mammoview.domain.views import Laterality, Place, Projection, ViewModifier
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

MISSING_TODO = QT_TRANSLATE_NOOP(
    "Pane",
    "This view is missing from the examination that was opened. Look for it in the archive, or ask "
    "who took the images.",
)
_SET_PANES = 4
# How a step of extra views is called where they came to be in another way than usual.
_KIND_TITLES = {
    ImageKind.SYNTHETIC: QT_TRANSLATE_NOOP("Hanging", "Synthetic 2D"),
    ImageKind.LOW_ENERGY: QT_TRANSLATE_NOOP("Hanging", "Low energy"),
    ImageKind.HIGH_ENERGY: QT_TRANSLATE_NOOP("Hanging", "High energy"),
    ImageKind.RECOMBINED: QT_TRANSLATE_NOOP("Hanging", "Contrast, recombined"),
    ImageKind.VOLUME: QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis"),
    ImageKind.PROJECTION: QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis projection"),
}
# What a pane says of it; of frames it says more.
_KIND_NOTES = {
    ImageKind.SYNTHETIC: QT_TRANSLATE_NOOP("Pane", "synthetic 2D"),
    ImageKind.LOW_ENERGY: QT_TRANSLATE_NOOP("Pane", "contrast: low energy"),
    ImageKind.HIGH_ENERGY: QT_TRANSLATE_NOOP("Pane", "contrast: high energy"),
    ImageKind.RECOMBINED: QT_TRANSLATE_NOOP("Pane", "contrast: recombined"),
}


def steps_of(exam: Examination, prior: Examination | None, protocol: Protocol) -> tuple[Step, ...]:
    """Return the steps of a protocol that have an image, in order.

    Parameters
    ----------
    exam : Examination
        What is read.
    prior : Examination or None
        The earlier examination it is compared with.
    protocol : Protocol
        The rules.
    """
    return tuple(step for rule in protocol.steps for step in _steps(rule, exam, prior))


def views_of(
    exam: Examination, prior: Examination | None, steps: Sequence[Step]
) -> tuple[HungView, ...]:
    """Return every image that hangs in some step, without pixels, in the order of the steps."""
    own = {view.sop_instance_uid: view for view in exam.mammograms}
    old = {view.sop_instance_uid: view for view in prior.mammograms} if prior else {}
    hung = dict.fromkeys(
        (hanging.place.prior, uid)
        for step in steps
        for hanging in step.places
        for uid in reversed(hanging.images)
    )
    return tuple(
        _waiting((old if is_prior else own)[uid], is_prior=is_prior)
        for is_prior, uid in sorted(hung, key=lambda item: item[0])
    )


def _waiting(view: Mammogram, *, is_prior: bool) -> HungView:
    """Return an image without pixels; a volume starts in its middle."""
    frame = view.frames.middle if view.frames else None
    waited_for = Pixels.WAITED_FOR
    return HungView(mammogram=view, image=None, pixels=waited_for, prior=is_prior, frame=frame)


def not_hung(exam: Examination) -> tuple[str, ...]:
    """Return the images that hang in no step, each with the reason."""
    return tuple(f"{view.label} ({view.left_out})" for view in exam.mammograms if view.left_out)


def rehang(ws: Workspace) -> Workspace:
    """Return the state with the panes of its current step."""
    step = ws.hanging.step
    if step is None:
        return replace(ws, panes=())
    panes = tuple(_pane(ws, hung) for hung in step.places)
    active = ws.active if ws.active in {pane.key for pane in panes} else None
    return tiles.replanned(replace(ws, panes=panes, columns=step.columns, active=active))


# -- steps ------------------------------------------------------------------------------------


def _steps(rule: StepRule, exam: Examination, prior: Examination | None) -> Iterator[Step]:
    if rule.rest:
        yield from _rest(rule, exam)
    elif rule.each:
        yield from _singles(rule, exam)
    else:
        places = tuple(_hung(place, exam, prior) for place in rule.places)
        compared = [hung for hung in places if hung.place.prior]
        wanted = compared or places
        if any(hung.images for hung in wanted):
            yield Step(
                id=rule.id,
                title=rule.title,
                columns=len(rule.rows[0]),
                places=places,
                tiles=rule.tiles,
            )


def _hung(place: Place, exam: Examination, prior: Examination | None) -> HungPlace:
    return hung_in(place, prior if place.prior else exam)


def hung_in(place: Place, source: Examination | None) -> HungPlace:
    """Return a place with the images of an examination that may stand there, the best shown."""
    images = tuple(v.sop_instance_uid for v in _standing(place, source)) if source else ()
    return HungPlace(place=place, images=images, shown=max(0, len(images) - 1))


def best_in(place: Place, exam: Examination) -> Mammogram | None:
    """Return the image of a place that is shown first; None where there is none."""
    return next(reversed(_standing(place, exam)), None)


def _standing(place: Place, exam: Examination) -> list[Mammogram]:
    home = replace(place, prior=False)
    return sorted((view for view in exam.mammograms if view.place == home), key=_rank)


def _rank(view: Mammogram) -> tuple[bool, bool, str, str, str]:
    """Order images of one place: the last is the one to read."""
    whole, original = not view.partial, not view.is_copy
    return whole, original, view.study_date, view.acquired, view.sop_instance_uid


def _singles(rule: StepRule, exam: Examination) -> Iterator[Step]:
    found = [(v, _of_several(v, row)) for row in _each(rule, exam) for v in reversed(row)]
    for number, (view, which) in enumerate(found, start=1):
        yield _own_step(f"{rule.id}-{number}", f"{rule.title}: {view.label}{which}", [view])


def _each(rule: StepRule, exam: Examination) -> Iterator[list[Mammogram]]:
    return (_standing(place, exam) for place in rule.each)


def _of_several(view: Mammogram, row: Sequence[Mammogram]) -> str:
    if len(row) < 2:
        return ""
    return translate("Hanging", ", {at} of {count}").format(at=row.index(view) + 1, count=len(row))


def _rest(rule: StepRule, exam: Examination) -> Iterator[Step]:
    """Pair extra views of one kind, right with left; then sets of partial views."""
    extra = sorted((v for v in exam.mammograms if v.place is None and not v.left_out), key=_kind)
    groups = [list(views) for _, views in groupby(extra, key=lambda view: _kind(view)[:3])]
    together = [(_title(rule, group[0]), pair) for group in groups for pair in _pairs(group)]
    together += [(translate("Hanging", "Partial views"), parts) for parts in _partial_sets(exam)]
    for number, (title, views) in enumerate(together, start=1):
        named = " + ".join(dict.fromkeys(view.label for view in views))
        yield _own_step(f"{rule.id}-{number}", f"{title}: {named}", views)


def _title(rule: StepRule, view: Mammogram) -> str:
    """Return how a step of extra views is called: by how they came to be, where not as usual."""
    known = _KIND_TITLES.get(view.kind)
    return translate("Hanging", known) if known else rule.title


def _kind(view: Mammogram) -> tuple[int, int, tuple[str, ...], str, str]:
    projection = [None, *Projection].index(view.view.value)
    marks = sorted(view.view.modifiers, key=list(ViewModifier).index)
    kind = list(ImageKind).index(view.kind)
    return kind, projection, tuple(marks), view.acquired, view.sop_instance_uid


def _pairs(views: list[Mammogram]) -> Iterator[list[Mammogram]]:
    right = [view for view in views if view.laterality.value is Laterality.RIGHT]
    left = [view for view in views if view.laterality.value is Laterality.LEFT]
    for pair in zip_longest(right, left):
        yield [view for view in pair if view is not None]
    yield from ([view] for view in views if view.laterality.value is None)


def _partial_sets(exam: Examination) -> Iterator[list[Mammogram]]:
    """Give each set of partial views of one place its step, up to four side by side."""
    places = dict.fromkeys(view.place for view in exam.mammograms if view.place is not None)
    for place in places:
        parts = [view for view in _standing(place, exam) if view.partial]
        if len(parts) > 1:
            yield from (parts[at : at + _SET_PANES] for at in range(0, len(parts), _SET_PANES))


def _own_step(step_id: str, title: str, views: Sequence[Mammogram]) -> Step:
    """Return a step in which each image has a place that is its own."""
    return Step(
        id=step_id,
        title=title,
        columns=min(2, len(views)),
        places=tuple(
            HungPlace(place=_own_place(view), images=(view.sop_instance_uid,)) for view in views
        ),
    )


def _own_place(view: Mammogram) -> Place:
    home = view.place or Place(slot=None)
    return replace(home, image=view.sop_instance_uid)


# -- panes ------------------------------------------------------------------------------------


def _pane(ws: Workspace, hung: HungPlace) -> Pane:
    if not hung.images:
        return _empty_pane(ws, hung)
    uid, is_prior = hung.images[hung.shown], hung.place.prior
    view = next(v for v in ws.views if v.prior is is_prior and v.mammogram.sop_instance_uid == uid)
    return Pane(
        place=hung.place,
        mammogram=view.mammogram,
        image=view.image,
        message=_decoding_text(view) if view.waits else view.reason,
        notes=tuple(_notes(hung, view)),
        prior=_prior_heading(ws) if is_prior else (),
        why=why_here(hung, view.mammogram) if ws.hanging.explain else (),
        frame=view.frame,
        coarse=view.coarse,
        empty=_why_empty(view),
    )


def _empty_pane(ws: Workspace, hung: HungPlace) -> Pane:
    prior = hung.place.prior
    return Pane(
        place=hung.place,
        mammogram=None,
        image=None,
        message=_missing(ws, hung),
        empty=Empty.NO_PRIOR if prior else Empty.MISSING,
        todo="" if prior or _has_volume(ws, hung) else _missing_todo(ws),
    )


def _missing_todo(ws: Workspace) -> str:
    """Return what can be done about a missing view; a file that was refused may hold it."""
    said = translate("Pane", MISSING_TODO)
    n = len(ws.index.refused)
    refused = translate("Pane", "%n file(s) refused: it may be in there.", "", COUNTED, n)
    return f"{said}\n{refused}" if n else said


def _why_empty(view: HungView) -> Empty:
    if view.image is not None:
        return Empty.NO
    return Empty.LOADING if view.waits else Empty.FAILED


def _decoding_text(view: HungView) -> str:
    if view.coarse is not None:
        return translate("Pane", "coarse picture: the full resolution is being decoded")
    return translate("Pane", "decoding…")


def _notes(hung: HungPlace, view: HungView) -> Iterator[str]:
    yield from _frame_notes(view)
    if len(hung.images) > 1:
        said = translate("Pane", "image {at} of {count}")
        yield said.format(at=hung.shown + 1, count=len(hung.images))
    made = _KIND_NOTES.get(view.mammogram.kind)
    if made:
        yield translate("Pane", made)
    if view.mammogram.partial:
        yield translate("Pane", "partial view")
    if view.image and view.image.pose.source in view.mammogram.warnings:
        yield view.image.pose.source
    yield from view.mammogram.doubts


def _frame_notes(view: HungView) -> Iterator[str]:
    """Say which slice is on the screen, and which one comes if the reader wants another."""
    stack, image = view.mammogram.frames, view.image
    if stack is None:
        return
    of = (
        translate("Volume", "projection {0} of {1}")
        if view.mammogram.kind is ImageKind.PROJECTION
        else translate("Volume", "slice {0} of {1}")
    )
    if image is None or image.frame is None:
        yield of.format(view.frame, stack.count)
        return
    height = stack.height_mm(image.frame)
    where = "" if height is None else f", {round(height, 1):g} mm"
    yield of.format(image.frame, stack.count) + where
    if image.frame != view.frame:
        yield translate("Volume", "slice {0}: decoding…").format(view.frame)


def _missing(ws: Workspace, hung: HungPlace) -> str:
    if not hung.place.prior:
        said = translate("Pane", "{view} not found")
        if _has_volume(ws, hung):
            said = translate("Pane", "{view} not found; its tomosynthesis hangs in another step")
        return said.format(view=hung.place.label)
    _, prior = compared(ws)
    when = priors.display_date(priors.exam_date(prior)) if prior else ""
    said = translate("Pane", "{view} not found in the prior of {date}")
    return said.format(view=hung.place.label, date=when)


def _has_volume(ws: Workspace, hung: HungPlace) -> bool:
    also = replace(hung.place, volume=True)
    exam, _ = compared(ws)
    return exam is not None and any(view.place == also for view in exam.mammograms)


def _prior_heading(ws: Workspace) -> tuple[str, ...]:
    exam, prior = compared(ws)
    assert exam is not None
    assert prior is not None
    then = priors.exam_date(prior)
    several = len(ws.hanging.priors) > 1
    number = translate("Pane", "prior {at} of {count}").format(
        at=ws.hanging.prior_at + 1, count=len(ws.hanging.priors)
    )
    words = (
        translate("Pane", "PRIOR {date}").format(date=priors.display_date(then)),
        priors.interval(then, priors.exam_date(exam)),
        number if several else "",
        translate("Pane", "under another name") if priors.other_name(exam, prior) else "",
    )
    return tuple(filter(None, words))


def compared(ws: Workspace) -> tuple[Examination | None, Examination | None]:
    """Return the hung examination and the earlier one that it is compared with."""
    by_key = {exam.key: exam for exam in ws.index.examinations}
    prior = ws.hanging.priors[ws.hanging.prior_at] if ws.hanging.priors else ""
    return by_key.get(ws.exam_key or ""), by_key.get(prior)
