"""Drawing, moving and choosing marks by mouse and by key; every wish goes out as a command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent

from mammoview.app import commands
from mammoview.app.marks import drawing, marking
from mammoview.app.marks.mark_text import (
    live_text,
    mark_text,
    nipple_estimate,
    nipple_text,
    where_text,
)
from mammoview.app.second_read import findings
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import OUTLINES, Annotation, MarkKind
from mammoview.imaging.measure import scale_of
from mammoview.ui.viewport.canvas import Canvas
from mammoview.ui.viewport.measure_draft import Draft, screen_distance
from mammoview.ui.viewport.measure_grip import Grip, grip_at
from mammoview.ui.viewport.measure_layer import Drawn, MeasureLayer
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.words import translate

_DRAG_PX = 4.0
_STEP_PX, _FINE_STEP_PX = 10.0, 1.0
_WAYS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_SET_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MODIFIERS = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


class MeasureTools(QObject):
    """The hand that draws.

    Parameters
    ----------
    canvas : Canvas
        The surface; its left button is taken while a tool is on or a mark is under the cursor.
    panes : callable
        Returns the panes on the screen.

    Signals
    -------
    commanded(callable)
        A command ``Workspace -> Workspace`` that the reader wishes.
    labelAsked
        The words of the selected mark are to be typed.
    redrawn()
        What is drawn, or where, has changed.
    """

    commanded = Signal(object)
    labelAsked = Signal()
    redrawn = Signal()

    def __init__(
        self, canvas: Canvas, panes: Callable[[], tuple[PaneView, ...]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.setObjectName("measureTools")
        self.layer = MeasureLayer()
        canvas.scene().addItem(self.layer)
        canvas.taker = self
        self._canvas = canvas
        self._panes = panes
        self._state: Workspace | None = None
        self._texts: WeakKeyDictionary[LoadedImage, dict[Annotation, str]] = WeakKeyDictionary()
        self._draft: Draft | None = None
        self._grip: Grip | None = None
        self._bent: Annotation | None = None
        self._handle: int | None = None  # the handle that the keys move; None: the whole mark
        self._press = QPointF()
        self._cursor: QPointF | None = None
        self._by_keys = False

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:
        """Show the marks of the panes; what is under way ends with its tool or its image."""
        self._state = new
        if old is None or old.exam_key != new.exam_key:
            self._texts.clear()
        if old is None or old.marks.selected != new.marks.selected:
            self._handle = None
        draft = self._draft
        if draft and not (
            draft.kind is new.marks.tool
            and draft.view in self._panes()
            and draft.image is draft.view.pane.image
        ):
            self._draft = None
        if new.marks.tool is None:
            self._by_keys = False
        grip = self._grip
        if grip and (grip.view not in self._panes() or grip.mark not in new.marks.items):
            self._grip = self._bent = None
        if old is None or old.marks.tool is not new.marks.tool:
            self._show_cursor_shape()
        self.redraw()

    def redraw(self) -> None:
        """Draw everything at its place now."""
        selected = self._state.marks.selected if self._state else None
        drawn = [self._drawn(view, mark, selected) for view, mark in self._shown()]
        drawn += self._estimates(selected)
        if self._draft is not None:
            drawn.append(self._draft.drawn())
        cross = self._cross()
        if drawn or cross is not None or not self.layer.is_bare:
            self.layer.draw(drawn, QRectF(self._canvas.rect()))
            self.layer.set_cross(cross)
            self._canvas.viewport().update()
            self.redrawn.emit()

    def _shown(self) -> list[tuple[PaneView, Annotation]]:
        """Return the marks on the screen, as the hand has bent them."""
        if self._state is None:
            return []
        marks, bent = self._state.marks, self._bent
        return [
            (view, bent if bent is not None and bent.id == mark.id else mark)
            for view in self._views()
            for mark in marking.marks_of(marks, view.pane)
        ]

    def _views(self) -> list[PaneView]:
        """Return the panes with an image."""
        return [view for view in self._panes() if view.placement is not None]

    def _drawn(self, view: PaneView, mark: Annotation, selected: str | None) -> Drawn:
        image, header = view.pane.image, view.pane.mammogram
        assert image is not None
        assert header is not None
        texts = self._texts.setdefault(image, {})
        text = texts.get(mark)
        if text is None:
            if mark is self._bent:
                text = live_text(mark, header, image)
            else:
                text = texts[mark] = mark_text(mark, header, image)
        chosen = mark.id == selected
        if chosen and self._state is not None and self._bent is None:
            text = "\n".join(filter(None, (text, where_text(self._state, mark))))
        return Drawn(
            view=view,
            kind=mark.kind,
            points=mark.points,
            text=text,
            selected=chosen,
            handle=self._handle if chosen else None,
        )

    def _estimates(self, selected: str | None) -> list[Drawn]:
        """Return the estimated nipples that the screen speaks of now, for the eye to judge."""
        if self._state is None or self._bent is not None:
            return []
        mark = self._state.marks.by_id(selected)
        asked = mark.sop_instance_uid if mark is not None else None
        drawn: list[Drawn] = []
        for view in self._views():
            if self._tool is MarkKind.NIPPLE or _uid(view) == asked:
                found = nipple_estimate(self._state, _uid(view))
                if found is not None:
                    place, source = found
                    drawn.append(
                        Drawn(
                            view=view,
                            kind=MarkKind.NIPPLE,
                            points=(place,),
                            text=nipple_text(source),
                            guessed=True,
                        )
                    )
        return drawn

    def _cross(self) -> tuple[QPointF, QRectF] | None:
        if not self._by_keys or self._cursor is None or self._tool is None:
            return None
        view = self._view_at(self._cursor)
        return (self._cursor, view.box.geometry()) if view is not None else None

    @property
    def _tool(self) -> MarkKind | None:
        return self._state.marks.tool if self._state is not None else None

    def _view_at(self, at: QPointF) -> PaneView | None:
        return next((view for view in self._views() if view.box.geometry().contains(at)), None)

    # -- mouse --------------------------------------------------------------------------------

    def pressed(self, at: QPointF) -> bool:
        """Draw with a tool, take hold of a mark, or leave the press to the hand."""
        self._press, self._cursor, self._by_keys = at, at, False
        if self._tool is not None:
            self._set_point(at)
            return True
        self._grip = grip_at(at, self._shown(), self._selected)
        chosen = self._grip.mark.id if self._grip else None
        if chosen != self._selected:
            self._command(partial(marking.select, mark_id=chosen))
        if self._grip is not None and self._canvas.with_ctrl:
            self._grip = self._with_other_corners(self._grip, at)
            return True
        return self._grip is not None

    def _with_other_corners(self, grip: Grip, at: QPointF) -> Grip | None:
        """Take the corner of an outline under the hand away, or make one there and hold it."""
        mark = grip.mark
        if mark.kind not in OUTLINES:
            return grip
        if grip.handle is not None:
            self._take_corner(mark, grip.handle)
            return None
        place = grip.view.nearest(at)
        side = drawing.side_at(mark, place)
        made = drawing.with_corner(mark, side, place)
        self._command(partial(marking.change, mark=made, nudge=True))
        return Grip(view=grip.view, mark=made, handle=side + 1, new=True)

    def _take_corner(self, mark: Annotation, corner: int) -> None:
        less = drawing.without_corner(mark, corner)
        if less is None:
            said = translate(
                "Marks", "An outline has three corners or more; Esc, then Del deletes it"
            )
            self._command(partial(commands.say, status=said))
            return
        self._command(partial(marking.change, mark=less))

    def dragged(self, at: QPointF) -> None:
        """Bend the mark in the hand, or draw on."""
        self._cursor = at
        if self._draft is not None:
            self._draft.follow(at)
        elif self._grip is not None:
            self._bent = self._grip.bent(self._press, at, free=self._canvas.with_ctrl)
        self.redraw()

    def released(self, at: QPointF) -> None:
        """Set the point where a stroke ends, or leave the bent mark as it is."""
        if self._draft is not None and screen_distance(self._press, at) >= _DRAG_PX:
            self._take(self._draft.let_go(at))
        elif self._bent is not None:
            bent, new = self._bent, self._grip is not None and self._grip.new
            self._bent = self._grip = None
            self._command(partial(marking.change, mark=bent, nudge=new))
        self._show_cursor_shape(at)
        self.redraw()

    def hovered(self, at: QPointF) -> None:
        """Stretch what is under way to the cursor; the cursor's shape tells what a press does."""
        self._cursor = at
        if self._draft is not None:
            self._draft.hover(at)
        if self._draft is not None or self._by_keys:
            self._by_keys = False
            self.redraw()
        self._show_cursor_shape(at)

    def _show_cursor_shape(self, at: QPointF | None = None) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._tool is not None:
            shape = Qt.CursorShape.CrossCursor
        elif at is not None:
            grip = grip_at(at, self._shown(), self._selected)
            if grip is not None:
                whole = grip.handle is None
                shape = Qt.CursorShape.SizeAllCursor if whole else Qt.CursorShape.PointingHandCursor
        self._canvas.viewport().setCursor(shape)

    # -- keys ---------------------------------------------------------------------------------

    def wants(self, event: QKeyEvent) -> bool:
        """Tell whether a key belongs to the tool or to the selected mark and not to an action."""
        if event.modifiers() & ~_MODIFIERS:
            return False
        busy = self._tool is not None or self._selected_grip() is not None
        return busy and event.key() in (*_WAYS, *_SET_KEYS)

    def key(self, event: QKeyEvent) -> bool:
        """Do what a key means now; tell whether it meant anything."""
        if not self.wants(event):
            return False
        if event.key() in _SET_KEYS:
            self._key_sets()
        else:
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = _FINE_STEP_PX if fine else _STEP_PX
            self._key_moves(_WAYS[Qt.Key(event.key())] * step)
        return True

    def _key_sets(self) -> None:
        """Set a point, or give the keys the next handle of the selected mark, then all of it."""
        if self._tool is not None:
            self._by_keys = True
            self._cursor = self._key_cursor()
            self._set_point(self._cursor)
            return
        grip = self._selected_grip()
        if grip is not None:
            following = 0 if self._handle is None else self._handle + 1
            self._handle = following if following < len(grip.mark.points) else None
            self.redraw()

    def _key_moves(self, way: QPointF) -> None:
        if self._tool is None:
            grip = self._selected_grip()
            if grip is not None:
                handle = self._handle
                bent = grip.bent(QPointF(), way)
                self._command(partial(marking.change, mark=bent, nudge=True))
                self._handle = handle
                self.redraw()
            return
        self._by_keys = True
        self._cursor = self._within_panes(self._key_cursor() + way)
        if self._draft is not None:
            self._draft.hover(self._cursor)
        self.redraw()

    def _key_cursor(self) -> QPointF:
        """Return where the keyboard's cursor is; it begins on the image of the active pane."""
        if self._cursor is not None and self._view_at(self._cursor) is not None:
            return self._cursor
        views = self._views()
        active = self._state.active if self._state else None
        pointed = [view for view in views if view.pane.key == active]
        start = next(iter(pointed or views), None)
        return start.image_on_screen().center() if start else QPointF()

    def _within_panes(self, at: QPointF) -> QPointF:
        """Keep the cursor on a pane with an image, and with a mark under way on its image."""
        view = self._view_at(at)
        if self._draft is not None:
            room = self._draft.view.image_on_screen()
        elif view is not None:
            room = view.box.geometry()
        else:
            return self._key_cursor()
        room = room.adjusted(1, 1, -1, -1)
        return QPointF(
            min(max(at.x(), room.left()), room.right()), min(max(at.y(), room.top()), room.bottom())
        )

    def step(self, by: int) -> bool:
        """Select the next or the previous mark; past the ends none, and the focus goes on."""
        if self._state is None or self._tool is not None or not self._shown():
            return False
        following = marking.neighbour(self._state, by)
        self._command(partial(marking.select, mark_id=following))
        return following is not None

    def escape(self) -> bool:
        """End the drawing, the tool, or the choice of a mark or finding; tell if there was any."""
        if self._draft is not None:
            self._draft = None
            self.redraw()
        elif self._tool is not None:
            self._command(marking.end_tool)
        elif self._handle is not None:
            self._handle = None
            self.redraw()
        elif self._selected is not None:
            self._command(partial(marking.select, mark_id=None))
        elif self._state is not None and self._state.read.finding:
            self._command(partial(findings.select, finding_id=""))
        else:
            return False
        return True

    def add_corner(self) -> None:
        """Make a corner behind the one that the keys hold, else in the longest side; hold it."""
        grip = self._selected_grip()
        if grip is None or grip.mark.kind not in OUTLINES:
            return
        header = grip.view.pane.mammogram
        scale = scale_of(header.spacing if header else None)
        side = drawing.longest_side(grip.mark, scale) if self._handle is None else self._handle
        middle = drawing.middle_of_side(grip.mark, side)
        self._command(partial(marking.change, mark=drawing.with_corner(grip.mark, side, middle)))
        self._handle = side + 1
        self.redraw()

    def take_corner(self) -> bool:
        """Take the corner away that the keys hold; tell whether they hold one of an outline."""
        grip = self._selected_grip()
        if grip is None or grip.handle is None or grip.mark.kind not in OUTLINES:
            return False
        self._take_corner(grip.mark, grip.handle)
        self._handle = max(grip.handle - 1, 0)
        self.redraw()
        return True

    # -- marks --------------------------------------------------------------------------------

    @property
    def _selected(self) -> str | None:
        return self._state.marks.selected if self._state is not None else None

    def selected_place(self) -> tuple[Annotation, QPointF] | None:
        """Return the selected mark and where its last point is; None where it is not shown."""
        grip = self._selected_grip()
        if grip is None:
            return None
        return grip.mark, grip.view.to_screen(grip.mark.points[-1])

    def _selected_grip(self) -> Grip | None:
        """Return the selected mark as the keys hold it; None where it is not on the screen."""
        for view, mark in self._shown():
            if mark.id == self._selected:
                return Grip(view=view, mark=mark, handle=self._handle)
        return None

    def _set_point(self, at: QPointF) -> None:
        view, tool = self._view_at(at), self._tool
        if view is None or tool is None:
            return
        if self._draft is None:
            self._draft = Draft(tool, view)
        if self._draft.view is view:
            self._take(self._draft.set_point(at))
        self.redraw()

    def _take(self, mark: Annotation | None) -> None:
        """Hand a finished mark over; an arrow's words are asked for."""
        if mark is None:
            return
        self._draft = None
        if self._state is not None and self._state.marks.outlines is not None:
            self._command(partial(findings.outlined, mark=mark))
            return
        self._command(partial(marking.add, mark=mark))
        if mark.kind is MarkKind.ARROW:
            self.labelAsked.emit()

    def _command(self, command: Callable[[Workspace], Workspace]) -> None:
        self.commanded.emit(command)


def _uid(view: PaneView) -> str:
    header = view.pane.mammogram
    assert header is not None
    return header.sop_instance_uid
