"""Two recipes on made squares: Table II in four forms, redrawn, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.errors import DataError, ExitCode, UsageError
from tests.builders.patches import build_patch_cache, patch_recipe, split_of
from trainer.cache import GridCache
from trainer.classifier import PatchClassifier
from trainer.cli.main import main
from trainer.compare import Entry, compare, redraw
from trainer.crossval import CrossvalOptions
from trainer.splits import Protocol, write_split

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
CAPTION = "made squares"


def options(out: Path) -> CrossvalOptions:
    return CrossvalOptions(
        out=out,
        weights=None,
        accelerator="cpu",
        precision="32-true",
        workers=0,
        caption=CAPTION,
    )


def entry(folder: Path, name: str, **training: object) -> Entry:
    return Entry(
        recipe=patch_recipe(name, epochs=1, **training), weights=None, cache=folder / "cache"
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    cache = build_patch_cache(folder / "cache", patch_recipe(), people=12)
    write_split(split_of(cache, Protocol.GROUPED, folds=2), folder / "split.json")
    entries = [entry(folder, "apt"), entry(folder, "idle", learning_rate=1e-9)]
    compare(entries, folder / "split.json", options(folder / "out"))
    return folder


def test_the_table_has_a_row_a_network_the_baseline_and_the_paper(place: Path) -> None:
    with (place / "out" / "comparison.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["source"], row["network"]) for row in rows[:3]] == [
        ("measured", "apt"),
        ("measured", "idle"),
        ("size-only", "size-only"),
    ]
    assert [row["network"] for row in rows[3:]] == ["AlexNet", "VGGNet", "GoogLeNet", "ResNet"]
    assert {row["source"] for row in rows[3:]} == {"paper, their split"}
    assert float(rows[6]["overall"]) == pytest.approx(0.918)
    assert {row["data"] for row in rows[:3]} == {CAPTION}
    for row in rows[:3]:
        mean = (float(row["calcification"]) + float(row["mass"])) / 2
        assert float(row["overall"]) == pytest.approx(mean)
        assert float(row["overall low"]) <= float(row["overall"]) <= float(row["overall high"])
    assert float(rows[0]["size MiB"]) == pytest.approx(4 * 2470210 / 2**20, rel=0.01)
    assert float(rows[0]["hours a run"]) > 0


def test_every_form_carries_the_caption(place: Path) -> None:
    for name in ("comparison.csv", "comparison_pairs.csv", "comparison.json", "comparison.md"):
        assert CAPTION in (place / "out" / name).read_text()
    assert (place / "out" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads((place / "out" / "comparison.json").read_text())
    assert document["data"] == CAPTION
    (pair,) = document["pairs"]
    assert (pair["first"], pair["second"], pair["rows"]) == ("apt", "idle", 36)
    assert pair["ranked"] == (pair["difference"]["low"] > 0 or pair["difference"]["high"] < 0)


def test_the_paired_difference_is_that_of_the_rows(place: Path) -> None:
    document = json.loads((place / "out" / "comparison.json").read_text())
    overall = [n["accuracy"]["overall"]["value"] for n in document["networks"]]
    difference = document["pairs"][0]["difference"]["value"]
    assert difference == pytest.approx(overall[0] - overall[1])


def test_the_tables_are_redrawn_without_training(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From what is finished: one network has a part less, and the pair is of the part of both."""
    monkeypatch.delattr(PatchClassifier, "training_step")
    copy = tmp_path / "copy"
    shutil.copytree(place / "out", copy)
    (copy / "idle" / "fold-2" / "part.json").unlink()
    (copy / "comparison.md").unlink()
    assert main(["compare", "--from", str(copy), "--caption", "squares anew", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["data"] == "squares anew"
    assert [network["parts"] for network in document["networks"]] == ["2 of 2", "1 of 2"]
    assert document["pairs"][0]["rows"] < 36
    assert "squares anew" in (copy / "comparison.md").read_text()
    assert "squares anew" in (copy / "apt" / "metrics.md").read_text()


def test_a_folder_without_a_finished_part_is_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished part in"):
        redraw(tmp_path)
    shutil.copytree(place / "out" / "apt", tmp_path / "apt")
    for part in ("fold-1", "fold-2"):
        (tmp_path / "apt" / part / "part.json").unlink()
    with pytest.raises(DataError, match="no finished part in"):
        redraw(tmp_path)


def test_recipes_of_one_name_or_other_classes_are_refused(place: Path, tmp_path: Path) -> None:
    apt = entry(place, "apt")
    with pytest.raises(UsageError, match="recipes named apt, apt"):
        compare([apt, apt], place / "split.json", options(tmp_path))
    network = replace(apt.recipe.network, classes=("benign-mass", "malignant-mass"))
    other = replace(apt, recipe=replace(apt.recipe, name="other", network=network))
    with pytest.raises(UsageError, match="recipe other tells benign-mass, malignant-mass apart"):
        compare([apt, other], place / "split.json", options(tmp_path))


def test_networks_of_other_splits_are_not_put_in_one_table(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "out", tmp_path / "out")
    file = tmp_path / "out" / "idle" / "crossval.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"split_sha256": "0"}))
    with pytest.raises(DataError, match="idle and apt have other splits"):
        redraw(tmp_path / "out")


def test_another_split_is_refused_before_the_training(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "out", tmp_path / "out")
    split = split_of(GridCache(place / "cache"), Protocol.GROUPED, folds=3)
    write_split(split, tmp_path / "split.json")
    with pytest.raises(DataError, match=r"apt in .* was compared on another split"):
        compare([entry(place, "new")], tmp_path / "split.json", options(tmp_path / "out"))
    assert not (tmp_path / "out" / "new").exists()


def test_a_command_without_its_arguments_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compare", "--out", "x"]) == ExitCode.USAGE
    assert "no CACHE and no --split and no --recipe" in capsys.readouterr().err


def test_weights_of_a_name_that_is_no_recipe_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["compare", str(place / "cache"), "--split", str(place / "split.json"), "--out", "x"]
    given += ["--recipe", "xi2018-resnet50", "--weights", "resnet=imagenet"]
    assert main(given) == ExitCode.USAGE
    assert "one of xi2018-resnet50" in capsys.readouterr().err
