"""What a trained network says of held-out patches, each as it lies, without augmentation."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from mammoview.errors import DataError
from trainer.augment import Collate, PatchSet, PatchStore
from trainer.cache import GridCache, GridLesion, GridRecord
from trainer.classifier import PatchClassifier
from trainer.draw import check_settings, class_of
from trainer.predictions import PatchPrediction, prediction_of
from trainer.recipe import WHOLE

_BATCH = 64


def predict_patches(
    module: PatchClassifier,
    cache: GridCache,
    ids: Collection[str],
    *,
    device: str = "cpu",
    precision: torch.dtype | None = None,
) -> tuple[PatchPrediction, ...]:
    """Return the predictions of the patches around some lesions, in the cache's order.

    Parameters
    ----------
    ids : collection of str
        Names of lesions; all must be in the cache.
    device : str
        Where to run: ``cpu`` or ``cuda``.
    precision : torch.dtype, optional
        Lower precision to compute in; float32 if left out.

    Raises
    ------
    DataError
        If the cache is of another recipe, or a lesion is not in it.
    """
    _check(module, cache, ids)
    numbers = [
        number
        for number, record in enumerate(cache.records)
        if any(lesion.lesion_id in ids for lesion in record.lesions)
    ]
    patches = PatchSet(
        cache,
        numbers,
        recipe=module.recipe,
        per_lesion=0,
        stride_px=1,
        lesions=ids,
        labels_patches=True,
    )
    place = torch.device(device)
    collate = Collate(PatchStore(cache, place), module.recipe.patches.size_px)
    loader = DataLoader(patches, batch_size=_BATCH, collate_fn=collate)
    net = module.eval().to(place)
    rows: list[Tensor] = []
    with (
        torch.inference_mode(),
        torch.autocast(place.type, dtype=precision, enabled=precision is not None),
    ):
        for batch in loader:
            sent = [tensor.to(place) for tensor in batch]
            image = (collate.finish(sent) if collate.store.is_resident else sent)[0]
            rows.append(_judged(net, image).softmax(1).cpu())
    return tuple(
        prediction_of(record, lesion, class_of(lesion, module.recipe.patches), probabilities)
        for (record, lesion), probabilities in zip(
            _lesions(patches), torch.cat(rows).tolist(), strict=True
        )
    )


def _judged(module: PatchClassifier, image: Tensor) -> Tensor:
    """Return the scores (n, classes) that decide: of the patch, or of its middle.

    A network taught by cells says what each cell holds, and a lesion fills the middle of its patch
    only: there the four (or the one) middle cells are judged.
    """
    scores = module.scores(image)
    if scores.ndim == 2:
        return scores
    rows, cols = (slice((side - 1) // 2, side // 2 + 1) for side in scores.shape[2:])
    return scores[:, :, rows, cols].mean(dim=(2, 3))


def _check(module: PatchClassifier, cache: GridCache, ids: Collection[str]) -> None:
    check_settings(cache, module.recipe)
    if module.recipe.patches.sampling in WHOLE:
        raise DataError(
            f"recipe {module.recipe.name} trains on whole pictures",
            expected="a recipe of patches",
            todo="judge its model with mammoview-train evaluate images",
        )
    known = {lesion.lesion_id for record in cache.records for lesion in record.lesions}
    if missing := sorted(set(ids) - known):
        raise DataError(
            f"{len(missing)} lesions are not in the cache {cache.folder} ({missing[0]}, ...)",
            expected="the cache that the split was made for",
            todo="prepare the cache from the same index or folder as the split",
        )


def _lesions(patches: PatchSet) -> Iterator[tuple[GridRecord, GridLesion]]:
    for number, place in patches.items:
        record = patches.cache.records[number]
        yield record, record.lesions[place]
