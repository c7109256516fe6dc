"""All rows, in the order of menus and toolbar."""

from __future__ import annotations

from mammoview.ui.actions import cad, file, hanging, image, looking, measure, volume, window
from mammoview.ui.actions.spec import ActionSpec

TABLE: tuple[ActionSpec, ...] = (
    *file.ROWS,
    *hanging.ROWS,
    *image.ROWS,
    *looking.ROWS,
    *volume.ROWS,
    *measure.ROWS,
    *cad.ROWS,
    *window.ROWS,
)
