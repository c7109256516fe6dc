"""Reading a labelled picture as the viewer reads a mammogram: grey 0..1 and a spacing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError
from trainer.recipe import DataRecipe


def read_picture(file: Path) -> NDArray[np.float32]:
    """Return an 8- or 16-bit grey picture as float32 (rows, cols) in 0..1.

    Raises
    ------
    DataError
        If the file is no picture.
    """
    import imagecodecs

    try:
        pixels = np.asarray(imagecodecs.imread(file))
    except Exception as error:  # imagecodecs raises one class a codec
        raise DataError(
            f"picture {file.name} cannot be decoded ({type(error).__name__})",
            expected="a JPEG or PNG picture",
            todo="copy it again from its source",
        ) from error
    if pixels.ndim == 3:  # grey stored as colour
        pixels = pixels[..., 0]
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def assumed_spacing(shape: tuple[int, ...], data: DataRecipe) -> PixelSpacing:
    """Return the spacing of a picture that carries none, as the recipe assumes it."""
    return PixelSpacing(
        row_mm=data.assumed_height_mm / shape[0],
        col_mm=data.assumed_width_mm / shape[1],
        source="assumed by the recipe",
    )
