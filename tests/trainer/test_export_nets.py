"""Every net with a map, as a bundle: the same map in ONNX Runtime, whole or in tiles."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
from torch import nn

from mammoview.domain.geometry import Affine2D
from mammoview.errors import DataError, ModelError
from mammoview.imaging.tiling import plan_tiles
from mammoview.inference.cam import heatmaps
from mammoview.modelkit.manifest import MapGeometry
from mammoview.modelkit.shipped import shipped_root
from trainer.backbones import CamNet
from trainer.classifier import PatchClassifier
from trainer.export import (
    ExportOptions,
    draft_of,
    map_geometry,
    mapping_network,
    open_draft,
    trained_on,
    validation_images,
)
from trainer.labelled import LabelledImage
from trainer.onnx_graph import fold_and_round, to_onnx
from trainer.parity import ARITHMETIC_TOLERANCE, compare, torch_network
from trainer.recipe import Recipe, read_recipe

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# One of each make: the others have more of the same blocks.
NETS = ("alexnet", "vgg16", "googlenet", "resnet18", "resnet50-original-strides")
OPTIONS = ExportOptions(out=Path("unused"), name="made", version="1.0", overwrite=False)
Array = NDArray[np.float32]


@cache
def paper_recipe(backbone: str) -> Recipe:
    """The paper's two classes, without one for healthy tissue."""
    recipe = read_recipe(shipped_root() / "recipes" / "xi2018-resnet50.toml")
    return replace(recipe, network=replace(recipe.network, backbone=backbone))


@cache
def module(backbone: str) -> PatchClassifier:
    """A network whose batch normalisation has something to fold, and whose map is not flat."""
    torch.manual_seed(1)
    made = PatchClassifier(paper_recipe(backbone), weights_sha256="none", cache_sha256="none")
    for part in made.net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.get_buffer("running_mean").normal_(0.0, 0.2)
            part.get_buffer("running_var").uniform_(0.5, 1.5)
            nn.init.uniform_(part.weight, 0.5, 1.2)
            nn.init.normal_(part.bias, 0.0, 0.1)
    nn.init.normal_(made.net.head_parameters()[1], 0.0, 1.0)
    return made.eval()


@cache
def exported(backbone: str) -> tuple[CamNet, CamNet, bytes]:
    trained = mapping_network(module(backbone))
    folded = fold_and_round(trained)
    return trained, folded, to_onnx(folded)


@cache
def runtime(backbone: str) -> InferenceSession:
    return InferenceSession(exported(backbone)[2], providers=["CPUExecutionProvider"])


def run(backbone: str, image: Array) -> tuple[Array, Array]:
    cam, logits = runtime(backbone).run(["cam", "logits"], {"image": image})
    return np.asarray(cam, np.float32), np.asarray(logits, np.float32)


def picture(rows: int, cols: int, n: int = 1) -> Array:
    return np.random.default_rng(rows).random((n, 1, rows, cols), np.float32)


@pytest.mark.parametrize("backbone", NETS)
def test_onnx_runtime_gives_what_torch_gives(backbone: str) -> None:
    trained, folded, _ = exported(backbone)
    for rows, cols in ((97, 131), (128, 96)):
        image = picture(rows, cols)
        cam, logits = run(backbone, image)
        scale = float(np.ptp(cam))
        wanted, wanted_logits = torch_network(folded)(image)
        assert np.abs(cam[0] - wanted).max() < ARITHMETIC_TOLERANCE * scale
        assert np.abs(logits[0] - wanted_logits).max() < ARITHMETIC_TOLERANCE * scale
        original, _ = torch_network(trained)(image)
        assert np.abs(wanted - original).max() < 0.02 * scale  # folded, rounded to float16


@pytest.mark.parametrize("backbone", NETS)
def test_the_graph_is_folded_halved_and_of_any_size(backbone: str) -> None:
    trained, _, content = exported(backbone)
    graph = onnx.load_from_string(content).graph
    assert not [n.name for n in graph.node if n.op_type == "BatchNormalization"]
    large = [w for w in graph.initializer if np.prod(w.dims) >= 4096]
    assert large
    assert {w.data_type for w in large} == {onnx.TensorProto.FLOAT16}
    assert len(content) < 2.2 * sum(p.numel() for p in trained.parameters())
    both, single = run(backbone, picture(80, 99, n=3)), run(backbone, picture(80, 99, n=3)[1:2])
    assert both[0].shape[:2] == (3, 3)
    np.testing.assert_allclose(both[0][1], single[0][0], atol=1e-4 * float(np.ptp(both[0])))


def test_a_normalisation_without_a_convolution_before_it_is_not_exported() -> None:
    net = CamNet(paper_recipe("resnet18").network)
    net.trunk.add_module("late", nn.BatchNorm2d(512))
    with pytest.raises(ValueError, match="no convolution"):
        fold_and_round(net)


def in_tiles(backbone: str, image: Array, tile_px: int, geometry: MapGeometry) -> Array:
    """Run tile by tile as the viewer does, the map as large as the network makes it."""
    stride = geometry.stride_px
    shape = (image.shape[2], image.shape[3])
    tiles = plan_tiles(shape, tile_px=tile_px, halo_px=geometry.halo_px, stride_px=stride)
    assert len(tiles) > 2
    whole = np.full((3, *(-(-side // stride) for side in shape)), np.nan, np.float32)
    ends = [0, 0]
    for tile in tiles:
        r, c = tile.rows, tile.cols
        cam = run(backbone, image[:, :, r.start_px : r.stop_px, c.start_px : c.stop_px])[0][0]
        top, left = r.start_px // stride, c.start_px // stride
        kept = cam[:, r.cell0 - top : r.cell1 - top, c.cell0 - left : c.cell1 - left]
        if kept.size:  # the last cells of the plan may be a rest that the pools leave out
            rows, cols = r.cell0 + kept.shape[1], c.cell0 + kept.shape[2]
            whole[:, r.cell0 : rows, c.cell0 : cols] = kept
            ends = [max(ends[0], rows), max(ends[1], cols)]
    return whole[:, : ends[0], : ends[1]]


@pytest.mark.parametrize("rest", [0, 3, -15])
@pytest.mark.parametrize("backbone", NETS)
def test_tiles_give_the_map_of_one_pass_bit_for_bit(backbone: str, rest: int) -> None:
    geometry = map_geometry(paper_recipe(backbone), exported(backbone)[0])
    tile = 4 * geometry.stride_px
    rows = tile * 2 + 2 * geometry.halo_px + geometry.stride_px + rest
    image = picture(rows, 64 + abs(rest))
    whole = run(backbone, image)[0][0]
    np.testing.assert_array_equal(in_tiles(backbone, image, tile, geometry), whole)


@pytest.mark.parametrize("backbone", ["alexnet", "googlenet"])
def test_tiles_with_half_the_halo_differ(backbone: str) -> None:
    """So the test above would see a halo that is too short."""
    geometry = map_geometry(paper_recipe(backbone), exported(backbone)[0])
    tile = 4 * geometry.stride_px
    image = picture(tile * 2 + 2 * geometry.halo_px + geometry.stride_px, 64)
    short = replace(geometry, halo_px=geometry.halo_px // 2)
    whole = run(backbone, image)[0][0]
    assert not np.array_equal(in_tiles(backbone, image, tile, short), whole)


@pytest.mark.parametrize(
    ("backbone", "stride", "offset", "halo"),
    [
        ("alexnet", 16, 15.5, 96),
        ("vgg16", 16, 8.0, 96),
        ("googlenet", 32, 22.5, 192),
        ("resnet18", 32, 0.5, 224),
        ("resnet50-original-strides", 32, 0.5, 256),
    ],
)
def test_the_layers_or_the_label_grid_place_the_cells(
    backbone: str, stride: int, offset: float, halo: int
) -> None:
    net, recipe = exported(backbone)[0], paper_recipe(backbone)
    assert map_geometry(recipe, net) == MapGeometry(
        stride_px=stride, offset_px=offset, halo_px=halo
    )
    cells = replace(recipe, patches=replace(recipe.patches, supervision="cells"))
    assert map_geometry(cells, net).offset_px == stride / 2


def test_without_a_class_for_healthy_tissue_the_margin_is_the_map(tmp_path: Path) -> None:
    """Session, golden vectors and manifest as the viewer takes them; the paper's two classes."""
    draft = draft_of(module("alexnet"), "made pictures", OPTIONS)
    session = open_draft(draft, tmp_path)
    assert draft.manifest.classes == ("calcification", "mass", "background")
    assert draft.manifest.findings == ("calcification", "mass")
    image = picture(97, 131)
    cam, _ = session.run(image)
    raw, _ = torch_network(module("alexnet").net.eval())(image)  # type: ignore[arg-type]
    assert not cam[2].any()
    np.testing.assert_allclose(cam[:2], raw, atol=0.02 * float(np.ptp(raw)))
    same = Affine2D.scale_translate(col_scale=1.0, row_scale=1.0, col0=0.0, row0=0.0)
    mass = heatmaps(cam, manifest=draft.manifest, grid_to_image=same)[1]
    np.testing.assert_allclose(mass.values, 1.0 / (1.0 + np.exp(-cam[1])), rtol=1e-4)
    assert "no patches of healthy tissue" in trained_on(
        {"data": "made pictures", "weights": "none"}, paper_recipe("alexnet")
    )


def test_another_network_in_the_bundle_is_seen(tmp_path: Path) -> None:
    draft = draft_of(module("alexnet"), "made pictures", OPTIONS)
    session = open_draft(draft, tmp_path)
    other = mapping_network(module("alexnet"))
    with torch.no_grad():
        other.trunk.get_parameter("features.10.weight").mul_(1.5)
    found = compare(session, trained=other, exported=fold_and_round(other))
    assert found.arithmetic > ARITHMETIC_TOLERANCE
    assert not found.passed
    two = module("alexnet").net
    assert isinstance(two, CamNet)
    with pytest.raises(ModelError, match="as the trained network gives"):
        compare(session, trained=two, exported=fold_and_round(two))


def test_a_graph_that_parts_from_torch_is_not_opened(tmp_path: Path) -> None:
    draft = draft_of(module("alexnet"), "made pictures", OPTIONS)
    with pytest.raises(ModelError, match="of the map's range"):
        open_draft(replace(draft, onnx=_with_another_bias(draft.onnx)), tmp_path)


def _with_another_bias(content: bytes) -> bytes:
    model: Any = onnx.load_from_string(content)
    for weight in model.graph.initializer:
        if weight.name == "head.bias":
            values = onnx.numpy_helper.to_array(weight) + np.float32(0.1)
            weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    return bytes(model.SerializeToString())


def test_classes_by_pathology_are_refused() -> None:
    recipe = paper_recipe("resnet18")
    patches = replace(recipe.patches, labels="kind-pathology")
    made = PatchClassifier(
        replace(recipe, patches=patches), weights_sha256="none", cache_sha256="none"
    )
    with pytest.raises(ModelError, match="which it is not"):
        mapping_network(made)


def test_a_network_without_a_map_is_refused() -> None:
    recipe = paper_recipe("alexnet")
    kept = replace(recipe, network=replace(recipe.network, cam=False))
    made = PatchClassifier(kept, weights_sha256="none", cache_sha256="none")
    with pytest.raises(ModelError, match="has no map") as refusal:
        mapping_network(made)
    assert "cam = true" in refusal.value.todo


def test_calibration_keeps_to_people_never_trained_on(labelled: tuple[LabelledImage, ...]) -> None:
    first, second, third = labelled[:3]
    ids = [item.lesions[0].lesion_id for item in (first, second, third)]
    described = {"training": [ids[0]], "validation": [ids[1], ids[2]]}
    kept = validation_images(described, [first, second, replace(third, person=first.person)])
    assert [item.person for item in kept] == [second.person]
    known = [replace(item, person=first.person) for item in (second, third)]
    with pytest.raises(DataError, match="split by person"):
        validation_images(described, [first, *known])
    with pytest.raises(DataError, match=r"1 validation lesions .* not in the data"):
        validation_images(described, [first, second])


def test_a_person_trained_on_is_known_by_either_way(labelled: tuple[LabelledImage, ...]) -> None:
    first, second = labelled[:2]
    held = second.lesions[0].lesion_id
    by_name = {"training": [f"{second.person}_LEFT_CC_1"], "validation": [held]}
    with pytest.raises(DataError, match="split by person"):  # that picture is not in the data
        validation_images(by_name, [first, second])
    lesion = replace(first.lesions[0], lesion_id="P12_L_CM_CC_mass_1")  # as CDD-CESM names them
    other = replace(first, person=second.person, lesions=(lesion,))
    by_lesion = {"training": [lesion.lesion_id], "validation": [held]}
    with pytest.raises(DataError, match="split by person"):
        validation_images(by_lesion, [other, second])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[LabelledImage, ...]:
    from tests.builders.pictures import build_pictures
    from trainer.coco import read_coco

    return read_coco(build_pictures(tmp_path_factory.mktemp("data"), people=3))
