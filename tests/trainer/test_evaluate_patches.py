from __future__ import annotations

import json
from pathlib import Path

import pytest

from mammoview.errors import DataError
from tests.builders.patches import build_patch_cache, patch_recipe, split_of
from trainer.classifier import RUN
from trainer.evaluate_patches import evaluate_patches, summary_lines
from trainer.fit import FitOptions, fit
from trainer.predictions import read_predictions
from trainer.splits import Protocol, held_out, read_split, write_split

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache, a split and a run on two of its three parts."""
    folder = tmp_path_factory.mktemp("patches")
    recipe = patch_recipe(epochs=1)
    cache = build_patch_cache(folder / "cache", recipe, people=15)
    write_split(split_of(cache, Protocol.GROUPED, folds=3), folder / "split.json")
    options = FitOptions(
        out=folder / "run",
        weights=None,
        accelerator="cpu",
        precision="32-true",
        workers=0,
        resume=False,
        max_steps=None,
        split=folder / "split.json",
        part="fold-2",
    )
    fit(folder / "cache", recipe, options)
    return folder


def test_a_run_is_judged_on_what_it_held_out(place: Path, tmp_path: Path) -> None:
    held = held_out(read_split(place / "split.json"), "fold-2")[1]
    document = evaluate_patches(place / "run", place / "cache", tmp_path)
    rows = read_predictions(tmp_path / "predictions.csv", part="fold-2").rows
    assert {row.lesion_id for row in rows} == held
    assert document["part"] == "fold-2"
    assert document["data"] == "made"
    right = {
        name: [row.probabilities[n] == max(row.probabilities) for row in rows if row.label == name]
        for n, name in enumerate(("calcification", "mass"))
    }
    for name, hits in right.items():
        figure = document["accuracy"]["classes"][name]["value"]
        assert figure == pytest.approx(sum(hits) / len(hits))
    assert json.loads((tmp_path / "metrics.json").read_text())["accuracy"] == document["accuracy"]
    lines = summary_lines(document)
    assert len(lines) == 5
    assert lines[3].startswith("overall: ")


def test_without_a_folder_nothing_is_written(place: Path) -> None:
    before = sorted(place.rglob("*"))
    document = evaluate_patches(place / "run", place / "cache")
    assert document["accuracy"]["rows"] == document["size_only"]["rows"] > 0
    assert sorted(place.rglob("*")) == before


def test_another_cache_or_a_broken_run_is_refused(place: Path, tmp_path: Path) -> None:
    build_patch_cache(tmp_path / "cache", patch_recipe(), people=15, seed=4)
    with pytest.raises(DataError, match="is not the patch cache"):
        evaluate_patches(place / "run", tmp_path / "cache")
    (tmp_path / RUN).write_text("{}")
    with pytest.raises(DataError, match=r"run\.json cannot be read"):
        evaluate_patches(tmp_path, place / "cache")
