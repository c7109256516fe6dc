from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from mammoview.imaging.breast import find_breast
from tests.trainer.simulated.synthetic import TABLE, write_set
from trainer.coco import read_coco
from trainer.labelled import LabelledImage
from trainer.recipe import DataRecipe, Recipe
from trainer.simulated.film import encode_jpeg, read_jpeg
from trainer.simulated.pictures import DESCRIPTION, MARGIN_MM, SimulationOptions, simulate

WORKERS = 1


@pytest.fixture(scope="module")
def data(recipe: Recipe) -> DataRecipe:
    """Half the sides of the published pictures, so half as many mm."""
    return replace(recipe.data, assumed_height_mm=106.5, assumed_width_mm=64.0)


@pytest.fixture(scope="module")
def made(
    mass_folder: Path, data: DataRecipe, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """One set with clusters and one sham, from the same pictures and the same chance."""
    folder = tmp_path_factory.mktemp("simulated")
    for name, contrast in (("set", 1.0), ("sham", 0.0)):
        options = SimulationOptions(out=folder / name, contrast=contrast, workers=WORKERS)
        simulate(read_coco(mass_folder), data=data, options=options)
    return folder / "set", folder / "sham"


def _document(folder: Path) -> dict:  # type: ignore[type-arg]
    return json.loads((folder / "_annotations.coco.json").read_text())  # type: ignore[no-any-return]


def _cluster(image: LabelledImage) -> ImageBox:
    (box,) = [lesion.box for lesion in image.lesions if lesion.kind == "calcification"]
    return box


def _change(folder: Path, source: Path, name: str) -> np.ndarray:
    """How the picture differs from its source written again without a cluster."""
    plain = source.parent / f"again-{name}"
    plain.write_bytes(encode_jpeg(read_jpeg(source / name)))
    again = read_jpeg(plain).pixels.astype(int)
    return np.asarray(read_jpeg(folder / name).pixels.astype(int) - again)


def test_every_picture_gets_one_cluster_and_keeps_its_masses(
    made: tuple[Path, Path], mass_folder: Path
) -> None:
    before, after = read_coco(mass_folder), read_coco(made[0])
    assert [i.file.name for i in after] == [i.file.name for i in before]
    for old, new in zip(before, after, strict=True):
        assert [m for m in new.lesions if m.kind == "mass"] == [
            replace(m, box=_rounded(m.box)) for m in old.lesions
        ]
        _cluster(new)


def _rounded(box: ImageBox) -> ImageBox:
    left, top = round(box.col0, 2), round(box.row0, 2)
    width, height = round(box.col1 - box.col0, 2), round(box.row1 - box.row0, 2)
    return ImageBox(col0=left, row0=top, col1=left + width, row1=top + height)


def test_the_set_says_that_it_is_simulated(made: tuple[Path, Path]) -> None:
    document = _document(made[0])
    assert document["info"]["description"] == DESCRIPTION
    assert "simulated calcifications" in DESCRIPTION
    clusters = [a["attributes"] for a in document["annotations"] if a["category_id"] == 1]
    assert len(clusters) == len(document["images"])
    for values in clusters:
        assert values["simulated"] is True
        assert values["count"] >= 5
        assert 0 < values["mean_diameter_mm"] <= 1
        assert values["mean_contrast_od"] > 0
        assert 1.0 <= values["gain"] <= 1.17
        assert sum(values["types"].values()) == pytest.approx(1.0, abs=0.01)


def test_the_same_seed_makes_the_same_set_at_any_worker_count(
    made: tuple[Path, Path], mass_folder: Path, data: DataRecipe, tmp_path: Path
) -> None:
    images = read_coco(mass_folder)
    again, other = (
        SimulationOptions(out=tmp_path / "again", workers=2),
        SimulationOptions(out=tmp_path / "other", seed=2, workers=WORKERS),
    )
    for options in (again, other):
        simulate(images, data=data, options=options)
    assert _document(again.out) == _document(made[0])
    assert _document(other.out) != _document(made[0])
    for image in images:
        name = image.file.name
        assert (again.out / name).read_bytes() == (made[0] / name).read_bytes()
        assert (other.out / name).read_bytes() != (made[0] / name).read_bytes()


def test_the_sham_is_the_picture_written_again_and_nothing_else(
    made: tuple[Path, Path], mass_folder: Path
) -> None:
    for image in read_coco(made[1]):
        name = image.file.name
        assert image.file.read_bytes() == encode_jpeg(read_jpeg(mass_folder / name))
        assert _change(made[0], mass_folder, name).any()  # unlike the set with clusters


def test_the_tables_of_the_source_are_kept(made: tuple[Path, Path]) -> None:
    assert {read_jpeg(i.file).table for i in read_coco(made[0])} == {TABLE}


def test_the_box_holds_all_that_was_drawn(made: tuple[Path, Path], mass_folder: Path) -> None:
    for image in read_coco(made[0]):
        change = _change(made[0], mass_folder, image.file.name)
        box = _cluster(image)
        # JPEG spreads a change over its own block of 8 x 8, never beyond.
        rows = slice(int(box.row0 // 8) * 8, int(-(-box.row1 // 8)) * 8)
        cols = slice(int(box.col0 // 8) * 8, int(-(-box.col1 // 8)) * 8)
        assert change[rows, cols].max() > 5
        change[rows, cols] = 0
        assert not change.any()


def test_clusters_lie_in_the_breast_and_clear_of_masses(
    made: tuple[Path, Path], mass_folder: Path, data: DataRecipe
) -> None:
    for image in read_coco(made[0]):
        source = read_jpeg(mass_folder / image.file.name).pixels
        breast = find_breast(source.astype(np.float32) / np.float32(255.0))
        box = _cluster(image)
        cells = breast.to_image.inverse().apply_box(box)
        inside = breast.mask[
            int(cells.row0) : int(np.ceil(cells.row1)), int(cells.col0) : int(np.ceil(cells.col1))
        ]
        assert inside.all()
        row_mm, col_mm = data.assumed_height_mm / 400, data.assumed_width_mm / 400
        for mass in (m.box for m in image.lesions if m.kind == "mass"):
            over = max(mass.col0 - box.col1, box.col0 - mass.col1) * col_mm
            down = max(mass.row0 - box.row1, box.row0 - mass.row1) * row_mm
            assert max(over, down) >= MARGIN_MM


def test_a_cluster_never_takes_its_size_from_the_same_person(
    made: tuple[Path, Path], data: DataRecipe
) -> None:
    for image in read_coco(made[0]):
        box = _cluster(image)
        for mass in (m.box for m in image.lesions if m.kind == "mass"):
            same = abs((box.col1 - box.col0) - (mass.col1 - mass.col0)) < 0.05
            assert not (same and abs((box.row1 - box.row0) - (mass.row1 - mass.row0)) < 0.05)


def test_what_cannot_be_made_is_refused(
    made: tuple[Path, Path], mass_folder: Path, data: DataRecipe, tmp_path: Path
) -> None:
    images = read_coco(mass_folder)
    with pytest.raises(DataError, match="a complete set stands in"):
        simulate(images, data=data, options=SimulationOptions(out=made[0]))
    with pytest.raises(DataError, match="two source folders"):
        simulate([*images, images[0]], data=data, options=SimulationOptions(out=tmp_path / "x"))
    bare = [replace(i, lesions=()) for i in images]
    with pytest.raises(DataError, match="no masses"):
        simulate(bare, data=data, options=SimulationOptions(out=tmp_path / "y"))
    odd = [replace(i, lesions=(replace(i.lesions[0], kind="asymmetry"),)) for i in images]
    with pytest.raises(DataError, match="lesions of asymmetry"):
        simulate([*images[:3], *odd[3:]], data=data, options=SimulationOptions(out=tmp_path / "z"))


def test_without_a_mass_of_another_person_there_is_no_set(
    mass_folder: Path, data: DataRecipe, tmp_path: Path
) -> None:
    images = read_coco(mass_folder)
    alone = [image for image in images if image.person == images[0].person]
    options = SimulationOptions(out=tmp_path / "alone", workers=WORKERS)
    with pytest.raises(DataError, match="at least two people"):
        simulate(alone, data=data, options=options)
    small = replace(data, assumed_height_mm=10.0, assumed_width_mm=6.0)
    with pytest.raises(DataError, match="masses of 3 mm or more"):
        simulate(images, data=small, options=options)
    assert not (tmp_path / "alone" / "_annotations.coco.json").exists()


def test_a_picture_that_is_none_stops_no_other(data: DataRecipe, tmp_path: Path) -> None:
    images = read_coco(write_set(tmp_path / "broken", range(1, 4)))
    images[1].file.write_bytes(images[1].file.read_bytes()[:-3000])
    others = [images[0], images[2]]
    plain, options = (
        SimulationOptions(out=tmp_path / name, workers=WORKERS) for name in ("plain", "set")
    )
    simulate(others, data=data, options=plain)
    made = simulate(images, data=data, options=options)
    assert made.pictures == 2
    assert [refusal.file for refusal in made.refused] == [images[1].file]
    assert _document(options.out)["info"]["refused"] == 1
    assert [i["file_name"] for i in _document(options.out)["images"]] == [
        image.file.name for image in others
    ]
    for image in others:  # as if the broken one had never been there
        name = image.file.name
        assert (options.out / name).read_bytes() == (plain.out / name).read_bytes()
    for image in others:
        image.file.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"3 refused, the first: picture 00001_LEFT_CC\.jpg"):
        simulate(images, data=data, options=SimulationOptions(out=tmp_path / "none", workers=1))
