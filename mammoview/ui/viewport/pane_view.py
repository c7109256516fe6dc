"""One pane: a view box with an image, its overlay and its texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from mammoview.app.cad.reports import drawn_overlay
from mammoview.app.marks.breast_place import Muscle
from mammoview.app.second_read import answering
from mammoview.app.workspace import Gray, Overlay, Pane, Workspace
from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import AnalysisStatus, ViewPrediction
from mammoview.domain.reading import CadMark, Disposition
from mammoview.domain.study import PixelFormat
from mammoview.domain.views import Slot
from mammoview.ui.viewport.annotations import Annotations
from mammoview.ui.viewport.cad_line import cad_line, prediction_for, range_badge
from mammoview.ui.viewport.frame import Frame, frame_of
from mammoview.ui.viewport.grey_layer import GreyLayer
from mammoview.ui.viewport.heat_layer import HeatLayer
from mammoview.ui.viewport.mark_layer import MarkLayer
from mammoview.ui.viewport.placement import PaneSize, Placement, ScreenPixels, Subject, visible_box
from mammoview.ui.viewport.scale_line import SAME_SIZE, scale_text, size_badge
from mammoview.ui.viewport.spot import Lie
from mammoview.ui.viewport.windowing import voi_in_use, voi_text
from mammoview.words import translate

# Same arguments as imaging.grayscale.display_table; the owner of the panes may share results.
TableMaker = Callable[..., NDArray[np.uint8]]


class PaneView:
    """One image of the hanging, or the words of a missing one.

    Parameters
    ----------
    wall_right : bool
        Whether the chest wall leans on the right border: a right breast.
    make_table : callable
        ``display_table(fmt, voi, invert=...)``.
    """

    def __init__(self, make_table: TableMaker, *, wall_right: bool) -> None:
        self.wall_right = wall_right
        self.box = pg.ViewBox(invertY=True, enableMenu=False, enableMouse=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.grey = GreyLayer()
        self.box.addItem(self.grey.item, ignoreBounds=True)
        self.box.addItem(self.grey.air, ignoreBounds=True)
        self.heat = HeatLayer(self.box)
        self.marks = MarkLayer(self.box)
        self.texts = Annotations(self.box, wall_right=wall_right)
        self._make_table = make_table
        self._pane: Pane | None = None
        self._frame: Frame | None = None
        self._prediction: ViewPrediction | None = None
        self._asked: CadMark | None = None
        self._marked_frame: int | None = None  # whose marks are drawn
        self._answers: dict[tuple[str, ImagePoint], Disposition] = {}
        self._placement: Placement | None = None

    @property
    def pane(self) -> Pane:
        """What it shows."""
        assert self._pane is not None
        return self._pane

    @property
    def slot(self) -> Slot | None:
        """Side and view that stand here; None for an extra view."""
        return self._pane.slot if self._pane is not None else None

    @property
    def subject(self) -> Subject | None:
        """The image as a thing to be placed; None for an empty slot."""
        return self._frame.subject if self._frame is not None else None

    @property
    def placement(self) -> Placement | None:
        """Where the image lies; None for an empty slot, and for a coarse picture.

        That one is to be looked at: no tool moves it or measures on it.
        """
        return self._placement if self._is_whole else None

    @property
    def _is_whole(self) -> bool:
        return self._pane is not None and self._pane.image is not None

    @property
    def fmt(self) -> PixelFormat | None:
        """Format of the stored values; None for an empty slot."""
        if self._frame is None or self._pane is None or self._pane.mammogram is None:
            return None
        return self._pane.mammogram.pixel_format

    # --- state -------------------------------------------------------------------------------

    def set_pane(self, pane: Pane) -> bool:
        """Take another pane; return True if another image has to be placed."""
        old = self._pane
        self._pane = pane
        self.texts.set_pane(pane)
        self.box.setObjectName(f"pane{pane.key}")
        if old is not None and old.seen is pane.seen and old.mammogram is pane.mammogram:
            return False
        if old is not None and pane.image is not None and _is_other_frame(old, pane):
            self.grey.show_frame(pane.image)
            return False
        self._clear()
        if pane.mammogram is not None and pane.seen is not None:
            self._frame = frame_of(pane.side, pane.mammogram, pane.seen)
            self.grey.set_image(pane.seen, pane.mammogram.pixel_format, self._frame)
        return True

    def show(self, shown: bool) -> None:
        """Appear, or go off the screen and keep what is prepared for the next time."""
        if not shown:
            self._placement = None
            self.set_moving(False)
        self.box.setVisible(shown)

    def release(self) -> None:
        """Go off the screen and let the image go."""
        self.show(False)
        self._pane = None
        self._clear()

    def _clear(self) -> None:
        self._prediction = self._asked = None
        self.marks.set_asked(None, None)
        self.heat.set_heatmaps((), None, None)
        self.marks.set_regions((), None)
        self._frame = self._placement = None
        self.grey.clear()

    def set_gray(self, gray: Gray) -> bool:
        """Take another grey display; return True if it looks different."""
        fmt = self.fmt
        self.texts.set_window(voi_text(fmt, gray) if fmt is not None else "")
        if fmt is None:
            return False
        table = self._make_table(fmt, voi_in_use(fmt, gray), invert=gray.invert)
        return self.grey.set_table(table, invert=gray.invert)

    def set_result(self, workspace: Workspace) -> None:
        """Take the computer's result for this view, prepared once for each prediction."""
        assert self._pane is not None
        found = prediction_for(self._pane, workspace)
        self.texts.set_cad(cad_line(self._pane, workspace), range_badge(found))
        frame = image.frame if (image := self._pane.image) is not None else None
        uid = self._pane.mammogram.sop_instance_uid if self._pane.mammogram else ""
        state = frame, answering.answers_on(workspace, uid, frame)
        if found is self._prediction and state == (self._marked_frame, self._answers):
            return
        self._prediction, (self._marked_frame, self._answers) = found, state
        analyzed = found is not None and found.status is AnalysisStatus.ANALYZED
        self.heat.set_heatmaps(found.heatmaps if found and analyzed else (), image, self._frame)
        regions = found.regions if found and analyzed else ()
        shown = tuple(r for r in regions if not r.frame or r.frame == frame)
        self.marks.set_regions(shown, self._frame, self._answers)
        self.set_overlay(drawn_overlay(workspace))  # what is new is hidden

    def set_asked(self, mark: CadMark | None) -> None:
        """Ring the mark that the reader is to answer, where it is on this image, or slice of it."""
        there, image = self.pane.mammogram, self.pane.image
        frame = image.frame if image is not None else None
        ours = None
        if mark is not None and there is not None and mark.frame in (0, frame):
            ours = mark if mark.sop_instance_uid == there.sop_instance_uid else None
        if ours != self._asked:
            self._asked = ours
            self.marks.set_asked(ours.peak if ours is not None else None, self._frame)

    def set_overlay(self, overlay: Overlay) -> None:
        """Show, hide or fade what is prepared."""
        self.heat.set_overlay(overlay)
        self.marks.set_overlay(overlay)

    def taken(self) -> tuple[QRectF, ...]:
        """Return where in the scene texts and the computer's marks are: other words keep off."""
        return (*self.texts.places(), *self.marks.places())

    # --- geometry ----------------------------------------------------------------------------

    def set_geometry(self, rect: QRectF) -> None:
        """Put the pane at a place in the canvas, pixels."""
        self.box.setGeometry(rect)
        self.grey.item.set_room(rect)
        self.texts.place(QRectF(0.0, 0.0, rect.width(), rect.height()))

    def size(self) -> PaneSize:
        """Return the size on the screen, logical pixels."""
        rect = self.box.rect()
        return PaneSize(width=max(rect.width(), 1.0), height=max(rect.height(), 1.0))

    def set_moving(self, moving: bool) -> None:
        """Be moved by a hand, or come to rest."""
        self.grey.item.set_moving(moving)

    def set_placement(self, placement: Placement) -> None:
        """Place the image; `refresh` draws it."""
        if self._frame is None:
            return
        self._placement = placement
        shown = visible_box(placement, self._frame.subject, self.size())
        self.box.setRange(
            xRange=(shown.col0, shown.col1), yRange=(shown.row0, shown.row1), padding=0
        )
        # Else the box does so while it is painted, and the whole canvas is painted a second time.
        self.box.updateMatrix()

    def set_scale(self, screen: ScreenPixels, others: Sequence[Subject], seen: str = "") -> None:
        """Say at what scale the image is, and where it cannot be at the size of the others.

        ``seen`` is what there is to say of what was seen of it.
        """
        if self._frame is None or self._placement is None:
            self.texts.set_scale("", SAME_SIZE)
            self.texts.ruler.set_scale(0.0, "")
            return
        subject = self._frame.subject
        view = self.pane.mammogram
        basis = view.spacing.basis_text if view is not None and view.spacing is not None else ""
        scale = scale_text(subject, self._placement, screen, basis)
        self.texts.set_scale(" · ".join(filter(None, (scale, seen))), size_badge(subject, others))
        self.texts.ruler.set_scale(self._placement.scale if basis else 0.0, basis)

    def refresh(self, *, device_pixel_ratio: float, dragging: bool) -> None:
        """Look up the grey values that the screen needs now."""
        if self._frame is None or self._placement is None:
            return
        self.grey.refresh(
            visible_box(self._placement, self._frame.subject, self.size()),
            device_px_per_unit=self._placement.scale * device_pixel_ratio,
            dragging=dragging,
        )

    def lie(
        self, nipple: tuple[ImagePoint, str] | None = None, muscle: Muscle | None = None
    ) -> Lie | None:
        """Return how the image lies; None without an image on the screen.

        Parameters
        ----------
        nipple : (ImagePoint, str) or None
            Where its nipple is, stored pixels, and who says so.
        muscle : Muscle or None
            The edge of its pectoral muscle.
        """
        if self._frame is None or self.placement is None:
            return None
        units = self._frame.to_units
        lie = Lie(
            name=self.pane.label,
            subject=self._frame.subject,
            nipple=None,
            mid_row=self.placement.mid_row,
        )
        if nipple is not None:
            lie = replace(lie, nipple=units.apply(nipple[0]), source=nipple[1])
        if muscle is not None:
            edge = units.apply(muscle.upper), units.apply(muscle.lower)
            lie = replace(lie, muscle=edge, muscle_source=muscle.source)
        return lie

    def look(self, at: ImagePoint, count: int) -> NDArray[np.uint8]:
        """Return the greys of ``count`` x ``count`` stored pixels round a place in units."""
        if self._frame is None:
            return np.zeros((count, count), np.uint8)
        shown = self._frame.displayed_to_units.inverse().apply(at)
        return self.grey.pixels_round(math.floor(shown.row), math.floor(shown.col), count)

    def units_at(self, position: QPointF) -> ImagePoint:
        """Map a position in the four-view widget to units."""
        at = self.box.mapSceneToView(position)
        return ImagePoint(col=at.x(), row=at.y())

    def position_of(self, at: ImagePoint) -> QPointF:
        """Map a place in units to a position in the four-view widget."""
        return QPointF(self.box.mapViewToScene(QPointF(at.col, at.row)))

    def breast_centre(self) -> ImagePoint:
        """Return the middle of the breast, in units."""
        assert self._frame is not None
        return self._frame.subject.breast.centre()

    def to_screen(self, point: ImagePoint) -> QPointF:
        """Map a stored point, pixels, to a position in the four-view widget."""
        assert self._frame is not None
        at = self._frame.to_units.apply(point)
        return QPointF(self.box.mapViewToScene(QPointF(at.col, at.row)))

    def to_image(self, position: QPointF) -> ImagePoint | None:
        """Map a position in the four-view widget to a stored point; None outside the image."""
        if self._frame is None or self._pane is None or self._pane.image is None:
            return None
        point = self.stored_at(position)
        rows, cols = self._pane.image.stored.shape
        inside = 0 <= point.col < cols and 0 <= point.row < rows
        return point if inside else None

    def nearest(self, position: QPointF) -> ImagePoint:
        """Map a position in the four-view widget to the nearest stored point of the image."""
        point, box = self.stored_at(position), self.image_box
        return ImagePoint(
            col=min(max(point.col, box.col0), box.col1), row=min(max(point.row, box.row0), box.row1)
        )

    @property
    def image_box(self) -> ImageBox:
        """The whole stored image."""
        assert self._pane is not None
        assert self._pane.image is not None
        rows, cols = self._pane.image.stored.shape
        return ImageBox(col0=0.0, row0=0.0, col1=float(cols), row1=float(rows))

    def image_on_screen(self) -> QRectF:
        """Return the part of this pane that the image fills."""
        box = self.image_box
        first = self.to_screen(ImagePoint(col=box.col0, row=box.row0))
        last = self.to_screen(ImagePoint(col=box.col1, row=box.row1))
        return QRectF(first, last).normalized().intersected(self.box.geometry())

    def stored_at(self, position: QPointF) -> ImagePoint:
        """Map a position in the four-view widget to stored pixels, beyond the image too."""
        assert self._frame is not None
        at = self.box.mapSceneToView(position)
        return self._frame.to_units.inverse().apply(ImagePoint(col=at.x(), row=at.y()))

    def stored_box(self, rect: QRectF) -> ImageBox:
        """Return the box of stored pixels under a rectangle of the four-view widget."""
        assert self._frame is not None
        first, last = map(self.box.mapSceneToView, (rect.topLeft(), rect.bottomRight()))
        shown = ImageBox(col0=first.x(), row0=first.y(), col1=last.x(), row1=last.y())
        return self._frame.to_units.inverse().apply_box(shown)

    def readout(self, position: QPointF) -> str:
        """Return view, pixel and stored value under a position; empty outside the image."""
        point = self.to_image(position)
        if point is None or self._pane is None or self._pane.image is None:
            return ""
        assert self._pane.mammogram is not None
        col, row = int(point.col), int(point.row)
        value = self._pane.image.stored[row, col]
        said = translate("Pane", "{view}   column {col}   row {row}   stored {value}")
        return said.format(view=self._pane.mammogram.label, col=col, row=row, value=value)


def _is_other_frame(old: Pane, new: Pane) -> bool:
    """Tell whether only the frame of one volume differs: then the image stays where it lies."""
    if old.mammogram is not new.mammogram or old.image is None or new.image is None:
        return False
    alike = old.image.breast is new.image.breast and old.image.pose is new.image.pose
    return alike and old.image.stored.shape == new.image.stored.shape
