"""CPU and GPU side by side: what is told, and what counts as the same marks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.cli.bench import processors
from mammoview.cli.bench.processors import STAGES, compare_marks, measure_processors
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus, Region, StageSeconds, ViewPrediction
from mammoview.modelkit.bundle import Bundle, open_bundle
from tests.builders.dicom import build_exam
from tests.builders.gpu import pretend_gpu
from tests.builders.models import build_bundle


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """A tiny model, on a machine whose driver says nothing of its memory."""
    monkeypatch.setattr(processors, "cuda_memory_used_mib", lambda: None)
    return open_bundle(build_bundle(tmp_path / "bundle", stride=8))


def test_a_gpu_is_told_beside_the_cpu(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_gpu(monkeypatch)
    build_exam(tmp_path / "exam")
    told = measure_processors(bundle, [tmp_path / "exam"])
    assert told["gpu"] == "NVIDIA Test (CUDA)"
    assert told["cpu"].startswith("CPU")
    for name in ("cpu", "gpu"):
        assert min(told[f"{name}_view_ms"].values()) > 0
        assert told[f"{name}_stage_ms"].keys() == set(STAGES)
        assert sum(told[f"{name}_stage_share"].values()) == pytest.approx(1.0)
    known = "of a known size"
    assert told["gpu_ratio"] == told["gpu_view_ms"][known] / told["cpu_view_ms"][known]
    assert told["gpu_marks"] == {"same": True, "largest_score_difference": 0, "only_in_one": 0}


def test_without_a_gpu_that_is_said(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mammoview.inference.session.cuda_device_name", lambda: None)
    build_exam(tmp_path / "exam")
    told = measure_processors(bundle, [tmp_path / "exam"])
    assert told["gpu"].startswith("not measured: no CUDA device; ")
    assert not [key for key in told if key.startswith("gpu_")]


def _region(col: float, score: float, *, flagged: bool) -> Region:
    return Region(
        kind="mass",
        score=score,
        peak=ImagePoint(col=col, row=20.0),
        box=ImageBox(col0=0.0, row0=0.0, col1=100.0, row1=100.0),
        outline=(),
        flagged=flagged,
    )


def _view(*regions: Region) -> ViewPrediction:
    return ViewPrediction(
        sop_instance_uid="1.2",
        status=AnalysisStatus.ANALYZED,
        reason="",
        scores=(),
        heatmaps=(),
        regions=regions,
        seconds=StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0),
        notes=(),
    )


def test_a_rounding_of_scores_is_told_and_changes_no_mark() -> None:
    one, other = _region(10.0, 0.5, flagged=True), _region(50.0, 0.25, flagged=False)
    one_moved = replace(one, score=0.75, peak=ImagePoint(col=10.002, row=19.999))
    moved = compare_marks([_view(one_moved, other)], [_view(other, one)])
    assert moved == {"same": True, "largest_score_difference": 0.25, "only_in_one": 0}


def test_a_mark_of_one_reading_alone_is_told() -> None:
    here, there = _region(10.0, 0.5, flagged=True), _region(50.0, 0.5, flagged=True)
    assert compare_marks([_view(here)], [_view(there)])["only_in_one"] == 2
    assert not compare_marks([_view(here)], [_view(there)])["same"]
    assert not compare_marks([_view(here)], [_view(replace(here, flagged=False))])["same"]
