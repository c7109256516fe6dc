"""What pictures that all hold a lesion cannot tell: the price of lowering marks for their rivals.

Where each picture holds a lesion, and most hold one, a mark beside a stronger one is seldom a
lesion too.  A rule that lowers it gains on every curve that counts false marks on such pictures.
On a normal breast nothing stands beside its strongest mark, and the rule raises that one.  So the
rule is fitted and judged on pictures with lesions, and then counted on pictures without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.odds import from_log_odds, log_odds
from mammoview.modelkit.manifest import Manifest
from trainer.card.sections import SectionName, section_of, write_section
from trainer.detect import DetectedImage, lesions_of
from trainer.digital.cesm import CesmImage
from trainer.digital.evaluation import DigitalEvaluation, evaluate_digital
from trainer.digital.report import digital_document, tried_tables
from trainer.documents import write_json
from trainer.readings import NamedReading, compare_readings, readings_text
from trainer.rescoring import FEWEST_MARKS, FOLDS, Rescore, judged_on_others, offset_fit

DOCUMENT = "rivals.json"
_LOWERED = "lowered for rivals"
# What stands beside a mark that has no other of its class.
_NOTHING = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalRule:
    """What the strongest other mark of a class in a picture changes, on the log-odds of a score.

    It adds ``weight`` times the other's log-odds, and ``intercept``.
    """

    kind: str
    weight: float
    intercept: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RivalsEvaluation:
    """The rules, what they give on pictures with lesions, and on digital ones with and without."""

    manifest: Manifest
    rules: tuple[RivalRule, ...]
    with_lesions: dict[str, Any]
    digital: DigitalEvaluation


def evaluate_rivals(
    detected: Sequence[DetectedImage],
    digital: Sequence[CesmImage],
    digital_detected: Sequence[DetectedImage],
    manifest: Manifest,
) -> RivalsEvaluation:
    """Fit the rules on pictures with lesions, judge them there and on other, normal pictures.

    Parameters
    ----------
    detected : sequence of DetectedImage
        Pictures of people that the model was not trained on, each with a lesion.
    digital, digital_detected : sequence
        Digital pictures, outlined and normal, and what was found in each, in the same order.

    Raises
    ------
    DataError
        If no class has enough hits and false marks, or no digital picture is normal.
    """
    rules = fit_rivals(detected, manifest)
    if not rules:
        raise DataError(
            f"no class with {FEWEST_MARKS} hits and {FEWEST_MARKS} false marks",
            expected="pictures with lesions",
            todo="give more pictures with --data",
        )
    fitted = partial(_fitted, manifest=manifest)
    readings = [
        NamedReading(name="as it is", text="each mark by itself", detected=tuple(detected)),
        NamedReading(
            name=_LOWERED,
            text="each mark in the light of the strongest other one of its picture, by rules "
            f"fitted on other people ({FOLDS} folds by person)",
            detected=judged_on_others(detected, fitted),
        ),
    ]
    return RivalsEvaluation(
        manifest=manifest,
        rules=rules,
        with_lesions=compare_readings(readings, manifest),
        digital=evaluate_digital(
            digital,
            digital_detected,
            manifest,
            range_digital=None,
            range_film=None,
            tried=[(_LOWERED, lowered(digital_detected, rules))],
        ),
    )


def fit_rivals(detected: Sequence[DetectedImage], manifest: Manifest) -> tuple[RivalRule, ...]:
    """Return the rule of each class that has enough hits and false marks for one."""
    rules = []
    for kind in manifest.findings:
        odds, rivals, is_hit = _samples(detected, kind)
        if min(sum(is_hit), len(is_hit) - sum(is_hit)) >= FEWEST_MARKS:
            weight, intercept, _ = offset_fit(np.array(rivals), np.array(odds), np.array(is_hit))
            rules.append(RivalRule(kind=kind, weight=weight, intercept=intercept))
    return tuple(rules)


def lowered(
    detected: Sequence[DetectedImage], rules: Sequence[RivalRule]
) -> tuple[DetectedImage, ...]:
    """Return the pictures with the scores of their regions changed by the rules."""
    return tuple(replace(item, regions=_lowered(item.regions, rules)) for item in detected)


def write_folder(evaluation: RivalsEvaluation, command: str, folder: Path) -> None:
    """Write document and section."""
    write_json(rivals_document(evaluation), folder / DOCUMENT)
    text = rivals_text(evaluation)
    section = section_of(SectionName.RIVALS, evaluation.manifest, text=text, commands=(command,))
    write_section(section, folder)


def rivals_document(evaluation: RivalsEvaluation) -> dict[str, Any]:
    """Return the document of ``evaluate rivals --json``."""
    return {
        **evaluation.with_lesions,
        "rules": {
            rule.kind: {"weight": rule.weight, "intercept": rule.intercept}
            for rule in evaluation.rules
        },
        "digital": digital_document(evaluation.digital, ()),
    }


def rivals_text(evaluation: RivalsEvaluation) -> str:
    """Return what was found as a section of the card."""
    lines = [
        "### Marks lowered for stronger ones beside them (not done)",
        "",
        "Every film picture here holds a lesion, and most hold one: a mark beside a stronger one "
        "is seldom a lesion too. A rule that says so gains on such pictures, and on any test set "
        "made of them. What it does to normal breasts is counted on digital ones.",
        "",
        *(
            f"- {rule.kind}: log-odds {rule.weight:+.2f} x those of the strongest other mark of "
            f"the picture {rule.intercept:+.2f}"
            for rule in evaluation.rules
        ),
        "",
        "Pictures with lesions, false marks counted beside the lesions: "
        + readings_text(evaluation.with_lesions),
        "",
        f"#### On {evaluation.digital.outlined} digital pictures with outlines and "
        f"{evaluation.digital.normals} normal ones",
        "",
        "Sensitivity to outlined masses at marks a normal picture (peak rule), and marks a normal "
        "picture at each operating point.",
        *tried_tables(evaluation.digital),
    ]
    return "\n".join(lines)


def _fitted(others: Sequence[DetectedImage], manifest: Manifest) -> Rescore:
    return partial(lowered, rules=fit_rivals(others, manifest))


def _samples(
    detected: Sequence[DetectedImage], kind: str
) -> tuple[list[float], list[float], list[bool]]:
    """Return log-odds of the marks of a class, of the strongest beside each, and the hits."""
    odds: list[float] = []
    rivals: list[float] = []
    is_hit: list[bool] = []
    for item in detected:
        boxes = [lesion.box for lesion in lesions_of(item, kind)]
        regions = [region for region in item.regions if region.kind == kind]
        odds += [log_odds(region.score) for region in regions]
        rivals += [_strongest_beside(region, regions) for region in regions]
        is_hit += [any(box.contains(region.peak) for box in boxes) for region in regions]
    return odds, rivals, is_hit


def _strongest_beside(region: Region, regions: Sequence[Region]) -> float:
    """Return the log-odds of the strongest other region of its class."""
    others = (r.score for r in regions if r.kind == region.kind and r is not region)
    return log_odds(max(others, default=_NOTHING))


def _lowered(regions: Sequence[Region], rules: Sequence[RivalRule]) -> tuple[Region, ...]:
    by_kind = {rule.kind: rule for rule in rules}
    changed = []
    for region in regions:
        rule = by_kind.get(region.kind)
        if rule is not None:
            beside = _strongest_beside(region, regions)
            odds = log_odds(region.score) + rule.weight * beside + rule.intercept
            region = replace(region, score=float(from_log_odds(odds)))
        changed.append(region)
    return tuple(sorted(changed, key=lambda region: -region.score))
