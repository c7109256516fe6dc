"""What marks lie on, and ``evaluate marks``."""

from __future__ import annotations

import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint, PixelSpacing
from tests.builders.models import build_bundle
from trainer.card.sections import SectionName, read_section
from trainer.cli.main import main
from trainer.labelled import ANNOTATIONS
from trainer.marks.places import WAYS, Look, Place

SPACING = PixelSpacing(row_mm=0.25, col_mm=0.25, source="test")


def film(size: int = 800) -> NDArray[np.float32]:
    """A breast on the left edge, a white label beside it, and a white strip below."""
    row, col = np.mgrid[0:size, 0:size] + 0.5
    values = np.where(np.hypot((row - size / 2) / (0.4 * size), col / (0.5 * size)) < 1, 0.5, 0.02)
    values[90:140, 320:390] = 1.0
    values[-16:] = 1.0
    return values.astype(np.float32)


@pytest.mark.parametrize(
    ("col", "row", "place"),
    [
        (150.0, 400.0, Place.BREAST),
        (0.5, 400.0, Place.BREAST),  # at the chest wall
        (355.0, 115.0, Place.LABEL),
        (315.0, 100.0, Place.LABEL),  # beside it
        (500.0, 795.0, Place.BORDER),
        (500.0, 780.0, Place.BORDER),  # a millimetre above it
        (600.0, 500.0, Place.AIR),
    ],
)
def test_what_a_point_lies_on(col: float, row: float, place: Place) -> None:
    assert Look.at(film(), SPACING).place_of(ImagePoint(col=col, row=row)) is place


def test_a_white_patch_on_the_breast_is_doubtful() -> None:
    values = film()
    values[380:420, 180:220] = 1.0
    look = Look.at(values, SPACING)
    assert look.place_of(ImagePoint(col=200.0, row=400.0)) is Place.DOUBTFUL
    assert look.place_of(ImagePoint(col=100.0, row=400.0)) is Place.BREAST


def test_the_command_counts_marks_in_every_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network of the tests answers to everything bright: to the label, unless it is masked."""
    values = film()
    values[np.hypot(*np.mgrid[-300:500, -60:740]) < 60] = 0.9  # at the chest wall
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    name = "00001_LEFT_CC.png"
    (pictures / name).write_bytes(imagecodecs.png_encode((values * 255).astype(np.uint8)))
    document = {
        "images": [{"id": 0, "file_name": name, "height": 800, "width": 800}],
        "annotations": [{"id": 0, "image_id": 0, "category_id": 0, "bbox": [5, 240, 115, 120]}],
        "categories": [{"id": 0, "name": "Mass"}],
    }
    (pictures / ANNOTATIONS).write_text(json.dumps(document))
    bundle = build_bundle(tmp_path / "tiny")
    out = tmp_path / "out"
    arguments = ["evaluate", "marks", str(bundle), "--data", str(pictures), "--out", str(out)]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((out / "marks.json").read_text())
    rows = {row["way"]: row for row in found["rows"] if row["operating_point"] == "candidates"}
    assert set(rows) == {way.name for way in WAYS}
    unmasked, before, after = (rows[way.name] for way in WAYS)
    off = ("film border", "label", "air")
    assert unmasked["marks"]["label"] >= 1
    assert sum(after["marks"][place] for place in off) <= sum(before["marks"][p] for p in off)
    assert after["marks"]["label"] == 0
    for row in (unmasked, before, after):
        assert row["chest_wall"] == {"hit": 1, "lesions": 1}
    assert read_section(out).name is SectionName.MARKS
    assert (out / "marks.png").stat().st_size > 1000


def test_a_file_in_place_of_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    arguments = ["evaluate", "marks", "bundle", "--data", "data", "--out", str(taken)]
    assert main(arguments) == 2
    assert "is a file" in capsys.readouterr().err
