"""What flips and a second scale are worth: every way of reading, from one set of passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.inference.passes import Passes, averaged, maps_of_passes, plan
from mammoview.inference.predictor import raw_maps, read_maps, thresholds
from mammoview.inference.session import Session
from mammoview.modelkit.preprocess import assumed_spacing, to_grid
from trainer.detect import DetectedImage
from trainer.labelled import LabelledImage
from trainer.pictures import Picture, each_picture
from trainer.readings import NamedReading, compare_readings, readings_text
from trainer.recipe import DataRecipe


@dataclass(slots=True)
class _Clock:
    """Runs the network and keeps the seconds of each run."""

    session: Session
    seconds: list[float] = field(default_factory=list)

    def run(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the raw maps of an image."""
        started = perf_counter()
        maps = raw_maps(self.session, image)
        self.seconds.append(perf_counter() - started)
        return maps


def evaluate_passes(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> dict[str, Any]:
    """Return the document of ``evaluate passes``: each way on the same pictures, and its cost.

    Every picture goes through the network as often as the longest way asks; the shorter ways are
    averages of some of those maps, as they are in ``mammoview analyze``.

    Raises
    ------
    DataError
        If there are no pictures, or some cannot be decoded: all of them are named.
    """
    if not images:
        raise DataError("no pictures", expected="at least one", todo="check the data folder")
    clock = _Clock(session)
    found: dict[Passes, list[DetectedImage]] = {way: [] for way in Passes}
    for image, picture in each_picture(images, data, said="passes"):
        for way, item in _all_ways(clock, image, picture).items():
            found[way].append(item)
    readings = [
        NamedReading(name=way.value, text=way.text, detected=tuple(items))
        for way, items in found.items()
    ]
    seconds = np.array(clock.seconds).reshape(len(images), -1).mean(axis=0)
    spent = {way.value: float(seconds[list(chosen(way))].sum()) for way in Passes}
    document = compare_readings(readings, session.manifest)
    return {**document, "device": session.device, "network_seconds_per_image": spent}


def chosen(way: Passes) -> tuple[int, ...]:
    """Return which maps of all passes a way averages."""
    everything = plan(Passes.ALL)
    return tuple(everything.index(one) for one in plan(way))


def _all_ways(clock: _Clock, image: LabelledImage, picture: Picture) -> dict[Passes, DetectedImage]:
    manifest = clock.session.manifest
    values, spacing = picture.values, picture.spacing
    grid = to_grid(values, spacing=spacing, spec=manifest.preprocessing)
    maps = maps_of_passes(
        clock.run, grid, values, spacing=spacing, manifest=manifest, passes=Passes.ALL
    )
    rows, cols = values.shape
    limits = thresholds(manifest, None)

    def regions(way: Passes) -> tuple[Region, ...]:
        cam = averaged(maps, chosen(way))
        return read_maps(cam, grid, manifest, limits=limits, shape=(rows, cols))[1]

    base = DetectedImage(
        image=image,
        regions=(),
        rows=rows,
        cols=cols,
        spacing=spacing
        or assumed_spacing(clock.session.manifest.preprocessing, rows=rows, cols=cols),
    )
    return {way: replace(base, regions=regions(way)) for way in Passes}


def passes_text(document: dict[str, Any], part: str) -> str:
    """Return the document as a section of the card; ``part`` says which pictures they are."""
    seconds = document["network_seconds_per_image"]
    one = seconds[Passes.ONE.value]
    cost = ", ".join(f"{way} {spent:.2f} s ({spent / one:.1f}x)" for way, spent in seconds.items())
    return "\n".join(
        [
            "### Flips and a second scale",
            "",
            f"One pass an image is the default; the others are options ({part}). Network seconds "
            f"an image on {document['device']}: {cost}. Operating points were set on one pass.",
            "",
            readings_text(document),
        ]
    )
