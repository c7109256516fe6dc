"""The window bench measures real frames of both windows; how fast they are is for the bench."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView
from pytestqt.qtbot import QtBot

from mammoview.ui.bench.window import Paints, Pair, Stage, WindowBench, bench_window


def test_every_gesture_is_measured_in_both_windows(qtbot: QtBot) -> None:
    result = bench_window(frames=5)
    for pair in _gestures(result):
        assert pair.ratio == pair.ms / pair.plain_ms
        assert min(pair.ms, pair.plain_ms) > 0.1  # a frame that was not painted takes no time


class _Scene(QGraphicsView):
    """A scene whose surface is painted anew when its window becomes the active one, or is no more.

    So are the scenes of both windows of the bench.
    """

    def __init__(self) -> None:
        self._scene = QGraphicsScene()
        self._scene.addRect(0, 0, 50, 50)
        super().__init__(self._scene)
        self.paints = Paints(self.viewport())
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)

    def change(self) -> None:
        """Give it something to paint."""
        self._scene.items()[0].moveBy(1.0, 0.0)

    def event(self, event: QEvent) -> bool:
        """Change something in the scene with the window's state."""
        if event.type() in (QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate):
            self.change()
        return super().event(event)


def test_no_frame_holds_a_paint_of_the_other_window(qtbot: QtBot) -> None:
    views = (_Scene(), _Scene())
    for view in views:
        qtbot.addWidget(view)
        view.show()
    at_gesture: list[int] = []

    def paints() -> int:
        return sum(view.paints.count for view in views)

    for frame in range(1, 5):
        for view in views:

            def change(stage: Stage, frame: int, view: _Scene = view) -> None:
                at_gesture.append(paints())
                view.change()

            Stage(view.viewport()).frame_ms(change, frame)
            assert paints() == at_gesture[-1] + 1


def _gestures(result: WindowBench) -> list[Pair]:
    drags = [result.window_level, result.window_level_zoomed]
    return [*drags, result.pan, result.zoom, result.step]
