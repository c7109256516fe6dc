from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mammoview.errors import DataError, MissingPartError, ModelError, SettingsError
from trainer.backbones import (
    BACKBONES,
    CamNet,
    PatchNet,
    build_network,
    geometry,
    load_imagenet,
    load_weights,
    map_side,
)
from trainer.recipe import NetworkRecipe

# Cell 0's centre in pixel indices, as the reference has it; the map's own coordinate is half a
# pixel more (origin at the outer corner).  Halo: what the layers give, in whole cells.
STRIDE_CENTRE_HALO = {
    "alexnet": (16, 15.0, 96),
    "vgg16": (16, 7.5, 96),
    "vgg19": (16, 7.5, 128),
    "googlenet": (32, 22.0, 192),
    "resnet18": (32, 0.0, 224),
    "resnet34": (32, 0.0, 480),
    "resnet50": (32, 0.0, 224),
    "resnet101": (32, 0.0, 512),
    "resnet152": (32, 0.0, 736),
    "resnet50-original-strides": (32, 0.0, 256),
    "resnet50-original-strides-fine": (16, 0.0, 256),
}


def network(backbone: str, **changes: object) -> NetworkRecipe:
    given = NetworkRecipe(
        backbone=backbone,
        cam=True,
        classes=("calcification", "mass"),
        background="",
        mean=0.449,
        std=0.226,
        frozen=(),
        batch_norm="frozen",
        smoothing_cells=0.0,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


@cache
def cam_net(backbone: str) -> CamNet:
    torch.manual_seed(1)
    net = build_network(network(backbone))
    assert isinstance(net, CamNet)
    return net.eval()


def test_the_map_is_smoothed_when_it_is_read_and_not_in_training() -> None:
    torch.manual_seed(3)
    plain = build_network(network("resnet18")).eval()
    smooth = build_network(network("resnet18", smoothing_cells=1.0)).eval()
    assert isinstance(plain, CamNet)
    assert isinstance(smooth, CamNet)
    smooth.load_state_dict(plain.state_dict())  # nothing of it is learnt
    image = torch.rand(1, 1, 256, 192)
    with torch.no_grad():
        raw, _ = plain(image)
        cam, logits = smooth(image)
        padded = nn.functional.pad(raw, [2] * 4, mode="replicate")
        weight = torch.exp(-0.5 * torch.arange(-2.0, 3.0) ** 2)
        weight /= weight.sum()
        rows = sum(w * padded[:, :, i : i + 8] for i, w in enumerate(weight))
        wanted = sum(w * rows[..., i : i + 6] for i, w in enumerate(weight))
        assert torch.allclose(cam, wanted, atol=1e-5)
        assert torch.allclose(logits, cam.mean(dim=(2, 3)))
        assert torch.equal(smooth.train()(image)[0], raw)
    assert geometry(smooth).halo_px == geometry(plain).halo_px + 64


def test_the_table_holds_every_backbone() -> None:
    assert tuple(STRIDE_CENTRE_HALO) == BACKBONES


@pytest.mark.parametrize("backbone", BACKBONES)
def test_logits_are_the_spatial_mean_of_the_map(backbone: str) -> None:
    net, image = cam_net(backbone), torch.rand(2, 1, 96, 161)
    with torch.no_grad():
        cam, logits = net(image)
        torch.testing.assert_close(net.logits(image), logits)
    assert cam.shape[:2] == (2, 2)
    assert cam.shape[3] == map_side(net, 161)
    torch.testing.assert_close(cam.mean(dim=(2, 3)), logits)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_geometry_is_derived_from_the_layers(backbone: str) -> None:
    stride, centre, halo = STRIDE_CENTRE_HALO[backbone]
    found = geometry(cam_net(backbone))
    assert (found.stride_px, found.offset_px, found.halo_px) == (stride, centre + 0.5, halo)


@pytest.mark.parametrize("backbone", [b for b in BACKBONES if b not in ("resnet101", "resnet152")])
def test_a_cell_sees_what_its_geometry_says(backbone: str) -> None:
    """Gradients of the scores in a cell with respect to the pixels: their extent and middle.

    Positive weights, so that nothing cancels; all pools averaging, so that no pixel loses.
    """
    expected = geometry(cam_net(backbone))
    stride, cell = expected.stride_px, expected.halo_px // expected.stride_px + 1
    size = (2 * cell + 1) * stride + 64
    width = 64 if backbone == "alexnet" else 32
    rows = _rows_seen(_that_shows_all(backbone), (size, width), cell)
    first, last = int(rows[0]), int(rows[-1])
    assert (first + last + 1) / 2 == expected.offset_px + stride * cell
    assert stride * cell - expected.halo_px <= first
    assert last < stride * (cell + 1) + expected.halo_px
    short = expected.halo_px - stride  # one cell less would not do
    assert first < stride * cell - short or last >= stride * (cell + 1) + short


def _rows_seen(net: CamNet, size: tuple[int, int], cell: int) -> Tensor:
    """Return the rows of pixels that move row ``cell`` of the map."""
    image = torch.rand(1, 1, *size, dtype=torch.float64, requires_grad=True)
    (moved,) = torch.autograd.grad(net(image)[0][0, 0, cell].sum(), image)
    return (moved[0, 0] != 0).any(dim=1).nonzero().flatten()


def _that_shows_all(backbone: str) -> CamNet:
    """Return the network with weights of ones over their number and averages for maxima."""
    net = CamNet(network(backbone, std=1.0, mean=0.0)).double().eval()
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(
                    child.kernel_size,
                    child.stride,
                    child.padding,
                    ceil_mode=child.ceil_mode,
                )
                setattr(module, name, pool)
            elif isinstance(child, nn.Conv2d):
                nn.init.constant_(child.weight, 1.0 / child.weight[0].numel())
    return net


def test_batch_normalisation_keeps_its_statistics_or_learns() -> None:
    frozen = CamNet(network("resnet18")).train()
    trained = CamNet(network("resnet18", batch_norm="trained", frozen=("bn1", "layer1"))).train()
    assert not any(m.training for m in _norms(frozen))
    assert {n.split(".")[0] for n, m in trained.trunk.named_modules() if m.training and n} == {
        "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"
    } - {"bn1"}  # fmt: skip
    assert not any(m.training for m in _norms(trained.trunk.get_submodule("layer1")))
    assert all(m.training for m in _norms(trained.trunk.get_submodule("layer2")))
    before = _statistics(frozen), _statistics(trained)
    for net in (frozen, trained):
        net(torch.rand(2, 1, 64, 64))
    assert torch.equal(before[0], _statistics(frozen))
    assert not torch.equal(before[1], _statistics(trained))


def _norms(net: nn.Module) -> list[nn.BatchNorm2d]:
    return [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


def _statistics(net: nn.Module) -> Tensor:
    return torch.cat([m.running_mean for m in _norms(net) if m.running_mean is not None])


def test_frozen_parts_stay_and_the_rest_learns() -> None:
    net = CamNet(network("resnet18", frozen=("conv1", "layer1")))
    learns = {id(p) for p in net.trunk_parameters()}
    for name, parameter in net.trunk.named_parameters():
        assert (id(parameter) in learns) == (name.split(".")[0] not in ("conv1", "layer1"))
    assert not learns & {id(p) for p in net.head_parameters()}
    assert {id(p) for p in net.head_parameters()} == {id(p) for p in net.head.parameters()}


def test_a_whole_frozen_trunk_runs_without_gradient() -> None:
    net = CamNet(network("resnet18", frozen=("all",), batch_norm="trained")).train()
    before = _statistics(net)
    features = net.features(torch.rand(2, 1, 64, 64))
    assert not features.requires_grad
    assert net.trunk_parameters() == ()
    scores = net.logits(torch.rand(2, 1, 64, 64)).sum()
    assert torch.autograd.grad(scores, net.head_parameters())[0].any()
    assert torch.equal(before, _statistics(net))


def test_googlenet_drops_whole_maps_in_training_alone() -> None:
    net = CamNet(network("googlenet"))
    assert net.dropout.p == 0.2
    assert all(CamNet(network(b)).dropout.p == 0.0 for b in ("alexnet", "resnet18"))


def test_alexnet_keeps_fc6_and_fc7_without_a_map() -> None:
    net = build_network(network("alexnet", cam=False))
    assert isinstance(net, PatchNet)
    linear = [m for m in net.trunk.modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(9216, 4096), (4096, 4096)]
    learns = {id(p) for p in net.trunk_parameters()}
    assert all(id(p) in learns for m in linear for p in m.parameters())
    with torch.no_grad():
        assert net.eval()(torch.rand(3, 1, 224, 224)).shape == (3, 2)
    with pytest.raises(SettingsError, match="size_px = 224"):
        net(torch.rand(1, 1, 227, 227))


def test_the_pool_that_is_left_out_changes_nothing_at_224() -> None:
    from torchvision.models import alexnet

    torch.manual_seed(1)
    whole = alexnet(weights=None).eval()
    net = PatchNet(network("alexnet", cam=False, mean=0.0, std=1.0)).eval()
    net.trunk.load_state_dict(
        {n: v for n, v in whole.state_dict().items() if not n.startswith("classifier.6.")}
    )
    image = torch.rand(1, 1, 224, 224)
    with torch.no_grad():
        features = whole.avgpool(whole.features(image.expand(-1, 3, -1, -1))).flatten(1)
        wanted = whole.classifier[:-1](features)
        torch.testing.assert_close(net.features(image), wanted)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"backbone": "resnet51"}, "resnet51"),
        ({"backbone": "resnet18", "cam": False}, "already has that shape"),
        ({"backbone": "googlenet", "cam": False}, "already has that shape"),
        ({"backbone": "resnet18", "frozen": ("layer9",)}, "layer9"),
    ],
)
def test_a_network_that_cannot_be_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        build_network(network(**changes))  # type: ignore[arg-type]


def test_the_head_is_drawn_from_torchs_seed() -> None:
    heads = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        heads.append(build_network(network("resnet18")).head.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        ("resnet50-original-strides", "resnet50-v1-imagenet"),
        ("alexnet", "alexnet-features-imagenet"),
        ("vgg16", "vgg16-features-imagenet"),
    ],
)
def test_real_weights_load_strictly(backbone: str, name: str, mammoview_data: Path) -> None:
    net = CamNet(network(backbone))
    before = [p.clone() for p in net.trunk_parameters()]
    assert len(load_weights(net, mammoview_data / "weights" / f"{name}.safetensors")) == 64
    after = net.trunk_parameters()
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert {p.dtype for p in after} == {torch.float32}


def test_convolutions_alone_are_not_enough_for_fc6_and_fc7(mammoview_data: Path) -> None:
    file = mammoview_data / "weights" / "alexnet-features-imagenet.safetensors"
    with pytest.raises(ModelError, match="convolutions alone") as refusal:
        load_weights(PatchNet(network("alexnet", cam=False)), file)
    assert "cam = true" in refusal.value.todo


def _whole_file(folder: Path, spoil: Callable[[dict[str, Tensor]], object]) -> Path:
    """Write torchvision's whole ResNet-18, in half precision, after spoiling it."""
    from torchvision.models import resnet18

    torch.manual_seed(5)
    weights = {n: v.half() for n, v in resnet18(weights=None).state_dict().items()}
    spoil(weights)
    torch.save(weights, folder / "resnet18.pth")
    return folder / "resnet18.pth"


def test_a_whole_pth_file_loads_without_its_last_layer(tmp_path: Path) -> None:
    file = _whole_file(tmp_path, lambda weights: weights.pop("bn1.num_batches_tracked"))
    net = CamNet(network("resnet18"))
    head = net.head.weight.clone()
    load_weights(net, file)
    stored = torch.load(file, weights_only=True)["layer4.1.conv2.weight"].float()
    assert torch.equal(net.trunk.state_dict()["layer4.1.conv2.weight"], stored)
    assert torch.equal(net.head.weight, head)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda w: w.pop("layer1.0.conv1.weight"), "layer1.0.conv1.weight is missing"),
        (lambda w: w.update(more=torch.zeros(1)), "more is unknown"),
        (lambda w: w.update({"conv1.weight": torch.zeros(64, 1, 7, 7)}), r"\(64, 1, 7, 7\), not"),
        (lambda w: w.update(more="text"), "'more' is no weight"),
        (lambda w: w.clear(), "no state dictionary"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    spoil: Callable[[dict[str, Tensor]], object], words: str, tmp_path: Path
) -> None:
    file = _whole_file(tmp_path, spoil)
    with pytest.raises(ModelError, match=words) as refusal:
        load_weights(CamNet(network("resnet18")), file)
    assert file.name in str(refusal.value)


@pytest.mark.parametrize("name", ["damaged.pth", "damaged.safetensors"])
def test_a_damaged_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        load_weights(CamNet(network("resnet18")), tmp_path / name)
    with pytest.raises(ModelError, match="cannot be read"):
        load_weights(CamNet(network("resnet18")), tmp_path / f"none-{name}")


def test_without_safetensors_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    with pytest.raises(MissingPartError, match="pip install safetensors"):
        load_weights(CamNet(network("resnet18")), tmp_path / "any.safetensors")


def test_torchvisions_weights_are_fetched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(url: str, place: str, prefix: str) -> None:
        fetched.append(url)
        assert prefix == "f37072fd"
        _whole_file(tmp_path, lambda _: None).rename(place)

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    net = CamNet(network("resnet18"))
    assert load_imagenet(net) == load_imagenet(net)
    assert [url.rsplit("/", 1)[1] for url in fetched] == ["resnet18-f37072fd.pth"]


def test_offline_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    with pytest.raises(DataError, match="--weights FILE"):
        load_imagenet(CamNet(network("resnet18")))
    with pytest.raises(SettingsError, match="--weights FILE"):
        load_imagenet(CamNet(network("resnet50-original-strides")))
