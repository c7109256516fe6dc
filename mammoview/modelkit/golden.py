"""Reference vectors: proof that preprocessing and network still give what they gave at export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D, PixelSpacing
from mammoview.errors import ModelError
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import Grid, network_input, to_grid

# Another processor or library build may round one grey level the other way.
GRID_TOLERANCE = 1
# Share of the range of the golden map.  Kernels of other processors and of CUDA (without TF32)
# sum in another order and stay far below it; a swapped channel or a shift by a cell does not.
CAM_TOLERANCE = 5e-3
# Stored pixels: a quarter cell is tens of pixels, rounding is far below this.
AFFINE_TOLERANCE_PX = 1e-3

_VALUES_MAX = 65535.0

Network = Callable[
    [NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]
]  # image (1, 1, h, w) -> cam (classes, h', w'), logits (classes,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Golden:
    """One picture followed through preprocessing and network when the model was exported.

    Attributes
    ----------
    values : ndarray of uint16, (rows, cols)
        The picture; divided by 65535 it is what ``to_grid`` takes.
    spacing : PixelSpacing or None
        Spacing given to ``to_grid``.
    grid : ndarray of uint8, (h, w)
        What ``to_grid`` made of it.
    cell_to_image : Affine2D
        Map cells -> pixels of ``values``: proves the offset of the map as well.
    image : ndarray of float32, (1, 1, h, w)
        What the network was given.
    cam : ndarray of float32, (classes, h', w')
        What the network gave.
    logits : ndarray of float32, (classes,)
        Its spatial means.
    """

    values: NDArray[np.uint16]
    spacing: PixelSpacing | None
    grid: NDArray[np.uint8]
    cell_to_image: Affine2D
    image: NDArray[np.float32]
    cam: NDArray[np.float32]
    logits: NDArray[np.float32]


def record_golden(
    manifest: Manifest,
    *,
    values: NDArray[np.uint16],
    spacing: PixelSpacing | None,
    run: Network,
) -> Golden:
    """Follow a picture through preprocessing and a network, and keep what came out.

    Parameters
    ----------
    manifest : Manifest
        The model's description; its hashes are not looked at.
    values : ndarray of uint16, (rows, cols)
        A picture with a breast in it, bright tissue, full scale 65535.
    spacing : PixelSpacing or None
        Its spacing.
    run : callable
        The network that the export is to be compared with (the trainer's own).
    """
    grid = _grid(manifest, values, spacing)
    image = network_input(grid.pixels)
    cam, logits = run(image)
    return Golden(
        values=values,
        spacing=spacing,
        grid=grid.pixels,
        cell_to_image=manifest.map_geometry.cell_to_grid().then(grid.to_image),
        image=image,
        cam=np.asarray(cam, np.float32),
        logits=np.asarray(logits, np.float32),
    )


def compare_preprocessing(golden: Golden, manifest: Manifest) -> None:
    """Run ``to_grid`` on the golden picture and compare.

    Raises
    ------
    ModelError
        If the grid differs by more than one grey level anywhere, or lies elsewhere.
    """
    grid = _grid(manifest, golden.values, golden.spacing)
    if grid.pixels.shape != golden.grid.shape:
        raise _differs(f"preprocessing gives a grid of {grid.pixels.shape}", golden.grid.shape)
    worst = int(np.abs(grid.pixels.astype(np.int16) - golden.grid.astype(np.int16)).max())
    if worst > GRID_TOLERANCE:
        raise _differs(f"preprocessing is off by {worst} grey levels", f"{GRID_TOLERANCE} at most")
    cell_to_image = manifest.map_geometry.cell_to_grid().then(grid.to_image)
    shift = float(np.abs(cell_to_image.matrix() - golden.cell_to_image.matrix()).max())
    if shift > AFFINE_TOLERANCE_PX:
        raise _differs(f"the map lies {shift:.3g} pixels off", f"{AFFINE_TOLERANCE_PX} at most")


def compare_outputs(
    golden: Golden, *, cam: NDArray[np.float32], logits: NDArray[np.float32]
) -> None:
    """Compare a network's outputs for ``golden.image`` with the golden ones.

    Raises
    ------
    ModelError
        If a map or a logit differs by more than ``CAM_TOLERANCE`` of the golden map's range.
    """
    scale = float(np.ptp(golden.cam))
    for name, got, wanted in (("cam", cam, golden.cam), ("logits", logits, golden.logits)):
        if got.shape != wanted.shape:
            raise _differs(f"the network gives {name} of shape {got.shape}", wanted.shape)
        worst = float(np.abs(got.astype(np.float64) - wanted).max()) / scale
        if not worst <= CAM_TOLERANCE:  # NaN must not pass
            raise _differs(
                f"the network's {name} is off by {worst:.2%} of the map's range",
                f"{CAM_TOLERANCE:.2%} at most",
            )


def encode_golden(golden: Golden) -> bytes:
    """Return the bytes of ``golden.npz``; the same golden gives the same bytes.

    Raises
    ------
    ModelError
        If the arrays do not belong together.
    """
    _check(golden)
    spacing = golden.spacing
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        values=golden.values,
        spacing_mm=np.array([spacing.row_mm, spacing.col_mm] if spacing else [], np.float64),
        spacing_source=np.array(spacing.source if spacing else ""),
        grid=golden.grid,
        cell_to_image=golden.cell_to_image.matrix(),
        image=golden.image,
        cam=golden.cam,
        logits=golden.logits,
    )
    return buffer.getvalue()


def decode_golden(content: bytes) -> Golden:
    """Return the golden arrays from the bytes of ``golden.npz``.

    Raises
    ------
    ModelError
        If the file is damaged or its arrays do not belong together.
    """
    try:
        with np.load(BytesIO(content), allow_pickle=False) as npz:
            arrays = {name: npz[name] for name in npz.files}
        spacing_mm = arrays["spacing_mm"].tolist()
        spacing = None
        if spacing_mm:
            row_mm, col_mm = spacing_mm
            source = str(arrays["spacing_source"])
            spacing = PixelSpacing(row_mm=row_mm, col_mm=col_mm, source=source)
        golden = Golden(
            values=_frozen(arrays["values"]),
            spacing=spacing,
            grid=_frozen(arrays["grid"]),
            cell_to_image=Affine2D.from_matrix(arrays["cell_to_image"]),
            image=_frozen(arrays["image"]),
            cam=_frozen(arrays["cam"]),
            logits=_frozen(arrays["logits"]),
        )
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(
            f"golden.npz cannot be read ({type(error).__name__}: {error})",
            expected="the reference arrays of the export",
            todo="export or install the model again",
        ) from error
    _check(golden)
    return golden


def _grid(manifest: Manifest, values: NDArray[np.uint16], spacing: PixelSpacing | None) -> Grid:
    unit = values.astype(np.float32) / np.float32(_VALUES_MAX)
    return to_grid(unit, spacing=spacing, spec=manifest.preprocessing)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


def _check(golden: Golden) -> None:
    """Refuse arrays of the wrong type or shape, and outputs that say nothing."""
    classes = golden.cam.shape[0] if golden.cam.ndim == 3 else -1
    wanted = (
        ("values", golden.values, np.uint16, golden.values.ndim == 2),
        ("grid", golden.grid, np.uint8, golden.grid.ndim == 2),
        ("image", golden.image, np.float32, golden.image.shape == (1, 1, *golden.grid.shape)),
        ("cam", golden.cam, np.float32, golden.cam.ndim == 3 and golden.cam.size > 0),
        ("logits", golden.logits, np.float32, golden.logits.shape == (classes,)),
    )
    for name, array, dtype, shape_fits in wanted:
        if array.dtype != dtype or not shape_fits or not np.isfinite(array).all():
            raise ModelError(
                f"golden.npz: {name} is {array.dtype} of shape {array.shape}",
                expected=f"finite {np.dtype(dtype)} that fits the other arrays",
                todo="export or install the model again",
            )
    means = golden.cam.mean(axis=(1, 2), dtype=np.float64)
    scale = float(np.ptp(golden.cam))
    if not scale > 0 or np.abs(means - golden.logits).max() > CAM_TOLERANCE * scale:
        raise _differs("golden.npz: logits are not the spatial means of cam", "that they are")


def _differs(met: str, expected: object) -> ModelError:
    return ModelError(
        met,
        expected=f"as at export: {expected}",
        todo="do not use this model here: export or install it again",
    )
