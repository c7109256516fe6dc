"""Which mark, and which of its handles, is under the cursor or in the hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF

from mammoview.app.marks import drawing
from mammoview.domain.annotation import Annotation
from mammoview.imaging.measure import scale_of
from mammoview.ui.viewport.measure_draft import screen_distance
from mammoview.ui.viewport.measure_shapes import mark_path, near_line
from mammoview.ui.viewport.pane_view import PaneView

_HANDLE_REACH_PX = 8.0
_LINE_REACH_PX = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grip:
    """A mark as the hand took it.

    ``handle`` None: as a whole.  ``new`` tells that the hand has just made this corner.
    """

    view: PaneView
    mark: Annotation
    handle: int | None
    new: bool = False

    def bent(self, start: QPointF, at: QPointF, *, free: bool = False) -> Annotation:
        """Return the mark after the hand has gone from one place to another.

        ``free`` lets the second of two diameters leave its angle.
        """
        way = at - start
        header = self.view.pane.mammogram
        assert header is not None
        if self.handle is not None:
            place = self.view.to_screen(self.mark.points[self.handle]) + way
            scale = scale_of(header.spacing)
            to = self.view.nearest(place)
            return drawing.with_handle_moved(self.mark, self.handle, to, scale, free=free)
        first = self.mark.points[0]
        to = self.view.stored_at(self.view.to_screen(first) + way)
        return drawing.moved(self.mark, to.col - first.col, to.row - first.row, self.view.image_box)


def grip_at(
    at: QPointF, marks: Sequence[tuple[PaneView, Annotation]], selected: str | None
) -> Grip | None:
    """Return what is under a position: handles go before lines, the selected mark before others.

    Parameters
    ----------
    at : QPointF
        Screen position.
    marks : sequence of (PaneView, Annotation)
        What is drawn, the topmost last.
    selected : str or None
        Id of the selected mark.
    """
    here = [(view, mark) for view, mark in marks[::-1] if view.box.geometry().contains(at)]
    by_rank = sorted(here, key=lambda item: item[1].id != selected)
    for view, mark in by_rank:
        places = [view.to_screen(point) for point in mark.points]
        near = [screen_distance(place, at) for place in places]
        if min(near) <= _HANDLE_REACH_PX:
            return Grip(view=view, mark=mark, handle=near.index(min(near)))
    for view, mark in by_rank:
        path = mark_path(mark.kind, [view.to_screen(point) for point in mark.points])
        if near_line(path, at, _LINE_REACH_PX):
            return Grip(view=view, mark=mark, handle=None)
    return None
