"""Views together in the trainer: the fit, its judging on other people, and the commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.passes import Passes
from mammoview.inference.session import Session
from mammoview.inference.views import (
    FORMAT,
    KindRules,
    Partner,
    PartnerRule,
    ViewsTogether,
    read_views_together,
)
from mammoview.modelkit.bundle import NETWORK, open_bundle
from mammoview.modelkit.manifest import Manifest
from tests.builders.models import build_bundle, build_manifest
from tests.builders.pictures import build_pictures
from trainer.cli.main import main
from trainer.coco import read_coco
from trainer.detect import DetectedImage, detect
from trainer.documents import write_json
from trainer.labelled import LabelledBox, LabelledImage
from trainer.passes import evaluate_passes, passes_text
from trainer.readings import NamedReading, compare_readings
from trainer.recipe import Recipe
from trainer.views import (
    cross_validated,
    fit_views,
    people_with,
    taken_together,
    views_document,
    views_file,
    views_text,
)

MANIFEST = replace(build_manifest(), hashes=((NETWORK, "0" * 64),))
LESION = ImageBox(col0=38, row0=-2, col1=42, row1=2)


def region(score: float, depth: float) -> Region:
    return Region(
        kind="mass",
        score=score,
        peak=ImagePoint(col=depth, row=0.0),
        box=ImageBox(col0=depth - 2, row0=-2, col1=depth + 2, row1=2),
        outline=(),
        flagged=score >= 0.5,
    )


def picture(person: int, name: str, regions: Sequence[Region]) -> DetectedImage:
    """A picture whose pixels are millimetres from the nipple, with a mass 40 mm deep."""
    lesion = LabelledBox(kind="mass", box=LESION, lesion_id=f"{person}_{name}_mass_1")
    image = LabelledImage(
        file=Path(f"{person:05d}_{name}.png"),
        person=f"{person:05d}",
        laterality=name[0],
        view=name[1:],
        lesions=(lesion,),
    )
    return DetectedImage(
        image=image,
        regions=tuple(regions),
        rows=100,
        cols=100,
        spacing=PixelSpacing(row_mm=1.0, col_mm=1.0, source="made"),
        to_breast_mm=Affine2D.identity(),
    )


def people(count: int = 60) -> list[DetectedImage]:
    """Lesions agree between the views, false marks as high as they do not."""
    rng = np.random.default_rng(5)
    found = []
    for person in range(count):
        for name in ("LCC", "LMLO"):
            false = [region(float(rng.uniform(0.2, 0.9)), float(rng.uniform(60, 120)))]
            found.append(picture(person, name, [region(float(rng.uniform(0.3, 0.9)), 40), *false]))
    return found


def test_contradicted_marks_lose_and_the_lesions_are_found_earlier() -> None:
    pictures = people()
    together = fit_views(pictures, MANIFEST, Passes.ONE)
    (rule,) = together.classes[0].partners
    assert Partner(rule.partner) is Partner.SAME_BREAST
    assert rule.weight < -1
    document = views_document(pictures, together, MANIFEST)
    found = document["per_class"]["mass"]["readings"]
    gain = found["views together"]["froc"]["gain_at"]["0.25"]
    assert gain["ci95"][0] > 0.1
    assert found["each view alone"]["froc"]["gain_at"]["0.25"]["mean"] == 0
    assert document["people_with"] == {"same-breast": 60, "other-breast": 0}
    text = views_text(document)
    assert "same-breast: log-odds -" in text
    assert "told apart from none at 0.25 (more)" in text
    assert "views together" in text


def test_a_person_has_no_part_in_the_rule_that_judges_her() -> None:
    pictures = people()
    judged = cross_validated(pictures, MANIFEST, Passes.ONE)
    moved = ImageBox(col0=0, row0=50, col1=1, row1=51)
    for number in (0, 17):
        mine = [i for i, d in enumerate(pictures) if d.image.person == f"{number:05d}"]
        told = [
            replace(d, image=replace(d.image, lesions=(replace(d.image.lesions[0], box=moved),)))
            if i in mine
            else d
            for i, d in enumerate(pictures)
        ]
        again = cross_validated(told, MANIFEST, Passes.ONE)
        assert [again[i].regions for i in mine] == [judged[i].regions for i in mine]
        assert any(a.regions != b.regions for a, b in zip(again, judged, strict=True))


def test_pictures_without_a_partner_stay_as_they_are() -> None:
    together = fit_views(people(), MANIFEST, Passes.ONE)
    lone = [picture(1, "LCC", [region(0.8, 40)]), picture(2, "RMLO", [region(0.7, 90)])]
    assert taken_together(lone, together, MANIFEST) == tuple(lone)
    assert people_with(lone, Partner.SAME_BREAST) == 0


def test_too_few_people_fix_no_rule() -> None:
    with pytest.raises(DataError, match="no class has 20 people with two views"):
        fit_views(people(12), MANIFEST, Passes.ONE)


def test_a_contradiction_that_speaks_for_a_region_is_no_rule() -> None:
    """The lesions are where the other view shows nothing, false marks where it agrees."""
    swapped = [
        replace(
            item,
            image=replace(
                item.image,
                lesions=tuple(
                    LabelledBox(kind="mass", box=r.box, lesion_id=f"{item.image.person}_mass_1")
                    for r in item.regions
                    if r.peak.col != 40
                ),
            ),
        )
        for item in people()
    ]
    with pytest.raises(DataError, match="that the other view speaks against"):
        fit_views(swapped, MANIFEST, Passes.ONE)


def test_what_is_written_is_what_the_viewer_reads(tmp_path: Path) -> None:
    together = fit_views(people(), MANIFEST, Passes.FLIPS)
    write_json(views_file(together), tmp_path / "views.json")
    assert read_views_together(tmp_path / "views.json", MANIFEST, Passes.FLIPS) == together


def test_the_same_reading_gains_nothing() -> None:
    pictures = tuple(people())
    same = NamedReading(name="same", text="again", detected=pictures)
    found = compare_readings([replace(same, name="first"), same], MANIFEST)
    for key in ("froc", "froc_iou"):
        for gain in found["per_class"]["mass"]["readings"]["same"][key]["gain_at"].values():
            assert gain == {"mean": 0.0, "ci95": [0.0, 0.0]}


def rules_for(manifest: Manifest) -> ViewsTogether:
    rule = PartnerRule(partner="same-breast", tolerance_mm=15.0, weight=-2.0, intercept=-9.0)
    return ViewsTogether(
        format=FORMAT,
        network_sha256=dict(manifest.hashes)[NETWORK],
        passes="one",
        classes=tuple(KindRules(calibration=c, partners=(rule,)) for c in manifest.calibration),
        fitted_on="made by hand",
    )


def test_evaluate_images_takes_passes_and_views(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    bundle = build_bundle(tmp_path / "bundle")
    file = tmp_path / "views.json"
    write_json(views_file(rules_for(open_bundle(bundle).manifest)), file)
    words = ["evaluate", "images", str(bundle), "--data", str(data), "--json"]
    found = []
    for more in ([], ["--passes", "flips"], ["--views", str(file)]):
        assert main([*words, *more]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert [(d["passes"], d["views_together"]) for d in found] == [
        ("one", None),
        ("flips", None),
        ("one", "made by hand"),
    ]
    assert main([*words, "--passes", "flips", "--views", str(file)]) == 3
    assert "fitted on --passes one" in capsys.readouterr().err


def test_every_way_is_what_the_reader_itself_gives(tmp_path: Path, recipe: Recipe) -> None:
    session = Session.open(open_bundle(build_bundle(tmp_path / "bundle")), device="cpu")
    images = read_coco(build_pictures(tmp_path / "data", people=2))[:2]
    document = evaluate_passes(session, images, recipe.data)
    for way in Passes:
        reading = NamedReading(
            name=way.value, text="", detected=detect(session, images, recipe.data, way)
        )
        alone = compare_readings([reading], session.manifest)["per_class"]["mass"]["readings"]
        ours = document["per_class"]["mass"]["readings"][way.value]
        assert ours["froc"]["sensitivity_at"] == alone[way.value]["froc"]["sensitivity_at"]
        assert ours["operating_points"] == alone[way.value]["operating_points"]
    seconds = document["network_seconds_per_image"]
    assert 0 < seconds["one"] < seconds["flips"] < seconds["all"]
    assert "4 passes" in passes_text(document, "made pictures")


def test_evaluate_passes_names_every_picture_that_cannot_be_read(
    recipe: Recipe, tmp_path: Path
) -> None:
    images = read_coco(build_pictures(tmp_path / "data", people=3))
    for image in (images[0], images[2]):
        image.file.write_bytes(b"no picture")
    session = Session.open(open_bundle(build_bundle(tmp_path / "bundle")), device="cpu")
    with pytest.raises(DataError) as refused:
        evaluate_passes(session, images, recipe.data)
    assert str(refused.value).startswith("2 of 3 pictures")
    assert all(image.file.name in str(refused.value) for image in (images[0], images[2]))
    with pytest.raises(DataError, match="no pictures"):
        evaluate_passes(session, [], recipe.data)


@pytest.mark.parametrize("words", ["evaluate passes", "views --held-out review"])
def test_a_file_where_the_folder_would_stand_is_refused_before_the_work(
    words: str, tmp_path: Path
) -> None:
    data = build_pictures(tmp_path / "data", people=1)
    (tmp_path / "o").write_text("a file")
    given = [
        *words.split(),
        str(tmp_path / "bundle"),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(given) == 2


def test_evaluate_passes_writes_its_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    bundle = build_bundle(tmp_path / "bundle")
    words = ["evaluate", "passes", str(bundle), "--data", str(data), "--out", str(tmp_path / "o")]
    assert main([*words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "o" / "passes.json").read_text("utf-8"))
    assert set(printed["readings"]) == {"one", "flips", "scales", "all"}
    section = (tmp_path / "o" / "section.md").read_text("utf-8")
    assert "### Flips and a second scale" in section
    assert str(tmp_path) not in section


def test_views_of_no_run_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    bundle = build_bundle(tmp_path / "bundle")
    words = ["views", str(bundle), "--run", str(tmp_path), "--data", str(data)]
    assert main([*words, "--out", str(tmp_path / "out")]) == 3
    assert "no run in" in capsys.readouterr().err
