"""The reader's findings on the images: drawn with their numbers, selected with a press."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPointF, QRectF, Signal

from mammoview.app.assessment.lexicon import finding_kind_text
from mammoview.app.second_read import findings
from mammoview.app.workspace import Workspace
from mammoview.domain.finding import Finding
from mammoview.ui.viewport.canvas import Canvas
from mammoview.ui.viewport.finding_layer import DrawnFinding, FindingLayer
from mammoview.ui.viewport.measure_shapes import near_line
from mammoview.ui.viewport.pane_view import PaneView

_REACH_PX = 6.0


class FindingTools(QObject):
    """Shows findings over the panes of a four-view.

    Parameters
    ----------
    canvas : Canvas
        The surface; a press on a finding's line or plate selects it, and still moves the image.
    panes : callable
        Returns the panes on the screen.

    Signals
    -------
    commanded(callable)
        A command ``Workspace -> Workspace`` that the reader wishes.
    redrawn()
        What is drawn, or where, has changed.
    """

    commanded = Signal(object)
    redrawn = Signal()

    def __init__(
        self, canvas: Canvas, panes: Callable[[], tuple[PaneView, ...]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.setObjectName("findingTools")
        self.layer = FindingLayer()
        canvas.scene().addItem(self.layer)
        self._canvas = canvas
        self._panes = panes
        self._state: Workspace | None = None
        self._connect()

    def _connect(self) -> None:
        self._canvas.pressed.connect(self._pressed)

    def render(self, old: Workspace | None, new: Workspace) -> None:
        """Show the findings of the panes."""
        self._state = new
        self.redraw()

    def redraw(self) -> None:
        """Draw everything at its place now."""
        state = self._state
        drawn = (
            [] if state is None else [item for view in self._views() for item in _of(state, view)]
        )
        if drawn or self.layer.drawn:
            self.layer.draw(drawn, QRectF(self._canvas.rect()))
            self._canvas.viewport().update()
            self.redrawn.emit()

    def _views(self) -> list[PaneView]:
        return [view for view in self._panes() if view.placement is not None]

    def _pressed(self, at: QPointF) -> None:
        """Select what is under a press, unless a tool draws there."""
        if self._state is None or self._state.marks.tool is not None:
            return
        finding_id = self.finding_at(at)
        if finding_id:
            self.commanded.emit(partial(findings.select, finding_id=finding_id))

    def finding_at(self, at: QPointF) -> str:
        """Return the id of the finding whose line or plate is at a position; empty: of none."""
        drawn = self.layer.drawn
        for item, plate in zip(drawn, self.layer.plates, strict=False):
            if plate.contains(at):
                return item.finding_id
        for item in reversed(drawn):
            if item.view.box.geometry().contains(at) and near_line(item.path(), at, _REACH_PX):
                return item.finding_id
        return ""


def _of(state: Workspace, view: PaneView) -> list[DrawnFinding]:
    return [
        DrawnFinding(
            view=view,
            finding_id=finding.id,
            outline=outline.outline,
            text=plate_text(number, finding) if finding.id == state.read.finding else f"{number}",
            selected=finding.id == state.read.finding,
        )
        for number, finding, outline in findings.in_pane(state, view.pane)
    ]


def plate_text(number: int, finding: Finding) -> str:
    """Return what stands on the plate of the selected finding: number, kind, size."""
    size = f"{finding.size_mm:.1f} mm" if finding.size_mm else ""
    return "  ".join(filter(None, (f"{number}", finding_kind_text(finding.kind), size)))
