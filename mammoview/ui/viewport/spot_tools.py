"""What follows the spot that the reader points at: the loupe, its twin, and the level line."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from mammoview.app.marks.breast_place import Muscle, muscle_of, nipple_of
from mammoview.app.workspace import Looking, Pane, Workspace
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Projection
from mammoview.ui.viewport.canvas import Canvas
from mammoview.ui.viewport.level_line import LevelLine
from mammoview.ui.viewport.loupe import Loupe, pixels_across
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.spot import Found, Lie, level, mirrored, other_view_of, twin_of
from mammoview.words import translate

# Left free in a pane beside the glass, for its words and rim.
_BESIDE_PX, _OVER_PX = 8, 60
_STEP_SHARE = 0.25
_CAPTION_EDGE_PX = 10
_CAPTION_GAP_PX = 4
_TEXTS_WIDEST_PX = 380
_CAPTION = "background: rgba(0, 0, 0, 190); color: #7fe0b8; padding: 3px 6px;"


class SpotTools(QObject):
    """Moves loupe and level line with the mouse, or by key, over the panes of a four-view.

    Only the loupe's own pixels are looked up, and only its own widget is moved: the images under
    it are not drawn anew.

    Parameters
    ----------
    host : QWidget
        What the loupe lies on; its coordinates are those of the canvas.
    canvas : Canvas
        Where the mouse is.
    panes : callable
        Returns the panes on the screen.

    Signals
    -------
    glassTurned(int)
        The wheel was turned with Ctrl: larger (+1) or smaller (-1).
    """

    glassTurned = Signal(int)

    def __init__(
        self, host: QWidget, canvas: Canvas, panes: Callable[[], tuple[PaneView, ...]]
    ) -> None:
        super().__init__(host)
        self.setObjectName("spotTools")
        self._host, self._canvas, self._panes = host, canvas, panes
        self.loupe = Loupe("loupe", host)
        self.twin = Loupe("twinLoupe", host, twin=True)
        self.caption = QLabel(host)
        self.caption.setObjectName("levelCaption")
        self.caption.setAccessibleName(translate("Loupe", "Level line"))
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setStyleSheet(_CAPTION)
        self.caption.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.caption.hide()
        self._lines = (LevelLine(), LevelLine())  # over the other view, and over this one
        self._looking = Looking()
        self._active: str | None = None
        self._state: Workspace | None = None
        self._known: dict[str, tuple[tuple[ImagePoint, str] | None, Muscle | None]] = {}
        self._at: QPointF | None = None
        self._led = True
        self._connect()

    def _connect(self) -> None:
        self._canvas.hovered.connect(self._on_hovered)
        self._canvas.panned.connect(self._on_panned)
        self._canvas.left.connect(self._on_left)
        self._canvas.turned.connect(self._on_turned)

    # --- state -------------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:
        """Take what the reader looks with."""
        taken = new.looking.loupe and not (old is not None and old.looking.loupe)
        self._looking, self._active = new.looking, new.active
        if old is None or (old.marks, old.views) != (new.marks, new.views):
            self._known.clear()
        self._state = new
        if taken and self._at is None and self._led:
            self._at = self._start()
        self.refresh()

    def set_led(self, led: bool) -> None:
        """Take up the spot, or let it go: of two windows only the one in use shows it."""
        self._led = led
        if not led:
            self._at = None
        elif self._at is None and self._looking.loupe:
            self._at = self._start()
        self.refresh()

    def refresh(self) -> None:
        """Draw for the images as they lie now."""
        follows = self._looking.loupe or self._looking.level_line
        here = self._under(self._at) if follows and self._at is not None else None
        at = here.units_at(self._at) if here is not None and self._at is not None else None
        self._show_loupe(here, at)
        self._show_level(here, at)

    def move(self, right: int, down: int) -> None:
        """Move the spot by steps of a quarter of the glass, by key."""
        if not (self._looking.loupe or self._looking.level_line):
            return
        if self._at is None:
            self._at = self._start()
        if self._at is not None:
            step = _STEP_SHARE * self._looking.glass_px / self._looking.magnification
            moved = self._at + QPointF(right * step, down * step)
            inside = QRectF(self._host.rect()).adjusted(1, 1, -1, -1)
            self._at = QPointF(
                min(max(moved.x(), inside.left()), inside.right()),
                min(max(moved.y(), inside.top()), inside.bottom()),
            )
        self.refresh()

    def place(self) -> tuple[str, ImagePoint] | None:
        """Return the image and the stored pixel that the reader points at, by mouse or by key."""
        here = self._under(self._at) if self._at is not None else None
        if here is None or here.pane.mammogram is None or self._at is None:
            return None
        point = here.to_image(self._at)
        return None if point is None else (here.pane.mammogram.sop_instance_uid, point)

    def _start(self) -> QPointF | None:
        """Return the middle of the breast in the pane pointed at, else in the first image."""
        there = [view for view in self._panes() if view.lie() is not None]
        pointed = [view for view in there if view.pane.key == self._active]
        view = next(iter(pointed or there), None)
        return view.position_of(view.breast_centre()) if view is not None else None

    # --- loupe -------------------------------------------------------------------------------

    def _show_loupe(self, here: PaneView | None, at: ImagePoint | None) -> None:
        if not self._looking.loupe or here is None or at is None or self._at is None:
            self.loupe.hide()
            self.twin.hide()
            return
        times = f"{self._looking.magnification} : 1"
        other = self._pane_view(twin_of(here.pane, self._panes_shown()))
        lies = self.lie(here), self.lie(other) if other is not None else None
        if other is None or lies[0] is None or lies[1] is None:
            found: Found | str = translate(
                "Spot", "no twin: the other breast's view is not on the screen"
            )
        else:
            found = mirrored(at, lies[0], lies[1])
        said = found if isinstance(found, str) else ""
        self._look(self.loupe, here, at, self._at, "\n".join(filter(None, [times, said])))
        if isinstance(found, str) or other is None or found.place is None:
            self.twin.hide()
        else:
            place = found.place
            self._look(self.twin, other, place, other.position_of(place), found.words)

    def _look(
        self, glass: Loupe, view: PaneView, at: ImagePoint, position: QPointF, words: str
    ) -> None:
        room = view.box.geometry().toAlignedRect()
        fits = min(room.width() - _BESIDE_PX, room.height() - _OVER_PX)
        side = max(1, min(self._looking.glass_px, fits))
        times = self._looking.magnification
        count = pixels_across(side, times, self._host.devicePixelRatioF())
        glass.look(view.look(at, count), times, position, words, room)

    # --- level line --------------------------------------------------------------------------

    def _show_level(self, here: PaneView | None, at: ImagePoint | None) -> None:
        for line in self._lines:
            line.hide()
        self.caption.hide()
        if not self._looking.level_line or here is None or at is None:
            return
        other = self._pane_view(other_view_of(here.pane, self._panes_shown()))
        lies = self.lie(here), self.lie(other) if other is not None else None
        if lies[0] is None:
            return
        if other is None or lies[1] is None:
            self._say(
                here, translate("Spot", "no level line: its other view (CC or MLO) is not shown")
            )
            return
        view = here.pane.mammogram.view.value if here.pane.mammogram else None
        found = level(at, lies[0], lies[1], in_cc=view is Projection.CC)
        if isinstance(found, str):
            self._say(here, found)
            return
        for line, pane, lines in zip(self._lines, (other, here), (found.lines, ()), strict=True):
            lie = self.lie(pane)
            assert lie is not None
            bounds = QRectF(0, 0, lie.subject.width, lie.subject.height)
            line.set_shape(lines, lie.nipple, bounds, muscle=lie.muscle)
            line.setParentItem(pane.box.childGroup)
            line.show()
        self._say(other, found.words)

    def _say(self, view: PaneView, words: str) -> None:
        """Say something at the foot of a pane, on the side of its chest wall."""
        room = view.box.geometry().toAlignedRect()
        self.caption.setText(words)
        self.caption.setWordWrap(False)
        wanted = self.caption.sizeHint().width()
        width = max(1, min(wanted, room.width() - 2 * _CAPTION_EDGE_PX))
        self.caption.setWordWrap(wanted > width)
        self.caption.resize(width, self.caption.heightForWidth(width))
        left = room.left() + _CAPTION_EDGE_PX
        if view.wall_right:
            left = room.right() - width - _CAPTION_EDGE_PX
        # In a narrow pane the texts of the other side reach across: then it stands over them.
        beside = width + _TEXTS_WIDEST_PX <= room.width()
        low = _CAPTION_EDGE_PX if beside else math.ceil(view.texts.low_height()) + _CAPTION_GAP_PX
        top = room.bottom() - self.caption.height() - low
        self.caption.move(QPoint(left, top))
        self.caption.show()
        self.caption.raise_()

    # --- panes and mouse ---------------------------------------------------------------------

    def _panes_shown(self) -> tuple[Pane, ...]:
        return tuple(view.pane for view in self._panes() if view.lie() is not None)

    def lie(self, view: PaneView) -> Lie | None:
        """Return how an image lies, its nipple and muscle as set by the reader, else estimated."""
        shown = view.pane.mammogram
        if shown is None or self._state is None:
            return view.lie()
        uid = shown.sop_instance_uid
        if uid not in self._known:
            hung = self._state.hung(uid)
            marks = self._state.marks
            found = (nipple_of(marks, hung), muscle_of(marks, hung)) if hung else (None, None)
            self._known[uid] = found
        return view.lie(*self._known[uid])

    def _pane_view(self, pane: Pane | None) -> PaneView | None:
        return next((view for view in self._panes() if view.pane is pane), None)

    def _under(self, at: QPointF) -> PaneView | None:
        """Return the pane whose image is under a position."""
        for view in self._panes():
            if view.box.geometry().contains(at) and view.to_image(at) is not None:
                return view
        return None

    def _on_hovered(self, position: QPointF) -> None:
        self._at = position
        self._follow()

    def _on_panned(self, press: QPointF, step: QPointF) -> None:
        if self._at is not None:
            self._at += step
        self._follow()

    def _on_left(self) -> None:
        self._at = None
        self._follow()

    def _on_turned(self, position: QPointF, notches: float) -> None:
        if self._looking.loupe:
            self.glassTurned.emit(1 if notches > 0 else -1)

    def _follow(self) -> None:
        if self._looking.loupe or self._looking.level_line:
            self.refresh()
