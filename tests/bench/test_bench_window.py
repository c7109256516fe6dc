"""The window bench measures real frames, and the drag is not slower than a plain window's."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mammoview.ui.bench_window import bench_window


def test_the_drag_is_not_slower_than_a_plain_pyqtgraph_window(qtbot: QtBot) -> None:
    result = bench_window(frames=5)
    assert result.window_level.ratio <= 1.0
    assert result.window_level_zoomed.ratio <= 1.0
    for pair in (result.window_level, result.window_level_zoomed, result.pan, result.zoom):
        assert pair.ratio == pair.ms / pair.plain_ms
        assert pair.ms > 0.1
