"""What size alone gives away: a classifier that never sees a picture.

Crops scaled to one size betray how large a lesion is through blur, and masses are larger than
clusters of calcifications.  This baseline knows the box and its mean grey value alone; a network
that does no better has learnt nothing about how lesions look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import DataError
from trainer.cache import GridCache, GridLesion, GridRecord
from trainer.draw import class_of
from trainer.predictions import Predictions, prediction_of
from trainer.recipe import Recipe

SIZE_ONLY = "size-only"


def lesions_of(cache: GridCache, ids: Collection[str]) -> tuple[tuple[GridRecord, GridLesion], ...]:
    """Return the lesions with these ids and their records, sorted by id.

    A square of background stands under the name of its lesion and is none.

    Raises
    ------
    DataError
        If one of them is not in the cache.
    """
    found = {
        lesion.lesion_id: (record, lesion)
        for record in cache.records
        for lesion in record.lesions
        if lesion.lesion_id in ids and lesion.kind != cache.settings.get("background")
    }
    missing = sorted(set(ids) - set(found))
    if missing:
        raise DataError(
            f"{len(missing)} of {len(set(ids))} lesions of the split, such as {missing[0]}, "
            f"are not in the patch cache {cache.folder}",
            expected="a split of the pictures that the cache was prepared from",
            todo="make the split again with: mammoview-train splits, from the same source",
        )
    return tuple(found[name] for name in sorted(found))


def size_only(
    cache: GridCache, recipe: Recipe, *, train: Collection[str], held: Collection[str], part: str
) -> Predictions:
    """Fit on the training lesions' boxes and answer for those held out.

    Logistic regression on the logarithms of width and height and on the mean grey value, each
    scaled by the training part; classes weighted alike, as the overall figure weights them.

    Raises
    ------
    DataError
        If training holds a single class.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = recipe.network
    classes = tuple(name for name in network.classes if name != network.background)
    known, asked = lesions_of(cache, train), lesions_of(cache, held)
    labels = [class_of(lesion, recipe.patches) for _, lesion in known]
    if set(labels) != set(classes):
        raise DataError(
            f"training lesions of {part} are {', '.join(sorted(set(labels))) or 'none'}",
            expected=f"lesions of {', '.join(classes)}",
            todo="make the split again with: mammoview-train splits",
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    model.fit(_features([lesion for _, lesion in known]), labels)
    order = [list(model.classes_).index(name) for name in classes]
    answers = model.predict_proba(_features([lesion for _, lesion in asked]))[:, order]
    rows = tuple(
        prediction_of(record, lesion, class_of(lesion, recipe.patches), map(float, answer))
        for (record, lesion), answer in zip(asked, answers, strict=True)
    )
    return Predictions(part=part, classes=classes, rows=rows)


def _features(lesions: Sequence[GridLesion]) -> NDArray[np.float64]:
    values = [
        (np.log(max(item.width_px, 1.0)), np.log(max(item.height_px, 1.0)), item.mean_grey)
        for item in lesions
    ]
    return np.array(values, np.float64)
