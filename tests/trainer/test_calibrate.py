"""A bundle refitted on a site's own images: sound, installable, and honest about what it gives."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from mammoview.app import models
from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError, ModelError, UsageError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import CARD, NETWORK, open_bundle
from mammoview.modelkit.manifest import Manifest, OperatingPoint
from tests.builders.dicom import Blob, build_mg
from tests.builders.models import build_bundle, build_manifest
from trainer import calibrate as calibrate_module
from trainer.calibrate import Rates, calibrate, neutralised, operating_points, recalibrated
from trainer.cli.main import main
from trainer.detect import DetectedImage, detect, scored
from trainer.evaluate import evaluate
from trainer.froc import ScoredImage, hits
from trainer.labelled import ANNOTATIONS, LabelledBox, LabelledImage
from trainer.recipe import Recipe
from trainer.site import FOLDS, ClassRefit, Refit, fewest_images, next_version, refit
from trainer.site_reading import SiteReading, read_labelled_site
from trainer.sources import read_labelled

PEOPLE, PICTURES = 12, 4
_SIZE = 200


# -- made sites ---------------------------------------------------------------------------------


def build_site(folder: Path, *, people: int = PEOPLE, pictures: int = PICTURES) -> Path:
    """Pictures with one annotated blob and two that are nothing, some of them as bright."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    images, annotations = [], []
    for number in range(people * pictures):
        person, at = divmod(number, pictures)
        side, view = ("LEFT", "RIGHT")[at % 2], ("CC", "MLO")[at // 2 % 2]
        name = f"{person:05d}_{side}_{view}.png"
        picture = _breast()
        spots = [(40.0, 60.0), (95.0, 100.0), (40.0, 145.0)]
        lesion = int(rng.integers(3))
        for place, (col, row) in enumerate(spots):
            grey = rng.uniform(120, 230) if place == lesion else rng.uniform(90, 180)
            _add_blob(picture, col, row, grey)
        (folder / name).write_bytes(imagecodecs.png_encode(picture))
        col, row = spots[lesion]
        images.append({"id": number, "file_name": name, "height": _SIZE, "width": _SIZE})
        box = [col - 14, row - 14, 28, 28]
        annotations.append({"id": number, "image_id": number, "category_id": 0, "bbox": box})
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 0, "name": "Mass"}],
    }
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    return folder


def _breast() -> np.ndarray:
    row, col = np.mgrid[0:_SIZE, 0:_SIZE] + 0.5
    inside = np.hypot((row - _SIZE / 2) / (0.46 * _SIZE), col / (0.75 * _SIZE)) < 1
    return np.where(inside, 60, 3).astype(np.uint8)


def _add_blob(picture: np.ndarray, col: float, row: float, grey: float) -> None:
    rows, cols = np.mgrid[0:_SIZE, 0:_SIZE] + 0.5
    picture[np.hypot(cols - col, rows - row) < 11] = int(grey)


def build_normals(folder: Path, *, people: int = 10) -> Path:
    """Four DICOM views a person, each with a blob of another brightness."""
    rng = np.random.default_rng(4)
    for person in range(people):
        for side, view in (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")):
            place = folder / f"exam-{person}"
            place.mkdir(parents=True, exist_ok=True)
            col = 60.0 if side == "R" else 30.0
            build_mg(
                place / f"{side}{view}.dcm",
                laterality=side,
                view=view,
                person=f"Person^{person}",
                study=str(person),
                blobs=[Blob(col=col, row=60, radius=9, value=float(rng.uniform(0.5, 0.9)))],
                spacing=(0.8, 0.8),
            )
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("site") / "pictures")


@pytest.fixture(scope="module")
def normals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_normals(tmp_path_factory.mktemp("normals"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_bundle(tmp_path_factory.mktemp("model") / "tiny", stride=8, mm_per_px=1.0)


@pytest.fixture(scope="module")
def reading(bundle: Path, site: Path, recipe: Recipe) -> SiteReading:
    session = Session.open(open_bundle(bundle), device="cpu")
    return read_labelled_site(session, read_labelled(site), recipe.data)


@pytest.fixture(scope="module")
def manifest(bundle: Path) -> Manifest:
    return open_bundle(bundle).manifest


@pytest.fixture(scope="module")
def result(manifest: Manifest, reading: SiteReading) -> Refit:
    return refit(manifest, reading)


def only(result: Refit) -> ClassRefit:
    (item,) = result.classes
    return item


# -- on labelled pictures -----------------------------------------------------------------------


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
    assert models.install(out).choice.version == "1+site.1"
    models.activate("tiny@1+site.1")
    assert document["refitted_on"]["images"] == PEOPLE * PICTURES
    assert document["refitted_on"]["people"] == PEOPLE
    assert document["refitted_on"]["lesions"] == PEOPLE * PICTURES
    assert document["refused"] == []


def test_the_viewer_gives_with_the_new_bundle_what_the_refit_promises(
    bundle: Path, site: Path, recipe: Recipe, result: Refit, tmp_path: Path
) -> None:
    """Thresholds and scores read anew by another session, not through the refit's own sums."""
    from trainer.site import write_refit

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
    from trainer.site_card import refit_card

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
        for image in [_made(number, f"p{number // 4}", _marks(number), kinds=two.findings)]
    ]
    result = refit(
        two, SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    )
    assert [item.kind for item in result.classes] == ["mass", "calcification"]
    assert [(p.name, p.kind) for p in result.manifest.operating_points] == [
        (p.name, p.kind) for p in two.operating_points
    ]


# -- held out -----------------------------------------------------------------------------------

SPACING = PixelSpacing(row_mm=1, col_mm=1, source="made")


def _region(kind: str, score: float, col: float) -> Region:
    box = ImageBox(col0=col - 1, row0=9, col1=col + 1, row1=11)
    peak = ImagePoint(col=col, row=10)
    return Region(kind=kind, score=score, peak=peak, box=box, outline=(peak,), flagged=False)


def _marks(number: int) -> list[tuple[float, float]]:
    """A hit at column 10 and two false marks beyond it, overlapping in score."""
    rng = np.random.default_rng(number)
    return [(float(rng.uniform(0.3, 0.9)), 10.0)] + [
        (float(rng.uniform(0.1, 0.6)), col) for col in (30.0, 50.0)
    ]


def _made(
    number: int,
    person: str,
    marks: Sequence[tuple[float, float]],
    *,
    kinds: Sequence[str] = ("mass",),
    labelled: bool = True,
) -> DetectedImage:
    box = ImageBox(col0=5, row0=5, col1=15, row1=15)
    lesions = tuple(LabelledBox(kind=k, box=box, lesion_id=f"{number}{k}") for k in kinds)
    image = LabelledImage(
        file=Path(f"{number}.png"),
        person=person,
        laterality="L",
        view="CC",
        lesions=lesions if labelled else (),
    )
    regions = tuple(_region(kind, score, col) for kind in kinds for score, col in marks)
    return DetectedImage(image=image, regions=regions, rows=20, cols=60, spacing=SPACING)


def _normal_reading(marks_of: Sequence[Sequence[float]], per_person: int = 4) -> SiteReading:
    made = [
        _made(n, f"p{n // per_person}", [(s, 30.0) for s in scores], labelled=False)
        for n, scores in enumerate(marks_of)
    ]
    return SiteReading(is_labelled=False, detected=tuple(made), refused=(), left_out=())


def test_figures_after_are_held_out() -> None:
    """One person's many high marks: the threshold on all images shuts them out, theirs cannot."""
    rng = np.random.default_rng(0)
    scores = [list(rng.uniform(0.1, 0.6, 3)) for _ in range(44)]
    scores[:4] = [[0.95] * 6 for _ in range(4)]
    reading = _normal_reading(scores)
    (item,) = refit(build_manifest(), reading).classes
    strict = next(point for point in item.points if point.name == "strict")
    assert strict.after.threshold > 0.95  # 24 marks at 0.95, 11 allowed
    assert strict.after.false_marks.value >= 24 / 44  # all of them pass the others' threshold
    assert strict.after.false_marks.high > 1


def test_a_person_is_never_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit on four parts leaves out whole people, and each person once."""
    fitted: list[set[str]] = []

    def spy(images: Sequence[ScoredImage], kind: str, rates: Rates) -> tuple[OperatingPoint, ...]:
        fitted.append({image.person for image in images})
        assert {sum(i.person == p for i in images) for p in fitted[-1]} == {4}
        return operating_points(images, kind, rates)

    monkeypatch.setattr("trainer.site.operating_points", spy)
    rng = np.random.default_rng(0)
    refit(build_manifest(), _normal_reading([list(rng.uniform(0, 1, 3)) for _ in range(60)]))
    everyone, *parts = fitted
    assert len(parts) == FOLDS
    left = [everyone - part for part in parts]
    assert sorted(person for part in left for person in part) == sorted(everyone)


# -- on images without a finding ----------------------------------------------------------------


def test_normals_refit_thresholds_alone(
    bundle: Path, normals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    words = ["calibrate", str(bundle), "--normals", str(normals), "--out", str(out), "--json"]
    assert main([*words, "--version", "1+north.1"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["refitted_on"]["people"] == 10
    assert document["refitted_on"]["images"] == 40
    assert document["per_class"]["mass"]["expected_calibration_error"]["after"] is None
    old, new = open_bundle(bundle).manifest, open_bundle(out).manifest
    assert new.calibration == old.calibration
    assert new.version == "1+north.1"
    assert new.operating_points != old.operating_points
    card = (out / CARD).read_text()
    assert "40 images of 10 people without any finding" in card
    assert "is not known" in card
    assert "Person^" not in card + said.out + said.err
    assert models.install(out).choice.version == "1+north.1"


def test_thresholds_on_normals_are_the_quantiles_of_their_marks() -> None:
    rng = np.random.default_rng(1)
    scores = [list(rng.uniform(0, 1, 3)) for _ in range(60)]
    result = refit(build_manifest(), _normal_reading(scores))
    ranked = sorted((s for image in scores for s in image), reverse=True)
    for point in result.manifest.operating_points:
        passing = [s for s in ranked if s >= point.threshold]
        assert len(passing) == math.floor(point.false_marks_per_image * 60)
    assert result.manifest.calibration == build_manifest().calibration


def test_views_of_one_person_in_two_studies_belong_together(
    bundle: Path, tmp_path: Path, recipe: Recipe
) -> None:
    from trainer.site_reading import read_normal_site

    for study in ("1", "2"):
        (tmp_path / study).mkdir()
        build_mg(tmp_path / study / "a.dcm", person="Same^One", study=study)
        build_mg(tmp_path / study / "b.dcm", person=f"Other^{study}", study=study)
    session = Session.open(open_bundle(bundle), device="cpu")
    assert read_normal_site(session, [tmp_path], recipe.data).people == 3


def test_a_view_that_the_model_does_not_read_is_left_out_and_named(
    bundle: Path, normals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spot = tmp_path / "spot.dcm"
    build_mg(spot, modifiers=[("SCT", "399055006")], study="spot")
    words = ["--normals", str(normals), str(spot), "--out", str(tmp_path / "new"), "--json"]
    assert main(["calibrate", str(bundle), *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [left["file"] for left in document["left_out"]] == [str(spot)]
    assert document["refitted_on"]["images"] == 40


# -- refused ------------------------------------------------------------------------------------


def test_a_broken_file_is_named_and_the_others_are_done(
    bundle: Path, normals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM nothing more")
    out = tmp_path / "new"
    words = ["--normals", str(normals), str(broken), "--out", str(out)]
    assert main(["calibrate", str(bundle), *words]) == 3
    said = capsys.readouterr()
    assert str(broken) in said.err
    assert "40 images of 10 people" in said.out
    open_bundle(out)


def test_a_broken_picture_is_named_and_the_others_are_done(
    bundle: Path, tmp_path: Path, recipe: Recipe
) -> None:
    site = build_site(tmp_path / "site", people=1)
    broken = site / "00000_LEFT_CC.png"
    broken.write_bytes(b"no picture")
    session = Session.open(open_bundle(bundle), device="cpu")
    found = read_labelled_site(session, read_labelled(site), recipe.data)
    assert [r.file for r in found.refused] == [broken]
    assert broken.name in found.refused[0].reason
    assert len(found.detected) == 3


@pytest.mark.parametrize(("people", "per_person"), [(9, 6), (19, 2), (0, 4)])
def test_too_few_are_refused_with_the_number_that_is_enough(people: int, per_person: int) -> None:
    manifest = build_manifest()  # its strictest point is 0.25 false marks an image
    assert fewest_images(manifest) == 40
    reading = _normal_reading([[0.1, 0.5]] * (people * per_person), per_person)
    with pytest.raises(DataError, match="at least 40 images of 10 people") as refusal:
        refit(manifest, reading)
    assert f"{people * per_person} images of {people} people" in str(refusal.value)


def test_pictures_without_hits_give_no_scores() -> None:
    made = [_made(n, f"p{n // 4}", [(0.5, 30.0), (0.2, 50.0)]) for n in range(48)]
    reading = SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    with pytest.raises(DataError, match=r"0 marks of mass hit .* at least 20"):
        refit(build_manifest(), reading)


def test_a_network_that_marks_lesions_lower_is_refused() -> None:
    made = [
        _made(n, f"p{n // 4}", [(0.1 + 0.001 * n, 10.0), (0.6 + 0.001 * n, 30.0)])
        for n in range(48)
    ]
    reading = SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    with pytest.raises(DataError, match="hits less often"):
        refit(build_manifest(), reading)


def test_too_few_files_name_the_refused_ones_first(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("no mammogram", "utf-8")
    words = ["--normals", str(tmp_path / "letter.txt"), "--out", str(tmp_path / "new")]
    assert main(["calibrate", str(bundle), *words]) == 3
    said = capsys.readouterr().err
    assert said.index("letter.txt") < said.index("0 images of 0 people")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("version", ["1", "", "1/2", "1@2", "a b", "x" * 65])
def test_a_wrong_version_is_known_before_anything_is_read(
    bundle: Path, tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--normals", str(tmp_path / "nowhere"), "--out", str(tmp_path / "new")]
    assert main(["calibrate", str(bundle), *words, "--version", version]) == 2
    assert "--version" in capsys.readouterr().err


def test_a_taken_place_is_known_before_anything_is_read(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", str(bundle), "--normals", str(tmp_path), "--out", str(tmp_path)]
    assert main(words) == 2
    assert "there already" in capsys.readouterr().err


def test_a_damaged_bundle_is_not_refitted(bundle: Path, site: Path, tmp_path: Path) -> None:
    import shutil

    damaged = shutil.copytree(bundle, tmp_path / "damaged")
    (damaged / CARD).write_text("changed", "utf-8")
    words = ["calibrate", str(damaged), "--data", str(site), "--out", str(tmp_path / "new")]
    assert main(words) == 3


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


# -- the fit itself -----------------------------------------------------------------------------


def test_a_score_means_how_often_a_mark_is_right() -> None:
    """On marks drawn from a known curve the fit finds the curve."""
    rng = np.random.default_rng(2)
    slope, intercept = 1.7, -0.8
    made = []
    for number in range(4000):
        margin = float(rng.normal())
        is_hit = rng.random() < 1 / (1 + math.exp(-(slope * margin + intercept)))
        neutral = 1 / (1 + math.exp(-margin))
        made.append(_made(number, f"p{number}", [(neutral, 10.0 if is_hit else 30.0)]))
    calibration, _ = calibrate(made, "mass")
    assert calibration.slope == pytest.approx(slope, abs=0.15)
    assert calibration.intercept == pytest.approx(intercept, abs=0.1)


def test_clean_parting_does_not_drive_scores_to_the_ends() -> None:
    made = [_made(n, f"p{n}", [(0.9, 10.0), (0.1, 30.0), (0.1, 50.0)]) for n in range(40)]
    calibration, points = calibrate(made, "mass")
    (read,) = {r.score for d in recalibrated(made, (calibration,)) for r in d.regions[:1]}
    assert read == pytest.approx(41 / 42, abs=1e-3)  # Platt's target for 40 hits
    assert all(point.threshold > 1e-3 for point in points)


def test_hits_are_counted_by_the_rule_of_the_scorer(reading: SiteReading) -> None:
    images = scored(reading.detected, "mass")
    assert sum(int(hits(image).sum()) for image in images) >= 2 * calibrate_module.FEWEST_MARKS
    with pytest.raises((UsageError, ModelError, DataError)):
        refit(build_manifest(), replace(reading, detected=reading.detected[:5]))
