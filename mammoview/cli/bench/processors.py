"""Milliseconds a view on the CPU and on a GPU, stage by stage, with what both found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.prediction import AnalysisStatus, Region, ViewPrediction
from mammoview.domain.study import Mammogram
from mammoview.errors import InferenceError, MissingPartError, ModelError
from mammoview.inference.devices import cuda_memory_used_mib
from mammoview.inference.predictor import predict_view
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import Bundle

STAGES = ("decode", "prepare", "network", "regions")
_REPEATS = 2
_SAME_PLACE_PX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rounds:
    """Predictions and wall seconds of each view: once fresh, then with its size known."""

    fresh: tuple[tuple[ViewPrediction, float], ...]
    again: tuple[tuple[ViewPrediction, float], ...]


def measure_processors(bundle: Bundle, paths: Sequence[Path]) -> dict[str, Any]:
    """Measure every view on the CPU and, where there is one, on the GPU; both in this process.

    ``gpu`` says in words what it ran on or why it did not.
    """
    views = [
        view
        for exam in index_paths(paths).examinations
        for view in exam.mammograms
        if view.unsupported is None
    ]
    _, cpu = on_cpu = _measured(bundle, views, "cpu")
    before = cuda_memory_used_mib()
    try:
        _, gpu = on_gpu = _measured(bundle, views, "cuda")
    except (MissingPartError, InferenceError, ModelError) as error:
        return {**_told("cpu", *on_cpu), "gpu": f"not measured: {error}"}
    after = cuda_memory_used_mib()
    return {
        **_told("cpu", *on_cpu),
        **_told("gpu", *on_gpu),
        "gpu_memory_mib": None if before is None or after is None else after - before,
        "gpu_ratio": _median_ms(gpu.again) / _median_ms(cpu.again),
        "gpu_marks": compare_marks([p for p, _ in gpu.again], [p for p, _ in cpu.again]),
    }


def compare_marks(
    predictions: Sequence[ViewPrediction], wanted: Sequence[ViewPrediction]
) -> dict[str, Any]:
    """Return whether two readings flag the same places, and how far their scores lie apart.

    Regions of a kind belong together whose peaks lie within a pixel of each other: other sums of
    the same products move a peak by thousandths.  What is alone is counted.
    """
    apart, alone, same = [0.0], 0, True
    for one, other in zip(predictions, wanted, strict=True):
        pairs = [(r, s) for r in one.regions for s in other.regions if _is_same_place(r, s)]
        apart += [abs(ours.score - theirs.score) for ours, theirs in pairs]
        alone += len(one.regions) + len(other.regions) - 2 * len(pairs)
        both = sum(ours.flagged and theirs.flagged for ours, theirs in pairs)
        same = same and both == _flagged(one) == _flagged(other)
    return {"same": same, "largest_score_difference": max(apart), "only_in_one": alone}


def _is_same_place(one: Region, other: Region) -> bool:
    apart = hypot(one.peak.col - other.peak.col, one.peak.row - other.peak.row)
    return one.kind == other.kind and apart <= _SAME_PLACE_PX


def _flagged(view: ViewPrediction) -> int:
    return sum(region.flagged for region in view.regions)


def _measured(bundle: Bundle, views: Sequence[Mammogram], device: str) -> tuple[Session, _Rounds]:
    session = Session.open(bundle, device=device)
    fresh = tuple(_read(session, view) for view in views)
    again = tuple(_read(session, view) for _ in range(_REPEATS) for view in views)
    return session, _Rounds(fresh=fresh, again=again)


def _read(session: Session, view: Mammogram) -> tuple[ViewPrediction, float]:
    start = perf_counter()
    stored = decode_pixels(view)
    decoded = perf_counter() - start
    prediction = predict_view(session, view, stored, operating_point=None, decode_seconds=decoded)
    if prediction.status is not AnalysisStatus.ANALYZED:
        raise InferenceError(
            prediction.reason, expected="a view that can be analysed", todo="analyze it"
        )
    return prediction, perf_counter() - start


def _told(name: str, session: Session, rounds: _Rounds) -> dict[str, Any]:
    """Return the figures of one processor; the shares are of the views whose size is known."""
    sums = {stage: sum(getattr(p.seconds, stage) for p, _ in rounds.again) for stage in STAGES}
    count, whole = len(rounds.again), sum(sums.values())
    return {
        name: session.device,
        f"{name}_view_ms": {
            "first": 1e3 * rounds.fresh[0][1],
            "of a new size": _median_ms(rounds.fresh[1:] or rounds.fresh),
            "of a known size": _median_ms(rounds.again),
        },
        f"{name}_stage_ms": {stage: 1e3 * seconds / count for stage, seconds in sums.items()},
        f"{name}_stage_share": {stage: seconds / whole for stage, seconds in sums.items()},
    }


def _median_ms(readings: Sequence[tuple[ViewPrediction, float]]) -> float:
    return 1e3 * median(seconds for _, seconds in readings)
