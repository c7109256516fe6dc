"""How long a frame takes: this window beside a plain one of pyqtgraph, in the same run.

A frame runs from the input event to the finished paint of the whole window at 1920x1080: a real
mouse or wheel event is sent to the window, then the window is painted.  Frames of the two windows
alternate, so that a busy machine slows both alike.  Whichever comes next is made the active one,
for which both are painted: that is waited for, and is no part of the frame.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractEventDispatcher,
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.geometry import Pose
from mammoview.domain.study import (
    Examination,
    ExamIndex,
    Mammogram,
    PatientIdentity,
    PixelFormat,
    VoiFunction,
    VoiWindow,
)
from mammoview.domain.views import Laterality, Place, Slot, SourcedLaterality, SourcedView
from mammoview.errors import UsageError
from mammoview.imaging.pyramid import smaller_levels
from mammoview.ui.main_window import MainWindow
from mammoview.ui.viewport.four_view import FourView

_W = TypeVar("_W", bound=QWidget)

WIDTH_PX, HEIGHT_PX = 1920, 1080
ROWS, COLS = 4600, 3000
_WARM_UP = 3
_PATIENCE_S = 5.0
_STEPS_ON = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Median milliseconds of a frame of this window and of the plain one, and their ratio."""

    ms: float
    plain_ms: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowBench:
    """Frame times of four gestures on four views, and of a step of the hanging.

    ``window_level`` is a drag on the fitted images, ``window_level_zoomed`` on magnified ones;
    the plain window has four ``ImageItem`` and its drag sets their levels.  ``step`` runs from the
    key to the first paint of the next step, in the whole window; the plain one exchanges the
    images of its items.
    """

    platform: str
    width_px: int
    height_px: int
    rows: int
    cols: int
    frames: int
    window_level: Pair
    window_level_zoomed: Pair
    pan: Pair
    zoom: Pair
    step: Pair


def bench_window(*, frames: int = 25) -> WindowBench:
    """Measure window/level drags (fitted and zoomed in), pan and zoom of both windows.

    Parameters
    ----------
    frames : int
        Frames of each gesture and window whose median is told.

    Returns
    -------
    WindowBench
        Windows of its own are opened and closed.

    Raises
    ------
    UsageError
        If there is no running `QApplication`, or a window never repaints.
    """
    if QApplication.instance() is None:
        raise UsageError(
            "no Qt application", expected="a QApplication", todo="start one before the bench"
        )
    images = {slot: _phantom(slot, seed) for seed, slot in enumerate(Slot)}
    with _every_mouse_move(), _shown(FourView()) as own, _shown(PlainWindow(images)) as other:
        own.render(None, _workspace(images))
        QApplication.processEvents()
        ours, plain = Stage(own.canvas.viewport()), Stage(other.viewport())
        with _held((ours, plain), Qt.MouseButton.RightButton):
            level = _alternate(_right_drag, ours, plain, frames)
        zoom = _alternate(_wheel, ours, plain, frames)
        for stage in (ours, plain):
            stage.wheel(8)
        with _held((ours, plain), Qt.MouseButton.RightButton):
            zoomed = _alternate(_right_drag, ours, plain, frames)
        with _held((ours, plain), Qt.MouseButton.LeftButton):
            pan = _alternate(_left_drag, ours, plain, frames)
    with _read_window(images) as window, _shown(PlainWindow(images)) as other:
        ours, plain = Stage(window.four_view.canvas.viewport()), Stage(other.viewport())
        step = _alternate(_step_key, ours, plain, frames)
    return WindowBench(
        platform=QApplication.platformName(),
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        rows=ROWS,
        cols=COLS,
        frames=frames,
        window_level=level,
        window_level_zoomed=zoomed,
        pan=pan,
        zoom=zoom,
        step=step,
    )


class PlainWindow(pg.GraphicsLayoutWidget):
    """The baseline: four ``ImageItem`` in four view boxes, as a first program would have them.

    A right drag sets the levels of all four, the wheel scales all four round their middle, a left
    drag moves all four.
    """

    def __init__(self, images: Mapping[Slot, NDArray[np.uint16]]) -> None:
        pg.GraphicsLayoutWidget.__init__(self)
        self.setObjectName("plainWindow")
        self._items: list[pg.ImageItem] = []
        self._boxes: list[pg.ViewBox] = []
        self._images = list(images.values())
        self._press = self._last = QPointF()
        for number, image in enumerate(images.values()):
            box = pg.ViewBox(invertY=True, lockAspect=True, enableMenu=False)
            self.ci.addItem(box, row=number // 2, col=number % 2)
            item = pg.ImageItem(image, axisOrder="row-major", levels=(0, 4095))
            box.addItem(item)
            box.autoRange(padding=0)
            self._items.append(item)
            self._boxes.append(box)

    def wheelEvent(self, ev: QWheelEvent) -> None:
        """Scale all four views as much as our window does."""
        ev.accept()
        factor = 1.25 ** (-ev.angleDelta().y() / 120)
        for box in self._boxes:
            box.scaleBy((factor, factor))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Remember where a drag begins."""
        ev.accept()
        self._press = self._last = ev.position()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Set the levels of all four images, or move all four."""
        ev.accept()
        step, self._last = ev.position() - self._last, ev.position()
        if ev.buttons() == Qt.MouseButton.LeftButton:
            for box in self._boxes:
                wide, high = box.viewPixelSize()
                box.translateBy(x=-step.x() * wide, y=-step.y() * high)
        elif ev.buttons() == Qt.MouseButton.RightButton:
            way = ev.position() - self._press
            centre, width = 2048 + 4 * way.y(), max(1.0, 4096 + 4 * way.x())
            for item in self._items:
                item.setLevels((centre - width / 2, centre + width / 2))

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Show the next image in every place, at whatever key."""
        ev.accept()
        self._images = [*self._images[1:], self._images[0]]
        for item, image in zip(self._items, self._images, strict=True):
            item.setImage(image, autoLevels=False)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """End a drag."""
        ev.accept()


# --- measuring -----------------------------------------------------------------------------------


class Paints(QObject):
    """Counts the paint events of a window's drawing surface."""

    def __init__(self, surface: QWidget) -> None:
        super().__init__(surface)
        self.count = 0
        surface.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count, and let everything pass."""
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


class Stage:
    """One window under test: sends input, waits until it is painted.

    Parameters
    ----------
    surface : QWidget
        The viewport that takes the mouse and draws the images.
    """

    def __init__(self, surface: QWidget) -> None:
        self._surface = surface
        self._paints = Paints(surface)
        self._middle = QPointF(surface.width() * 0.33, surface.height() * 0.25)

    def frame_ms(self, gesture: Gesture, frame: int) -> float:
        """Return milliseconds from an input event to the end of the paint that it causes."""
        self._surface.window().activateWindow()  # keys go to the active window alone
        settle()
        before = self._paints.count
        begin = time.perf_counter()
        gesture(self, frame)
        while self._paints.count == before:
            QApplication.processEvents()
            _check_patience(begin, "the window did not repaint after an input event")
        return 1e3 * (time.perf_counter() - begin)

    def mouse(self, kind: QEvent.Type, button: Qt.MouseButton, way: QPointF) -> None:
        """Send a mouse event so far from the middle of the first pane."""
        at = self._middle + way
        move = kind is QEvent.Type.MouseMove
        event = QMouseEvent(
            kind,
            at,
            QPointF(self._surface.mapToGlobal(at.toPoint())),
            Qt.MouseButton.NoButton if move else button,
            Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else button,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self._surface, event)

    def key(self, key: Qt.Key) -> None:
        """Press a key and let it go."""
        QTest.keyClick(self._surface.window(), key)

    def wheel(self, notches: int) -> None:
        """Turn the wheel over the middle of the first pane."""
        event = QWheelEvent(
            self._middle,
            QPointF(self._surface.mapToGlobal(self._middle.toPoint())),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self._surface, event)


def settle() -> None:
    """Do all that is due in every window, the paints that come of it included."""
    dispatcher, begin = QAbstractEventDispatcher.instance(), time.perf_counter()
    while dispatcher.processEvents(QEventLoop.ProcessEventsFlag.AllEvents):
        _check_patience(begin, "windows that do not come to rest")


def _check_patience(begin: float, met: str) -> None:
    if time.perf_counter() - begin > _PATIENCE_S:
        raise UsageError(
            met,
            expected=f"that it takes less than {_PATIENCE_S:.0f} seconds",
            todo="run the bench on a machine that is less busy",
        )


Gesture: TypeAlias = Callable[[Stage, int], None]


def _right_drag(stage: Stage, frame: int) -> None:
    way = QPointF(3.0 * frame, 40.0 * math.sin(frame / 3))
    stage.mouse(QEvent.Type.MouseMove, Qt.MouseButton.RightButton, way)


def _left_drag(stage: Stage, frame: int) -> None:
    way = QPointF(60.0 * math.sin(frame / 4), 7.0 * frame)
    stage.mouse(QEvent.Type.MouseMove, Qt.MouseButton.LeftButton, way)


def _wheel(stage: Stage, frame: int) -> None:
    stage.wheel(1 if (frame // 4) % 2 == 0 else -1)


def _step_key(stage: Stage, frame: int) -> None:
    stage.key(Qt.Key.Key_D if ((frame - 1) // _STEPS_ON) % 2 == 0 else Qt.Key.Key_A)


@contextmanager
def _held(stages: Iterable[Stage], button: Qt.MouseButton) -> Iterator[None]:
    """Hold a mouse button in every window."""
    stages = tuple(stages)
    for stage in stages:
        stage.mouse(QEvent.Type.MouseButtonPress, button, QPointF())
    yield
    for stage in stages:
        stage.mouse(QEvent.Type.MouseButtonRelease, button, QPointF())
    QApplication.processEvents()


def _alternate(gesture: Gesture, ours: Stage, plain: Stage, frames: int) -> Pair:
    """Measure frames of both windows in turn and return their medians."""
    spent: tuple[list[float], list[float]] = ([], [])
    for frame in range(1, frames + _WARM_UP + 1):
        for stage, times in zip((ours, plain), spent, strict=True):
            times.append(stage.frame_ms(gesture, frame))
    own, other = (statistics.median(times[_WARM_UP:]) for times in spent)
    return Pair(ms=own, plain_ms=other, ratio=own / other)


@contextmanager
def _shown(widget: _W) -> Iterator[_W]:
    widget.resize(WIDTH_PX, HEIGHT_PX)
    widget.show()
    QApplication.processEvents()
    try:
        yield widget
    finally:
        widget.close()
        widget.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@contextmanager
def _read_window(images: Mapping[Slot, NDArray[np.uint16]]) -> Iterator[MainWindow]:
    """Give the program's whole window with the images hung and decoded."""
    panes = [_pane(slot, stored) for slot, stored in images.items()]
    views = tuple(pane.mammogram for pane in panes if pane.mammogram is not None)
    exam = Examination(key="bench", mammograms=views, missing_slots=())
    desk = ReadingDesk(deliver=_never, analyst=None)
    try:
        desk.do(commands.with_index, ExamIndex(examinations=(exam,), refused=()))
        desk.do(commands.select_exam, exam.key)
        for pane in panes:
            if pane.mammogram is not None and pane.image is not None:
                desk.do(commands.view_loaded, pane.mammogram, pane.image)
        with _shown(MainWindow(desk)) as window:
            yield window
    finally:
        desk.shutdown()


def _never(call: object) -> None:
    raise AssertionError("the bench has no background work")


@contextmanager
def _every_mouse_move() -> Iterator[None]:
    """Let pyqtgraph act on every mouse move, as our window does."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    try:
        yield
    finally:
        pg.setConfigOption("mouseRateLimit", before)


# --- the images ----------------------------------------------------------------------------------

_FORMAT = PixelFormat(
    bits_stored=12,
    is_signed=False,
    photometric_interpretation="MONOCHROME2",
    inverse=False,
    padding=None,
    rescale_slope=1.0,
    rescale_intercept=0.0,
    windows=(VoiWindow(centre=2048.0, width=4096.0, function=VoiFunction.SIGMOID, explanation=""),),
    luts=(),
)


def _phantom(slot: Slot, seed: int) -> NDArray[np.uint16]:
    """Return a half-disc of noisy tissue on air, 12 bits in uint16, chest wall on its side."""
    rng = np.random.default_rng(seed)
    row, col = np.ogrid[0:ROWS, 0:COLS]
    inside = ((row - ROWS / 2) / (0.45 * ROWS)) ** 2 + (col / (0.9 * COLS)) ** 2 < 1
    noise = rng.integers(800, 3600, (ROWS, COLS), np.uint16)
    image = np.where(inside, noise, np.uint16(20)).astype(np.uint16)
    if slot.laterality is Laterality.RIGHT:
        image = np.ascontiguousarray(image[:, ::-1])
    image.flags.writeable = False
    return image


def _pane(slot: Slot, stored: NDArray[np.uint16]) -> Pane:
    mask = stored[::20, ::20] > 100
    mask.flags.writeable = False
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="synthetic")
    return Pane(
        place=Place(slot=slot),
        mammogram=_mammogram(slot, pose),
        image=LoadedImage(
            stored=stored, breast=mask, pose=pose, smaller=smaller_levels(stored, None)
        ),
        message="",
    )


def _mammogram(slot: Slot, pose: Pose) -> Mammogram:
    return Mammogram(
        file=Path(f"{slot}.dcm"),
        sop_instance_uid=f"2.25.{list(Slot).index(slot) + 1}",
        study_key="bench",
        identity=PatientIdentity(name="", patient_id="", birth_date=""),
        study_date="",
        acquired="",
        rows=ROWS,
        cols=COLS,
        laterality=SourcedLaterality(value=slot.laterality, source="synthetic"),
        view=SourcedView(value=slot.projection, modifiers=(), source="synthetic"),
        pose=pose,
        spacing=None,
        slot=slot,
        pixel_format=_FORMAT,
        unsupported=None,
        is_cbis_ddsm=False,
        warnings=(),
    )


def _workspace(images: Mapping[Slot, NDArray[np.uint16]]) -> Workspace:
    """Return a state that shows the four images and nothing else."""
    state = commands.empty()
    panes = tuple(_pane(slot, stored) for slot, stored in images.items())
    return replace(state, exam_key="bench", panes=panes)
