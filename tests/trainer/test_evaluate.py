"""``evaluate images``: its document, its folder, and what it refuses."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.cbis_tree import build_cbis_tree
from tests.builders.dicom import Blob, build_cbis
from tests.builders.models import build_bundle, build_manifest
from tests.builders.pictures import build_pictures
from trainer.cli.main import main
from trainer.coco import read_coco
from trainer.detect import DetectedImage, detect
from trainer.evaluate import evaluate, evaluate_images
from trainer.evaluation_files import write_evaluation_folder
from trainer.labelled import ANNOTATIONS, LabelledBox, LabelledImage
from trainer.recipe import Recipe
from trainer.subgroups import lesion_groups, size_group

BOX = ImageBox(col0=100, row0=200, col1=200, row1=300)
MASS = build_manifest()
BOTH = build_manifest(findings=("mass", "calcification"))


def region(score: float, *, hit: bool, kind: str = "mass") -> Region:
    """A region that fills the box, or one far from it."""
    by = 0.0 if hit else 250.0
    box = ImageBox(col0=100 + by, row0=200 + by, col1=200 + by, row1=300 + by)
    corners = tuple(
        ImagePoint(col=c, row=r)
        for c, r in (
            (box.col0, box.row0),
            (box.col1, box.row0),
            (box.col1, box.row1),
            (box.col0, box.row1),
        )
    )
    return Region(kind=kind, score=score, peak=box.centre(), box=box, outline=corners, flagged=True)


def view(
    number: int,
    regions: list[Region],
    *,
    kinds: tuple[str, ...] = ("mass",),
    projection: str = "CC",
    density: int = 0,
    pathology: str = "",
    subtlety: int = 0,
    mask: Path | None = None,
) -> DetectedImage:
    """A picture of 500 x 500 of another person each, every lesion in ``BOX`` (20 x 30 mm)."""
    lesions = tuple(
        LabelledBox(
            kind=kind,
            box=BOX,
            lesion_id=f"{number:05d}_LEFT_{projection}_{kind}_1",
            pathology=pathology,
            subtlety=subtlety,
            mask=mask,
        )
        for kind in kinds
    )
    image = LabelledImage(
        file=Path(f"{number:05d}_LEFT_{projection}.png"),
        person=f"{number:05d}",
        laterality="L",
        view=projection,
        lesions=lesions,
        density=density,
    )
    spacing = PixelSpacing(row_mm=0.3, col_mm=0.2, source="made")
    return DetectedImage(image=image, regions=tuple(regions), rows=500, cols=500, spacing=spacing)


HALF = [view(n, [region(0.95 if n % 2 else 0.6, hit=n % 2 == 1)]) for n in range(20)]


def test_the_headline_keeps_the_shape_of_the_contract() -> None:
    document = evaluate(HALF, MASS)
    assert document["froc"]["hit_rule"] == "peak inside the box, border included, nothing added"
    rates = ["0.25", "0.5", "1", "2", "4"]
    assert list(document["froc"]["sensitivity_at"]) == list(document["froc"]["ci95"]) == rates
    assert document["froc"]["sensitivity_at"] == dict.fromkeys(rates, 0.5)
    assert document["pointing_game"] == 0.5
    assert document["images"] == document["lesions"] == 20
    mass = document["per_class"]["mass"]
    assert mass["froc"] == document["froc"]
    assert mass["froc_iou"]["hit_rule"] == "box IoU >= 0.2"
    point = mass["operating_points"]["default"]
    assert (point["threshold"], point["sensitivity"]) == (0.5, 0.5)
    assert point["false_marks_per_image"] == 0.5
    assert mass["operating_points"]["strict"]["false_marks_per_image"] == 0.0
    low, high = point["sensitivity_ci95"]
    assert 0.2 < low < 0.5 < high < 0.8


def test_overlap_stands_under_the_name_of_what_it_is_compared_with(tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    pixels = np.zeros((500, 500), np.uint8)
    pixels[200:300, 100:200] = 255
    mask.write_bytes(imagecodecs.png_encode(pixels))
    bad = tmp_path / "other.png"
    bad.write_bytes(imagecodecs.png_encode(pixels[:400]))
    detected = [
        view(1, [region(0.95, hit=True)], mask=mask),
        view(2, [region(0.6, hit=True)]),
        view(3, [region(0.7, hit=True)], mask=bad),
        view(4, [region(0.9, hit=False)], mask=mask),
    ]
    overlap = evaluate(detected, MASS)["per_class"]["mass"]["overlap"]
    assert overlap["mask"]["lesions"] == 2
    point = overlap["mask"]["operating_points"]["default"]
    assert point["hit"] == 1
    assert point["iou_of_hit"]["mean"] == pytest.approx(1.0, abs=0.02)
    assert point["iou_of_all"]["mean"] == pytest.approx(0.5, abs=0.02)
    ellipse = overlap["ellipse in the box"]
    assert ellipse["lesions"] == 1
    found = ellipse["operating_points"]["default"]["iou_of_hit"]["mean"]
    assert found == pytest.approx(math.pi / 4, abs=0.02)
    assert ellipse["operating_points"]["strict"]["hit"] == 0
    assert ellipse["best_achievable"]["iou"]["mean"] == pytest.approx(math.pi / 4, abs=0.02)
    assert overlap["set_aside_count"] == 1
    assert overlap["set_aside"]["00003_LEFT_CC_mass_1"].startswith("mask other.png: 500 x 400")


def test_marks_of_one_class_never_hit_lesions_of_another() -> None:
    marked_as_mass = [view(n, [region(0.9, hit=True)], kinds=("calcification",)) for n in range(4)]
    document = evaluate(marked_as_mass, BOTH)
    calcification = document["per_class"]["calcification"]
    assert calcification["froc"]["sensitivity_at"]["4"] == 0.0
    assert calcification["lesions"] == 4
    mass = document["per_class"]["mass"]
    assert mass["lesions"] == 0
    assert mass["operating_points"]["default"]["false_marks_per_image"] == 1.0
    assert mass["operating_points"]["default"]["sensitivity_ci95"][0] is not None


def test_a_class_without_lesions_is_no_headline() -> None:
    evaluation = evaluate_images(
        [
            view(n, [region(0.9, hit=True, kind="calcification")], kinds=("calcification",))
            for n in range(4)
        ],
        BOTH,
    )
    document = evaluation.document()
    assert evaluation.absent == ("mass",)
    assert document["absent_classes"] == ["mass"]
    assert document["froc"] == document["per_class"]["calcification"]["froc"]
    assert document["froc"]["sensitivity_at"]["0.25"] == 1.0
    assert math.isnan(document["per_class"]["mass"]["froc"]["sensitivity_at"]["4"])


def test_lesions_that_the_model_does_not_know_are_counted_apart() -> None:
    document = evaluate([view(1, [region(0.9, hit=True)], kinds=("mass", "calcification"))], MASS)
    assert document["lesions"] == 1
    assert document["other_lesions"] == {"calcification": 1}


def test_pictures_without_lesions_give_false_marks_alone(tmp_path: Path) -> None:
    normal = [view(n, [region(0.9, hit=True)], kinds=()) for n in range(3)]
    evaluation = evaluate_images(normal, MASS)
    write_evaluation_folder(evaluation, tmp_path)
    document = json.loads((tmp_path / "metrics.json").read_text())
    assert document["froc"]["sensitivity_at"]["1"] is None
    point = document["per_class"]["mass"]["operating_points"]["default"]
    assert point["sensitivity"] is None
    assert point["false_marks_per_image"] == 1.0


def test_the_document_names_network_and_labels(tmp_path: Path) -> None:
    manifest = open_bundle(build_bundle(tmp_path / "bundle")).manifest
    document = evaluate(HALF, manifest)
    assert document["model"]["network_sha256"] == dict(manifest.hashes)["model.onnx"]
    assert evaluate(HALF, MASS)["model"]["network_sha256"] is None
    assert evaluate(HALF[::-1], MASS)["labels_sha256"] == document["labels_sha256"]
    assert evaluate(HALF[1:], MASS)["labels_sha256"] != document["labels_sha256"]


def test_no_picture_is_refused() -> None:
    with pytest.raises(DataError, match="no labelled pictures"):
        evaluate([], MASS)


def test_subgroups_have_their_numbers_and_figures() -> None:
    detected = [
        view(
            n,
            [region(0.95, hit=n < 12)],
            projection="CC" if n < 12 else "MLO",
            density=2 if n < 25 else 3,
            pathology="MALIGNANT" if n < 12 else "BENIGN",
        )
        for n in range(30)
    ]
    groups = {
        (g.attribute, g.group): g for g in lesion_groups(detected, "mass", [("default", 0.5)])
    }
    assert [g for a, g in groups if a == "view"] == ["CC", "MLO"]
    everyone = groups["all", "all"]
    assert everyone.lesions == everyone.people == 30
    assert dict(everyone.sensitivity)["default"].value == pytest.approx(0.4)
    assert dict(groups["view", "CC"].sensitivity)["default"].value == 1.0
    benign = groups["pathology", "BENIGN"]
    assert benign.lesions == 18
    assert dict(benign.sensitivity)["default"].high == 0.0
    assert benign.pointing_game is not None
    assert benign.pointing_game.value == 0.0
    few = groups["density", "3"]  # five people: too few to say
    assert few.is_too_small
    assert (few.lesions, few.people, few.sensitivity) == (5, 5, ())
    assert [g for a, g in groups if a == "subtlety"] == ["unknown"]
    # 100 px of 0.3 mm a row.
    assert [g for a, g in groups if a == "size"] == ["30 mm and more"]


def test_two_views_of_one_person_are_one_person() -> None:
    twice = [view(n // 2, [region(0.9, hit=True)]) for n in range(12)]
    (group,) = [g for g in lesion_groups(twice, "mass", [("default", 0.5)]) if g.group == "all"]
    assert (group.lesions, group.people, group.is_too_small) == (12, 6, True)


@pytest.mark.parametrize(
    ("mm", "name"),
    [(9.9, "under 10 mm"), (10.0, "10 to 20 mm"), (25.0, "20 to 30 mm"), (30.0, "30 mm and more")],
)
def test_sizes(mm: float, name: str) -> None:
    assert size_group(mm) == name


def test_the_folder_holds_what_the_help_says(tmp_path: Path) -> None:
    detected = [
        *HALF,
        view(99, [region(0.8, hit=True, kind="calcification")], kinds=("calcification",)),
    ]
    write_evaluation_folder(evaluate_images(detected, BOTH), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "froc.csv",
        "froc.png",
        "metrics.json",
        "overlap.csv",
        "reliability.png",
        "subgroups.csv",
    ]
    assert imagecodecs.imread(tmp_path / "froc.png").shape[1] > 1000
    curve = _rows(tmp_path / "froc.csv")
    assert {row["class"] for row in curve} == {"mass", "calcification"}
    assert {row["hit rule"] for row in curve if row["class"] == "mass"} == {
        "peak inside the box, border included, nothing added",
        "box IoU >= 0.2",
    }
    assert curve[0]["sensitivity"] == "0.5"
    assert float(curve[0]["ci95 low"]) < 0.5 < float(curve[0]["ci95 high"])
    overlaps = _rows(tmp_path / "overlap.csv")
    assert len(overlaps) == 21
    assert {row["reference"] for row in overlaps} == {"ellipse in the box"}
    assert overlaps[0]["IoU"] == ""  # not hit
    assert float(overlaps[1]["IoU"]) == pytest.approx(math.pi / 4, abs=0.02)
    groups = _rows(tmp_path / "subgroups.csv")
    assert {row["figure"] for row in groups if row["class"] == "calcification"} == {
        "too few people"
    }


def test_scores_of_a_real_session_go_through(tmp_path: Path, recipe: Recipe) -> None:
    """The tiny network answers to bright discs: it finds most of them."""
    data = build_pictures(tmp_path / "data", people=12)
    session = Session.open(open_bundle(build_bundle(tmp_path / "bundle")), device="cpu")
    detected = detect(session, read_coco(data), recipe.data)
    assert {(item.rows, item.cols) for item in detected} == {(800, 800)}
    document = evaluate(detected, session.manifest)
    assert document["spacing"] == {"assumed by the recipe": 12}
    assert document["froc"]["sensitivity_at"]["4"] > 0.8
    overlap = document["per_class"]["mass"]["overlap"]["ellipse in the box"]
    assert overlap["best_achievable"]["iou"]["mean"] > 0.1


def test_a_dicom_mammogram_without_spacing_says_what_was_assumed(
    tmp_path: Path, recipe: Recipe
) -> None:
    file = build_cbis(
        tmp_path / "1-1.dcm", rows=480, cols=320, blobs=[Blob(col=250, row=200, radius=24)]
    )
    session = Session.open(open_bundle(build_bundle(tmp_path / "bundle")), device="cpu")
    image = replace(view(1, []).image, file=file)
    (item,) = detect(session, [image], recipe.data)
    assert item.spacing.source == "assumed: image taken as 213 mm high"
    assert item.spacing.row_mm == item.spacing.col_mm == pytest.approx(213 / 480)


def test_an_index_of_cbis_ddsm_is_measured_against_its_masks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = build_cbis_tree(tmp_path / "download", people=4, quirks=False)
    words = ["index", str(tree.folder), "--out", str(tmp_path / "index"), "--workers", "1"]
    assert main(words) == 0
    bundle = build_bundle(tmp_path / "bundle", findings=("mass", "calcification"))
    capsys.readouterr()
    words = ["evaluate", "images", str(bundle), "--data", str(tmp_path / "index"), "--json"]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    for kind in ("mass", "calcification"):
        found = document["per_class"][kind]
        assert found["lesions"] == sum(a.kind == kind for a in tree.abnormalities)
        assert found["overlap"]["mask"]["lesions"] == found["lesions"]
        assert found["overlap"]["set_aside"] == {}
        known = {g["attribute"] for g in found["subgroups"] if g["group"] != "unknown"}
        assert known == {"all", "pathology", "density", "subtlety", "view", "size"}
    assert document["spacing"] == {"assumed: image taken as 213 mm high": document["images"]}


def test_every_unreadable_picture_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=4)
    files = sorted(data.glob("*.png"))
    for file in (files[0], files[2]):
        file.write_bytes(b"no picture")
    bundle = build_bundle(tmp_path / "bundle")
    out = tmp_path / "out"
    words = ["evaluate", "images", str(bundle), "--data", str(data), "--out", str(out), "--json"]
    assert main(words) == 3
    told = capsys.readouterr()
    assert not told.out
    assert not out.exists()
    assert "2 of 4 pictures" in told.err
    assert files[0].name in told.err
    assert files[2].name in told.err
    assert files[1].name not in told.err
    assert "Traceback" not in told.err


def test_missing_annotations_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = build_bundle(tmp_path / "bundle")
    assert main(["evaluate", "images", str(bundle), "--data", str(tmp_path)]) == 3
    assert str(tmp_path) in capsys.readouterr().err


def test_out_is_a_folder_or_a_json_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = build_pictures(tmp_path / "data", people=2, with_calcifications=True)
    bundle = build_bundle(tmp_path / "bundle")
    words = ["evaluate", "images", str(bundle), "--data", str(data), "--out"]
    assert main([*words, str(tmp_path / "test.json"), "--json"]) == 0
    told = capsys.readouterr()
    printed: dict[str, Any] = json.loads(told.out)
    assert printed == json.loads((tmp_path / "test.json").read_text())
    assert printed["other_lesions"] == {"calcification": 2}
    assert "2 lesions of calcification left out" in told.err
    assert main([*words, str(tmp_path / "folder")]) == 0
    told = capsys.readouterr()
    assert "hit: box IoU >= 0.2" in told.out
    assert json.loads((tmp_path / "folder" / "metrics.json").read_text()) == printed


def test_a_file_is_no_folder_for_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    words = ["evaluate", "images", str(tmp_path), "--data", str(tmp_path)]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"
    (tmp_path / "out.json").mkdir()
    assert main([*words, "--out", str(tmp_path / "out.json")]) == 2


def test_a_bundle_class_that_the_data_lack_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    bundle = build_bundle(tmp_path / "bundle", findings=("mass", "calcification"))
    assert main(["evaluate", "images", str(bundle), "--data", str(data)]) == 0
    told = capsys.readouterr()
    assert "no lesion of class calcification in the data" in told.err
    assert "calcification: 0 lesions, 2 pictures" in told.out


def test_annotations_without_pictures_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ANNOTATIONS).write_text('{"images": [], "annotations": [], "categories": []}')
    bundle = build_bundle(tmp_path / "bundle")
    assert main(["evaluate", "images", str(bundle), "--data", str(tmp_path)]) == 3
    assert "no labelled pictures" in capsys.readouterr().err


def test_patches_of_no_run_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "patches", str(tmp_path), "--cache", str(tmp_path)]) == 3
    assert "run.json" in capsys.readouterr().err


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
