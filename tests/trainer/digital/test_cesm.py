"""Digital pictures: boxes round outlines, what they are of, and what a broken copy answers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError
from tests.builders.cesm import build_cesm, circle, ellipse, entry, polygon
from trainer.digital.cesm import RegionKind, named_in, read_cesm, region_kinds
from trainer.sources import read_labelled


def test_pictures_outlines_and_people(tmp_path: Path) -> None:
    folder = build_cesm(tmp_path / "cesm", outlined=2, normals=1)
    first, second, normal = read_cesm(folder)
    assert [lesion.kind for lesion in first.image.lesions] == ["mass"]
    # The outline's last pixels are inside with their whole area.
    assert first.image.lesions[0].box == ImageBox(col0=60, row0=170, col1=121, row1=231)
    assert (first.image.person, second.image.person) == ("P0", "P1")
    assert normal.is_normal
    assert not first.is_normal
    assert normal.image.person == "normal_left_002"
    assert {i.image.laterality + i.image.view for i in (first, second, normal)} == {"LCC"}
    spacing = first.image.spacing
    assert spacing is not None
    assert (spacing.row_mm, spacing.col_mm) == (0.1, 0.1)
    assert read_labelled(folder) == tuple(i.image for i in (first, second, normal))


def test_circles_and_ellipses_have_the_box_round_them(tmp_path: Path) -> None:
    folder = build_cesm(tmp_path / "cesm", outlined=1, normals=1)
    file = folder / "annotations.json"
    (shown, normal) = json.loads(file.read_text())
    shown["regions"] = [circle(100, 200, 10), ellipse(100, 200, 10, 20)]
    file.write_text(json.dumps([shown, normal]))
    boxes = [lesion.box for lesion in read_cesm(folder)[0].image.lesions]
    assert boxes[0] == ImageBox(col0=90, row0=190, col1=111, row1=211)
    assert boxes[1] == ImageBox(col0=90, row0=180, col1=111, row1=221)


@pytest.mark.parametrize(
    ("findings", "named"),
    [
        ("High density mass with speculated margin", ("mass",)),
        ("High density mass and two equal density nodules", ("mass",)),
        ("Two high density masses with speculated margin and skin retraction", ("mass", "skin")),
        ("Architectural distortion with overlying microcalcifications", ("calc", "distortion")),
        ("Assymetrical increased density$Benign macrocalcification", ("macro", "asymmetry")),
        ("Asymmetrical increased density and edema pattern", ("asymmetry", "skin")),
        ("Diffuse edematous changes", ("skin",)),
        ("Focal asymmetrical increased density$IMLN", ("node", "asymmetry")),
        ("High density mass and multiple calcific foci", ("mass", "calc")),
        ("", ()),
    ],
)
def test_what_findings_name(findings: str, named: tuple[str, ...]) -> None:
    full = {
        "skin": "oedema or skin",
        "calc": "calcification",
        "macro": "macrocalcification",
        "node": "lymph node",
    }
    assert named_in(findings) == tuple(full.get(name, name) for name in named)


@pytest.mark.parametrize(
    ("shapes", "findings", "kinds"),
    [
        ("pp", "Two high density masses", "mm"),
        ("pp", "High density mass and edema pattern", "??"),
        ("pc", "High density mass$Benign macrocalcification", "mc"),
        ("pe", "High density mass$Benign macrocalcification", "mc"),
        # Where there are circles, ellipses are no macrocalcifications.
        ("pce", "Mass and equal density nodules$Benign macrocalcification", "mcm"),
        ("pe", "High density mass$IMLN", "mn"),
        ("pe", "Asymmetrical increased density$IMLN", "on"),
        ("p", "Architectural distortion with overlying microcalcifications", "o"),
        ("e", "High density mass with indistinct margin", "m"),
    ],
)
def test_what_an_outline_is_of(shapes: str, findings: str, kinds: str) -> None:
    named_shapes = {"p": "polygon", "c": "circle", "e": "ellipse"}
    wanted = {
        "m": RegionKind.MASS,
        "?": RegionKind.MASS_OR_OTHER,
        "c": RegionKind.CALCIFICATION,
        "n": RegionKind.LYMPH_NODE,
        "o": RegionKind.OTHER,
    }
    found = region_kinds(tuple(named_shapes[s] for s in shapes), named_in(findings))
    assert found == tuple(wanted[k] for k in kinds)


@pytest.mark.parametrize(
    "text",
    [
        "{}x",
        '{"images": []}',
        json.dumps([{"file": "a.jpg"}]),
        json.dumps([entry("a.jpg", source=None, findings=None, regions=None) | {"side": "X"}]),
        json.dumps([entry("a.jpg", source=None, findings="Mass", regions=[{"name": "star"}])]),
        json.dumps(
            [
                entry(
                    "a.jpg",
                    source=None,
                    findings="Mass",
                    regions=[polygon(1, 2, 3, 4) | {"all_points_x": [1]}],
                )
            ]
        ),
    ],
    ids=["no JSON", "no list", "no keys", "side", "shape", "points"],
)
def test_broken_annotations_are_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "annotations.json").write_text(text)
    with pytest.raises(DataError, match=r"annotations\.json"):
        read_cesm(tmp_path)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    folder = build_cesm(tmp_path / "cesm", outlined=1, normals=1)
    (folder / "images" / "normal_left_001.jpg").unlink()
    with pytest.raises(DataError, match=r"normal_left_001\.jpg"):
        read_cesm(folder)


def test_the_real_copy(mammoview_data: Path) -> None:
    folder = mammoview_data / "cdd-cesm"
    if not folder.is_dir():
        pytest.skip("no cdd-cesm in the data folder")
    images = read_cesm(folder)
    assert len(images) == 89
    assert sum(image.is_normal for image in images) == 43
    kinds = Counter(lesion.kind for image in images for lesion in image.image.lesions)
    assert kinds == {
        "mass": 41,
        "mass-or-other": 47,
        "calcification": 13,
        "lymph-node": 2,
        "other": 30,
    }
