"""Measure this screen: a bar is drawn, and the reader says how long a ruler finds it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from mammoview.app import true_size
from mammoview.app.display import screens
from mammoview.app.reading import ReadingDesk
from mammoview.errors import UsageError
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.screen_watch import screen_of
from mammoview.words import translate

_BAR_PX, _SHORTEST_PX, _HEIGHT_PX, _EDGE_PX = 560, 100, 56, 12
_LONGEST_MM = 2000.0
# More than this apart from what the screen says of itself is worth a word.
_DOUBTFUL_SHARE = 0.15


class Bar(QWidget):
    """A bar between two thin end lines; its right end is dragged, or moved by the arrow keys."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("calibrationBar")
        self.setAccessibleName(translate("Screens", "Bar to measure"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setMinimumSize(_BAR_PX + 2 * _EDGE_PX, _HEIGHT_PX)
        self._length = _BAR_PX

    @property
    def length_px(self) -> float:
        """Length in device pixels of the screen it is on."""
        return self._length * self.devicePixelRatioF()

    def set_length(self, pixels: int) -> None:
        """Make it so many logical pixels long, as far as there is room."""
        self._length = min(max(pixels, _SHORTEST_PX), self.width() - 2 * _EDGE_PX)
        self.update()
        self.changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the right end under the mouse."""
        self.set_length(round(event.position().x()) - _EDGE_PX)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the right end."""
        self.set_length(round(event.position().x()) - _EDGE_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the right end pixel by pixel."""
        steps = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Right.value: 1}
        step = steps.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        self.set_length(self._length + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar, light on black, exactly as long as it says."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        bar = QRectF(_EDGE_PX, _HEIGHT_PX * 0.3, self._length, _HEIGHT_PX * 0.4)
        painter.fillRect(bar, QColor(0xD0, 0xD0, 0xD0))
        rim = QColor(0x5F, 0x93, 0xA3) if self.hasFocus() else QColor(0x80, 0x80, 0x80)
        for x in (bar.left(), bar.right() - 1.0):
            painter.fillRect(QRectF(x, 4.0, 1.0, _HEIGHT_PX - 8.0), rim)


class CalibrationDialog(TitledDialog):
    """Takes the length of the bar in mm and keeps it for the screen that the dialog is on."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("calibration", translate("Screens", "Measure this screen"), parent)
        self._desk = desk
        self._screen = screen_of(self.screen())
        self.bar = Bar(self)
        self.length = QDoubleSpinBox(self)
        self._which = _words("calibrationScreen", self)
        self._hint = _words("calibrationHint", self)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self
        )
        self._lay_out()
        self._connect()
        self._look()
        self.length.setFocus()
        self.length.selectAll()

    def _lay_out(self) -> None:
        self.length.setObjectName("calibrationLength")
        self.length.setAccessibleName(translate("Screens", "Length of the bar in mm"))
        self.length.setRange(0.0, _LONGEST_MM)
        self.length.setDecimals(1)
        self.length.setSuffix(" mm")
        self.length.setSpecialValueText(translate("Screens", "not measured"))
        said = translate(
            "Screens",
            "Hold a ruler to the bar, from line to line, and type its length; or drag its right "
            "end (arrow keys: pixel by pixel) to a length that you know, as the 85.6 mm of a bank "
            "card. The longer the bar, the better.",
        )
        how = QLabel(said, self)
        how.setWordWrap(True)
        form = QFormLayout()
        form.addRow(translate("Screens", "The ruler says"), self.length)
        layout = QVBoxLayout(self)
        for part in (self._which, how, self.bar):
            layout.addWidget(part)
        layout.addLayout(form)
        layout.addWidget(self._hint)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self.bar.changed.connect(self._look)
        self.length.valueChanged.connect(self._look)
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)

    def changeEvent(self, event: QEvent) -> None:
        """Take note of a screen that runs otherwise now."""
        super().changeEvent(event)
        self._look()

    def moveEvent(self, event: QEvent) -> None:
        """Take note of the screen that the dialog was moved to."""
        self._look()

    def _look(self) -> None:
        """Show what the length means on the screen that the dialog is on now."""
        if not hasattr(self, "_buttons"):
            return
        screen = screen_of(self.screen())
        if screen != self._screen:
            self._screen = screen
            self.length.setValue(0.0)  # what was read belongs to the other screen
        said = translate("Screens", "Screen: {name}, {width} x {height} pixels")
        self._which.setText(
            said.format(name=screen.name, width=screen.width_px, height=screen.height_px)
        )
        text, sound = self._judged()
        self._hint.setText(text)
        self._buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(sound)

    def _judged(self) -> tuple[str, bool]:
        """Return what there is to say of the length, and whether it can be kept."""
        if not self.length.value():
            return "", False
        try:
            found = self._measured()
        except UsageError as error:
            return str(error), False
        mm = 1.0 / found.px_per_mm
        text = translate("Screens", "{mm:.4f} mm a pixel").format(mm=mm)
        own = self._screen.reported_mm_per_px
        if own and abs(mm / own - 1.0) > _DOUBTFUL_SHARE:
            doubt = translate(
                "Screens", "the screen itself says {mm:.4f}, which is often wrong: measure again?"
            )
            text = f"{text}; {doubt.format(mm=own)}"
        return text, True

    def _measured(self) -> screens.Calibration:
        return screens.measured(self._screen, bar_px=self.bar.length_px, bar_mm=self.length.value())

    def _save(self) -> None:
        self._desk.do(true_size.calibrate, self._measured())
        self.accept()


def _words(name: str, parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
