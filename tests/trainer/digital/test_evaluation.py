"""Digital pictures: lesions against marks on normal breasts, and the command from end to end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.manifest import FeatureRange
from tests.builders.cesm import build_cesm
from tests.builders.models import build_bundle, build_manifest
from trainer.card.sections import read_section
from trainer.cli import main
from trainer.detect import DetectedImage
from trainer.digital.cesm import CesmImage, read_cesm
from trainer.digital.evaluation import evaluate_digital, sensitivity_curve
from trainer.digital.report import (
    digital_document,
    digital_markdown,
    read_film,
    summary_lines,
)
from trainer.digital.shift import GreyStep, Remedy, detect_with, matched
from trainer.froc import BOX_OVERLAP, FALSE_MARKS, Mark, ScoredImage, score_froc
from trainer.input_range import RangeCheck
from trainer.labelled import LabelledBox, LabelledImage
from trainer.recipe import DataRecipe

SPACING = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test")
SMOOTHED = Remedy(words="smoothed", grey=GreyStep.SMOOTHED)
BOX = ImageBox(col0=0, row0=0, col1=10, row1=10)
INSIDE, BESIDE = ImagePoint(col=5, row=5), ImagePoint(col=50, row=50)


def mark(score: float, at: ImagePoint) -> Mark:
    box = ImageBox(col0=at.col - 5, row0=at.row - 5, col1=at.col + 5, row1=at.row + 5)
    return Mark(score=score, peak=at, box=box)


def picture(person: str, marks: Sequence[Mark], *, boxes: int = 0) -> ScoredImage:
    return ScoredImage(person=person, marks=tuple(marks), boxes=(BOX,) * boxes)


def test_the_threshold_of_a_rate_is_set_by_the_normal_pictures_alone() -> None:
    outlined = [
        picture("a", [mark(0.9, INSIDE), mark(0.99, BESIDE)], boxes=1),
        picture("b", [mark(0.5, INSIDE)], boxes=1),
        picture("c", [mark(0.3, INSIDE)], boxes=1),
        picture("d", [mark(0.8, BESIDE)], boxes=1),
    ]
    normals = [picture("n", [mark(0.6, INSIDE)]), picture("m", [mark(0.4, BESIDE)])]
    points = sensitivity_curve(outlined, normals, (0.0, 0.5, 1.0))
    assert [p.threshold for p in points] == [0.6, 0.4, -np.inf]
    assert [p.sensitivity for p in points] == [0.25, 0.5, 0.75]
    assert all(p.low <= p.sensitivity <= p.high for p in points)


def test_it_is_the_usual_curve_where_the_false_marks_are_all_on_normal_pictures() -> None:
    rng = np.random.default_rng(3)
    outlined = [picture(f"o{n}", [mark(s, INSIDE)], boxes=1) for n, s in enumerate(rng.random(20))]
    normals = [picture(f"n{n}", [mark(s, BESIDE) for s in rng.random(6) * 0.8]) for n in range(20)]
    ours = sensitivity_curve(outlined, normals, FALSE_MARKS)
    # The usual curve counts an image for each of both sorts: half the rate.
    usual = dict(score_froc([*outlined, *normals], draws=10).sensitivity_at)
    for point in ours:
        half = point.false_marks_per_image / 2
        if half in usual:
            assert point.sensitivity == usual[half]
    by_box = sensitivity_curve(outlined, normals, FALSE_MARKS, rule=BOX_OVERLAP)
    assert [p.sensitivity for p in by_box] == [p.sensitivity for p in ours]


def test_nothing_outlined_says_nothing() -> None:
    (point,) = sensitivity_curve([], [picture("n", [mark(0.6, INSIDE)])], (1.0,))
    assert np.isnan([point.sensitivity, point.low, point.high]).all()


def _read(name: str, kinds: Sequence[str], peaks: Sequence[tuple[float, ImagePoint]]) -> Any:
    image = LabelledImage(
        file=Path(name),
        person=name,
        laterality="L",
        view="CC",
        lesions=tuple(
            LabelledBox(kind=kind, box=BOX, lesion_id=f"{name}{n}") for n, kind in enumerate(kinds)
        ),
    )
    regions = tuple(
        Region(kind="mass", score=s, peak=at, box=BOX, outline=(), flagged=False) for s, at in peaks
    )
    found = DetectedImage(image=image, regions=regions, rows=100, cols=100, spacing=SPACING)
    return CesmImage(image=image, findings="said" if kinds else "", named=()), found


def test_operating_points_part_sure_outlines_others_and_normal_breasts() -> None:
    pairs = [
        _read("a", ["mass"], [(0.95, INSIDE), (0.99, BESIDE)]),
        _read("b", ["mass"], [(0.6, INSIDE)]),
        _read("c", ["mass-or-other"], [(0.7, INSIDE)]),
        _read("d", ["other"], [(0.97, INSIDE)]),
        _read("n", [], [(0.6, INSIDE), (0.55, BESIDE)]),
        _read("m", [], []),
    ]
    images, found = zip(*pairs, strict=True)
    check = RangeCheck(images=6, outside=5, by_feature=(("contrast", 5),))
    evaluation = evaluate_digital(
        images, found, build_manifest(), range_digital=check, range_film=None
    )
    document = digital_document(evaluation, ())
    mass = document["per_class"]["mass"]
    loose, strict = (mass["operating_points"][name] for name in ("default", "strict"))
    assert (mass["outlines"], mass["outlines_that_may_be"]) == (2, 1)
    assert loose["sensitivity"]["mean"] == 1.0
    assert strict["sensitivity"]["mean"] == 0.5
    assert loose["sensitivity_that_may_be"]["mean"] == 1.0
    assert strict["pictures_with_one_found"]["mean"] == pytest.approx(1 / 3)
    assert loose["marks_per_normal_picture"]["mean"] == 1.0
    assert loose["normal_pictures_with_a_mark"]["mean"] == 0.5
    assert strict["marks_per_normal_picture"]["mean"] == 0.0
    assert document["outlines"] == {"mass": 2, "mass-or-other": 1, "other": 1}
    assert document["input_range"]["digital"]["outside"] == 5
    assert document["input_range"]["film"] is None


def test_without_normal_pictures_there_are_no_false_marks_to_count() -> None:
    (pair,) = [_read("a", ["mass"], [])]
    with pytest.raises(DataError, match="0 normal"):
        evaluate_digital(
            [pair[0]], [pair[1]], build_manifest(), range_digital=None, range_film=None
        )


def test_the_command_writes_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = replace(
        build_manifest(stride=8),
        input_range=(FeatureRange(feature="median_grey", low=0.9, high=1.0),),
    )
    bundle = build_bundle(tmp_path / "bundle", stride=8, manifest=manifest)
    folder = build_cesm(tmp_path / "cesm", outlined=2, normals=2)
    out = tmp_path / "out"
    words = ["evaluate", "digital", str(bundle), "--data", str(folder), "--film", str(folder)]
    assert main([*words, "--remedies", "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((out / "digital.json").read_text())
    assert document["normal_pictures"] == 2
    assert document["per_class"]["mass"]["sensitivity_at"]["peak"]["at"]["4"]["mean"] == 1.0
    outside = {"images": 4, "outside": 4, "by_feature": {"median_grey": 4}}
    assert document["input_range"] == {"digital": outside, "film": outside}
    assert document["higher_than_any_detector"] == 0
    assert document["heights_mm"]["largest"] == pytest.approx(40)
    # The tiny model's manifest knows nothing of dark and bright grey: no grey is moved to it.
    assert sum("grey" in words for words in document["tried"]) == 0
    assert len(document["tried"]) == 4
    section = read_section(out)
    assert "What was tried" in section.text
    assert section.network_sha256 == document["model"]["network_sha256"]
    assert "**4 of 4** digital pictures (median_grey 4)" in section.text
    assert (out / "froc.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "froc.csv").read_text().count("peak inside") == 17


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON"])
def test_figures_of_film_that_are_none_are_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "metrics.json"
    file.write_text(text)
    with pytest.raises(DataError, match=r"metrics\.json"):
        read_film(file, build_manifest())


def test_figures_of_film_of_another_network_are_refused(tmp_path: Path) -> None:
    manifest = open_bundle(build_bundle(tmp_path / "bundle")).manifest
    mine = dict(manifest.hashes)["model.onnx"]
    point = {"sensitivity": 0.5, "false_marks_per_image": 1.0}
    mass = {
        "lesions": 3,
        "operating_points": {"default": point},
        "froc": {"sensitivity_at": {"1": 0.5}},
    }
    file = tmp_path / "metrics.json"
    for network, is_mine in ((mine, True), ("0" * 64, False)):
        document = {"model": {"network_sha256": network}, "images": 9, "per_class": {"mass": mass}}
        file.write_text(json.dumps(document))
        if is_mine:
            (film,) = read_film(file, manifest)
            assert film.points == (("default", 0.5, 1.0),)
        else:
            with pytest.raises(DataError, match="another network"):
                read_film(file, manifest)


@pytest.mark.parametrize("seed", range(3))
def test_a_grey_scale_that_is_matched_keeps_the_order_and_hits_the_middle(seed: int) -> None:
    ranges = tuple(
        FeatureRange(feature=name, low=middle - 0.1, high=middle + 0.1)
        for name, middle in (("dark_grey", 0.3), ("median_grey", 0.5), ("bright_grey", 0.7))
    )
    manifest = replace(build_manifest(), input_range=ranges)
    known = {"dark_grey": 0.1, "median_grey": 0.1 + 0.1 * seed, "bright_grey": 0.8}
    values = np.sort(np.random.default_rng(seed).random(200)).astype(np.float32)
    bent = matched(values, known, manifest)
    assert (np.diff(bent) >= 0).all()
    assert bent.min() >= 0
    assert bent.max() <= 1
    ends = matched(np.array([0.0, known["bright_grey"], 1.0], np.float32), known, manifest)
    assert ends == pytest.approx([0.0, 0.7, 1.0], abs=1e-4)


def test_a_picture_read_at_another_scale_keeps_its_own_coordinates(tmp_path: Path) -> None:
    session = Session.open(open_bundle(build_bundle(tmp_path / "bundle", stride=8)), device="cpu")
    folder = build_cesm(tmp_path / "cesm", outlined=1, normals=1)
    images = [item.image for item in read_cesm(folder)]
    data = DataRecipe(assumed_height_mm=213.0, assumed_width_mm=128.0, validation_share=0.2)
    for remedy in (Remedy(words="as it is"), Remedy(words="half", scale=0.5), SMOOTHED):
        found, _ = detect_with(session, images, data, remedy)
        best = max(found.regions, key=lambda region: region.score)
        assert images[0].lesions[0].box.contains(best.peak), remedy.words
        assert found.spacing.row_mm == pytest.approx(0.1 * remedy.scale)


def test_a_class_that_nobody_outlined_has_false_marks_alone() -> None:
    pairs = [_read("a", ["mass"], [(0.95, INSIDE)]), _read("n", [], [(0.6, INSIDE)])]
    images, found = zip(*pairs, strict=True)
    manifest = build_manifest(findings=("mass", "calcification"))
    check = RangeCheck(images=2, outside=1, by_feature=(("contrast", 1), ("sharpness", 0)))
    evaluation = evaluate_digital(
        images,
        found,
        manifest,
        range_digital=check,
        range_film=check,
        tried=[("read in another way", found)],
    )
    calcification = digital_document(evaluation, ())["per_class"]["calcification"]
    assert calcification["operating_points"]["default"]["marks_per_normal_picture"]["mean"] == 0.0
    assert calcification["sensitivity_at"] == {}
    text = digital_markdown(evaluation, ())
    assert "#### Calcification" in text
    assert "**1 of 2** film pictures (contrast 1)" in text
    assert "| read in another way | 1.00 |" in text
    assert "nan" not in text
    said = "\n".join(summary_lines(evaluation))
    assert "calcification: 0 outlines" in said
    assert "nan" not in said
