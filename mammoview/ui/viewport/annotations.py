"""The texts of a pane: side and view, who and how, grey values, the CAD line, and what is missing.

They stand on the side away from the chest wall.  What keeps a reader from a mistake always stands
there whole; the rest is cut to the room that is left, the least important first.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QGraphicsItem

from mammoview.app.workspace import AnnotationLevel, Empty, Pane
from mammoview.domain.study import Mammogram
from mammoview.ui.viewport.cad_line import CadLine, Tone
from mammoview.ui.viewport.ruler import Ruler
from mammoview.ui.viewport.scale_line import SAME_SIZE, SizeBadge
from mammoview.ui.viewport.technique_text import identity_lines, technique_lines
from mammoview.ui.viewport.text_block import Line, TextBlock
from mammoview.words import translate

_EDGE_PX = 14.0
_FOOT_EDGE_PX = 8.0
# Between blocks, their plates included.
_GAP_PX = 10.0
_LABEL_PX = 28
_PRIOR_PX = 22
_SLICE_PX = 17
_NOTE_PX = 13
_DETAIL_PX = 12
# Details are cut to this width: beyond it they would lie on the breast rather than beside it.
_DETAIL_WIDEST_PX = 340.0
_LABEL_COLOUR = "#f2f2f2"
SLIDER_PX = 12  # what the slices of a volume are scrolled by, at the same border
_NOTE_COLOUR = "#c9c9c9"
_PRIOR_COLOUR = "#56b4e9"
_MESSAGE_COLOUR = "#9a9a9a"
_MISSING_COLOUR = "#ffc864"  # neither a mark's yellow nor the colour of what went wrong
_TONES = {
    Tone.QUIET: "#9a9a9a",
    Tone.PLAIN: "#e8e8e8",
    Tone.MARKED: "#f0e442",
    Tone.WARNING: "#ff9d6e",
}


class Annotations:
    """The texts of one pane, on the side away from the chest wall.

    Parameters
    ----------
    parent : QGraphicsItem
        The pane.
    wall_right : bool
        True where the chest wall is on the right border.
    """

    def __init__(self, parent: QGraphicsItem, *, wall_right: bool) -> None:
        away = Qt.AlignmentFlag.AlignLeft if wall_right else Qt.AlignmentFlag.AlignRight
        self._wall_right = wall_right
        self._size = QRectF()
        self._reserved = 0.0
        self._view: Mammogram | None = None
        self._in_slices = False
        self._level = AnnotationLevel.MINIMAL
        self._scale: tuple[str, SizeBadge] = ("", SAME_SIZE)
        self._window = ""
        self.head = TextBlock(parent, away)
        self.scale = TextBlock(parent, away)
        self.identity = TextBlock(parent, away)
        self.technique = TextBlock(parent, away)
        self.window = TextBlock(parent, away)
        self.foot = TextBlock(parent, away)
        self.message = TextBlock(parent, Qt.AlignmentFlag.AlignHCenter)
        self.ruler = Ruler(parent, wall_right=wall_right)

    def places(self) -> tuple[QRectF, ...]:
        """Return where in the scene something is written: other words keep off."""
        blocks = (self.head, self.scale, self.identity, self.technique, self.window, self.foot)
        texts = (*blocks, self.message, self.ruler.label)
        return tuple(text.sceneBoundingRect() for text in texts if text.text and text.isVisible())

    # --- what is said ------------------------------------------------------------------------

    def set_pane(self, pane: Pane) -> None:
        """Write what the header says: in an empty slot only why it is empty."""
        other = self._view is not pane.mammogram
        self._view, self._in_slices = pane.mammogram, pane.frame is not None
        shown = pane.mammogram is not None and pane.image is not None
        lines: tuple[Line, ...] = ()
        if pane.mammogram is not None:
            # Which slice is on the screen comes first, and is read while it changes.
            first = 0 if pane.frame is None else 1
            lines = (
                Line(pane.mammogram.label, _LABEL_PX, _LABEL_COLOUR, bold=True),
                *(Line(words, _PRIOR_PX, _PRIOR_COLOUR, bold=True) for words in pane.prior),
                *(Line(note, _SLICE_PX, _LABEL_COLOUR) for note in pane.notes[:first]),
                *(Line(note, _NOTE_PX, _NOTE_COLOUR) for note in dict.fromkeys(pane.notes[first:])),
                *(Line(reason, _NOTE_PX, _NOTE_COLOUR) for reason in pane.why),
            )
        other |= self.head.set_lines(lines)
        other |= self.message.set_lines(() if shown else _empty_lines(pane))
        if other:
            self._arrange()

    def set_level(self, level: AnnotationLevel) -> None:
        """Write more or less; badges and the side and view mark stay at every level."""
        if level is not self._level:
            self._level = level
            self._show_scale()
            self._arrange()

    def set_cad(self, line: CadLine, badge: str = "") -> None:
        """Write the state of the computer's reading, under a badge if the reader must know more."""
        lasting = Line(badge, _NOTE_PX, _TONES[Tone.WARNING], bold=True)
        if self.foot.set_lines((lasting, Line(line.text, _NOTE_PX, _TONES[line.tone]))):
            self._arrange()

    def set_scale(self, text: str, badge: SizeBadge) -> None:
        """Write the scale under the head, and what is the matter with the size."""
        if (text, badge) != self._scale:
            self._scale = (text, badge)
            before = self.scale.boundingRect().height()
            self._show_scale()
            if self.scale.boundingRect().height() != before:
                self._arrange()

    def set_window(self, text: str) -> None:
        """Write what the image is shown with; a drag changes it with every frame."""
        if text != self._window:
            before, self._window = self._window, text
            if bool(before) != bool(text):
                self._arrange()
            else:
                self._show_window(fits=bool(self.window.text))

    # --- where it stands ---------------------------------------------------------------------

    def place(self, size: QRectF) -> None:
        """Put the texts into the corners of a pane of that size."""
        if size == self._size:
            return
        self._size = size
        for block in (self.head, self.scale, self.foot, self.message):
            block.set_widest(max(1.0, size.width() - 2 * _EDGE_PX))
        self._arrange()

    def reserve(self, height: float) -> None:
        """Leave so much room over the low texts, for the legend."""
        if height != self._reserved:
            self._reserved = height
            self._arrange()

    def low_height(self) -> float:
        """Return how high the texts at the lower edge reach, their distance from it included."""
        blocks = (self.technique, self.window, self.foot)
        return sum(block.boundingRect().height() for block in blocks) + _FOOT_EDGE_PX

    def _arrange(self) -> None:
        """Give the details the room that is left, and every block its place."""
        self._fill(self._lines_that_fit())
        x = _EDGE_PX if self._wall_right else self._size.width() - _EDGE_PX
        top = _EDGE_PX - 4
        for block in (self.head, self.scale, self.identity):
            block.setPos(QPointF(x, top))
            top += block.boundingRect().bottom() + 2
        bottom = self._size.height() - _FOOT_EDGE_PX
        for block in (self.foot, self.window, self.technique):
            bottom -= block.boundingRect().height()
            block.setPos(QPointF(x, bottom))
        self._place_ruler(top, bottom - self._reserved)
        height = self.message.boundingRect().height()
        middle = (self._size.height() - height) / 2
        self.message.setPos(QPointF(self._size.width() / 2, middle))

    def _place_ruler(self, top: float, bottom: float) -> None:
        """Stand the ruler at the border, beside the slider of a volume, between the texts."""
        beside = SLIDER_PX if self._in_slices else 0.0
        edge = beside if self._wall_right else self._size.width() - beside
        self.ruler.set_room(edge, top + _GAP_PX, bottom - _GAP_PX, self._size.height())

    def _lines_that_fit(self) -> int:
        """Return how many lines of details fit between the texts that always stand there."""
        always = (self.head, self.scale, self.foot)
        taken = sum(block.boundingRect().height() for block in always) + _EDGE_PX + _FOOT_EDGE_PX
        free = self._size.height() - taken - self._reserved - 3 * _GAP_PX
        line = QFontMetricsF(_detail("").font()).lineSpacing()
        return max(0, int(free // line))

    def _fill(self, room: int) -> None:
        """Write identity first, then the window, then the technique, into so many lines."""
        view = self._view
        who = identity_lines(view, self._level) if view is not None else ()
        how = technique_lines(view, self._level) if view is not None else ()
        self.identity.set_lines(tuple(map(self._cut, _shortened(who, room))))
        room -= len(who)
        self._show_window(fits=room > 0)
        room -= bool(self.window.text)
        self.technique.set_lines(tuple(map(self._cut, _shortened(how, room))))

    def _show_window(self, *, fits: bool) -> None:
        shown = fits and self._level is not AnnotationLevel.NONE
        self.window.set_lines((self._cut(self._window),) if shown and self._window else ())

    def _show_scale(self) -> None:
        text, badge = self._scale
        plain = text if self._level is not AnnotationLevel.NONE else ""
        colour = _TONES[Tone.WARNING] if badge.loud else _NOTE_COLOUR
        words = translate("Pane", badge.text) if badge.text else ""
        said = Line(words, _NOTE_PX, colour, bold=badge.loud)
        self.scale.set_lines((Line(plain, _NOTE_PX, _NOTE_COLOUR), said))

    def _cut(self, text: str) -> Line:
        """Return a detail on one line, with an ellipsis where it is too long for its place."""
        widest = max(1.0, min(_DETAIL_WIDEST_PX, self._size.width() - 2 * _EDGE_PX))
        metrics = QFontMetricsF(_detail("").font())
        return _detail(metrics.elidedText(text, Qt.TextElideMode.ElideRight, widest))


def _empty_lines(pane: Pane) -> tuple[Line, ...]:
    """Return why there is no image: missing, failed and still to come look and read differently."""
    if pane.empty is Empty.MISSING:
        said = Line(pane.message, _PRIOR_PX, _MISSING_COLOUR, bold=True)
        return said, Line(pane.todo, _DETAIL_PX + 2, _LABEL_COLOUR)
    if pane.empty is Empty.FAILED:
        said = Line(translate("Pane", "Not shown"), _PRIOR_PX, _TONES[Tone.WARNING], bold=True)
        return said, Line(pane.message, _DETAIL_PX + 2, _LABEL_COLOUR)
    return (Line(pane.message, _SLICE_PX, _MESSAGE_COLOUR),)


def _detail(text: str) -> Line:
    return Line(text, _DETAIL_PX, _NOTE_COLOUR)


def _shortened(lines: tuple[str, ...], room: int) -> tuple[str, ...]:
    """Return the lines that fit; the last of them says that there are more."""
    if len(lines) <= room:
        return lines
    return (*lines[: room - 1], f"{lines[room - 1]} …") if room > 0 else ()
