"""A reader who draws on a four-view: wishes are carried out at once, without a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from mammoview.app.marks import marking
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint, PixelSpacing, Pose, SpacingBasis
from mammoview.domain.views import Slot
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]
Left = Qt.MouseButton.LeftButton
MM = PixelSpacing(
    row_mm=0.2, col_mm=0.1, source="test", basis=SpacingBasis.CORRECTED, magnification=1.8
)


class Reader:
    """A four-view whose wishes are carried out."""

    def __init__(self, view: FourView, state: Workspace) -> None:
        self.view = view
        self.state = state
        view.render(None, state)
        view.measure.commanded.connect(self.do)

    def do(self, command: Callable[[Workspace], Workspace]) -> None:
        old, self.state = self.state, command(self.state)
        self.view.render(old, self.state)

    def tool(self, kind: MarkKind) -> None:
        self.do(lambda ws: marking.choose_tool(ws, kind))

    def at(self, col: float, row: float, slot: Slot = Slot.RCC) -> QPointF:
        return self.view.pane(slot).to_screen(ImagePoint(col=col, row=row))

    @property
    def count(self) -> int:
        return len(self.state.marks.items)

    @property
    def mark(self) -> Annotation:
        (mark,) = self.state.marks.items
        return mark

    def said(self) -> str:
        texts = [item.text for item in self.view.measure.layer.drawn if not item.guessed]
        return texts[-1].partition("\n")[0]


def reader_of(
    widget: FourView, slot: Slot = Slot.RCC, pose: Pose | None = None, **header: Any
) -> Reader:
    loaded = scene.image(scene.bright(), pose or scene.UPRIGHT)
    header = {"spacing": MM} | header
    return Reader(widget, scene.workspace(scene.pane(slot, loaded, **header)))


def near(found: ImagePoint, wanted: ImagePoint, within: float = 0.01) -> None:
    assert (found.col, found.row) == pytest.approx((wanted.col, wanted.row), abs=within)


def drag(mouse: Mouse, a: QPointF, b: QPointF) -> None:
    mouse.drag(a, b - a, Left)


def click(mouse: Mouse, *places: QPointF) -> None:
    for place in places:
        mouse.move(place)
        mouse.drag(place, QPointF(), Left)


def drawn_line(reader: Reader, mouse: Mouse) -> Annotation:
    reader.tool(MarkKind.LENGTH)
    drag(mouse, reader.at(200, 300), reader.at(400, 300))
    return reader.mark
