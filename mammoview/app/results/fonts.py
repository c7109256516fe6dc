"""Fonts of the report: every character that was said is on the page, or its code is.

DejaVu Sans ships with the program (Latin, Greek, Cyrillic, Armenian, Georgian and more).  What it
has no sign for is taken from a font of this machine, where there is one.  What no font has, and
what is written from right to left, which would come out turned round, stands as its code: U+05D0.
Nothing is dropped, and the page says that codes stand on it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
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
        said = unicodedata.normalize("NFC", text)
        parts = groupby(self._with_fonts(said), key=lambda pair: pair[0])
        return "".join(_in_font(font, "".join(sign for _, sign in run)) for font, run in parts)

    def _with_fonts(self, text: str) -> Iterator[tuple[str, str]]:
        for sign in text:
            if sign == "\n":
                yield REGULAR, " "
            elif unicodedata.category(sign)[0] == "C":
                continue  # control characters have no sign
            else:
                font = self._font_of(sign)
                if not font:
                    self.missing.add(sign)
                yield (font, sign) if font else (REGULAR, f"[U+{ord(sign):04X}]")

    def _font_of(self, sign: str) -> str:
        if unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT:
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


@cache
def _registered(name: str, path: Path) -> frozenset[int]:
    """Make a font known to reportlab, once for all documents, and return what it has signs for."""
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _in_font(font: str, text: str) -> str:
    said = escape(text)
    return said if font == REGULAR else f'<font name="{font}">{said}</font>'
