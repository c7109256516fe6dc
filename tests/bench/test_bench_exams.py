"""The bench of examinations runs, and its files are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from mammoview.dicom import exams_bench
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.errors import UsageError
from mammoview.ui.bench import exams as bench_exams
from tests.builders.ahead import WatchedAnalyst


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make smaller images: nothing is measured here."""
    monkeypatch.setattr(exams_bench, "ROWS", 230)
    monkeypatch.setattr(exams_bench, "COLS", 150)
    monkeypatch.setattr(bench_exams, "_RUNS", 1)
    monkeypatch.setattr(bench_exams, "_READINGS", 1)


@pytest.mark.usefixtures("small")
def test_files_of_the_bench_decode_alike_here_and_there(tmp_path: Path) -> None:
    paths = exams_bench.write_large_exam(tmp_path)
    index = exams_bench.repeated(paths, exams=3)
    assert len({exam.key for exam in index.examinations}) == 3
    for view in index_paths(paths).examinations[0].mammograms:
        assert np.array_equal(decode_pixels(view), exams_bench.read_plainly(view.file))


@pytest.mark.usefixtures("small")
def test_the_bench_tells_times_ratios_and_memory(qtbot: QtBot, tmp_path: Path) -> None:
    analyst = WatchedAnalyst()
    result = bench_exams.bench_exams(tmp_path, exams=2, analyst=analyst)
    assert min(result.prefetched_ms, result.cold_ms, result.plain_ms) > 0
    assert result.prefetched_ratio == result.prefetched_ms / result.plain_ms
    assert list(result.resident_mib) == ["1", "2"]
    assert result.result_ahead_ms is not None
    assert result.result_ms is not None
    assert min(result.result_ahead_ms, result.result_ms) > 0
    assert result.result_ratio == result.result_ahead_ms / result.result_ms
    # The walk of two, then two windows of two: the one ahead reads its second while it shows the
    # first, the other when the key is pressed.
    assert len(analyst.ended) == 2 + 2 + 2


@pytest.mark.usefixtures("small")
def test_without_a_reader_the_bench_tells_no_results(qtbot: QtBot, tmp_path: Path) -> None:
    result = bench_exams.bench_exams(tmp_path, exams=2, analyst=None)
    assert (result.result_ahead_ms, result.result_ms, result.result_ratio) == (None, None, None)
    with pytest.raises(UsageError, match="2 or more"):
        bench_exams.bench_exams(tmp_path, exams=1, analyst=None)
