"""Thresholds refitted on images without any finding."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mammoview.app.models import catalogue
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import CARD, NETWORK, open_bundle
from tests.builders.dicom import build_mg
from tests.builders.models import build_manifest
from tests.builders.sites import build_site, made_normals
from trainer.card.sections import SectionName, read_section
from trainer.cli.main import main
from trainer.labelled import ANNOTATIONS
from trainer.site.refit import refit


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
    assert catalogue.install(out).choice.version == "1+north.1"


def test_thresholds_on_normals_are_the_quantiles_of_their_marks() -> None:
    rng = np.random.default_rng(1)
    scores = [list(rng.uniform(0, 1, 3)) for _ in range(60)]
    result = refit(build_manifest(), made_normals(scores))
    ranked = sorted((s for image in scores for s in image), reverse=True)
    for point in result.manifest.operating_points:
        passing = [s for s in ranked if s >= point.threshold]
        assert len(passing) == math.floor(point.false_marks_per_image * 60)
    assert result.manifest.calibration == build_manifest().calibration


def test_views_of_one_person_in_two_studies_belong_together(bundle: Path, tmp_path: Path) -> None:
    from trainer.site.reading import read_normal_site

    for study in ("1", "2"):
        (tmp_path / study).mkdir()
        build_mg(tmp_path / study / "a.dcm", person="Same^One", study=study)
        build_mg(tmp_path / study / "b.dcm", person=f"Other^{study}", study=study)
    session = Session.open(open_bundle(bundle), device="cpu")
    assert read_normal_site(session, [tmp_path]).people == 3


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


def test_pictures_without_a_lesion_are_normals_and_the_others_are_left_out(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = build_site(tmp_path / "site", people=12, pictures=4)
    labels = json.loads((site / ANNOTATIONS).read_text())
    lesions = labels["annotations"]
    labels["annotations"] = lesions[:4]
    (site / ANNOTATIONS).write_text(json.dumps(labels))
    out = tmp_path / "new"
    words = ["calibrate", str(bundle), "--normal-pictures", str(site), "--out", str(out)]
    assert main([*words, "--section", str(tmp_path / "section"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["refitted_on"] | {"date": ""} == {
        "labelled": False,
        "images": 44,
        "people": 11,
        "lesions": 0,
        "date": "",
    }
    section = read_section(tmp_path / "section")
    assert section.name is SectionName.SITE
    assert section.network_sha256 == dict(open_bundle(bundle).manifest.hashes)[NETWORK]
    assert "44 images of 11 people without any finding" in section.text
    assert "| mass, strict | 0.25 |" in section.text
    assert [left["reason"] for left in document["left_out"]] == ["holds a lesion"] * 4
    for point in document["per_class"]["mass"]["operating_points"].values():
        after = point["after"]["false_marks_per_image"]
        assert abs(after - point["set_for"]) < abs(
            point["before"]["false_marks_per_image"] - point["set_for"]
        )
