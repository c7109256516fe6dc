from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mammoview.errors import DataError, SettingsError
from mammoview.modelkit.shipped import shipped_root
from trainer.augment import PatchStore
from trainer.cli.bench import summary
from trainer.cli.main import main
from trainer.recipe import Recipe, read_recipe
from trainer.throughput import BenchOptions, Throughput, make_cache, measure

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

OPTIONS = BenchOptions(accelerator="cpu", precision="32-true", workers=0, blocks=2, steps=2)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep these little networks from waiting for threads on a busy machine."""
    before = torch.get_num_threads()
    monkeypatch.setattr("trainer.throughput.usable_cores", lambda: 1)
    yield
    torch.set_num_threads(before)


def small(name: str, backbone: str = "resnet18") -> Recipe:
    recipe = read_recipe(shipped_root() / "recipes" / f"{name}.toml")
    return replace(
        recipe,
        network=replace(recipe.network, backbone=backbone, cam=True, frozen=()),
        patches=replace(recipe.patches, size_px=64, centre_jitter_px=5.0),
        training=replace(recipe.training, batch_size=4),
    )


def test_figures_are_medians_of_blocks_and_pairs() -> None:
    found = Throughput(
        training=(2.0, 4.0, 2.5),
        random=(1.9, 2.0, 2.5),
        steps=5,
        batch_size=16,
        device="CPU",
        precision="32-true",
        is_resident=False,
    )
    assert found.images_per_second == 80 / 2.5
    assert found.random_images_per_second == 80 / 2.0
    assert found.ratio == 0.95  # of 0.95, 0.5 and 1.0
    assert found.seconds_per_step == 0.5
    recipe = read_recipe(shipped_root() / "recipes" / "xi2018-resnet50.toml")
    # 2,637 patches in batches of 16 are 164 steps; 200 epochs at half a second
    assert found.estimated_hours(recipe) == pytest.approx(164 * 200 * 0.5 / 3600)
    document = summary(found, recipe, None)
    assert document["ratio_reached"]
    assert "not measured" in document["estimate"]["what"]


@pytest.mark.parametrize("name", ["review", "xi2018-resnet50"])
def test_both_kinds_of_cache_are_measured(name: str, tmp_path: Path) -> None:
    """Cells on a grid, and one label a patch around each lesion."""
    recipe = small(name)
    cache = make_cache(tmp_path / "cache", recipe, records=8)
    cache.verify()
    found = measure(cache, recipe, OPTIONS)
    assert len(found.training) == len(found.random) == OPTIONS.blocks
    assert min(*found.training, *found.random) > 0.0
    assert (found.device, found.is_resident) == ("CPU", False)


def test_a_starved_network_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = small("xi2018-resnet50")
    cache = make_cache(tmp_path / "cache", recipe, records=8)
    sample = PatchStore.patches

    def slowly(self: PatchStore, numbers: Tensor, affine: Tensor, shape: tuple[int, int]) -> Tensor:
        time.sleep(1.5)
        return sample(self, numbers, affine, shape)

    monkeypatch.setattr(PatchStore, "patches", slowly)
    found = measure(cache, recipe, OPTIONS)
    assert min(found.training) > 2 * 1.5
    assert found.ratio < 0.9


def test_a_cache_of_another_recipe_is_refused(tmp_path: Path) -> None:
    cache = make_cache(tmp_path / "cache", small("review"), records=4)
    with pytest.raises(DataError, match="was prepared with"):
        measure(cache, small("xi2018-resnet50"), OPTIONS)


def test_a_missing_gpu_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    recipe = small("review")
    cache = make_cache(tmp_path / "cache", recipe, records=4)
    with pytest.raises(SettingsError, match="no GPU"):
        measure(cache, recipe, replace(OPTIONS, accelerator="gpu"))


def test_the_command_prints_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small("xi2018-resnet50")
    monkeypatch.setattr("trainer.cli.bench.read_named_recipe", lambda _: recipe)
    make_cache(tmp_path / "cache", recipe, records=8)
    given = ["--device", "cpu", "--precision", "32-true", "--blocks", "1", "--steps", "1"]
    assert main(["bench", str(tmp_path / "cache"), *given, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["cache"] == str(tmp_path / "cache")
    assert document["images_per_second"]["training"] > 0
    assert main(["bench", *given]) == 0
    assert "estimate, not measured" in capsys.readouterr().out
