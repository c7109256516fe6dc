"""What a picture betrays around a lesion without the lesion: blur, size, JPEG, place.

All is measured in a ring: the lesion's box and 1 mm around it are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImageBox
from mammoview.imaging.resample import resample
from trainer.labelled import LabelledImage
from trainer.pictures import assumed_spacing
from trainer.recipe import DataRecipe
from trainer.simulated.film import Jpeg, read_jpeg
from trainer.simulated.places import Terrain, surroundings, survey

HIDDEN_MM = 1.0
RING_MM = 5.0
_BLOCK = 8
_LOW = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3), (3, 0))


class TraceGroup(StrEnum):
    """A kind of trace; ``PLACE`` is no trace of handling, but would be a shortcut as well."""

    SIZE = "size"
    BLUR = "blur"
    JPEG = "jpeg"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """The traces around one lesion; ``values`` holds one tuple for each of ``TraceGroup``."""

    person: str
    kind: str
    values: tuple[tuple[float, ...], ...]

    def of(self, group: TraceGroup) -> tuple[float, ...]:
        """Return the values of one group."""
        return self.values[list(TraceGroup).index(group)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ring:
    """Pixels around a lesion: a window of the picture, which of them count, and its corner."""

    pixels: NDArray[np.float64]
    seen: NDArray[np.bool_]
    row0: int
    col0: int


def traces_of(image: LabelledImage, *, data: DataRecipe) -> tuple[Traces, ...]:
    """Measure the traces around every lesion of a picture.

    Lesions whose ring holds too little breast to measure (fewer than 64 pixels, or no whole block
    of 8 x 8) are left out.

    Raises
    ------
    DataError
        If the picture is no grey JPEG.
    """
    jpeg = read_jpeg(image.file)
    values = jpeg.pixels.astype(np.float32) / np.float32(255.0)
    terrain = survey(values, assumed_spacing(values.shape, data))
    breast = _breast_pixels(terrain, jpeg)
    measured = []
    for lesion in image.lesions:
        ring = _ring(jpeg, breast, lesion.box, terrain)
        blocks = _blocks(ring)
        if ring.seen.sum() < 64 or not len(blocks):
            continue
        groups = {
            TraceGroup.SIZE: _size(lesion.box),
            TraceGroup.BLUR: _blur(ring),
            TraceGroup.JPEG: _jpeg(ring, blocks, jpeg.table),
            TraceGroup.PLACE: tuple(surroundings(terrain, lesion.box).as_vector()),
        }
        measured.append(
            Traces(
                person=image.person,
                kind=lesion.kind,
                values=tuple(tuple(float(v) for v in groups[g]) for g in TraceGroup),
            )
        )
    return tuple(measured)


def _breast_pixels(terrain: Terrain, jpeg: Jpeg) -> NDArray[np.bool_]:
    cells = terrain.mask
    whole = ImageBox(col0=0.0, row0=0.0, col1=float(cells.shape[1]), row1=float(cells.shape[0]))
    shape = (jpeg.pixels.shape[0], jpeg.pixels.shape[1])
    share, _ = resample(cells.astype(np.float32), box=whole, out_shape=shape)
    return np.asarray(share > 0.5)


def _ring(jpeg: Jpeg, breast: NDArray[np.bool_], box: ImageBox, terrain: Terrain) -> _Ring:
    inner = _grown(box, HIDDEN_MM, terrain, jpeg.pixels.shape)
    outer = _grown(box, HIDDEN_MM + RING_MM, terrain, jpeg.pixels.shape)
    seen = breast.copy()
    seen[inner] = False
    return _Ring(
        pixels=jpeg.pixels[outer].astype(np.float64),
        seen=seen[outer],
        row0=outer[0].start,
        col0=outer[1].start,
    )


def _grown(
    box: ImageBox, margin_mm: float, terrain: Terrain, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    rows, cols = margin_mm / terrain.spacing.row_mm, margin_mm / terrain.spacing.col_mm
    return (
        slice(max(0, int(box.row0 - rows)), min(shape[0], int(np.ceil(box.row1 + rows)))),
        slice(max(0, int(box.col0 - cols)), min(shape[1], int(np.ceil(box.col1 + cols)))),
    )


def _size(box: ImageBox) -> tuple[float, float]:
    return float(np.log(box.col1 - box.col0)), float(np.log(box.row1 - box.row0))


def _blur(ring: _Ring) -> tuple[float, ...]:
    """Return logs of gradient energy, Laplacian variance, noise and octave ratios of the ring."""
    p, seen = ring.pixels, ring.seen
    down = np.diff(p, axis=0)[seen[1:] & seen[:-1]]
    over = np.diff(p, axis=1)[seen[:, 1:] & seen[:, :-1]]
    middle = seen[1:-1, 1:-1] & seen[:-2, 1:-1] & seen[2:, 1:-1] & seen[1:-1, :-2] & seen[1:-1, 2:]
    bent = (4 * p[1:-1, 1:-1] - p[:-2, 1:-1] - p[2:, 1:-1] - p[1:-1, :-2] - p[1:-1, 2:])[middle]
    over4 = (p[:, 4:] - p[:, :-4])[seen[:, 4:] & seen[:, :-4]]
    down4 = (p[4:] - p[:-4])[seen[4:] & seen[:-4]]
    energies = [_power(v) for v in (down, over, bent, over4, down4)]
    noise = float(np.median(np.abs(bent))) if bent.size else 0.0
    return (
        *(float(np.log(e)) for e in energies),
        float(np.log(energies[2] / energies[3])),
        float(np.log(energies[1] / energies[0])),
        float(np.log1p(noise)),
    )


def _power(values: NDArray[np.float64]) -> float:
    return float((values**2).mean()) + 1e-2 if values.size else 1e-2


def _blocks(ring: _Ring) -> NDArray[np.float64]:
    """Return the ring's whole JPEG blocks less 128, (n, 8, 8), on the file's own block grid."""
    top, left = -ring.row0 % _BLOCK, -ring.col0 % _BLOCK
    found = [
        ring.pixels[r : r + _BLOCK, c : c + _BLOCK] - 128.0
        for r in range(top, ring.seen.shape[0] - _BLOCK + 1, _BLOCK)
        for c in range(left, ring.seen.shape[1] - _BLOCK + 1, _BLOCK)
        if ring.seen[r : r + _BLOCK, c : c + _BLOCK].all()
    ]
    return np.array(found).reshape(-1, _BLOCK, _BLOCK)


def _jpeg(ring: _Ring, blocks: NDArray[np.float64], table: tuple[int, ...]) -> tuple[float, ...]:
    """Return blockiness at all eight phases both ways, and traces in the DCT's histograms.

    Of each of the lowest ten coefficients: how many are zero, how many odd multiples of their
    step, and how far from whole multiples they lie (a second quantisation leaves those marks).
    """
    matrix = _dct_matrix()
    steps = np.array(table, np.float64).reshape(_BLOCK, _BLOCK)
    levels = (matrix @ blocks @ matrix.T) / steps
    whole = np.rint(levels)
    marks: list[float] = []
    for r, c in _LOW:
        marks += [
            float((whole[:, r, c] == 0).mean()),
            float((np.abs(whole[:, r, c]) % 2 == 1).mean()),
            float(np.abs(levels[:, r, c] - whole[:, r, c]).mean()),
        ]
    rest = float((whole.reshape(-1, 64)[:, 1:] != 0).mean())
    return (*_phases(ring, 0), *_phases(ring, 1), *marks, rest)


def _phases(ring: _Ring, axis: int) -> list[float]:
    """Return the mean difference across each of the eight phases, as log of its share."""
    seen = ring.seen
    step = np.abs(np.diff(ring.pixels, axis=axis))
    both = seen[1:] & seen[:-1] if axis == 0 else seen[:, 1:] & seen[:, :-1]
    first = ring.row0 if axis == 0 else ring.col0
    phase = (np.arange(step.shape[axis]) + 1 + first) % _BLOCK  # 0: a border of blocks
    phases = phase[:, None] if axis == 0 else phase[None, :]
    overall = float(step[both].mean()) + 1e-2 if both.any() else 1e-2
    found = []
    for number in range(_BLOCK):
        here = step[both & (phases == number)]
        found.append(float(np.log((here.mean() + 1e-2) / overall)) if here.size else 0.0)
    return found


def _dct_matrix() -> NDArray[np.float64]:
    k = np.arange(_BLOCK)
    matrix = np.sqrt(2.0 / _BLOCK) * np.cos(np.pi * np.outer(k, 2 * k + 1) / (2 * _BLOCK))
    matrix[0] /= np.sqrt(2.0)
    return np.asarray(matrix)
