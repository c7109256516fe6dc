from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from mammoview.errors import ModelError, SettingsError
from trainer.backbones import STRIDE_PX, CamNet, halo_px, load_trunk_weights
from trainer.recipe import Recipe


@pytest.fixture(scope="module")
def net(recipe: Recipe) -> CamNet:
    torch.manual_seed(1)
    return CamNet(recipe.network).eval()


def test_logits_are_the_spatial_mean_of_the_map(net: CamNet) -> None:
    with torch.no_grad():
        cam, logits = net(torch.rand(2, 1, 96, 160))
    assert cam.shape == (2, 2, 3, 5)
    torch.testing.assert_close(cam.mean(dim=(2, 3)), logits)


def test_the_halo_is_derived_from_the_layers(net: CamNet, recipe: Recipe) -> None:
    """256 with the original strides, and 224 with the stride in the 3x3 (the reference)."""
    assert halo_px(net) == 256
    assert halo_px(CamNet(replace(recipe.network, backbone="resnet50"))) == 224


def test_the_halo_holds_everything_a_cell_sees(net: CamNet) -> None:
    """Pixels beyond it change nothing; some pixel just within half the field does."""
    size, cell = 30 * STRIDE_PX, 15
    image = torch.rand(1, 1, STRIDE_PX, size)
    far = image.clone()
    reach = halo_px(net)
    far[..., : cell * STRIDE_PX - reach] = 0
    far[..., (cell + 1) * STRIDE_PX + reach :] = 0
    near = image.clone()
    near[..., cell * STRIDE_PX - 64 : cell * STRIDE_PX - 32] = 0
    with torch.no_grad():
        maps = [net(x)[0][0, 0, 0, cell] for x in (image, far, near)]
    assert float(abs(maps[0] - maps[1])) < 1e-6 < float(abs(maps[0] - maps[2]))


def test_batch_normalisation_never_learns_and_frozen_parts_stay(recipe: Recipe) -> None:
    net = CamNet(recipe.network).train()
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(m.training for m in norms)
    learns = {n for n, p in net.trunk.named_parameters() if p.requires_grad}
    assert learns
    assert not {n for n in learns if n.split(".")[0] in recipe.network.frozen}


def test_real_weights_load_strictly(recipe: Recipe, mammoview_data: Path) -> None:
    file = mammoview_data / "weights" / "resnet50-v1-imagenet.safetensors"
    net = CamNet(recipe.network)
    before = net.trunk.get_submodule("layer4")[2].conv3.weight.clone()  # type: ignore[index]
    assert len(load_trunk_weights(net, file)) == 64
    after = net.trunk.get_submodule("layer4")[2].conv3.weight  # type: ignore[index]
    assert not torch.equal(before, after)


def test_weights_of_another_network_are_refused(recipe: Recipe, mammoview_data: Path) -> None:
    file = mammoview_data / "weights" / "alexnet-features-imagenet.safetensors"
    with pytest.raises(ModelError, match="do not fit"):
        load_trunk_weights(CamNet(recipe.network), file)


def test_an_unknown_backbone_is_refused(recipe: Recipe) -> None:
    with pytest.raises(SettingsError, match="resnet51"):
        CamNet(replace(recipe.network, backbone="resnet51"))
