"""``analyze`` on images unlike the training images: analysed all the same, and said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.modelkit.manifest import FeatureRange
from tests.builders.dicom import build_mg
from tests.builders.models import build_bundle, build_manifest
from tests.cli.conftest import Run

WIDE = FeatureRange(feature="median_grey", low=-1.0, high=2.0)
ELSEWHERE = FeatureRange(feature="contrast", low=1.5, high=2.0)


@pytest.mark.parametrize(
    ("ranges", "inside"),
    [((), None), ((WIDE,), True), ((WIDE, ELSEWHERE), False)],
    ids=["not known", "inside", "outside"],
)
def test_the_document_says_whether_an_image_is_like_those_of_training(
    command: Run,
    exam: Path,
    tmp_path: Path,
    ranges: tuple[FeatureRange, ...],
    inside: bool | None,
) -> None:
    manifest = replace(build_manifest(stride=8), input_range=ranges)
    bundle = build_bundle(tmp_path / "ranged", stride=8, manifest=manifest)
    answer = command("analyze", exam, "--out", tmp_path / "out", "--json", "--model", bundle)
    assert answer.code == 0, answer.err
    for image in answer.document["images"]:
        assert image["status"] == "analyzed"
        assert image["regions"]
        assert image["input_range"]["inside"] is inside
        said = image["input_range"]["outside"]
        assert len(said) == (inside is False)
        assert all(text.startswith("contrast") for text in said)
    assert ("unlike the training images" in answer.err) is (inside is False)


def test_a_view_that_is_not_analysed_is_neither_inside_nor_outside(
    command: Run, tmp_path: Path
) -> None:
    manifest = replace(build_manifest(stride=8), input_range=(ELSEWHERE,))
    bundle = build_bundle(tmp_path / "ranged", stride=8, manifest=manifest)

    view = build_mg(tmp_path / "view.dcm", modifiers=[("SCT", "399055006")])
    answer = command("analyze", view, "--out", tmp_path / "out", "--json", "--model", bundle)
    (image,) = answer.document["images"]
    assert image["status"] == "not-supported"
    assert image["input_range"] == {"inside": None, "outside": []}


def test_a_model_that_knows_a_feature_of_another_version_fails_and_says_so(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    alien = FeatureRange(feature="mood", low=0.0, high=1.0)
    manifest = replace(build_manifest(stride=8), input_range=(alien,))
    bundle = build_bundle(tmp_path / "ranged", stride=8, manifest=manifest)
    answer = command("analyze", exam, "--out", tmp_path / "out", "--json", "--model", bundle)
    assert answer.code == 3
    assert all("mood" in image["reason"] for image in answer.document["images"])
