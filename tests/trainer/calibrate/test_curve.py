"""The fit itself, and how refitted versions are named."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mammoview.errors import DataError, ModelError, UsageError
from tests.builders.models import build_manifest
from tests.builders.sites import made_image
from trainer import calibrate as calibrate_module
from trainer.calibrate import RATES, calibrate, operating_points, recalibrated
from trainer.detect import scored
from trainer.froc import hits
from trainer.site.reading import SiteReading
from trainer.site.refit import next_version, refit


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1.0", "0.1.0+site.1"),
        ("0.1.0+site.1", "0.1.0+site.2"),
        ("0.1.0+site.9", "0.1.0+site.10"),
        ("1+linux", "1+linux.site.1"),
        ("1+linux.site.1", "1+linux.site.2"),
        ("1+mysite.1", "1+mysite.1.site.1"),
    ],
)
def test_versions_count_up(old: str, new: str) -> None:
    assert next_version(old) == new


def test_a_score_means_how_often_a_mark_is_right() -> None:
    """On marks drawn from a known curve the fit finds the curve."""
    rng = np.random.default_rng(2)
    slope, intercept = 1.7, -0.8
    made = []
    for number in range(4000):
        margin = float(rng.normal())
        is_hit = rng.random() < 1 / (1 + math.exp(-(slope * margin + intercept)))
        neutral = 1 / (1 + math.exp(-margin))
        made.append(made_image(number, f"p{number}", [(neutral, 10.0 if is_hit else 30.0)]))
    calibration = calibrate(made, "mass")
    assert calibration.slope == pytest.approx(slope, abs=0.15)
    assert calibration.intercept == pytest.approx(intercept, abs=0.1)


def test_clean_parting_does_not_drive_scores_to_the_ends() -> None:
    made = [made_image(n, f"p{n}", [(0.9, 10.0), (0.1, 30.0), (0.1, 50.0)]) for n in range(40)]
    calibration = calibrate(made, "mass")
    seen = recalibrated(made, (calibration,))
    (read,) = {r.score for d in seen for r in d.regions[:1]}
    assert read == pytest.approx(41 / 42, abs=1e-3)  # Platt's target for 40 hits
    assert all(point.threshold > 1e-3 for point in operating_points(seen, ("mass",)))


def test_one_threshold_keeps_the_false_marks_of_all_classes_to_the_rate() -> None:
    rng = np.random.default_rng(3)
    kinds = ("mass", "calcification")
    made = []
    for number in range(80):
        masses = made_image(number, f"p{number}", [(s, 30.0) for s in rng.uniform(0, 1, 2)])
        clusters = made_image(
            number, f"p{number}", [(s, 30.0) for s in rng.uniform(0, 0.3, 1)], kinds=kinds[1:]
        )
        made.append(replace(masses, regions=masses.regions + clusters.regions))
    points = operating_points(made, kinds)
    for name, rate in RATES:
        (limit,) = {point.threshold for point in points if point.name == name}
        flagged = [r for image in made for r in image.regions if r.score >= limit]
        assert len(flagged) == math.floor(rate * len(made))
        assert {point.kind for point in points if point.name == name} == set(kinds)


def test_hits_are_counted_by_the_rule_of_the_scorer(reading: SiteReading) -> None:
    images = scored(reading.detected, "mass")
    assert sum(int(hits(image).sum()) for image in images) >= 2 * calibrate_module.FEWEST_MARKS
    with pytest.raises((UsageError, ModelError, DataError)):
        refit(build_manifest(), replace(reading, detected=reading.detected[:5]))
