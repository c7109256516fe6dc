"""Where marks lie: on the breast, on a film's border, on a label, or in air.

The same pictures are read in several ways, so that what keeps marks off labels and borders shows
as a number before and after it; and beside it stands what it must not cost: masses that touch the
chest wall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.imaging.breast import Breast, find_breast, white_strips_of
from mammoview.inference.predictor import raw_maps, read_maps, thresholds
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest
from mammoview.modelkit.preprocess import (
    BY_BLOCK,
    BY_BOX,
    Grid,
    assumed_spacing,
    network_input,
    to_grid,
)
from trainer.detect import DetectedImage, lesions_of
from trainer.labelled import LabelledImage
from trainer.pictures import Picture, each_picture
from trainer.recipe import DataRecipe

# Around a peak it is looked for what the mark lies on.
DISC_MM = 3.0
# A peak so far from the breast's mask is still on the breast: one cell of the mask.
ON_BREAST_MM = 1.0
# Share of the picture's brightest from which a pixel is white, and from which it is no air.
WHITE, NOT_AIR = 0.93, 0.25
# Of the disc, from which a mark on the breast is doubtful: a label may lie on it.
DOUBTFUL_SHARE = 0.25
# A box that comes so near to the picture's left or right edge touches the chest wall.
WALL_MM = 2.0
# Marks below this are no candidates that anybody would look at.
LEAST_SCORE = 0.02


class Place(StrEnum):
    """What a mark lies on."""

    BREAST = "breast"
    DOUBTFUL = "breast, on white"
    BORDER = "film border"
    LABEL = "label"
    AIR = "air"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to read: a pipeline, and whether marks are held to the breast's mask."""

    name: str
    pipeline: str
    masked: bool


WAYS = (
    Way(name="no mask", pipeline=BY_BLOCK, masked=False),
    Way(name=f"before ({BY_BOX})", pipeline=BY_BOX, masked=True),
    Way(name=f"after ({BY_BLOCK})", pipeline=BY_BLOCK, masked=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedImage:
    """What was found in one picture in one way, and what each region lies on, in its order."""

    way: Way
    detected: DetectedImage
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFigures:
    """Figures of one class in one way of reading, at one threshold.

    ``marks`` counts the marks by place; ``wall`` and ``all`` are (masses hit, masses), of those
    that touch the chest wall and of all; a hit is a peak inside the box.
    """

    way: Way
    kind: str
    name: str
    threshold: float
    marks: tuple[tuple[Place, int], ...]
    wall: tuple[int, int]
    every: tuple[int, int]


def place_marks(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> tuple[PlacedImage, ...]:
    """Read pictures in each of the ``WAYS`` and tell what the marks lie on.

    Raises
    ------
    DataError
        If pictures cannot be decoded: all of them are named.
    """
    return tuple(
        placed
        for image, picture in each_picture(images, data, said="marks")
        for placed in _placed(session, image, picture)
    )


def _placed(session: Session, image: LabelledImage, picture: Picture) -> Iterator[PlacedImage]:
    rows, cols = picture.values.shape
    spacing = picture.spacing or assumed_spacing(
        session.manifest.preprocessing, rows=rows, cols=cols
    )
    look = Look.at(picture.values, spacing)
    read: dict[str, tuple[Grid, NDArray[np.float32]]] = {}
    for way in WAYS:
        manifest = _in_pipeline(session.manifest, way.pipeline)
        if way.pipeline not in read:  # ways of one pipeline share its pass
            spec = manifest.preprocessing
            grid = to_grid(picture.values, spacing=picture.spacing, spec=spec)
            read[way.pipeline] = grid, raw_maps(session, network_input(grid.pixels))
        grid, cam = read[way.pipeline]
        if not way.masked:
            grid = replace(grid, breast=replace(grid.breast, found=False))
        rows, cols = picture.values.shape
        regions = read_maps(
            cam, grid, manifest, limits=thresholds(manifest, None), shape=(rows, cols)
        )[1]
        regions = tuple(region for region in regions if region.score >= LEAST_SCORE)
        yield PlacedImage(
            way=way,
            detected=DetectedImage(
                image=image, regions=regions, rows=rows, cols=cols, spacing=spacing
            ),
            places=tuple(look.place_of(region.peak) for region in regions),
        )


def _in_pipeline(manifest: Manifest, pipeline: str) -> Manifest:
    return replace(manifest, preprocessing=replace(manifest.preprocessing, pipeline=pipeline))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A picture prepared to tell what its points lie on.

    Attributes
    ----------
    shares : ndarray of float32, (rows, cols)
        Grey values as a share of the picture's brightest.
    to_breast_mm, to_strip_mm : ndarray of float32, (h, w)
        Distance of each mask cell from the breast, and from white strips along the edges: 0 inside.
    breast : Breast
        Its mask says where those cells lie.
    """

    shares: NDArray[np.float32]
    to_breast_mm: NDArray[np.float32]
    to_strip_mm: NDArray[np.float32]
    breast: Breast
    spacing: PixelSpacing

    @classmethod
    def at(cls, values: NDArray[np.float32], spacing: PixelSpacing) -> Look:
        """Prepare a picture, grey values 0..1 (rows, cols)."""
        breast = find_breast(values)
        return cls(
            shares=values / max(float(values.max()), 1e-6),
            to_breast_mm=_distance_mm(breast.mask, breast, spacing),
            to_strip_mm=_distance_mm(white_strips_of(values, breast), breast, spacing),
            breast=breast,
            spacing=spacing,
        )

    def place_of(self, point: ImagePoint) -> Place:
        """Return what a point lies on, by the rule of this module's constants."""
        disc = self.disc(point)
        if self._distance(self.to_breast_mm, point) <= ON_BREAST_MM:
            is_white = disc.size and float((disc >= WHITE).mean()) >= DOUBTFUL_SHARE
            return Place.DOUBTFUL if is_white else Place.BREAST
        if self._distance(self.to_strip_mm, point) <= DISC_MM:
            return Place.BORDER
        return Place.LABEL if disc.size and float(disc.max()) >= NOT_AIR else Place.AIR

    def disc(self, point: ImagePoint) -> NDArray[np.float32]:
        """Return the shares within ``DISC_MM`` of a point that are not of the breast's mask.

        All of them where the point is on the breast.
        """
        rows, cols = self.shares.shape
        down, right = DISC_MM / self.spacing.row_mm, DISC_MM / self.spacing.col_mm
        r = np.arange(max(0, int(point.row - down)), min(rows, int(point.row + down) + 1))
        c = np.arange(max(0, int(point.col - right)), min(cols, int(point.col + right) + 1))
        away = ((r[:, None] + 0.5 - point.row) / down) ** 2
        near = away + ((c + 0.5 - point.col) / right) ** 2 <= 1
        part = self.shares[r[0] : r[-1] + 1, c[0] : c[-1] + 1] if r.size and c.size else None
        if part is None:
            return np.zeros(0, np.float32)
        if self._distance(self.to_breast_mm, point) > ON_BREAST_MM:
            cell = self.breast.to_image
            mask_rows = np.minimum(((r + 0.5) / cell.yy).astype(int), self.breast.mask.shape[0] - 1)
            mask_cols = np.minimum(((c + 0.5) / cell.xx).astype(int), self.breast.mask.shape[1] - 1)
            near &= self.to_breast_mm[np.ix_(mask_rows, mask_cols)] > ON_BREAST_MM
        return np.asarray(part[near], np.float32)

    def _distance(self, distances: NDArray[np.float32], point: ImagePoint) -> float:
        cell = self.breast.to_image
        row = min(int(point.row / cell.yy), distances.shape[0] - 1)
        col = min(int(point.col / cell.xx), distances.shape[1] - 1)
        return float(distances[row, col])


def _distance_mm(
    cells: NDArray[np.bool_], breast: Breast, spacing: PixelSpacing
) -> NDArray[np.float32]:
    """Return the distance of each mask cell from the nearest marked one, mm; far where none is."""
    if not cells.any():
        return np.full(cells.shape, np.inf, np.float32)
    image = sitk.GetImageFromArray(cells.astype(np.uint8))
    cell = breast.to_image
    image.SetSpacing((cell.xx * spacing.col_mm, cell.yy * spacing.row_mm))
    signed = sitk.SignedMaurerDistanceMap(
        image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    return np.asarray(np.maximum(sitk.GetArrayFromImage(signed), 0.0), np.float32)


def figures(placed: Sequence[PlacedImage], manifest: Manifest) -> tuple[WayFigures, ...]:
    """Count marks by place, and masses hit, for every way, finding and operating point.

    Candidates down to ``LEAST_SCORE`` are one more threshold, named ``candidates``.
    """
    limits = [(p.kind, p.name, p.threshold) for p in manifest.operating_points]
    limits += [(kind, "candidates", LEAST_SCORE) for kind in manifest.findings]
    return tuple(
        _figures([item for item in placed if item.way is way], way, *limit)
        for limit in limits
        for way in WAYS
    )


def _figures(
    placed: Sequence[PlacedImage], way: Way, kind: str, name: str, threshold: float
) -> WayFigures:
    counts = dict.fromkeys(Place, 0)
    wall, every = [0, 0], [0, 0]
    for item in placed:
        kept = []
        for region, place in zip(item.detected.regions, item.places, strict=True):
            if region.kind == kind and region.score >= threshold:
                counts[place] += 1
                kept.append(region)
        for lesion in lesions_of(item.detected, kind):
            hit = any(lesion.box.contains(region.peak) for region in kept)
            every = [every[0] + hit, every[1] + 1]
            if touches_wall(lesion.box.col0, lesion.box.col1, item.detected):
                wall = [wall[0] + hit, wall[1] + 1]
    return WayFigures(
        way=way,
        kind=kind,
        name=name,
        threshold=threshold,
        marks=tuple(counts.items()),
        wall=(wall[0], wall[1]),
        every=(every[0], every[1]),
    )


def touches_wall(col0: float, col1: float, item: DetectedImage) -> bool:
    """Tell whether a box comes within ``WALL_MM`` of the picture's left or right edge.

    CBIS-DDSM's films lie with the chest wall on one of them, and nothing of a breast reaches the
    other.
    """
    return min(col0, item.cols - col1) * item.spacing.col_mm <= WALL_MM


def doubtful(placed: Sequence[PlacedImage]) -> list[tuple[PlacedImage, Region, Place]]:
    """Return the marks that do not lie on plain breast, best score first, to be looked at."""
    found = [
        (item, region, place)
        for item in placed
        for region, place in zip(item.detected.regions, item.places, strict=True)
        if place is not Place.BREAST
    ]
    return sorted(found, key=lambda entry: -entry[1].score)
