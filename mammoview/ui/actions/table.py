"""All rows, in the order of menus and toolbar."""

from __future__ import annotations

from mammoview.ui.actions import (
    cad,
    file,
    findings,
    hanging,
    image,
    looking,
    measure,
    read,
    readers,
    volume,
    window,
    worklist,
)
from mammoview.ui.actions.spec import ActionSpec

TABLE: tuple[ActionSpec, ...] = (
    *worklist.ROWS,
    *file.ROWS,
    *hanging.ROWS,
    *image.ROWS,
    *looking.ROWS,
    *volume.ROWS,
    *measure.ROWS,
    *cad.ROWS,
    *read.ROWS,
    *readers.ROWS,
    *findings.ROWS,
    *window.ROWS,
)
