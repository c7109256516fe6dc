"""The shipped model marks the same regions however a picture is stored, and wherever it lies."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import Affine2D, PixelSpacing, Pose
from mammoview.domain.prediction import Region
from mammoview.imaging.grayscale import unit_values
from mammoview.imaging.orientation import apply_pose
from mammoview.inference.predictor import raw_maps, read_maps, thresholds
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.preprocess import PIPELINE, network_input, to_grid
from trainer.coco import read_coco
from trainer.pictures import Picture, read_picture
from trainer.recipe import read_recipe

POSES = [
    Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    for flip in (False, True)
    for degrees in (0, 90, 180, 270)
]
SHIFTS = ((1, 0), (0, 1), (-1, -1))
# Log-odds by which a pixel's shift may move a score: the network's own strides.  A flag may come
# or go only where the score is nearer to the threshold than this.
SCORE_TOLERANCE = 0.8
# Where the grid is the same up to the rounding of a grey level.
SAME_SCORE = 0.01
HALF_CELL = 0.5
# On a map of small cells: a fifth of what keeps two peaks apart.
STEADY_MM = 2.0
CANDIDATE = 0.1


@dataclass(slots=True)
class Reader:
    """The model on the newest pipeline; what it gave for a grid is kept and given again."""

    session: Session
    maps: dict[bytes, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def cell_mm(self) -> float:
        manifest = self.session.manifest
        return manifest.map_geometry.stride_px * manifest.preprocessing.mm_per_px

    def limit(self, kind: str) -> float:
        """Return the score from which regions are compared.

        All that the default operating point flags, and of the others those that any operating
        point flags from a score of 0.1: below it two peaks of noise may take turns.
        """
        manifest = self.session.manifest
        of = {p.name: p.threshold for p in manifest.operating_points if p.kind == kind}
        return max(min(of.values()), min(of[manifest.default_operating_point], CANDIDATE))

    def regions(self, picture: Picture) -> tuple[Region, ...]:
        manifest = self.session.manifest
        spec = manifest.preprocessing
        grid = to_grid(picture.values, spacing=picture.spacing, spec=spec)
        key = grid.pixels.tobytes()
        if key not in self.maps:
            self.maps[key] = raw_maps(self.session, network_input(grid.pixels))
        shape = (picture.values.shape[0], picture.values.shape[1])
        limits = thresholds(manifest, None)
        return read_maps(self.maps[key], grid, manifest, limits=limits, shape=shape)[1]


@pytest.fixture(scope="module")
def reader(shipped_bundle: Path) -> Reader:
    session = copy(Session.open(open_bundle(shipped_bundle), device="cpu"))
    spec = replace(session.manifest.preprocessing, pipeline=PIPELINE)
    session.manifest = replace(session.manifest, preprocessing=spec)
    return Reader(session)


def native(files: list[Path], number: int) -> Picture:
    """Return one view of a native examination."""
    views = [view for exam in index_paths(files).examinations for view in exam.mammograms]
    view = views[number]
    return Picture(values=unit_values(decode_pixels(view), view.pixel_format), spacing=view.spacing)


@pytest.fixture(scope="module")
def films(mammoview_data: Path, repository: Path) -> list[Picture]:
    data = read_recipe(repository / "resources" / "recipes" / "review-mass.toml").data
    images = read_coco(mammoview_data / "cbis-ddsm" / "mass-800" / "train")
    return [read_picture(image.file, data) for image in images[::350]]


def turned(picture: Picture, pose: Pose) -> tuple[Picture, Affine2D]:
    """Return the picture as it is stored in another pose, and the map back."""
    values, back = apply_pose(picture.values, pose)
    spacing = picture.spacing
    if spacing is not None and pose.rotate_degrees in (90, 270):
        spacing = PixelSpacing(row_mm=spacing.col_mm, col_mm=spacing.row_mm, source=spacing.source)
    return Picture(values=np.ascontiguousarray(values), spacing=spacing), back


def shifted(picture: Picture, down: int, right: int) -> tuple[Picture, Affine2D]:
    """Return the picture moved by whole pixels inside its frame, and the map back."""
    rows, cols = picture.values.shape
    padded = np.pad(picture.values, 1, mode="edge")
    values = np.ascontiguousarray(padded[1 - down :, 1 - right :][:rows, :cols])
    back = Affine2D.scale_translate(col_scale=1, row_scale=1, col0=-right, row0=-down)
    return replace(picture, values=values), back


def check_same(
    reader: Reader, picture: Picture, other: Picture, back: Affine2D, tolerance: float
) -> int:
    """Compare both ways; return how many regions were compared."""
    grid = to_grid(
        picture.values, spacing=picture.spacing, spec=reader.session.manifest.preprocessing
    )
    step = np.abs(grid.to_image.matrix()[:, :2]).sum(axis=1)  # stored pixels a grid pixel
    mm = reader.session.manifest.preprocessing.mm_per_px / step
    ours = [(r.kind, r.score, (r.peak.col, r.peak.row), r.flagged) for r in reader.regions(picture)]
    theirs = []
    for region in reader.regions(other):
        at = back.apply(region.peak)
        theirs.append((region.kind, region.score, (at.col, at.row), region.flagged))
    compared = 0
    for one, two in ((ours, theirs), (theirs, ours)):
        for kind, score, at_one, flagged in one:
            if score < reader.limit(kind):
                continue
            near = [
                (float(np.linalg.norm((np.array(at_one) - at) * mm)), other_score, other_flag)
                for other_kind, other_score, at, other_flag in two
                if other_kind == kind
            ]
            distance, met, flag = min(near)
            steady_mm = max(HALF_CELL * reader.cell_mm, STEADY_MM)
            assert distance <= steady_mm, f"{kind} {score:.2f}: {distance:.1f} mm"
            moved = abs(np.log(score / (1 - score)) - np.log(met / (1 - met)))
            assert moved <= tolerance, f"{kind}: score {score:.3f} became {met:.3f}"
            assert flag == flagged or tolerance == SCORE_TOLERANCE
            compared += 1
    return compared


def test_films_give_the_same_regions_in_every_pose(reader: Reader, films: list[Picture]) -> None:
    compared = 0
    for picture in films:
        for pose in POSES[1:]:
            other, back = turned(picture, pose)
            compared += check_same(reader, picture, other, back, tolerance=SAME_SCORE)
    assert compared >= 20


def test_films_give_the_same_regions_a_pixel_on(reader: Reader, films: list[Picture]) -> None:
    compared = 0
    for picture in films:
        for down, right in SHIFTS:
            other, back = shifted(picture, down, right)
            compared += check_same(reader, picture, other, back, tolerance=SCORE_TOLERANCE)
    assert compared >= 10


@pytest.mark.parametrize("exam", ["demo_exam_p00820", "demo_exam_p00173"])
def test_native_views_give_the_same_regions_in_every_pose_and_a_pixel_on(
    reader: Reader, exam: str, request: pytest.FixtureRequest
) -> None:
    picture = native(request.getfixturevalue(exam), 0)
    compared = 0
    for pose in POSES[1::2]:
        other, back = turned(picture, pose)
        compared += check_same(reader, picture, other, back, tolerance=SAME_SCORE)
    for down, right in SHIFTS[:2]:
        other, back = shifted(picture, down, right)
        compared += check_same(reader, picture, other, back, tolerance=SCORE_TOLERANCE)
    assert compared >= 6
