"""How much the views of an examination say of each other's regions: fitted, judged, applied.

The fit is a logistic regression of "this region hits a lesion" on how much the other views
contradict it (``inference.views``), on top of the region's own log-odds: a weight and an intercept
for each kind of partner.  It is made on pictures of people never trained on, and judged by
cross-validation over people: whoever a region belongs to had no part in the rule that rescored it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.odds import log_odds
from mammoview.inference.passes import Passes
from mammoview.inference.views import (
    FORMAT,
    ExamView,
    KindRules,
    Partner,
    PartnerRule,
    ViewsTogether,
    contradiction,
    partners_of,
    rescored,
)
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.codec import encode
from mammoview.modelkit.manifest import Manifest
from trainer.detect import DetectedImage, lesions_of
from trainer.readings import NamedReading, compare_readings, readings_text
from trainer.rescoring import (
    FEWEST_MARKS,
    FOLDS,
    Rescore,
    by_person,
    judged_on_others,
    offset_fit,
)

TOLERANCES_MM = (10.0, 15.0, 20.0, 30.0)
_TOGETHER = "views together"
# Fewer people with partners of a kind fix no rule: then the kind has none.
FEWEST_PEOPLE = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Samples:
    """Regions with partners: log-odds, contradiction by tolerance, whether each hits a lesion."""

    odds: NDArray[np.float64]
    against: NDArray[np.float64]
    is_hit: NDArray[np.bool_]
    people: int


def fit_views(
    detected: Sequence[DetectedImage], manifest: Manifest, passes: Passes
) -> ViewsTogether:
    """Fit the rules of a model on pictures of people that it was not trained on.

    Parameters
    ----------
    detected : sequence of DetectedImage
        Read with the model's own calibration; the pictures of a person are one examination.
    manifest : Manifest
        Of the model.
    passes : Passes
        How the pictures were read.

    Raises
    ------
    DataError
        If no class has enough people with a partner to fit a rule on, or one that lowers scores.
    """
    together = _fitted(detected, manifest, passes)
    if not any(item.partners for item in together.classes):
        raise DataError(
            f"no class has {FEWEST_PEOPLE} people with two views, lesions in them, and false marks "
            "that the other view speaks against",
            expected="examinations with CC and MLO of a breast",
            todo="give pictures of more people with --data, or read each view alone",
        )
    return together


def taken_together(
    detected: Sequence[DetectedImage], together: ViewsTogether, manifest: Manifest
) -> tuple[DetectedImage, ...]:
    """Return the pictures with their regions rescored; those of a person are one examination."""
    limits = {
        point.kind: point.threshold
        for point in manifest.operating_points
        if point.name == manifest.default_operating_point
    }
    regions: dict[int, tuple[Region, ...]] = {}
    for numbers in by_person(detected).values():
        exam = [exam_view(detected[i]) for i in numbers]
        regions |= dict(zip(numbers, rescored(exam, together, limits), strict=True))
    return tuple(replace(item, regions=regions[i]) for i, item in enumerate(detected))


def cross_validated(
    detected: Sequence[DetectedImage], manifest: Manifest, passes: Passes
) -> tuple[DetectedImage, ...]:
    """Return the pictures rescored by rules that were fitted on other people."""

    def fitted(others: Sequence[DetectedImage]) -> Rescore:
        together = _fitted(others, manifest, passes)
        return partial(taken_together, together=together, manifest=manifest)

    return judged_on_others(detected, fitted)


def exam_view(item: DetectedImage) -> ExamView:
    """Return a picture as a view of its person's examination."""
    return ExamView(
        laterality=item.image.laterality,
        projection=item.image.view,
        to_breast_mm=item.to_breast_mm,
        regions=item.regions,
    )


def people_with(detected: Sequence[DetectedImage], partner: Partner) -> int:
    """Count the people with a view that has a partner of a kind."""
    exams = [[exam_view(detected[i]) for i in numbers] for numbers in by_person(detected).values()]
    return sum(any(partners_of(view, exam, partner) for view in exam) for exam in exams)


def views_file(together: ViewsTogether) -> dict[str, Any]:
    """Return the document that ``inference.views.read_views_together`` reads."""
    return dict(encode(together))


def _fitted(detected: Sequence[DetectedImage], manifest: Manifest, passes: Passes) -> ViewsTogether:
    people = by_person(detected)
    together = ViewsTogether(
        format=FORMAT,
        network_sha256=dict(manifest.hashes).get(NETWORK, ""),
        passes=passes.value,
        classes=tuple(KindRules(calibration=c, partners=()) for c in manifest.calibration),
        fitted_on=f"{len(detected)} pictures of {len(people)} people not trained on",
    )
    for partner in Partner:  # the second on what the first has left to say
        so_far = taken_together(detected, together, manifest)
        classes = []
        for item in together.classes:
            rule = _rule(detected, so_far, item.calibration.kind, partner)
            classes.append(replace(item, partners=(*item.partners, *([rule] if rule else []))))
        together = replace(together, classes=tuple(classes))
    return together


def _rule(
    detected: Sequence[DetectedImage],
    so_far: Sequence[DetectedImage],
    kind: str,
    partner: Partner,
) -> PartnerRule | None:
    """Return the rule with the tolerance that fits best, or None where too little is known.

    None too where no tolerance makes a contradiction lower the score: what is not there in the
    other view cannot speak for a region, and a fit that says so has found chance.
    """
    samples = _samples(detected, so_far, kind, partner)
    fewest = min(int(samples.is_hit.sum()), int((~samples.is_hit).sum()))
    if samples.people < FEWEST_PEOPLE or fewest < FEWEST_MARKS:
        return None
    fits = [offset_fit(column, samples.odds, samples.is_hit) for column in samples.against.T]
    best = int(np.argmin([loss if weight < 0.0 else np.inf for weight, _, loss in fits]))
    weight, intercept, _ = fits[best]
    if weight >= 0.0:
        return None
    return PartnerRule(
        partner=partner.value,
        tolerance_mm=TOLERANCES_MM[best],
        weight=weight,
        intercept=intercept,
    )


def _samples(
    detected: Sequence[DetectedImage],
    so_far: Sequence[DetectedImage],
    kind: str,
    partner: Partner,
) -> _Samples:
    """Gather the regions of a class whose view has a partner.

    What contradicts is read from the pictures as they were; the log-odds from ``so_far``.
    """
    rules = [
        PartnerRule(partner=partner.value, tolerance_mm=mm, weight=0.0, intercept=0.0)
        for mm in TOLERANCES_MM
    ]
    odds: list[float] = []
    against: list[list[float]] = []
    is_hit: list[bool] = []
    people = set()
    for person, numbers in by_person(detected).items():
        exam = [exam_view(detected[i]) for i in numbers]
        for i, view in zip(numbers, exam, strict=True):
            others = partners_of(view, exam, partner)
            if not others:
                continue
            boxes = [lesion.box for lesion in lesions_of(detected[i], kind)]
            scores = {r.peak: r.score for r in so_far[i].regions if r.kind == kind}
            for region in (r for r in view.regions if r.kind == kind):
                people.add(person)
                odds.append(log_odds(scores[region.peak]))
                against.append([contradiction(region, view, others, rule) for rule in rules])
                is_hit.append(any(box.contains(region.peak) for box in boxes))
    return _Samples(
        odds=np.array(odds),
        against=np.array(against).reshape(-1, len(rules)),
        is_hit=np.array(is_hit, np.bool_),
        people=len(people),
    )


def _sign(gain: dict[str, Any]) -> str:
    """Return whether a gain's interval lies above zero or below; empty where it holds zero."""
    low, high = gain["ci95"]
    return "more" if low > 0 else "less" if high < 0 else ""


def views_document(
    detected: Sequence[DetectedImage], together: ViewsTogether, manifest: Manifest
) -> dict[str, Any]:
    """Return what the views together gain on each view alone, judged on other people.

    Parameters
    ----------
    detected : sequence of DetectedImage
        The pictures that ``together`` was fitted on, each view read alone.
    """
    readings = [
        NamedReading(name="each view alone", text="as read", detected=tuple(detected)),
        NamedReading(
            name=_TOGETHER,
            text=f"rescored by rules fitted on other people ({FOLDS} folds by person)",
            detected=cross_validated(detected, manifest, Passes(together.passes)),
        ),
    ]
    return {
        **compare_readings(readings, manifest),
        "passes": together.passes,
        "people_with": {partner.value: people_with(detected, partner) for partner in Partner},
        "rules": {
            item.calibration.kind: [encode(rule) for rule in item.partners]
            for item in together.classes
        },
    }


def views_text(document: dict[str, Any]) -> str:
    """Return the document as a section of the card."""
    people = document["people_with"]
    lines = [
        "### Views together (an option, off by default)",
        "",
        "What another view shows elsewhere, and not at a region's distance from the nipple (other "
        "breast: at the mirrored place), speaks against the region. A region whose view has no "
        "partner keeps its score; the score of one view stays in the results. Every picture that "
        "this was fitted on holds a lesion: where a breast holds several, or one shows in one view "
        "alone, the rule works against it.",
        "",
        f"Validation pictures, {Passes(document['passes']).text}; people with CC and MLO of a "
        f"breast: {people['same-breast']}, with the same view of both breasts: "
        f"{people['other-breast']} (a rule needs {FEWEST_PEOPLE}).",
        "",
    ]
    for kind, rules in document["rules"].items():
        lines += [
            f"- {kind}, {rule['partner']}: log-odds {rule['weight']:+.2f} x contradiction "
            f"{rule['intercept']:+.2f}, tolerance {rule['tolerance_mm']:g} mm"
            for rule in rules
        ]
        if not rules:
            lines.append(f"- {kind}: no rule, scores stay")
    for kind, found in document["per_class"].items():
        gains = found["readings"][_TOGETHER]["froc"]["gain_at"]
        sure = [f"{rate} ({_sign(gain)})" for rate, gain in gains.items() if _sign(gain)]
        told = f"told apart from none at {', '.join(sure)}" if sure else "not told apart from none"
        lines += ["", f"The change of {kind}'s sensitivity is {told} (false marks an image)."]
    return "\n".join([*lines, "", readings_text(document)])
