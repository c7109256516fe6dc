"""A computer's result that occurs nowhere else, and an empty one: told apart, it has leaked."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import numpy as np

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint
from mammoview.domain.prediction import Heatmap, Region, ViewPrediction
from mammoview.domain.study import Mammogram
from tests.builders.desk import QuickAnalyst, view_prediction

KIND, NOTE, DEVICE, RANGE = "poxkind", "poxnote", "poxdevice", "poxrange"
MARKS = 37  # of all four views together
SCORE, PEAK, SIZE_MM = 0.83719, (17.2831, 23.9174), (41.7, 33.4)
HEAT = np.float32(0.618034)

# What is searched in texts: words, the score and the places as they may be said, the count.
WORDS = re.compile(
    r"pox|(?<!\d)0[.,]84(?!\d)|0[.,]837|(?<!\d)84 ?%|17[.,]28|23[.,]91|42 x 33|41[.,]7\b"
    rf"|\b{MARKS} (mark|region|candidate|flag)|(mark|region|candidate|flag)\w*:? {MARKS}\b",
    re.IGNORECASE,
)
# What is searched in files, as text of either width and as numbers.
_TEXTS = ("pox", "0.8371", "17.2831", "23.9174")
_NUMBERS = (SCORE, *PEAK)
BYTES = tuple(
    [text.encode(code) for text in _TEXTS for code in ("utf-8", "utf-16-le")]
    + [struct.pack("<d", number) for number in _NUMBERS]
    + [struct.pack("<f", float(HEAT)) * 2]
)


def empty(view: Mammogram) -> ViewPrediction:
    """Return the reading of a view that the computer saw nothing in."""
    seen = view_prediction(view.sop_instance_uid, score=0.0)
    return replace(seen, regions=(), notes=())


def _region(kind: str, at: int) -> Region:
    """Return a region; one below another, for no two marks lie in one place."""
    col, row = PEAK[0], PEAK[1] + at
    corners = ((col - 9, row - 9), (col + 9, row - 9), (col + 9, row + 9), (col - 9, row + 9))
    return Region(
        kind=kind,
        score=SCORE,
        peak=ImagePoint(col=col, row=row),
        box=ImageBox(col0=col - 9, row0=row - 9, col1=col + 9, row1=row + 9),
        outline=tuple(ImagePoint(col=c, row=r) for c, r in corners),
        flagged=True,
        size_mm=SIZE_MM,
    )


def poisoned(view: Mammogram, marks: int) -> ViewPrediction:
    """Return a reading of that many marks, each word and number of it a poison."""
    values = np.full((12, 9), HEAT, np.float32)
    values.setflags(write=False)
    to_image = Affine2D.scale_translate(col_scale=10.0, row_scale=10.0, col0=0.0, row0=0.0)
    # One mark of a kind that the screen knows, so that there is something to be seen.
    regions = (_region("mass", 0), *(_region(KIND, at) for at in range(1, marks)))
    return replace(
        view_prediction(view.sop_instance_uid),
        regions=regions,
        scores=((KIND, SCORE), ("mass", SCORE)),
        heatmaps=tuple(Heatmap(kind=k, values=values, to_image=to_image) for k in ("mass", KIND)),
        notes=(NOTE,),
        outside_range=(RANGE,),
    )


class PoisonAnalyst(QuickAnalyst):
    """Reads at once what is poison, or nothing."""

    def __init__(self, *, poison: bool) -> None:
        super().__init__()
        self.poison = poison
        self.device = DEVICE if poison else self.device

    def see(self, view: Mammogram, number: int) -> ViewPrediction:
        return poisoned(view, MARKS // 4 + (number == 0)) if self.poison else empty(view)
