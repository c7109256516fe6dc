"""Do the marks stay the same in rounded arithmetic?  Both engines on every picture, compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Region
from mammoview.inference.predictor import Reading, read_values
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest
from trainer.card_sections import Section, SectionName, section_of
from trainer.labelled import LabelledImage
from trainer.pictures import read_picture
from trainer.recipe import DataRecipe

# Peaks that lie nearer are one mark: cells of the map.
SAME_CELLS = 0.5
# Candidates below this score say nothing.
_LOWEST_SCORE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A picture whose marks differ at an operating point: what only one of the two shows."""

    picture: str
    operating_point: str
    met: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksComparison:
    """The same pictures by a rounded session and in float32.

    Attributes
    ----------
    device, reference : str
        What the two ran on.
    pictures : int
        All that were read.
    reread : int
        Those that the first session itself read again in float32, its doubts.
    rounding : float
        Distance of a margin from a threshold that counts as a doubt.
    largest_error : float
        Of the margins of candidates, in pictures not read again; 0 if there is none.
    seconds, reference_seconds : float
        Of the network, over all pictures; the first holds what was read again.
    differences : tuple of Difference
        At every operating point, whichever was chosen.
    """

    device: str
    reference: str
    pictures: int
    reread: int
    rounding: float
    largest_error: float
    seconds: float
    reference_seconds: float
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """True when pictures were read and every list is the same."""
        return self.pictures > 0 and not self.differences


def compare_marks(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> MarksComparison:
    """Read every picture by a session and by its float32 sibling, with progress.

    Raises
    ------
    DataError
        If a picture cannot be decoded.
    """
    exact = session.exact()
    differences: list[Difference] = []
    reread, largest, seconds, reference_seconds = 0, 0.0, 0.0, 0.0
    for image in tqdm(images, "compare", unit="picture"):
        picture = read_picture(image.file, data)
        ours, theirs = (
            read_values(s, picture.values, spacing=picture.spacing, operating_point=None)
            for s in (session, exact)
        )
        differences += _differences(image.file.name, ours, theirs, session.manifest)
        reread += ours.reread
        largest = max(largest, _largest_error(ours, theirs, session.manifest))
        seconds += ours.network_seconds
        reference_seconds += theirs.network_seconds
    return MarksComparison(
        device=session.device,
        reference=exact.device,
        pictures=len(images),
        reread=reread,
        rounding=session.rounding,
        largest_error=largest,
        seconds=seconds,
        reference_seconds=reference_seconds,
        differences=tuple(differences),
    )


def document(found: MarksComparison) -> dict[str, Any]:
    """Return the JSON document."""
    return {
        "device": found.device,
        "reference": found.reference,
        "pictures": found.pictures,
        "read_again": found.reread,
        "rounding": found.rounding,
        "largest_error": found.largest_error,
        "network_seconds": found.seconds,
        "reference_network_seconds": found.reference_seconds,
        "same_within_cells": SAME_CELLS,
        "differences": [
            {"picture": d.picture, "operating_point": d.operating_point, "met": d.met}
            for d in found.differences
        ],
        "passed": found.passed,
    }


def engines_section(found: MarksComparison, manifest: Manifest) -> Section:
    """Return the part of the card that tells whether rounding changes a mark."""
    differing = len({item.picture for item in found.differences})
    lists = (
        "every operating point marks the same regions in both"
        if found.passed
        else f"the marks of {differing} pictures differ at one operating point or more"
    )
    text = (
        "### The same marks in rounded arithmetic\n\n"
        f"{found.device}, beside {found.reference}: {found.pictures} pictures; {lists} (peaks "
        f"within {SAME_CELLS:g} of a cell). Read again in float32, for a mark whose "
        f"margin lies within {found.rounding:.2f} of a threshold: {found.reread} pictures "
        f"({found.reread / max(1, found.pictures):.0%}). Largest error of a candidate's margin in "
        f"the others: {found.largest_error:.3f}. Seconds of the network, what was read again "
        f"counted: {found.seconds / found.reference_seconds:.2f} of float32's."
    )
    command = "mammoview-train verify BUNDLE --data $MAMMOVIEW_DATA/cbis-ddsm/mass-800/test"
    return section_of(
        SectionName.ENGINES, manifest, text=text, commands=(f"{command} --section FOLDER",)
    )


def _differences(
    picture: str, ours: Reading, theirs: Reading, manifest: Manifest
) -> Iterable[Difference]:
    """Compare the flagged lists at every operating point."""
    to_cells = {heatmap.kind: heatmap.to_image.inverse() for heatmap in theirs.heatmaps}
    for point in manifest.operating_points:
        flagged, wanted = (
            [r for r in reading.regions if r.kind == point.kind and r.score >= point.threshold]
            for reading in (ours, theirs)
        )
        lone = _without_partner(flagged, wanted, to_cells[point.kind])
        missed = _without_partner(wanted, flagged, to_cells[point.kind])
        met = [f"{r.kind} {r.score:.4f} too many" for r in lone]
        met += [f"{r.kind} {r.score:.4f} missing" for r in missed]
        if met:
            yield Difference(picture=picture, operating_point=point.name, met=", ".join(met))


def _without_partner(
    regions: Sequence[Region], others: Sequence[Region], to_cells: Affine2D
) -> list[Region]:
    """Return the regions with no other one at the same place, each of those taken once."""
    left = list(others)
    lone = []
    for region in regions:
        near = [o for o in left if _cells_apart(region, o, to_cells) <= SAME_CELLS]
        if near:
            left.remove(min(near, key=lambda o: _cells_apart(region, o, to_cells)))
        else:
            lone.append(region)
    return lone


def _cells_apart(one: Region, other: Region, to_cells: Affine2D) -> float:
    a, b = to_cells.apply(one.peak), to_cells.apply(other.peak)
    return math.hypot(a.col - b.col, a.row - b.row)


def _largest_error(ours: Reading, theirs: Reading, manifest: Manifest) -> float:
    """Return the largest difference of the margins of candidates at the same place."""
    slopes = {item.kind: item.slope for item in manifest.calibration}
    to_cells = {heatmap.kind: heatmap.to_image.inverse() for heatmap in theirs.heatmaps}
    worst = 0.0
    for region in theirs.regions:
        if not _LOWEST_SCORE <= region.score < 1.0:
            continue
        same = [
            abs(_odds(r.score) - _odds(region.score)) / slopes[r.kind]
            for r in ours.regions
            if r.kind == region.kind
            and 0.0 < r.score < 1.0
            and _cells_apart(r, region, to_cells[r.kind]) <= SAME_CELLS
        ]
        worst = max(worst, min(same, default=0.0))
    return worst


def _odds(score: float) -> float:
    return math.log(score / (1.0 - score))
