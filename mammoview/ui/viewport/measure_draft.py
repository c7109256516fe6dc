"""A mark under way: the points set so far and the place under the cursor."""

from __future__ import annotations

import math
import uuid

from PySide6.QtCore import QPointF

from mammoview.app.marks import drawing
from mammoview.app.marks.mark_text import live_text
from mammoview.domain.annotation import ONE_AN_IMAGE, OUTLINES, Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.imaging.measure import Scale, scale_of
from mammoview.ui.viewport.measure_layer import Drawn
from mammoview.ui.viewport.pane_view import PaneView

_CLOSING_PX = 8.0
_SAME_PLACE_PX = 3.0
_FREEHAND_STEP_PX = 2.0
_TOLERANCE_PX = 1.0


def screen_distance(a: QPointF, b: QPointF) -> float:
    """Return how far apart two positions are, screen pixels."""
    return math.hypot(b.x() - a.x(), b.y() - a.y())


class Draft:
    """What the hand has drawn of a mark, on one image.

    Parameters
    ----------
    kind : MarkKind
        What is drawn.
    view : PaneView
        The pane that it is drawn in.
    """

    def __init__(self, kind: MarkKind, view: PaneView) -> None:
        self.kind = kind
        self.view = view
        self.image = view.pane.image
        self._given: tuple[ImagePoint, ...] = ()
        self._hovering: ImagePoint | None = None

    @property
    def _scale(self) -> Scale:
        header = self.view.pane.mammogram
        return scale_of(header.spacing if header else None)

    def hover(self, at: QPointF) -> None:
        """Let the cursor's place stand for the next point."""
        self._hovering = self.view.nearest(at)

    def set_point(self, at: QPointF) -> Annotation | None:
        """Set a point; return the mark when it is the last one."""
        if self._closes(at):
            return self._made(self._given)
        self._given = (*self._given, self.view.nearest(at))
        self._hovering = None
        return self._made(self._given) if drawing.is_complete(self.kind, self._given) else None

    def follow(self, at: QPointF) -> None:
        """Draw on with the button down: freehand leaves its trace, others stretch."""
        last = self.view.to_screen(self._given[-1]) if self._given else at
        if self.kind is MarkKind.FREEHAND and screen_distance(last, at) >= _FREEHAND_STEP_PX:
            self._given = (*self._given, self.view.nearest(at))
        self.hover(at)

    def let_go(self, at: QPointF) -> Annotation | None:
        """End a stroke with the button: the place where it ends is the next point."""
        if self.kind is not MarkKind.FREEHAND:
            return self.set_point(at)
        if not drawing.can_close(self.kind, self._given):
            return None
        outline = drawing.simplified(self._given, self._tolerance())
        return self._made(outline if len(outline) >= 3 else self._given)

    def drawn(self) -> Drawn:
        """Return the mark as it would be now, with its live text."""
        given = (*self._given, self._hovering) if self._hovering else self._given
        kind = self.kind
        if kind is MarkKind.DIAMETERS and len(given) == 2:
            kind = MarkKind.LENGTH
        points = drawing.mark_points(kind, given, self._scale)
        header, image = self.view.pane.mammogram, self.view.pane.image
        assert header is not None
        if points is None:
            return Drawn(view=self.view, kind=None, points=given, text="")
        mark = self._mark(points, kind)
        return Drawn(view=self.view, kind=kind, points=points, text=live_text(mark, header, image))

    def _closes(self, at: QPointF) -> bool:
        """Tell whether a press closes an outline: on its first corner, or on its last again."""
        if not drawing.can_close(self.kind, self._given):
            return False
        first, last = (self.view.to_screen(self._given[end]) for end in (0, -1))
        at = self.view.to_screen(self.view.nearest(at))
        near_first = screen_distance(first, at) <= _CLOSING_PX
        return near_first or screen_distance(last, at) <= _SAME_PLACE_PX

    def _tolerance(self) -> float:
        """Return a screen pixel in stored pixels: what is left out was not to be seen."""
        a, b = (self.view.to_screen(ImagePoint(col=c, row=0.0)) for c in (0.0, 100.0))
        return _TOLERANCE_PX * 100.0 / max(screen_distance(a, b), 1e-6)

    def _made(self, given: tuple[ImagePoint, ...]) -> Annotation | None:
        points = drawing.mark_points(self.kind, given, self._scale)
        if points is None:  # without any length: the hand may set the last point again
            self._given = self._given[:-1] if self.kind not in OUTLINES else self._given
            return None
        return self._mark(points, self.kind)

    def _mark(self, points: tuple[ImagePoint, ...], kind: MarkKind) -> Annotation:
        header = self.view.pane.mammogram
        assert header is not None
        frame = self.image.frame if self.image is not None else None
        return Annotation(
            id=str(uuid.uuid4()),
            sop_instance_uid=header.sop_instance_uid,
            frame=None if kind in ONE_AN_IMAGE else frame,
            kind=kind,
            points=points,
        )
