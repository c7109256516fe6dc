"""Places of other pictures set into a picture: where they lie, how they look, what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mammoview.domain.geometry import ImagePoint
from mammoview.errors import SettingsError
from tests.builders.pictures import build_pictures
from trainer.augment import Collate, PatchSet, PatchStore
from trainer.cache import GridCache
from trainer.draw import IGNORED
from trainer.prepare import prepare
from trainer.recipe import Recipe, read_recipe
from trainer.sources import read_labelled
from trainer.transplant import FADES_TO, WHOLE_TO, set_in

STRIDE = 32


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> GridCache:
    folder = tmp_path_factory.mktemp("transplant")
    images = read_labelled(build_pictures(folder / "data", people=6))
    prepare(images, recipe=recipe, out=folder / "cache", source="made discs", workers=1)
    return GridCache(folder / "cache")


def pictures(cache: GridCache, recipe: Recipe, share: float, frames: int = 4) -> PatchSet:
    patches = replace(
        recipe.patches,
        sampling="whole",
        size_px=1088,
        gain_jitter=0.0,
        scale_jitter=0.2,
        transplant_share=share,
    )
    return PatchSet(
        cache,
        range(len(cache.records)),
        recipe=replace(recipe, patches=patches),
        per_lesion=frames,
        stride_px=STRIDE,
    )


def test_what_is_set_in_is_a_lesion_as_often_as_a_healthy_place(
    cache: GridCache, recipe: Recipe
) -> None:
    """The discs of the made pictures are bright: what is labelled is, what is not is not."""
    plain, planted = pictures(cache, recipe, 0.0), pictures(cache, recipe, 1.0)
    collate = Collate(PatchStore(cache, torch.device("cpu")), STRIDE, of_shapes=True)
    more, healthy = 0, 0
    for index in range(len(planted)):
        ((before, _), (after, labels)) = (collate([s[index]]) for s in (plain, planted))
        had = plain[index][-1] == 1
        added = (labels[0] == 1) & ~had
        differs = (after - before).abs()[0, 0] > 1e-3
        if not bool((planted[index][5][2:] > 0).all()):
            assert not bool(differs.any())
            assert torch.equal(labels[0], plain[index][-1])
            continue
        cells = after[0, 0].reshape(labels.shape[1], STRIDE, labels.shape[2], STRIDE)
        middle = cells[:, 14:18, :, 14:18].mean(dim=(1, 3))
        if bool(added.any()):
            more += 1
            assert float(middle[added].max()) > 0.6
            assert bool(((labels[0] == IGNORED) & (plain[index][-1] == 0)).any())  # its ring
        else:
            healthy += 1
            assert torch.equal(labels[0], plain[index][-1])
        # No lesion that was there is covered.
        assert bool((labels[0][had] == 1).all())
        assert not bool((differs.reshape(cells.shape).any(dim=3).any(dim=1) & had).any())
    assert more >= 3
    assert healthy >= 3


def test_the_same_sample_gets_the_same(cache: GridCache, recipe: Recipe) -> None:
    first, again = pictures(cache, recipe, 1.0), pictures(cache, recipe, 1.0)
    for one, other in zip(first[3], again[3], strict=True):
        assert torch.equal(one, other)


def test_only_lesions_that_train_are_set_in(cache: GridCache, recipe: Recipe) -> None:
    """Else the people held out would be seen."""
    half = tuple(range(len(cache.records) // 2))
    planted = replace(recipe, patches=pictures(cache, recipe, 1.0).recipe.patches)
    drawn = PatchSet(cache, half, recipe=planted, per_lesion=20, stride_px=STRIDE)
    donors = {int(drawn[index][3]) for index in range(len(drawn))}
    assert len(donors) > 1
    assert donors <= set(half)


def test_an_ellipse_is_whole_inside_and_gone_outside_and_brought_to_the_grey_around() -> None:
    side = 200
    affine = torch.tensor([[[side / 2, 0.0, side / 2], [0.0, side / 2, side / 2]]])
    ellipse = torch.tensor([[100.0, 100.0, 30.0, 20.0]])
    image = torch.full((1, 1, side, side), 0.3)
    donor = torch.full((1, 1, side, side), 0.6)
    donor[..., 95:105, 95:105] += 0.2
    mixed = set_in(image, donor, affine, ellipse)[0, 0]
    assert float(mixed[100, 100]) == pytest.approx(0.5, abs=1e-3)  # 0.2 above what is around it
    at = np.mgrid[0:side, 0:side] + 0.5 - 100.0
    distance = np.hypot(at[0] / 20.0, at[1] / 30.0)
    outside = torch.from_numpy(distance > FADES_TO)
    assert torch.equal(mixed[outside], image[0, 0][outside])
    inside = torch.from_numpy(distance < WHOLE_TO)
    bright = inside & (donor[0, 0] > 0.7)
    assert torch.allclose(mixed[inside & ~bright], torch.tensor(0.3), atol=1e-3)
    nothing = set_in(image, donor, affine, torch.zeros(1, 4))
    assert torch.equal(nothing, image)


def test_a_transplant_needs_a_whole_picture(recipe_file: Path, tmp_path: Path) -> None:
    text = recipe_file.read_text().replace("transplant_share = 0.0", "transplant_share = 0.5")
    changed = tmp_path / "changed.toml"
    changed.write_text(text)
    with pytest.raises(SettingsError, match="whole pictures"):
        read_recipe(changed)


def test_the_target_is_in_the_breast(cache: GridCache, recipe: Recipe) -> None:
    drawn = pictures(cache, recipe, 1.0)
    seen = 0
    for index in range(len(drawn)):
        number, affine, _, _, donor_affine, ellipse, _ = (v.double().numpy() for v in drawn[index])
        if ellipse[2] == 0:
            continue
        frame = np.linalg.solve(donor_affine[:, :2], ellipse[:2] - donor_affine[:, 2])
        col, row = affine[:, :2] @ frame + affine[:, 2]
        record = cache.records[int(number)]
        breast = cache.breast(record)
        point = ImagePoint(col=float(col), row=float(row))
        assert breast[int(point.row // 16), int(point.col // 16)]
        seen += 1
    assert seen > 5
