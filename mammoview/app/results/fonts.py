"""Fonts of reports and pictures: every character that was said is on the page, or its code is.

DejaVu Sans ships with the program (Latin, Greek, Cyrillic, Armenian, Georgian and more).  What it
has no sign for is taken from a font of this machine, where there is one.  What no font has, and
what is written from right to left, which would come out turned round, stands as its code: U+05D0.
Nothing is dropped, and the page says that codes stand on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from mammoview.app import resources

REGULAR, BOLD = "mammoview-regular", "mammoview-bold"
_OTHER = "mammoview-other"
# Where systems keep a font with Chinese, Japanese and Korean signs that can be put into a PDF.
_ELSEWHERE = (
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "C:/Windows/Fonts/msgothic.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/simsun.ttc",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
)
_RIGHT_TO_LEFT = frozenset({"R", "AL", "RLE", "RLO", "RLI"})


class Fonts:
    """The fonts of one document.

    Parameters
    ----------
    elsewhere : iterable of str, optional
        Files to look for what the shipped font lacks.
    """

    def __init__(self, elsewhere: tuple[str, ...] = _ELSEWHERE) -> None:
        self.missing: set[str] = set()
        self._chain = [(REGULAR, _registered(REGULAR, resources.font()))]
        _registered(BOLD, resources.font("DejaVuSans-Bold"))
        self._others = [Path(path) for path in elsewhere]

    def markup(self, text: str) -> str:
        """Return a text for a paragraph: escaped, each part in a font that has its signs."""
        parts = groupby(self._with_fonts(_composed(text)), key=lambda pair: pair[0])
        return "".join(_in_font(font, "".join(sign for _, sign in run)) for font, run in parts)

    def _with_fonts(self, text: str) -> Iterator[tuple[str, str]]:
        for sign in text:
            font = self._font_of(sign)
            if not font:
                self.missing.add(sign)
            yield (font, sign) if font else (REGULAR, _code(sign))

    def _font_of(self, sign: str) -> str:
        if not _stands(sign):
            return ""
        while True:
            for name, signs in self._chain:
                if ord(sign) in signs:
                    return name
            if not self._take_another():
                return ""

    def _take_another(self) -> bool:
        """Take the next font of this machine; False where there is none left."""
        while self._others:
            path = self._others.pop(0)
            if path.is_file():
                name = f"{_OTHER}-{path.stem}"
                try:
                    self._chain.append((name, _registered(name, path)))
                except TTFError:
                    continue  # its outlines cannot be put into a PDF
                return True
        return False


def picture_font(
    texts: Iterable[str], elsewhere: tuple[str, ...] = _ELSEWHERE
) -> tuple[Path, Callable[[str], str]]:
    """Return the font that a picture is written in, and what makes a text legible in it.

    A picture has one font: the shipped one, or, where it lacks a sign of the texts, the first of
    this machine that has the most of them.  What that one lacks stands as its code.

    Parameters
    ----------
    texts : iterable of str
        All that will be written.
    elsewhere : tuple of str, optional
        Files to look for what the shipped font lacks.
    """
    wanted = {ord(sign) for text in texts for sign in _composed(text) if _stands(sign)}
    path, signs = resources.font(), _registered(REGULAR, resources.font())
    for other in () if wanted <= signs else map(Path, elsewhere):
        try:
            has = _registered(f"{_OTHER}-{other.stem}", other) if other.is_file() else frozenset()
        except TTFError:
            continue
        if len(wanted & has) > len(wanted & signs):
            path, signs = other, has

    def legible(text: str) -> str:
        return "".join(
            sign if (ord(sign) in signs and _stands(sign)) or sign.isspace() else _code(sign)
            for sign in _composed(text)
        )

    return path, legible


def _composed(text: str) -> str:
    """Return a text without what has no sign, its accents joined to their letters."""
    said = unicodedata.normalize("NFC", text)
    return "".join(
        " " if sign == "\n" else sign
        for sign in said
        if sign == "\n" or unicodedata.category(sign)[0] != "C"
    )


def _stands(sign: str) -> bool:
    """Tell whether a sign can be written from left to right."""
    return unicodedata.bidirectional(sign) not in _RIGHT_TO_LEFT


def _code(sign: str) -> str:
    return f"[U+{ord(sign):04X}]"


@cache
def _registered(name: str, path: Path) -> frozenset[int]:
    """Make a font known to reportlab, once for all documents, and return what it has signs for."""
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _in_font(font: str, text: str) -> str:
    said = escape(text)
    return said if font == REGULAR else f'<font name="{font}">{said}</font>'
