"""The panes of one step of the hanging: one, two or four, chest walls together in the middle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QRegion
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mammoview.app import coverage, true_size
from mammoview.app.cad.reports import drawn_overlay
from mammoview.app.second_read import mark_steps
from mammoview.app.workspace import Gray, Viewport, WindowChange, Workspace
from mammoview.imaging.grayscale import display_table
from mammoview.ui.viewport import hand
from mammoview.ui.viewport.canvas import Canvas
from mammoview.ui.viewport.finding_tools import FindingTools
from mammoview.ui.viewport.gaze import Gaze
from mammoview.ui.viewport.label_editor import LabelEditor
from mammoview.ui.viewport.legend import HeatLegend
from mammoview.ui.viewport.measure_tools import MeasureTools
from mammoview.ui.viewport.nothing_open import NothingOpen
from mammoview.ui.viewport.pane_pool import PanePool
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.placement import ScreenPixels, at_tile, fit_all
from mammoview.ui.viewport.sizes import Sizes
from mammoview.ui.viewport.slices import SliceTools
from mammoview.ui.viewport.spot_tools import SpotTools
from mammoview.ui.viewport.windowing import dragged

ZOOM_PER_NOTCH = 1.25
_TABLES_KEPT = 16
_LEGEND_EDGE_PX = 14
_CAD_LINE_PX = 34
_LOW_TEXT_GAP_PX = 4


class FourView(QWidget):
    """Mammograms side by side at one size; state comes in by `render`, zoom and pan stay here.

    Left or middle drag pans, by the same millimetres in all linked panes, mirrored; right drag
    changes the windows of all in proportion (right: wider, down: darker), the wheel zooms all panes
    at mirrored points so that sizes stay comparable.  Over a volume the wheel scrolls,
    and zooms with Ctrl.

    Signals
    -------
    windowChanged(WindowChange)
        A window/level drag has ended.
    paneActivated(str)
        A pane was pressed: the key of its place (``"RCC"``).
    cursorRead(str)
        View, pixel and stored value under the cursor; empty off the images.
    viewportChanged(Viewport)
        The surface that the panes share has another size.
    """

    windowChanged = Signal(object)
    paneActivated = Signal(str)
    cursorRead = Signal(str)
    viewportChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fourView")
        self.canvas = Canvas(self)
        self.legend = HeatLegend(self)
        self.nothing_open = NothingOpen(self)
        self.spot = SpotTools(self, self.canvas, self.panes)
        self.slices = SliceTools(self)
        self.sizes = Sizes(self)
        self.gaze = Gaze(self, self.canvas, self.panes)
        self.findings = FindingTools(self.canvas, self.panes, self)
        self.measure = MeasureTools(self.canvas, self.panes, self)
        self.label_editor = LabelEditor(self)
        # The four views of one machine often share format and window: one table serves all.
        self._tables = lru_cache(maxsize=_TABLES_KEPT)(display_table)
        self._panes: dict[str, PaneView] = {}  # on the screen, by key of the place, in order
        self._pool = PanePool(self.canvas.scene(), self._tables)
        self._state: Workspace | None = None
        self._by_hand = False
        self._drag_from: WindowChange | None = None
        self._drag_change: WindowChange | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self.legend.raise_()
        self._connect()

    def _connect(self) -> None:
        self.canvas.resized.connect(self._on_resized)
        self.canvas.pressed.connect(self._on_pressed)
        self.canvas.panned.connect(self._on_panned)
        self.canvas.zoomed.connect(self._on_wheel)
        self.canvas.turned.connect(self._on_turned)
        self.canvas.windowing.connect(self._on_windowing)
        self.canvas.windowed.connect(self._on_windowed)
        self.canvas.released.connect(self._on_released)
        self.canvas.hovered.connect(self._on_hovered)
        self.canvas.left.connect(self._on_left)
        self.measure.labelAsked.connect(self.edit_label)
        self.label_editor.commanded.connect(self.measure.commanded)
        self.findings.commanded.connect(self.measure.commanded)
        self.findings.redrawn.connect(self._free_legend)
        self.measure.redrawn.connect(self._free_legend)

    # --- state -------------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show a state; only what differs from the old one is done again.

        Parameters
        ----------
        old : Workspace or None
            The state rendered before; None to render everything.
        new : Workspace
            The state to show.
        """
        self._state = new
        other = old is None or old.exam_key != new.exam_key
        if other:
            self._pool.release()
            self._panes = {}
        moved = (other or old is None or old.panes is not new.panes) and self._render_panes(new)
        if moved or old is None or old.gray != new.gray:
            if old is not None and old.gray != new.gray:
                self._drag_change = None
            self._apply_gray()
        self._render_overlay(None if moved else old, new)
        for view in self._panes.values():
            view.texts.set_level(new.looking.annotations)
        self.legend.render(old, new)
        self.nothing_open.render(new)
        self._place_legend()
        asked = old is None or (old.fit, old.fit_request) != (new.fit, new.fit_request)
        if asked or other:
            self._by_hand = False
        walked = old is not None and old.walk != new.walk
        if asked or moved or other or walked:
            self._fit(keep_placed=self._by_hand)
        if new.read.aim is not None and (old is None or old.read.aim is not new.read.aim):
            self._by_hand |= hand.show_in_middle(new.read.aim, self.panes(), linked=new.linked)
        self._refresh()
        self.spot.render(old, new)
        self.slices.render(self.panes())
        self.findings.render(old, new)
        self.measure.render(old, new)
        self.label_editor.render(new)
        if old is not None and old.marks.tool is None and new.marks.tool is not None:
            self.setFocus()  # the keys draw from here on

    def _render_overlay(self, old: Workspace | None, new: Workspace) -> None:
        for view in self._panes.values():
            if old is None or _result_changed(old, new):
                view.set_result(new)
                view.set_overlay(drawn_overlay(new))
        if old is None or old.read.mark != new.read.mark or _result_changed(old, new):
            mark = mark_steps.current_mark(new)
            for view in self._panes.values():
                view.set_asked(mark)

    def _render_panes(self, new: Workspace) -> bool:
        """Give every pane its view; return True if an image has to be placed."""
        shown = {pane.key: self._pool.view_for(pane) for pane in new.panes}
        moved = list(shown.items()) != list(self._panes.items())
        for view in self._panes.values():
            view.show(view in shown.values())
        for pane in new.panes:
            view = shown[pane.key]
            view.show(True)
            moved |= view.set_pane(pane)
        self._panes = shown
        self._pool.tidy(new)
        if moved:
            self._place_panes()
        return moved

    def _apply_gray(self) -> bool:
        if self._state is None:
            return False
        gray = self._gray_now(self._state)
        changed = [view.set_gray(gray) for view in self._panes.values()]
        return any(changed)

    # --- geometry ----------------------------------------------------------------------------

    def pane(self, key: str) -> PaneView:
        """Return the pane of a place of the current step."""
        return self._panes[key]

    def panes(self) -> tuple[PaneView, ...]:
        """Return the panes on the screen, from left to right and from top to bottom."""
        return tuple(self._panes.values())

    def pane_at(self, position: QPointF) -> PaneView | None:
        """Return the pane under a position in this widget."""
        for view in self._panes.values():
            if view.box.geometry().contains(position):
                return view
        return None

    def _place_panes(self) -> None:
        """Share the canvas at whole device pixels: no seam in the middle line."""
        columns = self._state.columns if self._state else 1
        rows = math.ceil(len(self._panes) / columns)
        across = self._shares(self.canvas.width(), columns)
        down = self._shares(self.canvas.height(), rows)
        for number, view in enumerate(self._panes.values()):
            row, column = divmod(number, columns)
            left, right = across[column : column + 2]
            top, bottom = down[row : row + 2]
            view.set_geometry(QRectF(left, top, right - left, bottom - top))

    def _shares(self, length: int, parts: int) -> list[float]:
        ratio = self.canvas.devicePixelRatioF()
        inner = [round(length * ratio * part / parts) / ratio for part in range(1, parts)]
        return [0.0, *inner, float(length)]

    def _fit(self, *, keep_placed: bool) -> None:
        """Fit all panes; ``keep_placed`` leaves alone those that the reader has placed."""
        if self._state is None or not self._panes:
            return
        subjects = {k: v.subject for k, v in self._panes.items() if v.subject is not None}
        screen, fit = self.screen_pixels(), self._state.fit
        walk = self._state.walk
        placed = fit_all(subjects, fit, self.panes()[0].size(), screen)
        scales = {subject.unit: placed[key].scale for key, subject in subjects.items()}
        self.sizes.note_room(fit, {} if walk is not None and walk.on else scales, screen)
        # A view that arrives while the reader has zoomed in is shown at the size of the others.
        views = [self._panes[key] for key in subjects]
        zoom = {
            v.subject.unit: v.placement.scale
            for v in views
            if keep_placed and v.placement is not None and v.subject is not None
        }
        for key, subject in subjects.items():
            scale = self.sizes.within(placed[key].scale, subject.unit, fit, screen)
            fresh = replace(placed[key], scale=scale)
            if walk is not None and walk.on and key in dict(walk.levels):
                ratio = screen.device_pixel_ratio
                fresh = at_tile(
                    walk, key, subject, self._panes[key].size(), device_pixel_ratio=ratio
                )
            fresh = replace(fresh, scale=zoom.get(subject.unit, fresh.scale))
            kept = self._panes[key].placement if keep_placed else None
            self._panes[key].set_placement(kept or fresh)

    def limit_sizes(self, limits: Mapping[str, float]) -> None:
        """Fit no larger than so many device pixels a unit: what another screen has room for."""
        if self.sizes.set_limits(limits):
            self._fit(keep_placed=self._by_hand)
            self._refresh()

    def screen_pixels(self) -> ScreenPixels:
        """Return how the screen is driven that the panes are on."""
        per_mm = true_size.px_per_mm(self._state) if self._state is not None else 0.0
        return ScreenPixels(device_pixel_ratio=self.canvas.devicePixelRatioF(), per_mm=per_mm)

    def _refresh(self) -> None:
        screen = self.screen_pixels()
        ratio = screen.device_pixel_ratio
        subjects = [view.subject for view in self._panes.values() if view.subject is not None]
        for view in self._panes.values():
            view.refresh(device_pixel_ratio=ratio, dragging=self._drag_from is not None)
            seen = coverage.seen_text(self._state, view.pane) if self._state is not None else ""
            view.set_scale(screen, subjects, seen)
        self.spot.refresh()
        self._free_legend()
        self.gaze.refresh(veiled=self.legend.isVisibleTo(self))
        self.sizes.note_shown(self.panes(), screen)

    def _free_legend(self) -> None:
        """Let marks, findings and measures show through the legend, wherever they move."""
        if self.legend.isHidden():
            return
        ellipse = QRegion.RegionType.Ellipse
        marks = (at.toAlignedRect() for view in self.panes() for at in view.marks.places())
        own = (*self.findings.layer.regions(), *self.measure.layer.regions())
        self.legend.leave_free([*(QRegion(at, ellipse) for at in marks), *own])

    def _place_legend(self) -> None:
        size = self.legend.sizeHint()
        last = self.panes()[-1:]
        for view in self.panes():
            beside = view in last and not self.legend.isHidden()
            view.texts.reserve(float(size.height()) if beside else 0.0)
        low = max((math.ceil(view.texts.low_height()) for view in last), default=0)
        above = max(_CAD_LINE_PX, low + _LOW_TEXT_GAP_PX)
        self.legend.setGeometry(
            self.width() - size.width() - _LEGEND_EDGE_PX,
            self.height() - size.height() - above,
            size.width(),
            size.height(),
        )
        veil = QRectF() if self.legend.isHidden() else QRectF(self.legend.geometry())
        self.findings.layer.keep_off(veil)
        self.measure.layer.keep_off(veil)

    # --- keys --------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Keep the keys that draw, before an action takes them."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.measure.wants(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Draw by key; every other key goes on."""
        if not self.measure.key(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, following: bool) -> bool:
        """Go from mark to mark, and after the last one on to what comes after the images."""
        step = 1 if following else -1
        return self.measure.step(step) or super().focusNextPrevChild(following)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard is here, where it came by Tab: a reader at work needs no frame."""
        super().focusInEvent(event)
        tabs = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.canvas.set_framed(event.reason() in tabs)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the frame away."""
        super().focusOutEvent(event)
        self.canvas.set_framed(False)

    def edit_label(self) -> None:
        """Let the reader type the words of the selected mark, beside it."""
        found = self.measure.selected_place()
        if found is not None:
            self.label_editor.edit(*found)

    # --- gestures ----------------------------------------------------------------------------

    def _on_resized(self) -> None:
        self.nothing_open.setGeometry(self.canvas.geometry())
        self._place_panes()
        self._place_legend()
        self._fit(keep_placed=self._by_hand)
        self._refresh()
        self.slices.render(self.panes())
        self.findings.redraw()
        self.measure.redraw()
        ratio = self.canvas.devicePixelRatioF()
        width, height = self.canvas.width() * ratio, self.canvas.height() * ratio
        self.viewportChanged.emit(Viewport(width_px=int(width), height_px=int(height)))

    def _on_pressed(self, position: QPointF) -> None:
        view = self.pane_at(position)
        if view is not None:
            self.paneActivated.emit(view.pane.key)

    def _on_panned(self, press: QPointF, step: QPointF) -> None:
        for view in self.panes():
            view.set_moving(True)
        self._pan(self.pane_at(press), step)

    def _on_wheel(self, position: QPointF, notches: float) -> None:
        view = self.pane_at(position)
        if view is None or not self.slices.turn(view, notches):
            self._zoom(view, notches, position)

    def _on_turned(self, position: QPointF, notches: float) -> None:
        """Zoom a volume, whose plain wheel scrolls; the loupe, where it is on, has the wheel."""
        loupe = self._state is not None and self._state.looking.loupe
        view = self.pane_at(position)
        if view is not None and self.slices.is_volume(view) and not loupe:
            self._zoom(view, notches, position)

    def pan_by(self, right: float, down: float) -> None:
        """Move on by shares of a pane: to what lies right of it, or below it."""
        view = self._led()
        if view is not None:
            size = view.size()
            self._pan(view, QPointF(-right * size.width, -down * size.height))

    def zoom_by(self, notches: float, *, told: bool = True) -> None:
        """Zoom about the middle of the panes; another screen follows where it is told."""
        view = self._led()
        if view is not None:
            self._zoom(view, notches, view.box.geometry().center(), told=told)

    def _led(self) -> PaneView | None:
        """Return the pane that the keys move: the one pointed at, else the first with an image."""
        active = self._state.active if self._state is not None else None
        there = [view for view in self._panes.values() if view.placement is not None]
        pointed = [view for view in there if view.pane.key == active]
        return next(iter(pointed or there), None)

    def _pan(self, view: PaneView | None, step: QPointF) -> None:
        if view is None or self._state is None:
            return
        self._by_hand = True
        linked = self._state.linked
        hand.pan(view, self.panes(), right_px=step.x(), down_px=step.y(), linked=linked)
        self._refresh()

    def _zoom(
        self, view: PaneView | None, notches: float, at: QPointF, *, told: bool = True
    ) -> None:
        if view is None or self._state is None:
            return
        self._by_hand = True
        factor = ZOOM_PER_NOTCH**notches
        hand.zoom(view, self.panes(), factor=factor, at=at, linked=self._state.linked)
        self._refresh()
        if told and self._state.linked:
            self.sizes.zoomedByHand.emit()

    def _on_windowing(self, press: QPointF) -> None:
        view = self.pane_at(press)
        if view is None or view.fmt is None or self._state is None:
            return
        self._drag_from = self._gray_now(self._state).change or WindowChange()

    def _gray_now(self, state: Workspace) -> Gray:
        if self._drag_change is None:
            return state.gray
        return replace(state.gray, change=self._drag_change)

    def _on_windowed(self, way: QPointF) -> None:
        if self._drag_from is None or self._state is None:
            return
        self._drag_change = dragged(
            self._drag_from,
            right_px=way.x(),
            down_px=way.y(),
            invert=self._state.gray.invert,
        )
        if self._apply_gray():
            self._refresh()

    def _on_released(self) -> None:
        for view in self.panes():
            view.set_moving(False)
        if self._drag_from is None:
            return
        self._drag_from = None
        self._refresh()
        if self._drag_change is not None:
            self.windowChanged.emit(self._drag_change)

    def _on_hovered(self, position: QPointF) -> None:
        view = self.pane_at(position)
        self.cursorRead.emit(view.readout(position) if view is not None else "")

    def _on_left(self) -> None:
        self.cursorRead.emit("")


def _result_changed(old: Workspace, new: Workspace) -> bool:
    """Tell whether what the panes say or draw of the computer's reading may differ."""
    return (
        old.prediction is not new.prediction
        or old.panes is not new.panes
        or old.analysis != new.analysis
        or old.overlay != new.overlay
        or old.read.read is not new.read.read
    )
