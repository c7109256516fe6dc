"""The computer reader's results as files: one ``results.json`` and a heatmap file for each view."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mammoview.app.workspace import ModelSummary
from mammoview.cli.output import encode, write_atomically
from mammoview.domain.prediction import Heatmap, Region, ViewPrediction
from mammoview.domain.study import Mammogram

RESULTS = "results.json"
_UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedView:
    """One view with its reading and, where it was analysed, the name of its heatmap file."""

    mammogram: Mammogram
    prediction: ViewPrediction
    heatmap: str | None


class ResultFolder:
    """Writes the results of a run into a folder, each file whole or not at all.

    File names are SOP Instance UIDs, or a running number where there is no usable UID: never a
    patient's name or the name of the file that was read.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()

    def add(self, mammogram: Mammogram, prediction: ViewPrediction) -> AnalysedView:
        """Write a view's heatmaps, if it has any."""
        name = None
        if prediction.heatmaps:
            name = self._name_for(prediction.sop_instance_uid)
            write_atomically(self._folder / name, encode_heatmaps(prediction.heatmaps))
        return AnalysedView(mammogram=mammogram, prediction=prediction, heatmap=name)

    def finish(self, document: dict[str, Any]) -> None:
        """Write ``results.json``."""
        write_atomically(self._folder / RESULTS, encode(document).encode())

    def _name_for(self, uid: str) -> str:
        stem = uid if _UID.fullmatch(uid) else "image"
        number, name = 1, f"{stem}.npz"
        while name in self._names:
            number += 1
            name = f"{stem}-{number}.npz"
        self._names.add(name)
        return name


def encode_heatmaps(heatmaps: Sequence[Heatmap]) -> bytes:
    """Return the npz of a view: a float32 map for each class, and their common ``to_image``.

    ``to_image`` is the 2x3 affine from continuous cell coordinates to pixels of the stored image.
    """
    affines = {heatmap.to_image for heatmap in heatmaps}
    if len(affines) != 1:
        raise ValueError("the maps of one view must lie on one grid")
    arrays = {heatmap.kind: heatmap.values for heatmap in heatmaps}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays, to_image=affines.pop().matrix())
    return content.getvalue()


def analyze_document(
    *,
    model: ModelSummary,
    operating_point: str,
    passes: str,
    views_together: str,
    views: Sequence[AnalysedView],
    refused: Sequence[dict[str, str | None]],
) -> dict[str, Any]:
    """Return the document of ``analyze --json`` (see the contract).

    ``score_one_view`` of a region is null where no other view changed its score.
    """
    return {
        "model": {
            **asdict(model.identity),
            "caveats": [{"class": c.kind, "text": c.text} for c in model.caveats],
        },
        "device": model.device,
        "operating_point": operating_point,
        "thresholds": {
            p.kind: p.threshold for p in model.operating_points if p.name == operating_point
        },
        "passes": passes,
        "views_together": views_together or None,
        "images": [_image(view) for view in views],
        "refused": list(refused),
    }


def _image(view: AnalysedView) -> dict[str, Any]:
    mammogram, prediction = view.mammogram, view.prediction
    return {
        "file": str(mammogram.file),
        "archive": mammogram.archive and str(mammogram.archive),
        "study": mammogram.study_key,
        "sop_instance_uid": mammogram.sop_instance_uid,
        "laterality": mammogram.laterality.value,
        "view": mammogram.view.value,
        "rows": mammogram.rows,
        "cols": mammogram.cols,
        "status": prediction.status,
        "reason": prediction.reason or None,
        "scores": dict(prediction.scores),
        "heatmap": view.heatmap,
        "regions": [_region(region) for region in prediction.regions],
        "seconds": asdict(prediction.seconds),
        "notes": list(prediction.notes),
        "input_range": _input_range(prediction.outside_range),
    }


def _input_range(outside: tuple[str, ...] | None) -> dict[str, Any]:
    """``inside`` is null where the model names no ranges, or the view was not analysed."""
    return {"inside": None if outside is None else not outside, "outside": list(outside or ())}


def _region(region: Region) -> dict[str, Any]:
    box = region.box
    return {
        "class": region.kind,
        "score": region.score,
        "peak": [region.peak.col, region.peak.row],
        "box": [box.col0, box.row0, box.col1, box.row1],
        "outline": [[point.col, point.row] for point in region.outline],
        "size_mm": None if region.size_mm is None else list(region.size_mm),
        "flagged": region.flagged,
        "score_one_view": region.score_one_view,
    }
