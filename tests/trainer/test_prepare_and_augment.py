from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mammoview.domain.geometry import ImageBox, PixelSpacing
from mammoview.errors import DataError
from mammoview.modelkit.preprocess import to_grid
from tests.builders.pictures import build_pictures
from trainer.augment import Collate, EpochOrder, PatchSet, PatchStore, sample_patches, toned
from trainer.cache import INDEX, GridCache
from trainer.coco import read_coco
from trainer.draw import IGNORED, cut_size, ellipse_distance
from trainer.pictures import read_picture
from trainer.prepare import prepare
from trainer.recipe import Recipe
from trainer.sources import read_labelled

STRIDE = 32
CPU = torch.device("cpu")


def prepared(folder: Path, recipe: Recipe, *, people: int = 6) -> GridCache:
    images = read_labelled(build_pictures(folder / "data", people=people))
    report = prepare(images, recipe=recipe, out=folder / "cache", source="made", workers=1)
    assert report.records == people
    assert not report.refused
    return GridCache(folder / "cache")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> GridCache:
    return prepared(tmp_path_factory.mktemp("prepared"), recipe)


@pytest.fixture(scope="module")
def roi_recipe(recipe: Recipe) -> Recipe:
    """The paper's kind of patch: a square around a lesion, turned, one label."""
    return replace(
        recipe,
        network=replace(recipe.network, classes=("calcification", "mass"), background=""),
        patches=replace(
            recipe.patches,
            sampling="roi",
            supervision="patch",
            lesion_share=1.0,
            size_px=64,
            centre_jitter_px=0.0,
        ),
    )


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory, roi_recipe: Recipe) -> GridCache:
    return prepared(tmp_path_factory.mktemp("squares"), roi_recipe)


def test_a_spacing_that_the_source_knows_goes_before_the_recipes(
    tmp_path: Path, recipe: Recipe, cache: GridCache
) -> None:
    assumed = read_picture(read_labelled(cache.folder.parent / "data")[0].file, recipe.data)
    assert assumed.spacing is not None
    half = PixelSpacing(
        row_mm=assumed.spacing.row_mm / 2, col_mm=assumed.spacing.col_mm / 2, source="test"
    )
    image = replace(read_labelled(cache.folder.parent / "data")[0], spacing=half)
    prepare([image], recipe=recipe, out=tmp_path / "cache", source="made", workers=1)
    (record,) = GridCache(tmp_path / "cache").records
    as_assumed = next(r for r in cache.records if r.name == record.name)
    assert record.rows < 0.7 * as_assumed.rows


def patches(cache: GridCache, recipe: Recipe, per_lesion: int = 3, **changes: object) -> PatchSet:
    changed = replace(recipe, patches=replace(recipe.patches, **changes))  # type: ignore[arg-type]
    return PatchSet(
        cache,
        range(len(cache.records)),
        recipe=replace(changed, seed=5),
        per_lesion=per_lesion,
        stride_px=STRIDE,
    )


def image_of(drawn: PatchSet, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    number, affine, tone, *_, labels = drawn[index]
    store = PatchStore(drawn.cache, CPU)
    size = drawn.recipe.patches.size_px
    image = store.patches(number[None], affine[None], (size, size))
    return toned(image, tone[None])[0, 0], labels


def test_the_cache_holds_what_the_viewer_would_show_the_network(
    cache: GridCache, recipe: Recipe, tmp_path: Path
) -> None:
    image = read_coco(build_pictures(tmp_path, people=6))[4]
    picture = read_picture(image.file, recipe.data)
    grid = to_grid(picture.values, spacing=picture.spacing, spec=recipe.preprocessing)
    record = next(r for r in cache.records if r.name == image.file.name)
    assert np.array_equal(cache.grid(record), grid.pixels)


def test_lesions_lie_on_the_grid_where_the_picture_is_bright(cache: GridCache) -> None:
    for record in cache.records:
        box = record.lesions[0].box
        bright = np.argwhere(cache.grid(record) > 200) + 0.5
        assert bright[:, 0].min() == pytest.approx(box.row0, abs=3)
        assert bright[:, 0].max() == pytest.approx(box.row1, abs=3)
        assert bright[:, 1].min() == pytest.approx(box.col0, abs=3)
        assert bright[:, 1].max() == pytest.approx(box.col1, abs=3)


def test_cell_labels_follow_the_lesion_through_every_turn(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, lesion_share=1.0)
    seen = 0
    for index in range(len(drawn)):
        image, labels = image_of(drawn, index)
        gain = float(drawn[index][2][0])
        cells = image.reshape(labels.shape[0], STRIDE, labels.shape[1], STRIDE)
        share = (cells > 0.6 * gain).float().mean(dim=(1, 3))
        middle = cells[:, 14:18, :, 14:18].mean(dim=(1, 3)) > 0.6 * gain
        lesion, air = labels == 1, labels == 0
        assert bool(middle[lesion & (share > 0.02)].float().mean() > 0.9)
        assert float(share[air].max()) < 0.25
        seen += int(lesion.sum())
    assert seen > 3 * len(drawn)


def test_a_speck_has_a_cell_wherever_it_lies() -> None:
    """Where four cells meet, their middles are half a cell's diagonal away."""
    affine = np.array([[128.0, 0.0, 128.0], [0.0, 96.0, 96.0]])
    for col, row in ((64.0, 64.0), (80.0, 64.0), (80.0, 80.0), (71.3, 66.6)):
        speck = ImageBox(col0=col - 1, row0=row - 1, col1=col + 1, row1=row + 1)
        near = ellipse_distance(speck, affine, (192, 256), stride_px=STRIDE) <= 1.0
        assert 1 <= near.sum() <= 4


def whole(cache: GridCache, recipe: Recipe, **changes: object) -> PatchSet:
    """Whole pictures in frames."""
    return patches(cache, recipe, 2, sampling="whole", size_px=1088, **changes)


def test_a_whole_picture_is_a_sample_however_many_lesions_it_has(
    cache: GridCache, recipe: Recipe
) -> None:
    drawn = whole(cache, recipe)
    assert len(drawn) == 2 * len(cache.records)
    assert sum(drawn.class_counts().values()) == sum(len(r.lesions) for r in cache.records)


def test_cell_labels_follow_the_lesion_in_frames_and_through_their_padding(
    cache: GridCache, recipe: Recipe
) -> None:
    drawn = whole(cache, recipe, gain_jitter=0.0)
    store = PatchStore(cache, CPU)
    order = EpochOrder(len(drawn), batch_size=4, seed=1, epoch=lambda: 0, areas=drawn.areas())
    taken = list(order)
    collate = Collate(store, STRIDE, of_shapes=True)
    seen, padding = 0, 0
    for start in range(0, len(taken), 4):
        image, labels = collate([drawn[index] for index in taken[start : start + 4]])
        assert image.shape[2] == labels.shape[1] * STRIDE
        assert image.shape[3] == labels.shape[2] * STRIDE
        cells = image.reshape(4, labels.shape[1], STRIDE, labels.shape[2], STRIDE)
        bright = (cells > 0.6).float().mean(dim=(2, 4))
        middle = (cells[:, :, 14:18, :, 14:18] > 0.6).float().mean(dim=(2, 4))
        lesion = labels == 1
        assert float(middle[lesion & (bright > 0.02)].mean()) > 0.9
        assert float(bright[labels == 0].max()) < 0.25
        seen += int(lesion.sum())
        padding += sum(int(bool((one == IGNORED)[-1].all())) for one in labels)
    assert seen > 3 * len(drawn)
    assert padding > 0  # else nothing was padded here


def test_a_picture_that_lies_one_way_is_never_mirrored(cache: GridCache, recipe: Recipe) -> None:
    """The sign of each axis of a frame against the picture's own, little rotation aside."""

    def signs(sampling: str) -> set[tuple[bool, bool]]:
        drawn = patches(cache, recipe, 8, sampling=sampling, size_px=1088, rotation_degrees=5.0)
        affines = [drawn[index][1] for index in range(len(drawn))]
        return {(float(a[0, 0]) > 0, float(a[1, 1]) > 0) for a in affines}

    assert signs("laid") == {(True, True)}
    assert len(signs("whole")) == 4


def test_a_frame_no_larger_than_asked_holds_a_part(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, 3, sampling="whole", size_px=320)
    shapes = {tuple(drawn[index][-1].shape) for index in range(len(drawn))}
    assert max(max(shape) for shape in shapes) == 320 // STRIDE


def test_batches_of_frames_hold_neighbours_in_size(cache: GridCache) -> None:
    areas = list(range(0, 6400, 100))
    order = EpochOrder(64, batch_size=4, seed=3, epoch=lambda: 2, areas=areas)
    taken = list(order)
    assert sorted(taken) == list(range(128, 192))
    batches = np.array(taken).reshape(-1, 4) - 128
    assert np.ptp(batches, axis=1).max() == 3
    assert list(batches[:, 0]) != sorted(batches[:, 0])
    shared = [
        list(EpochOrder(64, batch_size=4, seed=3, epoch=lambda: 2, rank=r, world=2, areas=areas))
        for r in range(2)
    ]
    together = np.stack([np.array(part).reshape(-1, 2) for part in shared], axis=1)
    assert together.ravel().tolist() == taken


def test_a_patch_depends_on_seed_epoch_and_sample_alone(cache: GridCache, recipe: Recipe) -> None:
    first, again = patches(cache, recipe), patches(cache, recipe)
    for one, other in zip(first[7], again[7], strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(first[7][1], again[len(again) + 7][1])


def order(
    samples: int, epoch: int = 0, *, batch_size: int, rank: int = 0, world: int = 1
) -> list[int]:
    drawn = EpochOrder(
        samples, seed=3, epoch=lambda: epoch, batch_size=batch_size, rank=rank, world=world
    )
    return list(drawn)


def test_each_epoch_has_an_order_of_its_own() -> None:
    first, third = order(50, batch_size=5), order(50, 2, batch_size=5)
    assert sorted(first) == list(range(50))
    assert sorted(third) == list(range(100, 150))
    assert [index % 50 for index in third] != first


def test_processes_share_out_the_very_batches_of_one() -> None:
    alone = order(50, batch_size=8)
    shared = [order(50, batch_size=8, rank=rank, world=4) for rank in range(4)]
    assert len(alone) == 48
    for batch in range(6):
        together = [i for part in shared for i in part[2 * batch : 2 * batch + 2]]
        assert together == alone[8 * batch : 8 * batch + 8]


def test_a_batch_that_cannot_be_shared_or_filled_is_refused() -> None:
    with pytest.raises(DataError, match="over 3 processes"):
        order(50, batch_size=8, world=3)
    with pytest.raises(DataError, match="7 patches to train on"):
        order(7, batch_size=8)


def test_sampling_is_plain_bilinear_interpolation() -> None:
    """Against torch's own grid sampler, on two grids of different shape in one store."""
    rng = np.random.default_rng(4)
    grids = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((40, 30), (25, 50))]
    pixels = torch.from_numpy(np.concatenate([g.ravel() for g in grids]))
    where = torch.tensor([[0, 40, 30], [1200, 25, 50]])
    turn = torch.tensor([[9.0, -4.0, 14.0], [4.0, 9.0, 17.0]])
    got = sample_patches(pixels, where, turn.expand(2, 2, 3), (16, 16))
    at = (torch.arange(16) + 0.5) / 8 - 1
    y, x = torch.meshgrid(at, at, indexing="ij")
    for number, grid in enumerate(grids):
        col, row = (turn[i, 0] * x + turn[i, 1] * y + turn[i, 2] for i in (0, 1))
        rows, cols = grid.shape
        normalised = torch.stack([col / cols * 2 - 1, row / rows * 2 - 1], -1)[None]
        image = torch.from_numpy(grid).float()[None, None] / 255
        want = torch.nn.functional.grid_sample(image, normalised, align_corners=False)
        assert torch.allclose(got[number], want[0], atol=1e-5)


def test_every_shard_gives_its_own_pixels(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, per_lesion=0, size_px=64)
    for index, (number, place) in enumerate(drawn.items):
        record = cache.records[number]
        middle = record.lesions[place].box.centre()
        row, col = round(middle.row), round(middle.col)
        want = cache.grid(record)[row - 4 : row + 4, col - 4 : col + 4].mean() / 255
        assert float(image_of(drawn, index)[0][28:36, 28:36].mean()) == pytest.approx(
            want, abs=0.02
        )


def test_pixels_held_on_a_device_give_the_same_patches(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a GPU: all shards in one tensor, sampled after the draws have arrived."""
    monkeypatch.setattr("trainer.prepare._IMAGES_PER_SHARD", 2)
    drawn = patches(prepared(tmp_path, recipe), recipe, size_px=96)
    assert len(drawn.cache.shards) == 3
    items = [drawn[index] for index in range(len(drawn))]
    mapped = Collate(PatchStore(drawn.cache, CPU), 96)
    monkeypatch.setattr("trainer.augment._fits", lambda size, device: True)
    held = Collate(PatchStore(drawn.cache, CPU), 96)
    assert held.store.is_resident
    assert not mapped.store.is_resident
    batch = held(items)
    assert len(batch) == 7  # draws, no pixels yet
    for one, other in zip(mapped(items), held.finish(batch), strict=True):
        assert torch.equal(one, other)


def test_a_square_just_holds_its_lesion(squares: GridCache, roi_recipe: Recipe) -> None:
    for record in squares.records:
        lesion = record.lesions[0]
        assert record.rows == record.cols == cut_size(roi_recipe.patches)
        box = lesion.box
        # Wide in pixels as it is, its longer side in mm fills the patch.
        assert max(box.row1 - box.row0, box.col1 - box.col0) == pytest.approx(64, abs=0.1)
        assert box.centre().row == pytest.approx(record.rows / 2, abs=0.1)
        assert lesion.width_px == pytest.approx(lesion.height_px)
        # A bright disc fills pi/4 of its box, breast tissue of about a third of its grey the rest.
        assert 0.75 < lesion.mean_grey < 0.9


def test_squares_of_a_turned_patch_hold_no_invented_corner(
    squares: GridCache, roi_recipe: Recipe
) -> None:
    drawn = patches(squares, roi_recipe, per_lesion=8)
    for index in range(len(drawn)):
        number, affine, *_, label = drawn[index]
        corners = affine @ torch.tensor([[-1.0, 1, -1, 1], [-1, -1, 1, 1], [1, 1, 1, 1]])
        assert float(corners.min()) >= 0
        assert float(corners.max()) <= squares.records[int(number)].rows
        assert int(label) == 1


def test_one_label_a_patch_keeps_background_clear_of_lesions(
    cache: GridCache, recipe: Recipe
) -> None:
    drawn = patches(cache, recipe, supervision="patch", lesion_share=0.5, centre_jitter_px=10.0)
    kinds = [int(drawn[index][-1]) for index in range(len(drawn))]
    assert set(kinds) == {0, 1}


def test_ring_cells_are_not_judged(cache: GridCache, recipe: Recipe) -> None:
    drawn = patches(cache, recipe, lesion_share=1.0)
    assert any((drawn[index][-1] == IGNORED).any() for index in range(len(drawn)))


def copied(cache: GridCache, to: Path) -> Path:
    for file in cache.folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


@pytest.mark.parametrize("lacking", ["settings", "shards", "sha256"])
def test_an_index_that_lacks_a_part_is_refused(
    cache: GridCache, tmp_path: Path, lacking: str
) -> None:
    copy = copied(cache, tmp_path)
    values = json.loads((copy / INDEX).read_text())
    (copy / INDEX).write_text(json.dumps({k: v for k, v in values.items() if k != lacking}))
    with pytest.raises(DataError, match=f"no complete patch cache in .*{lacking}"):
        GridCache(copy)


def test_a_shard_cut_short_is_refused(cache: GridCache, tmp_path: Path) -> None:
    shard = copied(cache, tmp_path) / "shard-0000.bin"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"shard-0000\.bin .* cut short"):
        GridCache(tmp_path)


def test_a_changed_shard_is_found(cache: GridCache, tmp_path: Path) -> None:
    shard = copied(cache, tmp_path) / "shard-0000.bin"
    content = bytearray(shard.read_bytes())
    content[1000] ^= 1
    shard.write_bytes(content)
    with pytest.raises(DataError, match=r"shard-0000\.bin .* has been changed"):
        GridCache(tmp_path).verify()


def test_a_cache_is_not_overwritten(cache: GridCache, recipe: Recipe, tmp_path: Path) -> None:
    images = read_coco(build_pictures(tmp_path, people=1))
    with pytest.raises(DataError, match="stands in"):
        prepare(images, recipe=recipe, out=cache.folder, source="made", workers=1)


def test_a_person_under_two_names_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    """Pictures call 00001 whom an index calls P_00001: she would train and validate."""
    images = read_coco(build_pictures(tmp_path / "data", people=2))
    twin = replace(images[0], person=f"P_{images[0].person}")
    with pytest.raises(DataError, match="1 people stand there under two names"):
        prepare([*images, twin], recipe=recipe, out=tmp_path / "c", source="made", workers=1)
    assert not (tmp_path / "c").exists()


def test_a_killed_preparation_goes_on_to_the_same_cache(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.prepare._IMAGES_PER_SHARD", 2)
    whole = prepared(tmp_path / "whole", recipe)
    begun = copied(whole, _folder(tmp_path / "begun"))
    (begun / INDEX).unlink()
    (begun / "shard-0001.json").unlink()  # the bytes were written, the records not yet
    before = (begun / "shard-0002.bin").stat().st_mtime_ns
    images = read_coco(tmp_path / "whole" / "data")
    prepare(images, recipe=recipe, out=begun, source="made", workers=1)
    assert GridCache(begun).sha256 == whole.sha256
    assert (begun / "shard-0002.bin").stat().st_mtime_ns == before
    other = replace(recipe, preprocessing=replace(recipe.preprocessing, mm_per_px=0.3))
    (begun / INDEX).unlink()
    with pytest.raises(DataError, match="another recipe"):
        prepare(images, recipe=other, out=begun, source="made", workers=1)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_broken_picture_is_named_and_the_others_prepared(recipe: Recipe, tmp_path: Path) -> None:
    images = read_coco(build_pictures(tmp_path / "data", people=3))
    images[1].file.write_bytes(b"no picture")
    report = prepare(images, recipe=recipe, out=tmp_path / "cache", source="made", workers=1)
    assert report.records == 2
    assert [name for name, _ in report.refused] == [images[1].file.name]
    images[0].file.write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of 1 pictures"):
        prepare(images[:1], recipe=recipe, out=tmp_path / "none", source="made", workers=1)
