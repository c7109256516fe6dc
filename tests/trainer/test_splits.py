from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.domain.geometry import ImageBox
from mammoview.errors import DataError, ExitCode, UsageError
from tests.builders.pictures import build_pictures
from trainer.cbis.tables import read_tables
from trainer.cli.main import main
from trainer.labelled import ANNOTATIONS, LabelledBox, LabelledImage
from trainer.splits import (
    TRAIN,
    Protocol,
    SplitItem,
    count_by_kind,
    folds_without_groups,
    held_out,
    items_from_images,
    items_from_tables,
    leak_of,
    make_split,
    one_a_mammogram,
    read_split,
    write_split,
)


@pytest.fixture(scope="module")
def real(mammoview_data: Path) -> tuple[SplitItem, ...]:
    return items_from_tables(read_tables(mammoview_data / "cbis-ddsm" / "csv").rows)


def made(people: int = 20) -> tuple[SplitItem, ...]:
    """Everyone has a mass in two views, and in one view calcifications, two of them."""
    items = []
    for n in range(people):
        person = f"P_{n:05d}"
        for view, kind, number in (
            ("CC", "mass", 1),
            ("MLO", "mass", 1),
            ("CC", "calcification", 1),
            ("CC", "calcification", 2),
        ):
            mammogram = f"{person}_LEFT_{view}"
            items.append(
                SplitItem(
                    id=f"{mammogram}_{kind}_{number}",
                    person=person,
                    mammogram=mammogram,
                    kind=kind,
                    pathology="MALIGNANT" if n % 2 else "BENIGN",
                    official="test" if n % 4 == 0 else "train",
                )
            )
    return tuple(items)


def people_of(items: Sequence[SplitItem], ids: Sequence[str] | frozenset[str]) -> set[str]:
    kept = set(ids)
    return {item.person for item in items if item.id in kept}


def test_grouped_folds_of_the_real_tables_are_even_and_leak_nothing(
    real: tuple[SplitItem, ...],
) -> None:
    split = make_split(real, Protocol.GROUPED)
    assert {len(ids) for _, ids in split.parts} == {713, 714}
    assert sum(len(ids) for _, ids in split.parts) == 3568
    leak = leak_of(real, split.parts)
    assert (leak.rows, leak.same_person, leak.same_lesion) == (3568, 0.0, 0.0)
    for kind, counts in count_by_kind(real, split.parts):
        total = {"calcification": 1872, "mass": 1696}[kind]
        assert all(abs(count - total / 5) < 10 for _, count in counts)
    malignant = {item.id for item in real if item.pathology == "MALIGNANT"}
    assert all(abs(len(malignant & set(ids)) - 1457 / 5) < 12 for _, ids in split.parts)


def test_table_one_of_the_paper(real: tuple[SplitItem, ...]) -> None:
    split = make_split(real, Protocol.PAPER_85_15)
    assert count_by_kind(real, split.parts) == (
        ("calcification", (("train", 1284), ("validation", 227))),
        ("mass", (("train", 1353), ("validation", 239))),
    )
    folds = make_split(real, Protocol.PAPER)
    assert sum(len(ids) for _, ids in folds.parts) == 1511 + 1592
    assert leak_of(real, split.parts).same_person > 0.7
    assert leak_of(real, folds.parts).same_lesion > 0.5


def test_the_leak_of_folds_by_abnormality(real: tuple[SplitItem, ...]) -> None:
    """The reference: 79 % of the rows' patients in training, 68 % the lesion's other view."""
    leaks = [leak_of(real, folds_without_groups(real, seed)) for seed in range(5)]
    assert sum(leak.same_person for leak in leaks) / 5 == pytest.approx(0.79, abs=0.01)
    assert sum(leak.same_lesion for leak in leaks) / 5 == pytest.approx(0.68, abs=0.01)


def test_the_official_sets_lose_the_people_who_stand_in_both(real: tuple[SplitItem, ...]) -> None:
    split = make_split(real, Protocol.OFFICIAL_PURGED)
    (_, train), (_, test) = split.parts
    both = {i.person for i in real if i.official == "train"} & {
        i.person for i in real if i.official == "test"
    }
    assert len(both) == 31
    assert len(test) == 378 + 326
    assert not people_of(real, train) & people_of(real, test)
    assert len(train) == 1318 + 1546 - sum(i.official == "train" and i.person in both for i in real)


def test_one_patch_a_mammogram_is_the_lowest_abnormality() -> None:
    kept = one_a_mammogram(reversed(made(3)))
    assert sum(item.kind == "calcification" for item in kept) == 3
    assert {item.number for item in kept} == {1}


def test_the_leak_is_counted_by_hand() -> None:
    items = made(10)
    first = [item.id for item in items if item.person == "P_00000"]
    others = [item.id for item in items if item.person != "P_00000"]
    # Her CC mass is judged while its MLO view is trained on; her calcifications have one view.
    judged = (first[0], first[2])
    parts = ((TRAIN, (first[1], *others)), ("validation", judged))
    leak = leak_of(items, parts)
    assert (leak.rows, leak.same_person, leak.same_lesion) == (2, 1.0, 0.5)


@pytest.mark.parametrize("protocol", Protocol)
def test_a_split_file_is_read_as_written(protocol: Protocol, tmp_path: Path) -> None:
    items = made()
    split = make_split(items, protocol, seed=3)
    write_split(split, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == split
    assert make_split(tuple(reversed(items)), protocol, seed=3).held_out_parts
    for part in split.held_out_parts:
        train, held = held_out(split, part)
        assert train
        assert held
        assert not train & held
        if protocol.parts_people:
            assert not people_of(items, train) & people_of(items, held)


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    items = made()
    one = make_split(items, Protocol.PAPER_85_15, seed=3)
    assert make_split(items, Protocol.PAPER_85_15, seed=3).sha256 == one.sha256
    assert make_split(items, Protocol.PAPER_85_15, seed=4).sha256 != one.sha256


def test_training_cannot_be_held_out() -> None:
    split = make_split(made(), Protocol.PAPER_85_15)
    with pytest.raises(UsageError, match="part 'train'"):
        held_out(split, TRAIN)


def test_one_class_is_refused() -> None:
    masses = tuple(item for item in made() if item.kind == "mass")
    with pytest.raises(DataError, match=r"1 class \(mass\)"):
        make_split(masses, Protocol.GROUPED)
    with pytest.raises(DataError, match=r"0 class \(none\)"):
        make_split((), Protocol.PAPER)


def test_a_fold_without_a_class_is_refused() -> None:
    """Five people have calcifications, but one of them in training alone."""
    items = tuple(i for i in made() if i.kind == "mass" or (i.official == "train"))
    with pytest.raises(DataError, match="part test of the split holds no calcification"):
        make_split(items, Protocol.OFFICIAL_PURGED)
    few = tuple(i for i in made() if i.kind == "mass" or i.person < "P_00003")
    with pytest.raises(DataError, match="3 people with calcification"):
        make_split(few, Protocol.GROUPED)


def test_unknown_official_sets_are_refused() -> None:
    items = tuple(replace(item, official="") for item in made())
    with pytest.raises(DataError, match="official set is not known"):
        make_split(items, Protocol.OFFICIAL_PURGED)


def test_each_kind_of_a_mammogram_in_two_official_sets_keeps_its_own() -> None:
    """One mammogram, masses in the training set and calcifications in the test set."""
    box = ImageBox(col0=0.0, row0=0.0, col1=9.0, row1=9.0)
    image = LabelledImage(
        file=Path("any.dcm"),
        person="P_00001",
        laterality="L",
        view="CC",
        official=("mass-train", "calc-test"),
        lesions=tuple(
            LabelledBox(kind=kind, box=box, lesion_id=f"P_00001_LEFT_CC_{kind}_1")
            for kind in ("mass", "calcification")
        ),
    )
    assert [item.official for item in items_from_images([image])] == ["train", "test"]
    with pytest.raises(DataError, match="P_00001_LEFT_CC_mass_1 stands there"):
        items_from_images([image, image])


def test_a_changed_split_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    write_split(make_split(made(), Protocol.GROUPED), file)
    document = json.loads(file.read_text())
    moved = document["parts"]["fold-1"].pop()
    document["parts"]["fold-2"].append(moved)
    file.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"mine\.json does not match its hash"):
        read_split(file)
    file.write_text(json.dumps(document | {"more": 1}))
    with pytest.raises(DataError, match=r"mine\.json cannot be read.*\$\.more"):
        read_split(file)
    with pytest.raises(DataError, match=r"none\.json cannot be read"):
        read_split(tmp_path / "none.json")


def test_the_command_prints_table_one_from_the_tables_alone(
    mammoview_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = str(mammoview_data / "cbis-ddsm" / "csv"), str(tmp_path / "split.json")
    given = ["splits", source, "--protocol", "paper-85-15", "--out", out]
    assert main([*given, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["table"] == {
        "calcification": {"train": 1284, "validation": 227},
        "mass": {"train": 1353, "validation": 239},
    }
    assert document["sha256"] == read_split(tmp_path / "split.json").sha256
    assert main(given) == 0
    text = capsys.readouterr().out
    assert "| calcification | 1284 | 227 | 1511 |" in text
    assert "| mass | 1353 | 239 | 1592 |" in text
    assert "lowest id (assumed)" in text
    assert f"{document['leak']['same_person']:.1%}" in text


def test_the_command_splits_pictures_by_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build_pictures(tmp_path / "pictures", people=12)
    given = ["splits", str(folder), "--protocol", "grouped", "--out", str(tmp_path / "s.json")]
    assert main(given) == ExitCode.REFUSED
    assert "lesions of 1 class (mass)" in capsys.readouterr().err
    document = json.loads((folder / ANNOTATIONS).read_text())
    document["categories"].append({"id": 1, "name": "calcification"})
    document["annotations"] += [
        {"id": 100 + a["id"], "image_id": a["image_id"], "category_id": 1, "bbox": a["bbox"]}
        for a in document["annotations"]
    ]
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    assert main(given) == 0
    split = read_split(tmp_path / "s.json")
    assert sorted(len(ids) for _, ids in split.parts) == [4, 4, 4, 6, 6]
    people = [{name[:5] for name in ids} for _, ids in split.parts]
    assert sum(map(len, people)) == len(set().union(*people)) == 12
    refused = [*given[:3], "official-purged", *given[4:]]
    assert main(refused) == ExitCode.REFUSED
    assert "official set is not known" in capsys.readouterr().err
