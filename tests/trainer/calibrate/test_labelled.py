"""A bundle refitted on a site's own labelled pictures: sound, installable, honest about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.app.models import catalogue
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import NETWORK, open_bundle
from mammoview.modelkit.manifest import Manifest, OperatingPoint
from tests.builders.models import build_manifest
from tests.builders.sites import PEOPLE, PICTURES, made_image, made_marks, made_normals, only
from trainer.calibrate import Rates, neutralised, operating_points, recalibrated
from trainer.cli.main import main
from trainer.detect import DetectedImage, detect
from trainer.evaluate import evaluate
from trainer.recipe import Recipe
from trainer.site.reading import SiteReading
from trainer.site.refit import FOLDS, Refit, refit
from trainer.sources import read_labelled


def test_the_new_bundle_opens_verifies_installs_and_is_the_same_network(
    bundle: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    assert main(["calibrate", str(bundle), "--data", str(site), "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    old, new = open_bundle(bundle), open_bundle(out)
    Session.open(new, device="cpu")
    assert (out / NETWORK).read_bytes() == (bundle / NETWORK).read_bytes()
    assert new.manifest.version == "1+site.1"
    assert new.manifest.calibration != old.manifest.calibration
    unchanged = ("name", "classes", "preprocessing", "value_scale", "map_geometry", "licence")
    assert all(getattr(new.manifest, k) == getattr(old.manifest, k) for k in unchanged)
    assert catalogue.install(out).choice.version == "1+site.1"
    catalogue.activate("tiny@1+site.1")
    assert document["refitted_on"]["images"] == PEOPLE * PICTURES
    assert document["refitted_on"]["people"] == PEOPLE
    assert document["refitted_on"]["lesions"] == PEOPLE * PICTURES
    assert document["refused"] == []


def test_the_viewer_gives_with_the_new_bundle_what_the_refit_promises(
    bundle: Path, site: Path, recipe: Recipe, result: Refit, tmp_path: Path
) -> None:
    """Thresholds and scores read anew by another session, not through the refit's own sums."""
    from trainer.site.refit import write_refit

    new = write_refit(open_bundle(bundle), tmp_path / "new", result, "# card\n")
    seen = detect(Session.open(new, device="cpu"), read_labelled(site), recipe.data)
    figures = evaluate(seen, new.manifest)["per_class"]["mass"]
    one_mark = 1 / len(seen)  # the mark next to the threshold may round to either side of it
    for point in only(result).points:
        got = figures["operating_points"][point.name]
        assert got["false_marks_per_image"] == pytest.approx(point.rate, abs=one_mark + 1e-9)
    before = only(result).error_before
    assert figures["expected_calibration_error"] < 0.5 * before


def test_figures_before_are_those_of_evaluate(
    manifest: Manifest, reading: SiteReading, result: Refit
) -> None:
    figures = evaluate(reading.detected, manifest)["per_class"]["mass"]
    assert only(result).error_before == figures["expected_calibration_error"]
    for point in only(result).points:
        got = figures["operating_points"][point.name]
        assert got["threshold"] == point.before.threshold
        assert got["false_marks_per_image"] == point.before.false_marks.value
        assert got["sensitivity"] == point.before.sensitivity.value
        low, high = got["false_marks_per_image_ci95"]
        assert (low, high) == (point.before.false_marks.low, point.before.false_marks.high)


def test_figures_after_are_near_the_rate_and_have_an_interval(result: Refit) -> None:
    for point in only(result).points:
        assert 0.4 * point.rate < point.after.false_marks.value < 2 * point.rate
        assert point.after.false_marks.low < point.after.false_marks.value
        assert point.after.false_marks.high > point.after.false_marks.value
        assert point.after.sensitivity.value > 0.3
    assert only(result).error_after < only(result).error_before


def test_neutral_scores_undo_the_models_own(manifest: Manifest, reading: SiteReading) -> None:
    there = neutralised(reading.detected, manifest.calibration)
    back = recalibrated(there, manifest.calibration)
    for old, mid, new in zip(reading.detected, there, back, strict=True):
        assert [r.score for r in new.regions] == pytest.approx([r.score for r in old.regions])
        assert [r.score for r in mid.regions] != [r.score for r in old.regions]


def test_a_refit_of_a_refit_comes_to_the_same(
    manifest: Manifest, reading: SiteReading, result: Refit
) -> None:
    """The fit stands on the network's map, not on the scores that a model happens to have."""
    seen = recalibrated(
        neutralised(reading.detected, manifest.calibration), result.manifest.calibration
    )
    again = refit(result.manifest, replace(reading, detected=seen))
    assert again.manifest.version == "1+site.2"
    assert only(again).after.slope == pytest.approx(only(result).after.slope, rel=1e-4)
    assert only(again).after.intercept == pytest.approx(only(result).after.intercept, rel=1e-4)


def test_the_card_says_what_it_was_refitted_on_before_anything_older(
    bundle: Path, site: Path, tmp_path: Path, result: Refit
) -> None:
    from trainer.site.card import refit_card

    card = refit_card("# tiny 1\n\nResearch use only.\n\n## Measured\n\nscore >= 0.5\n", result)
    assert card.startswith("# tiny 1+site.1\n\nResearch use only.\n\n## Refitted on a site")
    assert f"{PEOPLE * PICTURES} labelled pictures of {PEOPLE} people" in card
    assert result.made_on.isoformat() in card
    assert card.index("Refitted") < card.index("of version 1 or older") < card.index("## Measured")
    item = only(result)
    assert f"| {item.error_before:.3f} | {item.error_after:.3f} |" in card
    for point in item.points:
        assert f"{point.after.false_marks.value:.2f} ({point.after.false_marks.low:.2f}" in card


def test_every_class_is_refitted_and_keeps_its_order(tmp_path: Path) -> None:
    two = build_manifest(findings=("mass", "calcification"))
    made = [
        image
        for number in range(60)
        for image in [made_image(number, f"p{number // 4}", made_marks(number), kinds=two.findings)]
    ]
    result = refit(
        two, SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    )
    assert [item.kind for item in result.classes] == ["mass", "calcification"]
    assert [(p.name, p.kind) for p in result.manifest.operating_points] == [
        (p.name, p.kind) for p in two.operating_points
    ]


def test_figures_after_are_held_out() -> None:
    """One person's many high marks: the threshold on all images shuts them out, theirs cannot."""
    rng = np.random.default_rng(0)
    scores = [list(rng.uniform(0.1, 0.6, 3)) for _ in range(44)]
    scores[:4] = [[0.95] * 6 for _ in range(4)]
    reading = made_normals(scores)
    (item,) = refit(build_manifest(), reading).classes
    strict = next(point for point in item.points if point.name == "strict")
    assert strict.after.threshold > 0.95  # 24 marks at 0.95, 11 allowed
    assert strict.after.false_marks.value >= 24 / 44  # all of them pass the others' threshold
    assert strict.after.false_marks.high > 1


def test_a_person_is_never_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit on four parts leaves out whole people, and each person once."""
    fitted: list[set[str]] = []

    def spy(
        detected: Sequence[DetectedImage], kinds: Sequence[str], rates: Rates
    ) -> tuple[OperatingPoint, ...]:
        fitted.append({item.image.person for item in detected})
        assert {sum(d.image.person == p for d in detected) for p in fitted[-1]} == {4}
        return operating_points(detected, kinds, rates)

    monkeypatch.setattr("trainer.site.refit.operating_points", spy)
    rng = np.random.default_rng(0)
    refit(build_manifest(), made_normals([list(rng.uniform(0, 1, 3)) for _ in range(60)]))
    everyone, *parts = fitted
    assert len(parts) == FOLDS
    left = [everyone - part for part in parts]
    assert sorted(person for part in left for person in part) == sorted(everyone)
