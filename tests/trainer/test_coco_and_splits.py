from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.errors import DataError
from mammoview.modelkit.manifest import Caveat
from tests.builders.pictures import build_pictures
from trainer.coco import read_coco
from trainer.export import caveats
from trainer.labelled import ANNOTATIONS, LabelledImage, SimulatedCluster
from trainer.sources import without_unmarked
from trainer.splits import validation_people


def test_boxes_are_read_with_person_side_and_view(tmp_path: Path) -> None:
    images = read_coco(build_pictures(tmp_path, people=4))
    assert [image.person for image in images] == ["00000", "00001", "00002", "00003"]
    assert [image.laterality for image in images] == ["R", "L", "R", "L"]
    assert [image.view for image in images] == ["MLO", "CC", "CC", "MLO"]
    raw = json.loads((tmp_path / ANNOTATIONS).read_text())["annotations"][2]["bbox"]
    box = images[2].lesions[0].box
    assert (box.col0, box.row0) == (raw[0], raw[1])
    assert (box.col1 - box.col0, box.row1 - box.row0) == pytest.approx((raw[2], raw[3]))
    assert images[2].lesions[0].kind == "mass"


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = build_pictures(tmp_path, people=3)
    (folder / "00001_LEFT_CC.png").unlink()
    with pytest.raises(DataError, match=r"00001_LEFT_CC\.png"):
        read_coco(folder)


def test_broken_annotations_are_refused(tmp_path: Path) -> None:
    folder = build_pictures(tmp_path, people=1)
    (folder / ANNOTATIONS).write_text("{")
    with pytest.raises(DataError, match=r"_annotations\.coco\.json"):
        read_coco(folder)


def _with_attributes(folder: Path, attributes: object) -> Path:
    file = folder / ANNOTATIONS
    document = json.loads(file.read_text())
    document["annotations"][1]["attributes"] = attributes
    file.write_text(json.dumps(document))
    return folder


def test_what_is_known_of_a_simulated_cluster_is_kept(tmp_path: Path) -> None:
    folder = build_pictures(tmp_path, people=1, with_calcifications=True)
    drawn = {
        "simulated": True,
        "count": 13,
        "extent_mm": [14.9, 10.9],
        "leading_type": "punctate",
        "mean_diameter_mm": 0.45,
        "mean_contrast_od": 0.19,
        "peak_grey": 0.1,
    }
    (image,) = read_coco(_with_attributes(folder, drawn))
    mass, cluster = image.lesions
    assert mass.simulated is None
    assert cluster.simulated == SimulatedCluster(
        count=13,
        extent_mm=(14.9, 10.9),
        mean_diameter_mm=0.45,
        mean_contrast_od=0.19,
        peak_grey=0.1,
        leading_type="punctate",
    )
    (other,) = read_coco(_with_attributes(folder, {"occluded": False}))
    assert other.lesions[1].simulated is None
    with pytest.raises(DataError, match="count"):
        read_coco(_with_attributes(folder, {"simulated": True, "extent_mm": [1, 2]}))


def test_validation_people_do_not_depend_on_who_else_is_there() -> None:
    people = [f"{n:05d}" for n in range(400)]
    kept = validation_people(people, share=0.25, seed=3)
    assert 60 < len(kept) < 140
    assert validation_people(people[:100], share=0.25, seed=3) == kept & set(people[:100])
    assert validation_people(people, share=0.25, seed=4) != kept


def test_the_real_training_set_is_whole(mammoview_data: Path) -> None:
    folder = mammoview_data / "cbis-ddsm" / "mass-800"
    train, test = read_coco(folder / "train"), read_coco(folder / "test")
    assert (len(train), len(test)) == (1231, 361)
    assert sum(len(image.lesions) for image in (*train, *test)) == 1696
    assert not {image.person for image in train} & {image.person for image in test}


def test_pictures_with_unmarked_real_calcifications_are_left_out(tmp_path: Path) -> None:
    bare = read_coco(build_pictures(tmp_path / "bare", people=3))
    marked = read_coco(build_pictures(tmp_path / "marked", people=3, with_calcifications=True))
    calcified = frozenset({bare[1].mammogram})
    kept = without_unmarked((*bare, *marked), calcified)
    assert kept == (bare[0], bare[2], *marked)


def test_simulated_lesions_are_said_of_their_class(tmp_path: Path) -> None:
    folder = build_pictures(tmp_path, people=2, with_calcifications=True)
    images = read_coco(folder)
    assert caveats(images) == ()
    drawn = SimulatedCluster(
        count=5,
        extent_mm=(4.0, 3.0),
        mean_diameter_mm=0.4,
        mean_contrast_od=0.2,
        peak_grey=0.1,
        leading_type="punctate",
    )

    def made(image: LabelledImage) -> LabelledImage:
        lesions = tuple(
            replace(x, simulated=drawn if x.kind == "calcification" else None)
            for x in image.lesions
        )
        return replace(image, lesions=lesions)

    one, other = images
    said = "trained on simulated calcifications"
    assert caveats((made(one), made(other))) == (Caveat(kind="calcification", text=said),)
    said = "trained on real and simulated calcifications"
    assert caveats((made(one), other)) == (Caveat(kind="calcification", text=said),)
