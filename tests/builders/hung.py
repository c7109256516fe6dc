"""Four hung views of breasts whose nipple is where the test put it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mammoview.app import commands
from mammoview.app.workspace import LoadedImage, Workspace
from mammoview.domain.geometry import PixelSpacing, Pose, SpacingBasis
from mammoview.domain.views import Slot
from tests.builders.desk import exam, index, mammogram

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
