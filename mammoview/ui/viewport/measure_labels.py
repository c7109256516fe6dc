"""Where the words of a mark stand: beside it, in its pane, and never on what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainterPath

GAP_PX = 12.0
_EDGE_PX = 4.0
_CORNERS_PER_SIDE = 4
_ON_THE_MARK = 1000.0
_FAR_PX = 3 * GAP_PX  # further off, words need a line to their mark


def broken(text: str) -> str:
    """Return words on more and shorter lines, for where there is little room."""
    for mark in (", ", " · ", " ("):
        text = text.replace(mark, mark.rstrip(" (") + "\n" + mark.lstrip(", ·"))
    return text


def label_place(
    size: QSizeF,
    shape: QPainterPath,
    pane: QRectF,
    *,
    others: Sequence[QPainterPath],
    taken: Sequence[QRectF],
) -> tuple[QRectF, float]:
    """Return where words of a size go.

    Places beside the mark come first; where none is free, those along the pane's border, the
    nearest first; what is left is the place with the least on it, where lines of the mark itself
    count most.

    Parameters
    ----------
    size : QSizeF
        Of the words.
    shape : QPainterPath
        The mark on the screen.
    pane : QRectF
        Within which they stay.
    others : sequence of QPainterPath
        The other marks.
    taken : sequence of QRectF
        Their words.

    Returns
    -------
    QRectF
        The place.
    float
        0 where nothing is on it, more for what is, most for the mark itself.
    """
    box = shape.boundingRect()
    room = pane.adjusted(_EDGE_PX, _EDGE_PX, -_EDGE_PX, -_EDGE_PX)
    best: tuple[float, QRectF] | None = None
    to_the_mark = box.center() - QRectF(QPointF(), size).center()
    border = sorted(
        _along_the_border(size, room), key=lambda corner: QLineF(corner, to_the_mark).length()
    )
    for corner in (*_beside(size, box), *border):
        place = QRectF(corner, size)
        if not room.contains(place):
            continue
        cost = _cost(place, shape, box) + _crowded(place, others, taken)
        if cost == 0:
            return place, 0.0
        if best is None or cost < best[0]:
            best = cost, place
    return (best[1], best[0]) if best else (QRectF(room.topLeft(), size), _ON_THE_MARK)


def leader(place: QRectF, shape: QPainterPath) -> QLineF | None:
    """Return the shortest line from words to the box round their mark; None where they are near."""
    box = shape.boundingRect()
    line = QLineF(_nearest(place, box.center()), box.center())
    line.setP2(_nearest(box, line.p1()))
    line.setP1(_nearest(place, line.p2()))
    return line if line.length() > _FAR_PX else None


def _nearest(box: QRectF, to: QPointF) -> QPointF:
    return QPointF(
        min(max(to.x(), box.left()), box.right()), min(max(to.y(), box.top()), box.bottom())
    )


def _cost(place: QRectF, shape: QPainterPath, box: QRectF) -> float:
    return _ON_THE_MARK * shape.intersects(place) + 100.0 * box.intersects(place)


def _crowded(place: QRectF, others: Sequence[QPainterPath], taken: Sequence[QRectF]) -> float:
    on_marks = sum(10.0 for other in others if other.intersects(place))
    return on_marks + sum(1.0 for other in taken if other.intersects(place))


def _beside(size: QSizeF, box: QRectF) -> Iterator[QPointF]:
    middle = box.center() - QPointF(size.width(), size.height()) / 2
    right, left = box.right() + GAP_PX, box.left() - GAP_PX - size.width()
    below, above = box.bottom() + GAP_PX, box.top() - GAP_PX - size.height()
    yield QPointF(right, middle.y())
    yield QPointF(left, middle.y())
    yield QPointF(middle.x(), below)
    yield QPointF(middle.x(), above)
    for x in (right, left):
        for y in (below, above):
            yield QPointF(x, y)


def _along_the_border(size: QSizeF, room: QRectF) -> Iterator[QPointF]:
    wide, high = room.width() - size.width(), room.height() - size.height()
    for step in range(_CORNERS_PER_SIDE + 1):
        share = step / _CORNERS_PER_SIDE
        for x in (room.left(), room.left() + wide):
            yield QPointF(x, room.top() + share * high)
        for y in (room.top(), room.top() + high):
            yield QPointF(room.left() + share * wide, y)
