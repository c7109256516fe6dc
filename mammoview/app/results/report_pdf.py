"""``report.pdf``: one read on a page or two, as a radiologist reads it.

What was said comes first, what the computer said after it, the pictures last.  Every page says that
it is for research use only, which read it belongs to, and its number.  The same read gives the same
bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)
from reportlab.platypus.flowables import Flowable, Image, KeepTogether, PageBreak, Spacer

from mammoview.app.results.fonts import BOLD, REGULAR, Fonts
from mammoview.app.results.report_rows import Block, blocks_of
from mammoview.app.results.words import preliminary_text, research_only_text
from mammoview.domain.reading import ReadReport
from mammoview.words import translate

Picture = tuple[str, NDArray[np.uint8]]
"""The place of a view ("RCC"; any other goes after those), and its picture."""

_MARGIN, _FOOT = 14 * mm, 16 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_HANGING = (("RCC", "LCC"), ("RMLO", "LMLO"))
_ROW_HIGH = 120 * mm
_KEPT_ROWS = 12
_JPEG_QUALITY = 88
_INK, _FAINT = colors.HexColor("#1b1d20"), colors.HexColor("#60666d")
_RULE, _HEAD, _ALARM = (
    colors.HexColor("#c9cdd2"),
    colors.HexColor("#eef0f2"),
    colors.HexColor("#a33100"),
)
_TEXT = ParagraphStyle("text", fontName=REGULAR, fontSize=8, leading=10, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=7, leading=8.8, textColor=_FAINT)
_BOLD = ParagraphStyle("bold", parent=_TEXT, fontName=BOLD)
_FOOT_WARNING = ParagraphStyle("foot", parent=_SMALL, fontName=BOLD, textColor=_ALARM)
_RIGHT = ParagraphStyle("right", parent=_SMALL, alignment=TA_RIGHT)
_TITLE = ParagraphStyle("title", parent=_BOLD, fontSize=14, leading=18)
_HEADING = ParagraphStyle("heading", parent=_BOLD, fontSize=9, leading=12, spaceBefore=5)
_WARNING = ParagraphStyle("warning", parent=_BOLD, fontSize=9, leading=12, textColor=_ALARM)


def report_pdf(report: ReadReport, pictures: Sequence[Picture]) -> bytes:
    """Return the report of a read.

    Parameters
    ----------
    report : ReadReport
        The read.
    pictures : sequence of Picture
        Its views with their marks.
    """
    encoded = [(place, _jpeg(picture)) for place, picture in pictures]
    return _built(report, partial(_story, report, encoded))


def _title() -> str:
    return translate("Report", "Mammography reading report")


def _story(report: ReadReport, pictures: Sequence[_Encoded]) -> list[Flowable]:
    fonts = Fonts()
    story: list[Flowable] = [
        _said(fonts, _title(), _TITLE),
        _said(fonts, research_only_text(), _WARNING),
    ]
    if report.preliminary:
        story.append(_said(fonts, preliminary_text(), _WARNING))
    for block in blocks_of(report):
        story += _block(fonts, block)
    if fonts.missing:
        signs = ", ".join(f"U+{ord(sign):04X}" for sign in sorted(fonts.missing))
        lacking = translate("Report", "No font here has, or can write in its direction: {signs}.")
        story.append(_said(fonts, lacking.format(signs=signs), _SMALL))
    if pictures:
        story += [PageBreak(), *_pictures(fonts, pictures)]
    return story


def _block(fonts: Fonts, block: Block) -> list[Flowable]:
    heading = [_said(fonts, block.title, _HEADING)] if block.title else []
    if not block.rows:
        otherwise = [_said(fonts, block.otherwise, _TEXT)] if block.otherwise else []
        return [KeepTogether([*heading, *otherwise])]
    rows = [
        [_said(fonts, cell, _BOLD if at in block.names else _TEXT) for at, cell in enumerate(row)]
        for row in block.rows
    ]
    if block.head:
        rows.insert(0, [_said(fonts, cell, _BOLD) for cell in block.head])
    widths = [share * _WIDTH for share in block.widths]
    table = Table(rows, colWidths=widths, repeatRows=1 if block.head else 0, hAlign="LEFT")
    table.setStyle(TableStyle(_grid(headed=bool(block.head))))
    parts: list[Flowable] = [*heading, table]
    return [KeepTogether(parts)] if len(rows) <= _KEPT_ROWS else parts


def _grid(*, headed: bool) -> list[tuple[object, ...]]:
    style: list[tuple[object, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    return [*style, ("BACKGROUND", (0, 0), (-1, 0), _HEAD)] if headed else style


def _said(fonts: Fonts, text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(fonts.markup(text), style)


def _pictures(fonts: Fonts, pictures: Sequence[_Encoded]) -> list[Flowable]:
    """Return the standard views as they hang, right breast on the left, and then the others."""
    placed = dict(reversed(pictures))  # of two views of one place the first hangs
    rows: list[list[_Jpeg | None]] = [
        [placed.get(place) for place in row]
        for row in _HANGING
        if any(place in placed for place in row)
    ]
    hung = [placed[place] for row in _HANGING for place in row if place in placed]
    others = [picture for _, picture in pictures if not any(picture is one for one in hung)]
    rows += [[*others[at : at + 2], None][:2] for at in range(0, len(others), 2)]
    key = translate(
        "Report",
        "Numbers, green: findings of the reader. C with a number: marks of the computer, a circle "
        "for a mass, a triangle for calcifications. Not for measuring.",
    )
    return [
        _said(fonts, translate("Report", "Images with marks"), _HEADING),
        *(_picture_row(row) for row in rows),
        Spacer(1, 3),
        _said(fonts, key, _SMALL),
    ]


def _picture_row(row: Sequence[_Jpeg | None]) -> Table:
    """Return two pictures side by side, touching where the chest walls meet."""
    cells = ["" if picture is None else picture.image(_WIDTH / 2, _ROW_HIGH) for picture in row]
    table = Table([cells], colWidths=[_WIDTH / 2] * 2)
    sides: list[tuple[object, ...]] = [
        ("ALIGN", (0, 0), (0, 0), "RIGHT"),
        ("ALIGN", (1, 0), (1, 0), "LEFT"),
        *((f"{side}PADDING", (0, 0), (-1, -1), 0.5) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
    table.setStyle(TableStyle(sides))
    return table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Jpeg:
    """A picture as it goes into the document."""

    content: bytes
    rows: int
    cols: int

    def image(self, width: float, height: float) -> Image:
        """Return it as large as it fits into a place, points."""
        scale = min(width / self.cols, height / self.rows)
        stream = io.BytesIO(self.content)
        return Image(stream, width=self.cols * scale, height=self.rows * scale)


def _jpeg(picture: NDArray[np.uint8]) -> _Jpeg:
    stream = io.BytesIO()
    Pictures.fromarray(picture).save(stream, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    rows, cols = picture.shape[:2]
    return _Jpeg(content=stream.getvalue(), rows=rows, cols=cols)


_Encoded = tuple[str, _Jpeg]


def _built(report: ReadReport, story: Callable[[], list[Flowable]]) -> bytes:
    """Lay the pages out twice: how many there are is known once they were."""
    pages = 0
    for _ in range(2):
        stream = io.BytesIO()
        document = BaseDocTemplate(
            stream,
            pagesize=A4,
            title=_title(),
            author="mammoview (research use only)",
            subject="Research use only",
            invariant=1,
        )
        frame = Frame(
            _MARGIN, _FOOT, _WIDTH, A4[1] - _FOOT - _MARGIN,
            leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
        )  # fmt: skip
        foot = partial(_foot, report, pages)
        document.addPageTemplates([PageTemplate(id="page", frames=[frame], onPageEnd=foot)])
        document.build(story())
        pages = document.page
    return stream.getvalue()


def _foot(report: ReadReport, pages: int, canvas: Canvas, document: BaseDocTemplate) -> None:
    """Write on a page what must stand on each."""
    fonts, page = Fonts(), document.page
    state = translate("Report", "PRELIMINARY, not signed.") if report.preliminary else ""
    numbered = translate("Report", "page {page} of {pages}").format(page=page, pages=pages)
    entry = report.event_sha256[:16] or translate("Report", "unknown", "of a log entry")
    rows = [
        (" ".join(filter(None, (state, research_only_text()))), _FOOT_WARNING, numbered),
        (
            translate("Report", "read {id}").format(id=report.read_id),
            _SMALL,
            translate("Report", "log entry {digest}").format(digest=entry),
        ),
    ]
    cells = [
        [_said(fonts, left, style), _said(fonts, right, _RIGHT)] for left, style, right in rows
    ]
    table = Table(cells, colWidths=[0.68 * _WIDTH, 0.32 * _WIDTH])
    flush = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    table.setStyle(TableStyle([*flush, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    table.wrapOn(canvas, _WIDTH, _FOOT)
    table.drawOn(canvas, _MARGIN, 5 * mm)
