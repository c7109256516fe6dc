"""Rows of a status strip: what must be read stands whole, on more rows if need be; the rest yields.

How high the strip is follows from its width and from what must be read, never from a message, the
name of a step or the cursor: these come and go, and images must not change their size with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from mammoview.ui.plain_tip import plain_tip

_GAP_PX = 6
_ROW_GAP_PX = 2
# So much, in letters, reader, step, a short message, the cursor's value and the model's name need;
# with less room beside what must be read they have a row of their own.
_REST_LETTERS = 150
_FEWEST_LETTERS = 12  # of a cut text; of less, nothing can be read, and it is not there at all


class LastingLabel(QLabel):
    """Words that are never cut: in one line where there is room, else wrapped."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setIndent(0)  # else Qt adds one, unsaid, to the width that the words need

    def sizeHint(self) -> QSize:
        """Return the size in one line."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        wide = metrics.horizontalAdvance(self.text()) + _around(self).width() + 2
        return QSize(wide, metrics.height() + _around(self).height())

    def minimumSizeHint(self) -> QSize:
        """Return no width: the rows wrap it."""
        return QSize(0, self.sizeHint().height())


class YieldingLabel(QLabel):
    """Words that may be cut; they stand whole in the tooltip, which a screen reader says too."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:
        """Take words."""
        super().setText(text)
        self.setToolTip(plain_tip(text))

    def minimumSizeHint(self) -> QSize:
        """Return no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what there is room for, and three dots."""
        painter = QPainter(self)
        self.drawFrame(painter)
        inner = self.contentsRect()
        metrics = self.fontMetrics()
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, inner.width())
        self.style().drawItemText(
            painter, inner, self.alignment(), self.palette(), self.isEnabled(), shown,
            self.foregroundRole(),
        )  # fmt: skip
        painter.end()


class StripRows(QWidget):
    """What a status strip shows.

    Parameters
    ----------
    lasting : sequence of LastingLabel
        What must always be read, in order.
    rest : sequence of QWidget
        What stands after it, from left to right.  Labels that yield get what room is left.
    parent : QWidget
        The strip.
    room : sequence of YieldingLabel
        Which of the rest get room first.
    filler : YieldingLabel
        Which of the rest takes the room that nobody needs.
    """

    def __init__(
        self,
        *,
        lasting: Sequence[LastingLabel],
        rest: Sequence[QWidget],
        room: Sequence[YieldingLabel],
        filler: YieldingLabel,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("stripRows")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lasting = tuple(lasting)
        self._rest = list(rest)
        self._room = tuple(room)
        self._filler = filler
        self._height = 0
        self._arranged: tuple[object, ...] = ()
        for widget in (*self._lasting, *self._rest):
            self._take(widget)

    def add(self, widget: QWidget, *, before: QWidget) -> None:
        """Add a widget of the rest."""
        self._rest.insert(self._rest.index(before), widget)
        self._take(widget)

    def _take(self, widget: QWidget) -> None:
        hidden = widget.isHidden() and widget.testAttribute(
            Qt.WidgetAttribute.WA_WState_ExplicitShowHide
        )
        widget.setParent(self)
        widget.setVisible(not hidden)

    def sizeHint(self) -> QSize:
        """Return the height that the rows need."""
        return QSize(0, self._height)

    def minimumSizeHint(self) -> QSize:
        """Return the height that the rows need."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place all anew."""
        self.arrange()

    def event(self, event: QEvent) -> bool:
        """Place all anew when words, or the font, have changed."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.StyleChange):
            self.arrange()
        return super().event(event)

    def follow(self) -> None:
        """Place all anew if some words, or what is there, are other ones."""
        if self._contents() != self._arranged:
            self.arrange()

    def _contents(self) -> tuple[object, ...]:
        return tuple(
            (widget.isHidden(), widget.text() if isinstance(widget, QLabel) else widget.sizeHint())
            for widget in (*self._lasting, *self._rest)
        )

    def arrange(self) -> None:
        """Place what must be read, then the rest where there is room."""
        self._arranged = self._contents()
        line = max(widget.sizeHint().height() for widget in (*self._lasting, *self._rest))
        x, y = self._place_lasting(line)
        needed = _REST_LETTERS * self.fontMetrics().averageCharWidth()
        if x and self.width() - x < needed:
            x, y = 0, y + line + _ROW_GAP_PX
        self._share(QRect(x, y, self.width() - x, line))
        if y + line != self._height:
            self._height = y + line
            self.updateGeometry()

    def _place_lasting(self, line: int) -> tuple[int, int]:
        """Place what must be read; return where the rest may begin."""
        x = y = 0
        for label in self._lasting:
            if label.isHidden() or not label.text():
                continue
            wanted = label.sizeHint().width()
            if x and x + wanted > self.width():
                x, y = 0, y + line + _ROW_GAP_PX
            if wanted > self.width():
                high = max(line, label.heightForWidth(self.width()))
                label.setGeometry(0, y, self.width(), high)
                y += high + _ROW_GAP_PX
            else:
                label.setGeometry(x, y, wanted, line)
                x += wanted + _GAP_PX
        return x, y

    def _share(self, place: QRect) -> None:
        """Give whole widgets their room, labels what is left, in the order of their importance."""
        left, fewest = place.width(), _FEWEST_LETTERS * self.fontMetrics().averageCharWidth()
        widths: dict[QWidget, int] = {}
        whole = [w for w in self._rest if not isinstance(w, YieldingLabel) and not w.isHidden()]
        for widget in (*whole, *(label for label in self._room if not label.isHidden())):
            wanted = max(widget.sizeHint().width(), widget.minimumWidth())
            if isinstance(widget, YieldingLabel):
                wanted = wanted if widget.text() else 0
            given = max(0, min(wanted, left))
            widths[widget] = given if given == wanted or given >= fewest else 0
            left -= widths[widget] + (_GAP_PX if widths[widget] else 0)
        slack = max(0, left)
        x = place.x()
        for widget in self._rest:
            if widget.isHidden():
                continue
            wide = widths[widget] + (slack if widget is self._filler else 0)
            widget.setGeometry(x, place.y(), wide, place.height())
            x += wide + (_GAP_PX if wide else 0)


def lasting(name: str, accessible: str, parent: QWidget) -> LastingLabel:
    """Return an empty label that is never cut."""
    label = LastingLabel(parent)
    label.setObjectName(name)
    label.setAccessibleName(accessible)
    return label


def yielding(name: str, accessible: str, parent: QWidget) -> YieldingLabel:
    """Return an empty label that gives way."""
    label = YieldingLabel(parent)
    label.setObjectName(name)
    label.setAccessibleName(accessible)
    return label


def _around(label: QLabel) -> QSize:
    """Return what border and padding of the style add."""
    return label.size() - label.contentsRect().size()
