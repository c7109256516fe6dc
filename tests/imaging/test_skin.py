"""The faint skin and nipple beside the breast's mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mammoview.imaging.breast import find_breast
from mammoview.imaging.skin import skin_of


def picture(*, noise: float = 0.004) -> NDArray[np.float32]:
    """Half an ellipse against the left edge; air is a little brighter than black."""
    row, col = np.mgrid[0:600, 0:400]
    inside = (col / 240) ** 2 + ((row - 300) / 200) ** 2 < 1
    air = 0.03 + np.random.default_rng(1).normal(0.0, noise, inside.shape)
    return np.where(inside, 0.6, air).astype(np.float32)


def share(skin: NDArray[np.bool_], rows: slice, cols: slice) -> float:
    """Return how much of a part of the picture is skin."""
    high, wide = (cells / size for cells, size in zip(skin.shape, (600, 400), strict=True))
    part = skin[
        int(rows.start * high) : int(rows.stop * high),
        int(cols.start * wide) : int(cols.stop * wide),
    ]
    return float(part.mean())


NIPPLE = (slice(285, 315), slice(246, 266))


def test_a_nipple_hardly_brighter_than_air_is_skin_and_was_not_in_the_mask() -> None:
    values = picture()
    values[285:315, 236:268] = np.maximum(values[285:315, 236:268], 0.09)
    breast = find_breast(values)
    assert share(breast.mask, *NIPPLE) < 0.2
    skin = skin_of(values, breast.mask)
    assert share(skin, *NIPPLE) > 0.9
    assert not skin.flags.writeable


def test_air_labels_and_hair_are_no_skin() -> None:
    values = picture()
    values[80:140, 330:390] = 0.95  # a label, far from the breast
    values[300:303, 236:275] = 0.5  # a hair that stands out
    skin = skin_of(values, find_breast(values).mask)
    assert share(skin, slice(90, 130), slice(335, 385)) == 0.0
    assert share(skin, *NIPPLE) < 0.2


def test_grainy_air_is_not_taken_for_skin() -> None:
    values = picture(noise=0.02)
    breast = find_breast(values)
    skin = skin_of(values, breast.mask)
    assert skin.mean() < breast.mask.mean() * 1.03


def test_without_a_breast_there_is_nothing_to_add() -> None:
    nothing = find_breast(np.zeros((600, 400), np.float32))
    assert skin_of(np.zeros((600, 400), np.float32), nothing.mask).all()
