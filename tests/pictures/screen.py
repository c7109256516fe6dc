"""Where the four panes lie in a snapshot, found from pictures alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from mammoview.app.workspace import FitMode
from mammoview.dicom.index import index_paths
from mammoview.ui.snapshot import Look, snapshot

SIZE = (1200, 800)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Rows and columns of the four panes: first, after the last, and the middle lines."""

    top: int
    middle_row: int
    bottom: int
    left: int
    middle_col: int
    right: int

    def pane(self, shot: NDArray[np.int64], view: tuple[str, str]) -> NDArray[np.int64]:
        """Return the pixels of a view's pane: R on the left, CC above."""
        rows = (self.top, self.middle_row) if view[1] == "CC" else (self.middle_row, self.bottom)
        cols = (self.left, self.middle_col) if view[0] == "R" else (self.middle_col, self.right)
        return shot[slice(*rows), slice(*cols)]


def find_canvas(plain: NDArray[np.int64], greys: tuple[int, int, int, int]) -> Canvas:
    """Return the canvas of a snapshot in which plain images fill all four panes.

    ``greys`` are those of R CC, L CC, R MLO and L MLO, all different.
    """
    rcc, lcc, rmlo, lmlo = (plain == grey for grey in greys)
    rows = np.flatnonzero((rcc | lcc | rmlo | lmlo).mean(axis=1) > 0.5)
    cols = np.flatnonzero((rcc | lcc | rmlo | lmlo).mean(axis=0) > 0.5)
    top, left = int(rows[0]), int(cols[0])
    # Within the canvas alone: a pixel of a letter beside it may have any grey.
    lower = (rmlo.sum(axis=1) > rcc.sum(axis=1))[top:]
    righter = (lcc.sum(axis=0) > rcc.sum(axis=0))[left:]
    return Canvas(
        top=top,
        middle_row=top + _first(lower),
        bottom=int(rows[-1]) + 1,
        left=left,
        middle_col=left + _first(righter),
        right=int(cols[-1]) + 1,
    )


def _first(found: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(found)[0])


def shoot(
    exam: Path,
    *,
    fit: FitMode = FitMode.ONE_TO_ONE,
    invert: bool = False,
    step: str | None = None,
) -> NDArray[np.int64]:
    """Return the green of a snapshot of an examination, ``(rows, cols)``: the grey of its images.

    The whole path of the program: files, headers, hanging, decoding, window, PNG.
    """
    out = exam.parent / f"{exam.name}.png"
    look = Look(size=SIZE, fit=fit, invert=invert)
    snapshot(index_paths([exam]), out=out, look=look, step=step)
    picture = QImage(str(out)).convertToFormat(QImage.Format.Format_RGBX8888)
    bits = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1, 4)
    return bits[..., 1].astype(np.int64)


def beside_the_wall(
    pane: NDArray[np.int64], expected: NDArray[np.int64], *, right: bool
) -> NDArray[np.int64]:
    """Return the part of a pane that lies at its chest wall and fits a picture best.

    Only the row is searched for: the chest wall has to lie in the middle line.
    """
    rows, cols = expected.shape
    strip = pane[:, -cols:] if right else pane[:, :cols]
    probe = slice(0, cols, 9)
    fits = [
        np.count_nonzero(strip[at : at + rows, probe] == expected[:, probe])
        for at in range(strip.shape[0] - rows + 1)
    ]
    at = int(np.argmax(fits))
    return strip[at : at + rows]
