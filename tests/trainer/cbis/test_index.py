"""The index: every layout, every rule of the table of known errors, and planted faults."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mammoview.dicom.cbis_files import CbisKind
from mammoview.errors import DataError
from tests.builders.cbis_tree import (
    LAYOUTS,
    Abnormality,
    CbisTree,
    build_cbis_tree,
    change_header,
    change_pixels,
)
from trainer.cbis.index import CbisIndex, build_index, read_index
from trainer.cbis.join import Fit, IndexedFile, IndexedRow, Role, Why
from trainer.pictures import read_picture
from trainer.recipe import Recipe
from trainer.sources import read_labelled


def _index(tree: CbisTree, out: Path) -> CbisIndex:
    return build_index(tree.folder, out=out, workers=1)


def _row(index: CbisIndex, lesion_id: str) -> IndexedRow:
    (row,) = [row for row in index.rows if row.case.lesion_id == lesion_id]
    return row


def _file(index: CbisIndex, path: Path) -> IndexedFile:
    name = path.relative_to(index.root).as_posix()
    (item,) = [item for item in index.files if item.file.path == name]
    return item


@pytest.fixture(scope="module")
def odd(odd_tree: CbisTree, tmp_path_factory: pytest.TempPathFactory) -> CbisIndex:
    return _index(odd_tree, tmp_path_factory.mktemp("index"))


# ---------------------------------------------------------------------------------- known errors


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_joins_every_row_with_its_own_files(layout: str, tmp_path: Path) -> None:
    tree = build_cbis_tree(tmp_path / "download", layout=layout, people=4, rows=120, cols=90)
    index = _index(tree, tmp_path / "index")
    assert len(index.rows) == len(tree.abnormalities)
    for made in tree.abnormalities:
        row = _row(index, made.lesion_id)
        assert Path(index.root) / row.mask == made.files["mask"]
        assert Path(index.root) / row.crop == made.files["crop"]
        assert row.is_used is (made.lesion_id != "P_00353_LEFT_CC_calcification_2")
        if row.is_used and made.mask_ratio == (1.0, 1.0):
            assert row.box == made.box
    assert {Path(index.root) / row.image for row in index.rows} <= {
        made.files["image"] for made in tree.abnormalities
    }
    roles = Counter(item.role for item in index.files)
    assert roles == {
        Role.IMAGE: len({made.files["image"] for made in tree.abnormalities}),
        Role.MASK: len(tree.abnormalities),
        Role.CROP: len(tree.abnormalities),
        Role.NOT_DICOM: 4,  # the tables
    }


def test_swapped_file_numbers_are_noticed_and_told_by_file(
    odd: CbisIndex, odd_tree: CbisTree
) -> None:
    row = _row(odd, "P_00016_LEFT_CC_mass_1")
    assert row.is_used
    assert Path(row.mask).name == row.case.crop_file
    assert Path(odd.root) / row.mask == odd_tree.abnormality(row.case.lesion_id).files["mask"]
    assert "swaps" in row.notes[0]
    swapped = [r for r in odd.rows if any("swaps" in note for note in r.notes)]
    assert swapped == [row]


@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_a_mask_of_the_other_pitch_is_scaled(odd: CbisIndex, odd_tree: CbisTree, view: str) -> None:
    made = odd_tree.abnormality(f"P_00145_LEFT_{view}_mass_1")
    row = _row(odd, made.lesion_id)
    assert row.mask_fit == Fit.SCALED
    assert row.box == pytest.approx(made.box, abs=1.2)  # a pixel of the coarser of the two
    assert any("two pitches" in note for note in row.notes)


def test_a_mask_of_another_shape_sets_its_row_aside(odd: CbisIndex) -> None:
    row = _row(odd, "P_00353_LEFT_CC_calcification_2")
    assert [reason.why for reason in row.set_aside] == [Why.ANISOTROPIC]
    assert row.set_aside[0].found == "304 x 198 on 300 x 200"
    assert row.box == ()
    (image,) = [i for i in odd.images() if i.mammogram == "P_00353_LEFT_CC"]
    assert [lesion.lesion_id for lesion in image.lesions] == ["P_00353_LEFT_CC_calcification_1"]
    assert odd.mammograms_half_used() == ("P_00353_LEFT_CC",)


def test_crop_and_mask_in_two_series_are_one_row(odd: CbisIndex) -> None:
    row = _row(odd, "P_00474_LEFT_MLO_calcification_1")
    assert row.case.crop_series_uid != row.case.mask_series_uid
    assert row.is_used


@pytest.mark.parametrize(
    ("mammogram", "official"),
    [
        ("P_00090_LEFT_CC", ("mass-train", "calc-train")),
        ("P_00091_LEFT_MLO", ("mass-train", "calc-test")),
    ],
)
def test_a_mammogram_of_both_sets_is_one_record(
    odd: CbisIndex, odd_tree: CbisTree, mammogram: str, official: tuple[str, ...]
) -> None:
    (image,) = [image for image in odd.images() if image.mammogram == mammogram]
    assert image.official == official
    assert [lesion.kind for lesion in image.lesions] == ["mass", "calcification"]
    assert image.file == odd_tree.abnormality(f"{mammogram}_mass_1").files["image"]
    calcification = _row(odd, f"{mammogram}_calcification_1")
    own = odd_tree.abnormality(calcification.case.lesion_id).files["image"]
    assert own.relative_to(odd.root).as_posix() in calcification.notes[0]
    assert _file(odd, own).role == Role.IMAGE


def test_zeros_and_missing_headers_are_kept(odd: CbisIndex) -> None:
    row = _row(odd, "P_00093_LEFT_CC_mass_1")
    assert row.case.flags == ("density 0", "subtlety 0", "assessment 0")
    assert row.is_used
    (image,) = [i for i in odd.images() if i.person == "P_00093"]
    assert (image.density, image.lesions[0].subtlety) == (0, 0)
    assert _row(odd, "P_00094_LEFT_CC_mass_1").case.flags == ("BI-RADS 1-2 but malignant",)


def test_images_are_labelled_mammograms_that_can_be_read(
    odd: CbisIndex, odd_tree: CbisTree, recipe: Recipe
) -> None:
    images = odd.images()
    assert len(images) == len({made.mammogram for made in odd_tree.abnormalities})
    assert [i.mammogram for i in images] == sorted(i.mammogram for i in images)
    image = images[0]
    values = read_picture(image.file, recipe.data).values
    assert values.shape == (300, 200)
    lesion = image.lesions[0]
    rows = slice(int(lesion.box.row0), int(lesion.box.row1))
    cols = slice(int(lesion.box.col0), int(lesion.box.col1))
    assert values[rows, cols].max() > np.percentile(values, 99)
    assert lesion.mask is not None
    assert lesion.mask.is_file()


def test_a_tree_without_quirks_uses_every_row(plain_tree: CbisTree, tmp_path: Path) -> None:
    index = _index(plain_tree, tmp_path / "index")
    assert all(row.is_used and not row.notes for row in index.rows)
    assert index.mammograms_left_out() == ()


# -------------------------------------------------------------------------------- planted faults


@pytest.mark.parametrize(
    ("role", "why"),
    [("mask", Why.MASK_MISSING), ("crop", Why.CROP_MISSING), ("image", Why.IMAGE_MISSING)],
)
def test_a_missing_file_sets_its_row_aside(
    plain_tree: CbisTree, tmp_path: Path, role: str, why: Why
) -> None:
    made = plain_tree.abnormality("P_01002_LEFT_CC_calcification_1")
    made.files[role].unlink()
    index = _index(plain_tree, tmp_path / "index")
    row = _row(index, made.lesion_id)
    assert [reason.why for reason in row.set_aside] == [why]
    assert not [i for i in index.images() if i.mammogram == made.mammogram]
    left_out = [] if role == "image" else [made.mammogram]
    assert list(index.mammograms_left_out()) == left_out
    assert sum(not row.is_used for row in index.rows) == 1


def test_an_image_of_the_other_set_stands_in(tmp_path: Path) -> None:
    tree = build_cbis_tree(tmp_path / "download", people=0, rows=120, cols=90)
    made = tree.abnormality("P_00090_LEFT_CC_mass_1")
    made.files["image"].unlink()
    index = _index(tree, tmp_path / "index")
    row = _row(index, made.lesion_id)
    assert row.is_used
    other = tree.abnormality("P_00090_LEFT_CC_calcification_1").files["image"]
    assert Path(index.root) / row.image == other
    assert "its own file is missing" in row.notes[0]


Plant = Callable[[Abnormality], Path]


def _no_description(made: Abnormality) -> Path:
    return change_header(made.files["crop"], SeriesDescription=None, PatientID=None)


def _no_number(made: Abnormality) -> Path:
    return change_header(made.files["crop"], SeriesDescription=None, PatientID=made.image_patient)


def _nameless_image(made: Abnormality) -> Path:
    return change_header(made.files["image"], SeriesDescription=None, PatientID=None)


@pytest.mark.parametrize("plant", [_no_description, _no_number, _nameless_image])
def test_the_series_tells_what_a_bare_header_does_not(
    plain_tree: CbisTree, tmp_path: Path, plant: Plant
) -> None:
    made = plain_tree.abnormality("P_01002_LEFT_CC_calcification_1")
    path = plant(made)
    index = _index(plain_tree, tmp_path / "index")
    assert _row(index, made.lesion_id).is_used
    role = Role.IMAGE if path == made.files["image"] else Role.CROP
    assert _file(index, path).role == role


def _other_person(made: Abnormality) -> Path:
    return change_header(made.files["mask"], PatientID="Calc-Training_P_09999_LEFT_CC_1")


def _stranger(made: Abnormality) -> Path:
    return change_header(made.files["mask"], PatientID="Somebody^Else")


def _other_number(made: Abnormality) -> Path:
    return change_header(made.files["crop"], PatientID=f"{made.image_patient}_2")


def _other_set(made: Abnormality) -> Path:
    patient = made.image_patient.replace("Training", "Test")
    return change_header(made.files["image"], PatientID=patient)


def _large_crop(made: Abnormality) -> Path:
    return change_pixels(made.files["crop"], np.zeros((120, 90), np.uint16))


def _grey_mask(made: Abnormality) -> Path:
    return change_pixels(made.files["mask"], np.full((120, 90), 7, np.uint8))


def _said_full(made: Abnormality) -> Path:
    return change_header(made.files["crop"], SeriesDescription="full mammogram images")


def _other_series(made: Abnormality) -> Path:
    return change_header(made.files["mask"], SeriesInstanceUID="1.2.3")


def _no_series(made: Abnormality) -> Path:
    return change_header(made.files["mask"], SeriesInstanceUID=None)


def _cut(made: Abnormality) -> Path:
    path = made.files["mask"]
    path.write_bytes(path.read_bytes()[:-10])
    return path


@pytest.mark.parametrize(
    ("plant", "role", "note", "why"),
    [
        (_other_person, Role.CONTRADICTED, "P_09999_LEFT_CC_1, but", Why.MASK_MISSING),
        (_stranger, Role.CONTRADICTED, "not one of CBIS-DDSM", Why.MASK_MISSING),
        (_other_number, Role.CONTRADICTED, "LEFT_CC_2, but", Why.CROP_MISSING),
        (_other_set, Role.CONTRADICTED, "Calc-Test_P_01002", Why.IMAGE_MISSING),
        (_large_crop, Role.UNPLACED, "as large as its mammogram", Why.CROP_MISSING),
        (_grey_mask, Role.UNPLACED, "other values than 0 and 255", Why.MASK_MISSING),
        (_said_full, Role.UNPLACED, "a full mammogram where no row", Why.CROP_MISSING),
        (_other_series, Role.STRAY, "no row names its series", Why.MASK_MISSING),
        (_no_series, Role.STRAY, "no SeriesInstanceUID", Why.MASK_MISSING),
        (_cut, Role.UNREADABLE, "cut short", Why.MASK_MISSING),
    ],
)
def test_a_file_out_of_place_says_so_and_its_row_is_set_aside(
    plain_tree: CbisTree, tmp_path: Path, plant: Plant, role: Role, note: str, why: Why
) -> None:
    made = plain_tree.abnormality("P_01002_LEFT_CC_calcification_1")
    path = plant(made)
    index = _index(plain_tree, tmp_path / "index")
    item = _file(index, path)
    assert item.role == role
    assert note in item.note
    assert [reason.why for reason in _row(index, made.lesion_id).set_aside] == [why]
    assert sum(not row.is_used for row in index.rows) == 1


def test_no_name_of_a_stranger_gets_into_the_index(plain_tree: CbisTree, tmp_path: Path) -> None:
    _stranger(plain_tree.abnormalities[0])
    _index(plain_tree, tmp_path / "index")
    for file in (tmp_path / "index").iterdir():
        assert "Somebody" not in file.read_text("utf-8")


def test_an_empty_mask_sets_its_row_aside(plain_tree: CbisTree, tmp_path: Path) -> None:
    made = plain_tree.abnormalities[0]
    change_pixels(made.files["mask"], np.zeros((120, 90), np.uint8))
    row = _row(_index(plain_tree, tmp_path / "index"), made.lesion_id)
    assert [reason.why for reason in row.set_aside] == [Why.MASK_EMPTY]


@pytest.mark.parametrize(
    ("shape", "fit", "why"),
    [
        ((138, 103), Fit.SCALED, None),
        ((104, 78), Fit.SCALED, None),
        ((240, 180), Fit.UNKNOWN_RATIO, Why.UNKNOWN_RATIO),
        ((120, 93), Fit.ANISOTROPIC, Why.ANISOTROPIC),
        ((138, 90), Fit.ANISOTROPIC, Why.ANISOTROPIC),
    ],
)
def test_a_mask_of_another_size(
    plain_tree: CbisTree, tmp_path: Path, shape: tuple[int, int], fit: Fit, why: Why | None
) -> None:
    made = plain_tree.abnormalities[0]
    mask = np.zeros(shape, np.uint8)
    mask[10:20, 30:60] = 255
    change_pixels(made.files["mask"], mask)
    row = _row(_index(plain_tree, tmp_path / "index"), made.lesion_id)
    assert row.mask_fit == fit
    assert [reason.why for reason in row.set_aside] == ([why] if why else [])
    if fit is Fit.SCALED:
        by_row, by_col = 120 / shape[0], 90 / shape[1]
        assert row.box == pytest.approx((30 * by_col, 10 * by_row, 60 * by_col, 20 * by_row))


def test_a_copy_of_a_file_is_noted(plain_tree: CbisTree, tmp_path: Path) -> None:
    original = plain_tree.abnormalities[0].files["mask"]
    copy = original.with_name("9-9.dcm")
    shutil.copyfile(original, copy)
    index = _index(plain_tree, tmp_path / "index")
    assert all(row.is_used for row in index.rows)
    item = _file(index, copy)
    assert item.role == Role.DUPLICATE
    assert item.note.endswith(original.relative_to(index.root).as_posix())


def test_another_file_under_the_same_uid_says_what_differs(
    plain_tree: CbisTree, tmp_path: Path
) -> None:
    original = plain_tree.abnormalities[0].files["mask"]
    copy = original.with_name("9-9.dcm")
    shutil.copyfile(original, copy)
    change_pixels(copy, np.zeros((50, 40), np.uint8))
    item = _file(_index(plain_tree, tmp_path / "index"), copy)
    assert item.role == Role.DUPLICATE
    assert "differs in rows, cols, mask_box, mask_area_px" in item.note


def test_two_masks_for_one_row_are_none(plain_tree: CbisTree, tmp_path: Path) -> None:
    made = plain_tree.abnormalities[0]
    second = made.files["mask"].with_name("9-9.dcm")
    shutil.copyfile(made.files["mask"], second)
    change_header(second, SOPInstanceUID="1.2.3")
    index = _index(plain_tree, tmp_path / "index")
    (reason,) = _row(index, made.lesion_id).set_aside
    assert reason.why == Why.SEVERAL
    assert second.name in reason.found
    assert {_file(index, p).role for p in (second, made.files["mask"])} == {Role.UNPLACED}


def test_tables_without_images_are_refused(mammoview_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tables without images: .* holds 0 DICOM") as caught:
        build_index(mammoview_data / "cbis-ddsm" / "csv", out=tmp_path / "out", workers=1)
    assert "--csv" in caught.value.todo
    assert not (tmp_path / "out" / "index.json").exists()


def test_images_of_other_tables_are_refused(
    plain_tree: CbisTree, mammoview_data: Path, tmp_path: Path
) -> None:
    csv = mammoview_data / "cbis-ddsm" / "csv"
    with pytest.raises(DataError, match="holds 32 DICOM images, and none"):
        build_index(plain_tree.data, csv=csv, out=tmp_path / "out", workers=1)


# ------------------------------------------------------------------------------------ on the disk


def test_an_index_is_read_as_it_was_written(odd: CbisIndex, odd_tree: CbisTree) -> None:
    folder = next(iter({path.parent for path in _written(odd, odd_tree)}))
    assert read_index(folder) == odd
    assert read_index(folder / "index.json") == odd
    assert read_labelled(folder) == odd.images()
    assert not list(folder.glob("*.part"))


def _written(odd: CbisIndex, tree: CbisTree) -> list[Path]:
    from trainer.cbis.index import write_index

    return [write_index(odd, tree.folder.parent / "written")]


def test_a_moved_data_folder(plain_tree: CbisTree, tmp_path: Path) -> None:
    first = _index(plain_tree, tmp_path / "index")
    moved = plain_tree.folder.rename(tmp_path / "elsewhere")
    index = read_index(tmp_path / "index", data=moved)
    assert all(image.file.is_file() for image in index.images())
    assert not any(image.file.is_file() for image in first.images())
    assert index.sha256 == first.sha256
    again = build_index(moved, out=tmp_path / "again", workers=1)
    assert again.sha256 == first.sha256


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-100],
        lambda text: text.replace("BENIGN", "MALIGNANT", 1),
        lambda text: text.replace('"rows"', '"lines"', 1),
        lambda text: text.replace("mammoview-cbis-index/1", "mammoview-cbis-index/9", 1),
        lambda text: text.replace('"abnormality":1', '"abnormality":"1"', 1),
        lambda text: "[]",
        lambda text: "",
    ],
)
def test_a_broken_index_is_refused(
    plain_tree: CbisTree, tmp_path: Path, change: Callable[[str], str]
) -> None:
    _index(plain_tree, tmp_path / "index")
    file = tmp_path / "index" / "index.json"
    file.write_text(change(file.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(DataError, match=r"no usable index .*index\.json") as caught:
        read_index(tmp_path / "index")
    assert "mammoview-train index DATA" in caught.value.todo


def test_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no usable index .*FileNotFoundError"):
        read_index(tmp_path)


def test_an_index_is_plain_json(plain_tree: CbisTree, tmp_path: Path) -> None:
    index = _index(plain_tree, tmp_path / "index")
    document = json.loads((tmp_path / "index" / "index.json").read_text("utf-8"))
    assert document["sha256"] == index.sha256
    assert len(document["rows"]) == len(plain_tree.abnormalities)
    kinds = {item["file"]["kind"] for item in document["files"]}
    assert kinds == {CbisKind.FULL, CbisKind.MASK, CbisKind.CROP, "not DICOM"}
