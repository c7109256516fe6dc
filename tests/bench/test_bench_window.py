"""The window bench measures real frames of both windows; how fast they are is for the bench."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mammoview.ui.bench_window import Pair, WindowBench, bench_window


def test_every_gesture_is_measured_in_both_windows(qtbot: QtBot) -> None:
    result = bench_window(frames=5)
    for pair in _gestures(result):
        assert pair.ratio == pair.ms / pair.plain_ms
        assert min(pair.ms, pair.plain_ms) > 0.1  # a frame that was not painted takes no time


def _gestures(result: WindowBench) -> list[Pair]:
    drags = [result.window_level, result.window_level_zoomed]
    return [*drags, result.pan, result.zoom, result.step]
