"""verify --data: marks that rounding changes are found, and settled doubts are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.inference import predictor
from mammoview.inference.engines import Engine, Outputs
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.models import breast_values, build_bundle, build_manifest
from trainer import same_marks
from trainer.labelled import LabelledImage
from trainer.pictures import Picture
from trainer.recipe import read_recipe
from trainer.same_marks import compare_marks, document, engines_section

ERROR = 0.01


class Raised:
    """An engine whose findings are a little too high."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def run(self, images: NDArray[np.float32]) -> Outputs:
        cam, logits = self.engine.run(images)
        error = np.array([0, ERROR], np.float32)
        return cam + error[:, None, None], logits + error


@pytest.fixture
def values() -> NDArray[np.float32]:
    return breast_values().astype(np.float32) / np.float32(65535)


@pytest.fixture
def raised(tmp_path: Path, values: NDArray[np.float32]) -> Session:
    """A rounded session; its model's threshold lies between its score and float32's."""
    plain = open_bundle(build_bundle(tmp_path / "plain"))
    exact = Session.open(plain, device="cpu", threads=1)
    regions = read_values(exact, values, spacing=None, operating_point=None).regions
    score = regions[-1].score
    assert 0.01 < score < 0.99, "far from where float32 is coarse"
    (item,) = plain.manifest.calibration
    odds = np.log(score / (1 - score)) + 0.5 * ERROR * item.slope
    sound = build_manifest()
    points = tuple(
        replace(point, threshold=float(1 / (1 + np.exp(-odds))))
        for point in sound.operating_points
        if point.name == sound.default_operating_point
    )
    manifest = replace(sound, operating_points=points)
    bundle = open_bundle(build_bundle(tmp_path / "near", manifest=manifest))
    session = Session.rounded(bundle, Raised(exact._engine), device="bf16", threads=1)
    assert session.rounding > ERROR
    return session


@pytest.fixture
def images(
    monkeypatch: pytest.MonkeyPatch, values: NDArray[np.float32], tmp_path: Path
) -> list[LabelledImage]:
    made = Picture(values=values, spacing=None)
    monkeypatch.setattr(same_marks, "read_picture", lambda file, data: made)
    names = ("00001_LEFT_CC", "00001_LEFT_MLO")
    return [
        LabelledImage(
            file=tmp_path / f"{name}.jpg", person="00001", laterality="LEFT", view="CC", lesions=()
        )
        for name in names
    ]


def test_a_doubt_that_is_settled_is_no_difference(
    raised: Session, images: list[LabelledImage], repository: Path
) -> None:
    data = read_recipe(repository / "resources" / "recipes" / "review.toml").data
    found = compare_marks(raised, images, data)
    assert found.passed
    assert (found.pictures, found.reread) == (2, 2)
    assert document(found)["differences"] == []
    section = engines_section(found, raised.manifest)
    assert "2 pictures; every operating point marks the same regions" in section.text
    assert "2 pictures (100%)" in section.text


def test_a_mark_that_rounding_adds_is_named(
    raised: Session,
    images: list[LabelledImage],
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(predictor, "in_doubt", lambda *_: False)
    data = read_recipe(repository / "resources" / "recipes" / "review.toml").data
    found = compare_marks(raised, images, data)
    assert not found.passed
    assert found.reread == 0
    assert found.largest_error == pytest.approx(ERROR, rel=0.05)
    assert [d.picture for d in found.differences] == [image.file.name for image in images]
    assert "too many" in found.differences[0].met
    assert "the marks of 2 pictures differ" in engines_section(found, raised.manifest).text
    assert not compare_marks(raised, [], data).passed, "no picture proves nothing"
