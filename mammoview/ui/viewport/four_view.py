"""The four-view hanging: RCC LCC over RMLO LMLO, chest walls together in the middle."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mammoview.app.workspace import Gray, Pane, Workspace
from mammoview.domain.study import VoiWindow
from mammoview.domain.views import Laterality, Slot
from mammoview.imaging.grayscale import display_table
from mammoview.ui.viewport.canvas import Canvas
from mammoview.ui.viewport.legend import HeatLegend
from mammoview.ui.viewport.pane_view import PaneView
from mammoview.ui.viewport.placement import fit_all, panned, zoomed
from mammoview.ui.viewport.windowing import dragged

# Rows from top to bottom; left and right follow from the side of the breast.
_HANGING = ((Slot.RCC, Slot.LCC), (Slot.RMLO, Slot.LMLO))
_ZOOM_PER_NOTCH = 1.25
_TABLES_KEPT = 16
_LEGEND_EDGE_PX = 14
_CAD_LINE_PX = 34
_FOOT_EDGE_PX = 12


class FourView(QWidget):
    """Four mammograms at one size; state comes in by `render`, zoom and pan stay here.

    Left or middle drag pans one pane, right drag changes the window of all (right: wider, down:
    darker), the wheel zooms all panes at mirrored points so that sizes stay comparable.

    Signals
    -------
    windowChanged(VoiWindow)
        A window/level drag has ended.
    paneActivated(str)
        A slot (``"RCC"``) was pressed.
    cursorRead(str)
        View, pixel and stored value under the cursor; empty off the images.
    """

    windowChanged = Signal(object)
    paneActivated = Signal(str)
    cursorRead = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fourView")
        self.canvas = Canvas(self)
        self.legend = HeatLegend(self)
        # The four views of one machine often share format and window: one table serves all.
        self._tables = lru_cache(maxsize=_TABLES_KEPT)(display_table)
        self._panes = {slot: PaneView(slot, self._tables) for row in _HANGING for slot in row}
        self._state: Workspace | None = None
        self._by_hand = False
        self._drag_from: VoiWindow | None = None
        self._drag_inverse = False
        self._drag_window: VoiWindow | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        for view in self._panes.values():
            self.canvas.scene().addItem(view.box)
        self.legend.raise_()
        self._connect()

    def _connect(self) -> None:
        self.canvas.resized.connect(self._on_resized)
        self.canvas.pressed.connect(self._on_pressed)
        self.canvas.panned.connect(self._on_panned)
        self.canvas.zoomed.connect(self._on_zoomed)
        self.canvas.windowing.connect(self._on_windowing)
        self.canvas.windowed.connect(self._on_windowed)
        self.canvas.released.connect(self._on_released)
        self.canvas.hovered.connect(self._on_hovered)
        self.canvas.left.connect(self._on_left)

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
        moved = False
        if old is None or old.panes is not new.panes:
            moved = self._render_panes(new)
        if moved or old is None or old.gray != new.gray:
            if old is not None and old.gray != new.gray:
                self._drag_window = None
            self._apply_gray()
        if moved or old is None or _result_changed(old, new):
            for view in self._panes.values():
                view.set_result(new)
        if moved or old is None or _overlay_changed(old, new):
            for view in self._panes.values():
                view.set_overlay(new.overlay)
        self.legend.render(old, new)
        self._place_legend()
        asked = old is None or (old.fit, old.fit_request) != (new.fit, new.fit_request)
        other = old is None or old.exam_key != new.exam_key
        if asked or other:
            self._by_hand = False
        if asked or moved or other:
            self._fit(keep_placed=self._by_hand)
        self._refresh()

    def _render_panes(self, new: Workspace) -> bool:
        by_slot = {pane.slot: pane for pane in new.panes}
        moved = False
        for slot, view in self._panes.items():
            pane = by_slot.get(slot) or Pane(
                slot=slot, mammogram=None, image=None, message=f"{slot.label} not found", badge=""
            )
            moved |= view.set_pane(pane)
        return moved

    def _apply_gray(self) -> bool:
        if self._state is None:
            return False
        gray = self._state.gray
        changed = [view.set_gray(gray, self._drag_window) for view in self._panes.values()]
        return any(changed)

    # --- geometry ----------------------------------------------------------------------------

    def pane(self, slot: Slot) -> PaneView:
        """Return the pane of a slot."""
        return self._panes[slot]

    def pane_at(self, position: QPointF) -> PaneView | None:
        """Return the pane under a position in this widget."""
        for view in self._panes.values():
            if view.box.geometry().contains(position):
                return view
        return None

    def _place_panes(self) -> None:
        """Share the canvas at whole device pixels: no seam in the middle line."""
        ratio = self.canvas.devicePixelRatioF()
        width, height = float(self.canvas.width()), float(self.canvas.height())
        middle = round(width * ratio / 2) / ratio
        half = round(height * ratio / 2) / ratio
        for row, pair in enumerate(_HANGING):
            top, bottom = (0.0, half) if row == 0 else (half, height)
            for slot in pair:
                left, right = (
                    (0.0, middle)
                    if slot.laterality is Laterality.RIGHT
                    else (
                        middle,
                        width,
                    )
                )
                self._panes[slot].set_geometry(QRectF(left, top, right - left, bottom - top))

    def _fit(self, *, keep_placed: bool) -> None:
        """Fit all panes; ``keep_placed`` leaves alone those that the reader has placed."""
        if self._state is None:
            return
        subjects = {s: v.subject for s, v in self._panes.items() if v.subject is not None}
        placed = fit_all(
            {str(s): subject for s, subject in subjects.items()},
            self._state.fit,
            self._panes[Slot.RCC].size(),
            device_pixel_ratio=self.canvas.devicePixelRatioF(),
        )
        # A view that arrives while the reader has zoomed in is shown at the size of the others.
        views = [self._panes[slot] for slot in subjects]
        zoom = {
            v.subject.unit: v.placement.scale
            for v in views
            if keep_placed and v.placement is not None and v.subject is not None
        }
        for slot, subject in subjects.items():
            fresh = placed[str(slot)]
            fresh = replace(fresh, scale=zoom.get(subject.unit, fresh.scale))
            kept = self._panes[slot].placement if keep_placed else None
            self._panes[slot].set_placement(kept or fresh)

    def _refresh(self) -> None:
        ratio = self.canvas.devicePixelRatioF()
        for view in self._panes.values():
            view.refresh(device_pixel_ratio=ratio, dragging=self._drag_from is not None)

    def _place_legend(self) -> None:
        size = self.legend.sizeHint()
        foot = self._panes[_HANGING[-1][-1]].texts.foot.boundingRect()
        above = max(_CAD_LINE_PX, math.ceil(foot.height()) + _FOOT_EDGE_PX)
        self.legend.setGeometry(
            self.width() - size.width() - _LEGEND_EDGE_PX,
            self.height() - size.height() - above,
            size.width(),
            size.height(),
        )

    def grab_image(self, size: QSize) -> QImage:
        """Return a picture of this widget at a size, whether it is on a screen or not."""
        before = self.size()
        self.resize(size)
        picture = self.grab().toImage()
        self.resize(before)
        return picture

    # --- gestures ----------------------------------------------------------------------------

    def _on_resized(self) -> None:
        self._place_panes()
        self._place_legend()
        self._fit(keep_placed=self._by_hand)
        self._refresh()

    def _on_pressed(self, position: QPointF) -> None:
        view = self.pane_at(position)
        if view is not None:
            self.paneActivated.emit(str(view.slot))

    def _on_panned(self, press: QPointF, step: QPointF) -> None:
        view = self.pane_at(press)
        if view is None or view.placement is None or view.subject is None:
            return
        self._by_hand = True
        view.set_placement(
            panned(view.placement, view.subject, right_px=step.x(), down_px=step.y())
        )
        self._refresh()

    def _on_zoomed(self, position: QPointF, notches: float) -> None:
        under = self.pane_at(position)
        if under is None:
            return
        self._by_hand = True
        rect = under.box.geometry()
        right = under.slot.laterality is Laterality.RIGHT
        from_wall = rect.right() - position.x() if right else position.x() - rect.left()
        for view in self._panes.values():
            if view.placement is not None and view.subject is not None:
                view.set_placement(
                    zoomed(
                        view.placement,
                        view.subject,
                        factor=_ZOOM_PER_NOTCH**notches,
                        from_wall_px=from_wall,
                        below_middle_px=position.y() - rect.center().y(),
                    )
                )
        self._refresh()

    def _on_windowing(self, press: QPointF) -> None:
        view = self.pane_at(press)
        if view is None or view.fmt is None or self._state is None:
            return
        gray = self._gray_now(self._state)
        self._drag_from = view.start_window(gray)
        self._drag_inverse = view.fmt.inverse != gray.invert

    def _gray_now(self, state: Workspace) -> Gray:
        if self._drag_window is None:
            return state.gray
        return replace(state.gray, window=self._drag_window)

    def _on_windowed(self, way: QPointF) -> None:
        if self._drag_from is None:
            return
        self._drag_window = dragged(
            self._drag_from, right_px=way.x(), down_px=way.y(), inverse=self._drag_inverse
        )
        if self._apply_gray():
            self._refresh()

    def _on_released(self) -> None:
        if self._drag_from is None:
            return
        self._drag_from = None
        self._refresh()
        if self._drag_window is not None:
            self.windowChanged.emit(self._drag_window)

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
    )


def _overlay_changed(old: Workspace, new: Workspace) -> bool:
    return old.overlay != new.overlay or old.prediction is not new.prediction
