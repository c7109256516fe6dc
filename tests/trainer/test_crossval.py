"""Cross-validation on made squares: what it writes, that it goes on, and what it refuses."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mammoview.errors import DataError
from tests.builders.patches import build_patch_cache, patch_recipe, split_of
from trainer.classifier import LAST, PatchClassifier
from trainer.cli.main import main
from trainer.crossval import CrossvalOptions, crossval
from trainer.parts import read_finished
from trainer.recipe import Recipe
from trainer.splits import Protocol, held_out, read_split, write_split

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
CAPTION = "made squares, none of them real"
FILES = (
    "metrics.json",
    "metrics.md",
    "confusion.csv",
    "confusion.png",
    "roc.png",
    "reliability.png",
    "subgroups.csv",
)


def options(out: Path, **changes: object) -> CrossvalOptions:
    given = CrossvalOptions(
        out=out,
        weights=None,
        accelerator="cpu",
        precision="32-true",
        workers=0,
        caption=CAPTION,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return patch_recipe()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> Path:
    """A folder with a cache, a split of one held-out part, and its finished cross-validation."""
    folder = tmp_path_factory.mktemp("crossval")
    cache = build_patch_cache(folder / "cache", recipe, people=14)
    write_split(split_of(cache, Protocol.GROUPED, folds=2), folder / "split.json")
    crossval(folder / "cache", recipe, options(folder / "done"), folder / "split.json")
    return folder


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(PatchClassifier, "training_step", fail)


def test_every_held_out_lesion_is_judged_once(place: Path) -> None:
    split = read_split(place / "split.json")
    finished = read_finished(place / "done")
    for fold, baseline in zip(finished.predictions, finished.size_only, strict=True):
        held = held_out(split, fold.part)[1]
        assert {row.lesion_id for row in fold.rows} == held
        assert {row.lesion_id for row in baseline.rows} == held
    assert [part.part for part in finished.parts] == ["fold-1", "fold-2"]
    part = finished.parts[0]
    assert part.seconds > 0
    assert part.size_mib == pytest.approx(4 * part.parameters / 2**20, rel=0.01)


def test_all_results_are_there_and_carry_the_caption(place: Path) -> None:
    for name in FILES:
        content = (place / "done" / name).read_bytes()
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG")
        else:
            assert CAPTION in content.decode()
    document = json.loads((place / "done" / "metrics.json").read_text())
    assert document["accuracy"]["rows"] == document["size_only"]["rows"] == 42
    assert set(document["accuracy"]["classes"]) == {"calcification", "mass"}
    counts = document["confusion"]["counts"]
    assert [sum(row) for row in counts] == [14, 28]
    assert "nobody on both sides" in document["split"]


@pytest.mark.usefixtures("no_training")
def test_finished_parts_are_not_run_again(place: Path, recipe: Recipe) -> None:
    before = (place / "done" / "fold-1" / "predictions.csv").stat().st_mtime_ns
    crossval(place / "cache", recipe, options(place / "done"), place / "split.json")
    assert (place / "done" / "fold-1" / "predictions.csv").stat().st_mtime_ns == before


def test_a_stopped_part_goes_on_from_its_checkpoint(
    place: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the second epoch, it ends with the weights of the run that was not."""
    given = options(tmp_path / "out")
    whole = PatchClassifier.training_step

    def stop(module: PatchClassifier, *batch: object) -> object:
        if module.current_epoch == 1:
            raise RuntimeError("power cut")
        return whole(module, *batch)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(PatchClassifier, "training_step", stop)
        with pytest.raises(RuntimeError, match="power cut"):
            crossval(place / "cache", recipe, given, place / "split.json")
    first = torch.load(tmp_path / "out" / "fold-1" / LAST, weights_only=True)
    assert first["epoch"] == 0
    begun = json.loads((tmp_path / "out" / "fold-1" / "training.json").read_text())
    assert not begun["finished"]
    crossval(place / "cache", recipe, given, place / "split.json")
    states = [
        torch.load(out / "fold-1" / LAST, weights_only=True)["state_dict"]
        for out in (place / "done", tmp_path / "out")
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    part = read_finished(tmp_path / "out").parts[0]
    ended = json.loads((tmp_path / "out" / "fold-1" / "training.json").read_text())
    assert ended["finished"]
    assert part.seconds == ended["seconds"]


@pytest.mark.usefixtures("no_training")
def test_a_trained_part_is_only_judged(place: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Killed between training and ``part.json``: the checkpoint is judged, nothing is trained."""
    copy = tmp_path / "copy"
    shutil.copytree(place / "done", copy)
    before = (copy / "fold-2" / "predictions.csv").read_bytes()
    for name in ("part.json", "predictions.csv"):
        (copy / "fold-2" / name).unlink()
    crossval(place / "cache", recipe, options(copy), place / "split.json")
    assert (copy / "fold-2" / "predictions.csv").read_bytes() == before


@pytest.mark.usefixtures("no_training")
def test_a_folder_is_not_continued_with_other_data(
    place: Path, recipe: Recipe, tmp_path: Path
) -> None:
    other = build_patch_cache(tmp_path / "other", recipe, people=14, seed=9)
    with pytest.raises(DataError, match=r"crossval\.json was begun with another patch cache"):
        crossval(tmp_path / "other", recipe, options(place / "done"), place / "split.json")
    write_split(split_of(other, Protocol.GROUPED, folds=3), tmp_path / "split.json")
    with pytest.raises(DataError, match="another split"):
        crossval(place / "cache", recipe, options(place / "done"), tmp_path / "split.json")
    changed = replace(recipe, seed=5)
    with pytest.raises(DataError, match="another recipe"):
        crossval(place / "cache", changed, options(place / "done"), place / "split.json")
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"any")
    given = options(place / "done", weights=str(weights))
    with pytest.raises(DataError, match="another weights"):
        crossval(place / "cache", recipe, given, place / "split.json")
    with pytest.raises(DataError, match="are not there"):
        crossval(
            place / "cache",
            recipe,
            options(tmp_path / "new", weights="nowhere.pt"),
            place / "split.json",
        )


@pytest.mark.usefixtures("no_training")
def test_a_split_of_other_data_is_refused(place: Path, recipe: Recipe, tmp_path: Path) -> None:
    build_patch_cache(tmp_path / "cache", recipe, people=9)
    with pytest.raises(DataError, match=r"15 of 42 lesions of the split, such as 00009_LEFT_CC"):
        crossval(tmp_path / "cache", recipe, options(tmp_path / "out"), place / "split.json")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_training")
def test_a_part_with_one_class_is_refused_before_training(
    place: Path, recipe: Recipe, tmp_path: Path
) -> None:
    split = read_split(place / "split.json")
    names = sorted(name for _, ids in split.parts for name in ids)
    masses = tuple(name for name in names if "mass" in name)
    rest = tuple(name for name in names if "mass" not in name)
    one = type(split).of(
        protocol=Protocol.PAPER,
        unit=split.unit,
        seed=1,
        parts=(("fold-1", masses[:9]), ("fold-2", (*masses[9:], *rest))),
    )
    write_split(one, tmp_path / "one.json")
    with pytest.raises(DataError, match=r"held-out lesions of fold-1 in .*one\.json are mass"):
        crossval(place / "cache", recipe, options(tmp_path / "out"), tmp_path / "one.json")


@pytest.mark.usefixtures("no_training")
def test_a_class_that_no_lesion_has_is_refused(place: Path, recipe: Recipe, tmp_path: Path) -> None:
    network = replace(recipe.network, classes=("calcification", "mass", "distortion"))
    with pytest.raises(DataError, match="expected the classes of recipe tiny"):
        crossval(
            place / "cache",
            replace(recipe, network=network),
            options(tmp_path / "out"),
            place / "split.json",
        )


@pytest.mark.usefixtures("no_training")
def test_a_person_on_both_sides_of_a_grouped_split_is_refused(
    place: Path, recipe: Recipe, tmp_path: Path
) -> None:
    split = read_split(place / "split.json")
    (first, ids), (second, others) = split.parts
    parts = ((first, (*ids, others[0])), (second, others[1:]))
    forged = type(split).of(protocol=split.protocol, unit=split.unit, seed=1, parts=parts)
    write_split(forged, tmp_path / "forged.json")
    with pytest.raises(DataError, match="are of people in training"):
        crossval(place / "cache", recipe, options(tmp_path / "out"), tmp_path / "forged.json")


@pytest.mark.usefixtures("no_training")
def test_a_cache_of_another_recipe_is_refused(place: Path, recipe: Recipe, tmp_path: Path) -> None:
    other = replace(recipe, patches=replace(recipe.patches, size_px=96))
    with pytest.raises(DataError, match="was prepared with"):
        crossval(place / "cache", other, options(tmp_path / "out"), place / "split.json")


def test_changed_predictions_are_named(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(place / "done", copy)
    with (copy / "fold-1" / "predictions.csv").open("a") as stream:
        stream.write("\n")
    with pytest.raises(DataError, match=r"fold-1/predictions\.csv is missing or was changed"):
        read_finished(copy)
    (copy / "crossval.json").write_text("{}")
    with pytest.raises(DataError, match=r"crossval\.json cannot be read"):
        read_finished(copy)


@pytest.mark.usefixtures("no_training")
def test_the_command_prints_the_results(
    place: Path,
    recipe: Recipe,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("trainer.cli.crossval.read_named_recipe", lambda _: recipe)
    given = ["crossval", str(place / "cache"), "--split", str(place / "split.json")]
    given += ["--out", str(place / "done")]
    assert main([*given, "--caption", CAPTION]) == 0
    text = capsys.readouterr().out
    assert CAPTION in text
    assert "size-only baseline" in text
    shown = json.loads((place / "done" / "metrics.json").read_text())
    assert main([*given, "--caption", CAPTION, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == shown
