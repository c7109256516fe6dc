"""Simulated calcification clusters, drawn as optical density at 0.05 mm.

Numbers and their sources; what no source gives is an assumption of ours and says so.

=====================  ==================================================================
what                   source
=====================  ==================================================================
types                  BI-RADS atlas, 5th edition (ACR 2013); shares: the rows of the
                       CBIS-DDSM case tables that name one of the four types alone, 813
                       pleomorphic, 181 amorphous, 132 punctate, 102 fine linear or
                       branching (Lee et al., Sci Data 4:170177, 2017).  Building a cluster
                       from such types follows Kallergi et al., Acad Radiol 5:670, 1998.
diameter 0.1-1 mm      the range of microcalcifications, punctate and amorphous ones below
                       0.5 mm, fine linear ones thinner than 0.5 mm (BI-RADS).  The
                       log-normal law in it, median 0.4 mm, is an assumption.
number                 at least five within 1 to 2 cm (BI-RADS "grouped").  Growth with the
                       root of the area and the spread are assumptions.
unlike in one cluster  sizes and types mix (Le Gal et al., Bull Cancer 71:57, 1984, tells
                       types by that); the share of the leading type is an assumption.
optical density per mm computed below from round physical values.
=====================  ==================================================================

A calcification lightens the film by ``gradient * log10(e) * difference of attenuation *
thickness``, lessened by scatter.  With a mean gradient of 3, a difference of attenuation of 1.9 per
mm at about 18 keV (between aluminium, 1.2, and solid hydroxyapatite, 2.6, against tissue) and a
scatter-to-primary ratio of 0.5 that is 3 * 0.434 * 1.9 / 1.5 = 1.65 of density per mm: an
assumption, good to a factor of 1.5, which is why every cluster draws its own around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

PITCH_MM = 0.05
SMALLEST_MM = 0.1
LARGEST_MM = 1.0
FEWEST = 5
MOST = 120

_FINE = 5  # a calcification is drawn so much finer than PITCH_MM, then averaged
_DENSITY_PER_MM = 1.65
_DENSITY_SPREAD = 0.25
_MEDIAN_MM = 0.40
_MEDIAN_SPREAD = 0.20  # of the clusters' medians, natural logarithm
_SIZE_SPREAD = 0.40  # within a cluster, natural logarithm
_COUNT_AT_1_CM2 = 18.0
_COUNT_SPREAD = 0.40
_AMORPHOUS_MORE = 1.5  # hazy flakes are seen by their number
_TRIES = 30


class Morphology(StrEnum):
    """What a calcification looks like, in the words of BI-RADS."""

    PUNCTATE = "punctate"
    AMORPHOUS = "amorphous"
    PLEOMORPHIC = "pleomorphic"
    FINE_LINEAR = "fine-linear-branching"


_SHARES = {
    Morphology.PLEOMORPHIC: 813,
    Morphology.AMORPHOUS: 181,
    Morphology.PUNCTATE: 132,
    Morphology.FINE_LINEAR: 102,
}
_LARGEST_OF = {
    Morphology.PUNCTATE: 0.5,
    Morphology.AMORPHOUS: 0.5,
    Morphology.PLEOMORPHIC: LARGEST_MM,
    Morphology.FINE_LINEAR: LARGEST_MM,
}
_SMALLEST_OF = {
    Morphology.PUNCTATE: SMALLEST_MM,
    Morphology.AMORPHOUS: SMALLEST_MM,
    Morphology.PLEOMORPHIC: SMALLEST_MM,
    Morphology.FINE_LINEAR: 0.3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calcification:
    """One calcification: its centre in the cluster's map (mm) and what it is.

    Attributes
    ----------
    row_mm, col_mm : float
        Centre, from the upper left corner of the map.
    diameter_mm : float
        Longest extent, 0.1 to 1 mm.
    contrast : float
        Mean optical density that it takes off the film over its own area, before any blur.
    """

    morphology: Morphology
    row_mm: float
    col_mm: float
    diameter_mm: float
    contrast: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cluster:
    """A drawn cluster.

    Attributes
    ----------
    density : ndarray of float32, (rows, cols), read-only
        What the film loses of its optical density (so what the picture gains), 0.05 mm a cell.
    calcifications : tuple of Calcification
    leading : Morphology
        The type that most of them have.
    """

    density: NDArray[np.float32]
    calcifications: tuple[Calcification, ...]
    leading: Morphology

    @property
    def count(self) -> int:
        """How many calcifications there are."""
        return len(self.calcifications)

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Height and width of everything drawn, mm."""
        row0, row1, col0, col1 = drawn_extent(self.density)
        return (row1 - row0) * PITCH_MM, (col1 - col0) * PITCH_MM

    @property
    def mean_diameter_mm(self) -> float:
        """Mean of the longest extents, mm."""
        return float(np.mean([c.diameter_mm for c in self.calcifications]))

    @property
    def mean_contrast(self) -> float:
        """Mean optical density of the calcifications."""
        return float(np.mean([c.contrast for c in self.calcifications]))

    def share_of(self, morphology: Morphology) -> float:
        """Share of the calcifications that have a type."""
        return sum(c.morphology is morphology for c in self.calcifications) / self.count


def draw_cluster(rng: np.random.Generator, *, height_mm: float, width_mm: float) -> Cluster:
    """Draw a cluster whose calcifications reach all four sides of a box.

    Parameters
    ----------
    rng : Generator
        The only source of chance: the same state draws the same cluster.
    height_mm, width_mm : float
        The box, at least 2 mm each way.
    """
    leading = _leading(rng)
    kinds = _kinds(rng, leading, _count(rng, height_mm * width_mm, leading))
    sizes = _sizes(rng, kinds)
    places = _places(rng, sizes, height_mm, width_mm, in_line=leading is Morphology.FINE_LINEAR)
    per_mm = _DENSITY_PER_MM * float(np.exp(rng.normal(0.0, _DENSITY_SPREAD)))
    shape = (int(np.ceil(height_mm / PITCH_MM)), int(np.ceil(width_mm / PITCH_MM)))
    density = np.zeros(shape, np.float32)
    drawn = []
    for kind, size, (row, col) in zip(kinds, sizes, places, strict=True):
        contrast = _stamp(density, rng, kind, size, (row, col), per_mm)
        drawn.append(
            Calcification(
                morphology=kind, row_mm=row, col_mm=col, diameter_mm=size, contrast=contrast
            )
        )
    density.setflags(write=False)
    return Cluster(density=density, calcifications=tuple(drawn), leading=leading)


def drawn_extent(density: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Return first row, end row, first column and end column of all that is not zero."""
    rows = np.flatnonzero(density.any(axis=1))
    cols = np.flatnonzero(density.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1


def _leading(rng: np.random.Generator) -> Morphology:
    shares = np.array(list(_SHARES.values()), np.float64)
    return list(_SHARES)[int(rng.choice(len(shares), p=shares / shares.sum()))]


def _count(rng: np.random.Generator, area_mm2: float, leading: Morphology) -> int:
    middle = _COUNT_AT_1_CM2 * np.sqrt(area_mm2 / 100.0) * np.exp(rng.normal(0.0, _COUNT_SPREAD))
    if leading is Morphology.AMORPHOUS:
        middle *= _AMORPHOUS_MORE
    return int(np.clip(rng.poisson(middle), FEWEST, MOST))


def _kinds(rng: np.random.Generator, leading: Morphology, count: int) -> list[Morphology]:
    """Give most of the calcifications the leading type and the others any of the rest."""
    purity = rng.uniform(0.6, 1.0)
    others = [m for m in Morphology if m is not leading]
    return [
        leading if rng.random() < purity else others[int(rng.integers(len(others)))]
        for _ in range(count)
    ]


def _sizes(rng: np.random.Generator, kinds: list[Morphology]) -> list[float]:
    """Draw diameters, mm: log-normal around the cluster's own median, within its type's range."""
    median = _MEDIAN_MM * np.exp(rng.normal(0.0, _MEDIAN_SPREAD))
    sizes = []
    for kind in kinds:
        size = median * np.exp(rng.normal(0.0, _SIZE_SPREAD))
        if kind is Morphology.FINE_LINEAR:
            size *= 1.8  # a line is told by its length
        sizes.append(float(np.clip(size, _SMALLEST_OF[kind], _LARGEST_OF[kind])))
    return sizes


def _places(
    rng: np.random.Generator, sizes: list[float], height: float, width: float, *, in_line: bool
) -> list[tuple[float, float]]:
    """Spread the centres over the box, denser in the middle, and stretch them to its sides.

    A cluster led by fine linear calcifications lies along a diagonal half of the time (linear and
    segmental distributions of BI-RADS); all others fill the ellipse in the box.
    """
    across = 0.25 if in_line and rng.random() < 0.5 else 1.0
    tilt = 1.0 if rng.random() < 0.5 else -1.0
    points: list[tuple[float, float]] = []
    for size in sizes:
        for _ in range(_TRIES):
            radius, angle = rng.random() ** 0.8, rng.uniform(0.0, 2.0 * np.pi)
            u, v = radius * np.cos(angle), across * radius * np.sin(angle)
            if across < 1.0:
                u, v = (u - tilt * v) / np.sqrt(2.0), (tilt * u + v) / np.sqrt(2.0)
            apart = [np.hypot((u - a) * width / 2, (v - b) * height / 2) for a, b in points]
            if not apart or min(apart) > 1.2 * size:
                break
        points.append((float(u), float(v)))
    cols = _stretch([u for u, _ in points], sizes, width)
    rows = _stretch([v for _, v in points], sizes, height)
    return list(zip(rows, cols, strict=True))


def _stretch(at: list[float], sizes: list[float], length: float) -> list[float]:
    """Move places so that the outermost calcifications just touch both ends of the box."""
    place, half = np.array(at), np.array(sizes) / 2.0
    first, last = int(np.argmin(place)), int(np.argmax(place))
    low, high = half[first], length - half[last]
    scaled = low + (place - place[first]) / (place[last] - place[first]) * (high - low)
    return [float(v) for v in np.clip(scaled, half, length - half)]


def _stamp(
    density: NDArray[np.float32],
    rng: np.random.Generator,
    kind: Morphology,
    size: float,
    centre: tuple[float, float],
    per_mm: float,
) -> float:
    """Add one calcification to the map and return its mean contrast over its area."""
    fine_mm = PITCH_MM / _FINE
    first = [max(0, int(np.floor((c - size / 2) / PITCH_MM))) for c in centre]
    last = [
        min(limit, int(np.ceil((c + size / 2) / PITCH_MM)))
        for c, limit in zip(centre, density.shape, strict=True)
    ]
    axes = [
        (np.arange(a * _FINE, b * _FINE) + 0.5) * fine_mm - c
        for a, b, c in zip(first, last, centre, strict=True)
    ]
    v, u = np.meshgrid(axes[0], axes[1], indexing="ij")
    fine = per_mm * _SHAPES[kind](rng, v, u, size)
    blocks = fine.reshape(last[0] - first[0], _FINE, last[1] - first[1], _FINE)
    density[first[0] : last[0], first[1] : last[1]] += blocks.mean(axis=(1, 3)).astype(np.float32)
    inked = fine[fine > 0]
    return float(inked.mean()) if inked.size else 0.0


def _punctate(
    rng: np.random.Generator, v: NDArray[np.float64], u: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """Return the thickness (mm) of a nearly round grain."""
    flat, turn = rng.uniform(0.8, 1.0), rng.uniform(0.0, np.pi)
    a = u * np.cos(turn) + v * np.sin(turn)
    b = (v * np.cos(turn) - u * np.sin(turn)) / flat
    inside = np.maximum(0.0, 1.0 - (a * a + b * b) / (size / 2) ** 2)
    return np.asarray(size * flat * np.sqrt(inside))


def _amorphous(
    rng: np.random.Generator, v: NDArray[np.float64], u: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """Return the thickness of a hazy flake: thin, and thinner towards an irregular rim."""
    rim = _outline(rng, np.arctan2(v, u), size / 2, roughness=0.20)
    inside = np.maximum(0.0, 1.0 - (u * u + v * v) / rim**2)
    return np.asarray(0.8 * size * inside)


def _pleomorphic(
    rng: np.random.Generator, v: NDArray[np.float64], u: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """Return the thickness of an angular, uneven grain that is longer than wide."""
    flat, turn = rng.uniform(0.5, 0.95), rng.uniform(0.0, np.pi)
    a = u * np.cos(turn) + v * np.sin(turn)
    b = (v * np.cos(turn) - u * np.sin(turn)) / flat
    rim = _outline(rng, np.arctan2(b, a), size / 2, roughness=0.25)
    inside = np.maximum(0.0, 1.0 - (a * a + b * b) / rim**2)
    uneven = 1.0 + 0.3 * np.sin(2.0 * np.pi * a / size + rng.uniform(0.0, 2.0 * np.pi))
    return np.asarray(size * flat * inside**0.35 * uneven)


def _fine_linear(
    rng: np.random.Generator, v: NDArray[np.float64], u: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """Return the thickness of a thin, bent cast of a duct, sometimes with a branch."""
    wide, turn = rng.uniform(0.10, 0.20), rng.uniform(0.0, np.pi)
    reach = (size - wide) / 2
    bend = rng.uniform(-0.35, 0.35)
    knee = rng.uniform(-0.3, 0.3) * reach
    ends = [(-reach, turn + bend), (reach, turn - bend)]
    if rng.random() < 0.4:
        ends.append((0.8 * reach, turn + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0)))
    away = np.full(u.shape, np.inf)
    for length, angle in ends:
        start = (knee * np.cos(turn), knee * np.sin(turn))
        end = (length * np.cos(angle), length * np.sin(angle))
        away = np.minimum(away, _distance(u, v, start, end))
    return np.asarray(2.0 * np.sqrt(np.maximum(0.0, (wide / 2) ** 2 - away**2)))


def _distance(
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    start: tuple[float, float],
    end: tuple[float, float],
) -> NDArray[np.float64]:
    du, dv = end[0] - start[0], end[1] - start[1]
    along = ((u - start[0]) * du + (v - start[1]) * dv) / max(du * du + dv * dv, 1e-12)
    along = np.clip(along, 0.0, 1.0)
    return np.asarray(np.hypot(u - start[0] - along * du, v - start[1] - along * dv))


def _outline(
    rng: np.random.Generator, angle: NDArray[np.float64], radius: float, *, roughness: float
) -> NDArray[np.float64]:
    """Return the rim's distance from the centre at each angle, at most ``radius``."""
    waves = np.arange(2, 6)
    heights = roughness * rng.uniform(0.3, 1.0, waves.size) / np.sqrt(waves)
    phases = rng.uniform(0.0, 2.0 * np.pi, waves.size)

    def rim(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 + np.tensordot(heights, np.cos(np.multiply.outer(waves, at).T + phases).T, 1)

    highest = rim(np.linspace(0.0, 2.0 * np.pi, 361)).max()
    return np.asarray(radius * np.maximum(0.2, rim(angle) / highest))


_SHAPES = {
    Morphology.PUNCTATE: _punctate,
    Morphology.AMORPHOUS: _amorphous,
    Morphology.PLEOMORPHIC: _pleomorphic,
    Morphology.FINE_LINEAR: _fine_linear,
}
