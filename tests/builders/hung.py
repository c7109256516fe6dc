"""Four hung views of breasts whose nipple is where the test put it, and a read of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mammoview.app import commands
from mammoview.app.second_read import commands as reads
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.state.read import ReadPart
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.domain.geometry import PixelSpacing, Pose, SpacingBasis
from mammoview.domain.reading import CadMark, ReaderIdentity, ReadingMode
from mammoview.domain.views import Laterality, Slot
from tests.builders.desk import exam, index, mammogram
from tests.builders.reads import revealed

ROWS, COLS = 1200, 900
MM = PixelSpacing(row_mm=0.1, col_mm=0.1, source="test", basis=SpacingBasis.AT_DETECTOR)


def breast(slot: Slot) -> LoadedImage:
    """Return a breast whose tip is at row 500, 700 pixels from the wall."""
    row, col = np.mgrid[0:120, 0:90] + 0.5
    depth = 90 - col if slot.laterality == "R" else col
    mask = (depth / 70) ** 2 + ((row - 50) / 45) ** 2 < 1
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    return LoadedImage(stored=np.zeros((ROWS, COLS), np.uint8), breast=mask, pose=pose)


def hung(**changes: Any) -> Workspace:
    views = [mammogram(s, rows=ROWS, cols=COLS, **({"spacing": MM} | changes)) for s in Slot]
    ws = commands.with_index(commands.empty(), index(exam(views=views)))
    ws = commands.select_exam(ws, "exam-1")
    for view, slot in zip(views, Slot, strict=True):
        ws = commands.view_loaded(ws, view, breast(slot))
    return ws


def reading(ws: Workspace, *, scheme: str = "birads") -> Workspace:
    """Return a state in which a read of the hung views is unaided, as if all were on the disk."""
    reader = ReaderIdentity(id="reader-a", name="Dr. A")
    ws = replace(ws, read=ReadPart(keeps=True, reader=reader))
    ws = reads.begin(ws, "read-1", mode=ReadingMode.SECOND_READ, scheme=scheme, result_seen=False)
    return on_disk(reads.settled(ws))


def said(ws: Workspace, right: str = "1", left: str = "1", density: str = "b") -> Workspace:
    """Return it with an opinion of each breast and the density."""
    for side, code in zip(Laterality, (right, left), strict=True):
        ws = reads.set_opinion(ws, Opinion(laterality=side, category=code))
    return reads.set_density(ws, density)


def aided(ws: Workspace, *marks: CadMark) -> Workspace:
    """Return it locked, and revealed with these marks."""
    return on_disk(reads.reveal(on_disk(reads.lock(ws)), revealed(*marks)))


def on_disk(ws: Workspace) -> Workspace:
    """Return it as if all that was said is kept."""
    return replace(ws, read=replace(ws.read, kept=ws.read.read))
