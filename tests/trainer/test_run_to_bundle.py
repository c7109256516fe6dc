"""The whole way on made pictures: prepare, fit, resume, export, verify, evaluate, card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mammoview.errors import DataError, ModelError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.pictures import build_pictures
from trainer.backbones import CamNet
from trainer.cache import GridCache
from trainer.calibrate import calibrate, expected_calibration_error
from trainer.card.model_card import Measured, rewrite_card
from trainer.classifier import LAST, load_checkpoint
from trainer.coco import read_coco
from trainer.detect import detect, scored
from trainer.evaluate import evaluate
from trainer.export import ExportOptions, export, read_run
from trainer.fit import FitOptions, fit
from trainer.onnx_graph import fold_and_round
from trainer.predict import predict_patches
from trainer.prepare import prepare
from trainer.recipe import Recipe, recipe_from_values
from trainer.verify import verify

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def options(out: Path, weights: Path | None = None, **changes: object) -> FitOptions:
    given = FitOptions(
        out=out,
        weights=None if weights is None else str(weights),
        accelerator="cpu",
        precision="32-true",
        workers=0,
        resume=False,
        max_steps=None,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def weights(mammoview_data: Path) -> Path:
    return mammoview_data / "weights" / "resnet50-v1-imagenet.safetensors"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, quick_recipe: Recipe, weights: Path) -> Path:
    """A folder with made pictures, their cache and a finished run."""
    folder = tmp_path_factory.mktemp("training")
    images = read_coco(build_pictures(folder / "data", people=30))
    prepare(images, recipe=quick_recipe, out=folder / "cache", source="made discs", workers=1)
    fit(folder / "cache", quick_recipe, options(folder / "run", weights))
    return folder


@pytest.fixture(scope="module")
def bundle(place: Path) -> Path:
    return export(
        place / "run",
        read_coco(place / "data"),
        ExportOptions(out=place / "bundle", name="made", version="1.0", overwrite=False),
    ).folder


def test_a_place_that_is_taken_is_refused_before_anything_is_read(
    place: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("pictures were read first")

    monkeypatch.setattr("trainer.export.detect", read)
    monkeypatch.setattr("trainer.export.load_checkpoint", read)
    again = ExportOptions(out=bundle, name="made", version="2.0", overwrite=False)
    with pytest.raises(ModelError, match="is there already"):
        export(place / "run", read_coco(place / "data"), again)


def test_a_run_says_what_it_was_made_from(place: Path, quick_recipe: Recipe) -> None:
    run = read_run(place / "run")
    assert recipe_from_values(run["recipe"]) == quick_recipe
    assert not {n[:5] for n in run["training"]} & {n[:5] for n in run["validation"]}
    assert len(run["training"]) + len(run["validation"]) == 30
    metrics = json.loads((place / "run" / "metrics.json").read_text())
    assert [m["epoch"] for m in metrics] == [0, 1]
    assert metrics[1]["validation/accuracy"] > 0.9  # bright discs are easy
    assert list((place / "run" / "tensorboard").glob("events*"))


def test_a_network_taught_by_cells_is_judged_by_the_middle_of_a_patch(place: Path) -> None:
    """Most of a patch around a mass is healthy tissue: its mean would say background."""
    cache = GridCache(place / "cache")
    names = read_run(place / "run")["validation"]
    rows = predict_patches(load_checkpoint(place / "run" / LAST), cache, names)
    mass = [row.probabilities[1] > row.probabilities[0] for row in rows]
    assert sum(mass) > 0.8 * len(rows)


def test_one_label_a_patch_as_in_the_paper(
    place: Path, quick_recipe: Recipe, weights: Path, tmp_path: Path
) -> None:
    patches = replace(quick_recipe.patches, supervision="patch", centre_jitter_px=10.0)
    recipe = replace(quick_recipe, patches=patches)
    last = fit(place / "cache", recipe, options(tmp_path / "run", weights))
    assert load_checkpoint(last).recipe == recipe
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics[-1]["validation/accuracy"] > 0.7  # of two classes, bright discs and tissue


@pytest.fixture(scope="module")
def whole(place: Path, quick_recipe: Recipe) -> Path:
    """A run on whole pictures that went on from the trunk of the run on patches."""
    patches = replace(quick_recipe.patches, sampling="whole", size_px=256, rotation_degrees=10.0)
    training = replace(quick_recipe.training, batch_size=4, epochs=1, learning_rate=1e-5)
    network = replace(quick_recipe.network, frozen=quick_recipe.network.frozen[:-1])
    recipe = replace(quick_recipe, network=network, patches=patches, training=training)
    fit(place / "cache", recipe, options(place / "whole", place / "run" / LAST))
    return place / "whole"


def test_whole_pictures_train_on_from_the_trunk_of_a_run(place: Path, whole: Path) -> None:
    before = load_checkpoint(place / "run" / LAST).net.trunk.state_dict()
    after = load_checkpoint(whole / LAST).net.trunk.state_dict()
    assert torch.equal(before["layer3.0.conv1.weight"], after["layer3.0.conv1.weight"])  # frozen
    moved = (before["layer4.2.conv3.weight"] - after["layer4.2.conv3.weight"]).abs().mean()
    assert 0 < moved < 0.1 * before["layer4.2.conv3.weight"].abs().mean()
    assert read_run(whole)["weights"] == LAST


def test_a_run_on_whole_pictures_has_no_patches_to_judge(place: Path, whole: Path) -> None:
    cache = GridCache(place / "cache")
    with pytest.raises(DataError, match="evaluate images"):
        predict_patches(load_checkpoint(whole / LAST), cache, read_run(whole)["validation"])


def trained(place: Path) -> CamNet:
    net = load_checkpoint(place / "run" / LAST).net
    assert isinstance(net, CamNet)
    return net.eval()


def test_the_bundle_gives_what_torch_gives(place: Path, bundle: Path) -> None:
    found = verify(bundle, place / "run")
    assert found.passed, found


def test_verify_sees_another_network(place: Path, bundle: Path, tmp_path: Path) -> None:
    stored = torch.load(place / "run" / LAST, weights_only=True)
    name = "net.trunk.layer4.2.conv3.weight"
    stored["state_dict"][name] = stored["state_dict"][name] * 1.2
    torch.save(stored, tmp_path / LAST)
    assert not verify(bundle, tmp_path).passed


def test_weights_are_stored_in_half_precision(place: Path, bundle: Path) -> None:
    net = trained(place)
    parameters = sum(p.numel() for p in fold_and_round(net).parameters())
    assert (bundle / "model.onnx").stat().st_size < 2.1 * parameters


def test_folding_changes_the_map_by_rounding_alone(place: Path) -> None:
    net = trained(place)
    image = torch.rand(1, 1, 160, 96)
    with torch.no_grad():
        before, after = net(image)[0], fold_and_round(net)(image)[0]
    assert float((before - after).abs().max()) < 0.02 * float(np.ptp(before.numpy()))


def test_figures_card_and_calibration(place: Path, bundle: Path, quick_recipe: Recipe) -> None:
    session = Session.open(open_bundle(bundle), device="cpu")
    images = read_coco(place / "data")
    detected = detect(session, images, quick_recipe.data)
    document = evaluate(detected, session.manifest)
    assert document["images"] == document["lesions"] == 30
    assert document["froc"]["sensitivity_at"]["4"] > 0.8  # bright discs are easy
    assert document["pointing_game"] > 0.8
    assert expected_calibration_error(scored(detected, "mass")) < 0.3
    before = open_bundle(bundle)
    after = rewrite_card(
        bundle, recipe=quick_recipe, validation=document, measured=Measured(test=document)
    )
    card = (bundle / "CARD.md").read_text()
    assert "Research use only" in card
    assert f"{document['pointing_game']:.2f}" in card
    assert after.network == before.network


def test_a_network_that_finds_nothing_is_not_calibrated() -> None:
    with pytest.raises(DataError, match="at least ten"):
        calibrate([], "mass")


def test_a_checkpoint_with_a_weight_that_is_no_number_is_refused(
    place: Path, tmp_path: Path
) -> None:
    """As where a statistic was squeezed into float16 on its way between machines."""
    stored = torch.load(place / "run" / LAST, weights_only=True)
    stored["state_dict"]["net.trunk.bn1.running_var"][3] = float("inf")
    torch.save(stored, tmp_path / LAST)
    with pytest.raises(ModelError, match=r"net\.trunk\.bn1\.running_var holds values"):
        load_checkpoint(tmp_path / LAST)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"no")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_checkpoint(tmp_path / LAST)
