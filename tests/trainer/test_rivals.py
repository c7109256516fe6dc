"""Marks lowered for stronger ones beside them: what it gains, and what it does to normals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.odds import from_log_odds
from tests.builders.cesm import build_cesm
from tests.builders.models import build_bundle, build_manifest
from tests.builders.pictures import build_pictures
from trainer.card.sections import SectionName, read_section
from trainer.cli.main import main
from trainer.detect import DetectedImage
from trainer.digital.cesm import CesmImage
from trainer.labelled import LabelledBox, LabelledImage
from trainer.rivals import (
    RivalRule,
    evaluate_rivals,
    fit_rivals,
    lowered,
    rivals_document,
    rivals_text,
)

MANIFEST = build_manifest()
SPACING = PixelSpacing(row_mm=1.0, col_mm=1.0, source="made")
BOX = ImageBox(col0=0, row0=0, col1=10, row1=10)


def region(score: float, col: float, kind: str = "mass") -> Region:
    return Region(
        kind=kind,
        score=score,
        peak=ImagePoint(col=col, row=5),
        box=ImageBox(col0=col - 2, row0=3, col1=col + 2, row1=7),
        outline=(),
        flagged=False,
    )


def picture(person: str, regions: Sequence[Region], *, has_lesion: bool) -> DetectedImage:
    """A picture whose lesion, if it has one, lies at column 5."""
    lesion = LabelledBox(kind="mass", box=BOX, lesion_id=f"{person}_mass_1")
    image = LabelledImage(
        file=Path(f"{person}_LEFT_CC.png"),
        person=person,
        laterality="L",
        view="CC",
        lesions=(lesion,) if has_lesion else (),
    )
    return DetectedImage(image=image, regions=tuple(regions), rows=100, cols=100, spacing=SPACING)


def with_lesions(count: int = 60) -> list[DetectedImage]:
    """A lesion above the false marks of its own picture, and pictures darker and brighter."""
    rng = np.random.default_rng(4)
    found = []
    for number in range(count):
        lesion, *false = rng.normal((1.0, -1.0, -1.5, -2.0), 0.5) + rng.normal(0.0, 1.5)
        marks = [region(float(from_log_odds(odds)), 50 + 10 * k) for k, odds in enumerate(false)]
        marks.append(region(float(from_log_odds(lesion)), 5))
        found.append(picture(f"{number:03d}", marks, has_lesion=True))
    return found


def digital(count: int = 30) -> tuple[list[CesmImage], list[DetectedImage]]:
    """As many pictures with a lesion as normal ones with a lone mark."""
    rng = np.random.default_rng(6)
    found = [
        picture(f"o{n}", [region(float(rng.uniform(0.3, 0.95)), 5)], has_lesion=True)
        for n in range(count)
    ] + [
        picture(f"n{n}", [region(float(rng.uniform(0.05, 0.6)), 50)], has_lesion=False)
        for n in range(count)
    ]
    images = [
        CesmImage(image=d.image, findings="mass" if d.image.lesions else "", named=())
        for d in found
    ]
    return images, found


def test_it_gains_where_every_picture_has_a_lesion_and_marks_normal_ones_more() -> None:
    images, found = digital()
    evaluation = evaluate_rivals(with_lesions(), images, found, MANIFEST)
    (rule,) = evaluation.rules
    assert rule.kind == "mass"
    assert rule.weight < -0.2
    document = rivals_document(evaluation)
    gains = document["per_class"]["mass"]["readings"]["lowered for rivals"]["froc"]["gain_at"]
    assert gains["0.25"]["ci95"][0] > 0.05
    plain = document["digital"]["per_class"]["mass"]["operating_points"]["default"]
    with_rule = document["digital"]["tried"]["lowered for rivals"]["mass"]["operating_points"]
    more = with_rule["default"]["marks_per_normal_picture"]["mean"]
    assert more > 1.5 * plain["marks_per_normal_picture"]["mean"]
    text = rivals_text(evaluation)
    assert f"log-odds {rule.weight:+.2f} x those of the strongest other mark" in text
    assert "| lowered for rivals |" in text.split("#### On 30 digital pictures")[1]


def test_a_mark_is_lowered_by_the_strongest_other_one_of_its_class_alone() -> None:
    rules = (RivalRule(kind="mass", weight=-1.0, intercept=0.0),)
    before = [region(0.8, 5), region(0.6, 50), region(0.99, 70, "calcification")]
    (after,) = lowered([picture("a", before, has_lesion=True)], rules)
    scores = {r.peak.col: r.score for r in after.regions}
    assert scores[5] == pytest.approx(4 / 1.5 / (1 + 4 / 1.5))  # odds 4 over odds 1.5
    assert scores[50] == pytest.approx(1.5 / 4 / (1 + 1.5 / 4))
    assert scores[70] == 0.99


def test_the_rules_follow_the_pictures_and_are_of_classes_with_lesions_alone() -> None:
    pictures = with_lesions()
    assert fit_rivals(pictures, MANIFEST) != fit_rivals(pictures[1:], MANIFEST)
    assert [rule.kind for rule in fit_rivals(pictures, MANIFEST)] == ["mass"]


def test_too_few_marks_fix_no_rule() -> None:
    images, found = digital()
    with pytest.raises(DataError, match="no class with 10 hits"):
        evaluate_rivals(with_lesions(8), images, found, MANIFEST)


def test_the_command_writes_its_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = build_bundle(tmp_path / "bundle")
    pictures = build_pictures(tmp_path / "pictures", people=40)
    cesm = build_cesm(tmp_path / "cesm", outlined=2, normals=2)
    words = ["evaluate", "rivals", str(bundle), "--data", str(pictures), "--held-out", "smoke"]
    words += ["--digital", str(cesm), "--out", str(tmp_path / "out"), "--json"]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "rivals.json").read_text("utf-8"))
    assert printed["digital"]["normal_pictures"] == 2
    section = read_section(tmp_path / "out")
    assert section.name is SectionName.RIVALS
    assert "mammoview-train evaluate rivals BUNDLE" in section.text
    assert str(tmp_path) not in section.text
