"""Which breast pixels were on the screen at full resolution: kept for every view, never guessed.

The rule: a cell of the breast mask (some 20 pixels) counts as seen once it has stood still on the
screen for a quarter of a second, whole, with one device pixel or more for every image pixel, under
no panel, glass, dialog or heatmap.  Text and marks that are drawn on the image let it through and
do not count as covering; another program's window cannot be known.  Volumes are left out: a slice
is not the breast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mammoview.app.state.hung_views import HungView
from mammoview.app.workspace import Glimpse, Pane, ViewCoverage, Workspace
from mammoview.domain.geometry import ImageBox
from mammoview.words import translate

_EPS = 1e-6


def saw(ws: Workspace, glimpses: Sequence[Glimpse]) -> Workspace:
    """Add what has been seen; nothing new changes nothing."""
    known = {part.uid: part for part in ws.coverage}
    there = {hung.mammogram.sop_instance_uid: hung for hung in ws.views}
    added = dict(known)
    for glimpse in glimpses:
        hung = there.get(glimpse.uid)
        if hung is None or hung.known is None or hung.frame is not None:
            continue
        breast = hung.known.breast
        old = added.get(glimpse.uid)
        seen = _cells(glimpse, hung.known.shape, breast.shape) & breast
        before = old.seen if old is not None else np.zeros_like(breast)
        if (seen & ~before).any():
            added[glimpse.uid] = _kept(glimpse.uid, before | seen, breast)
    return ws if added == known else replace(ws, coverage=tuple(added.values()))


def of_view(ws: Workspace, hung: HungView) -> ViewCoverage | None:
    """Return what was seen of a view; None where it was never decoded, and of a volume."""
    if hung.known is None or hung.frame is not None:
        return None
    uid = hung.mammogram.sop_instance_uid
    found = next((part for part in ws.coverage if part.uid == uid), None)
    return found or _kept(uid, np.zeros_like(hung.known.breast), hung.known.breast)


def toggle_map(ws: Workspace) -> Workspace:
    """Show the maps of what was seen, or hide them."""
    return replace(ws, coverage_shown=not ws.coverage_shown)


def share_text(share: float) -> str:
    """Return a share in whole percent: 100 % is said of nothing less, 0 % of nothing more."""
    percent = 100 if share >= 1.0 else min(99, math.ceil(100 * share))
    return translate("Coverage", "seen at 1:1: {percent} %").format(percent=percent)


def seen_text(ws: Workspace, pane: Pane) -> str:
    """Return how much of the image of a pane was seen, while the maps are asked for."""
    there = pane.mammogram
    if not ws.coverage_shown or there is None or pane.frame:
        return ""
    found = [part.share for part in ws.coverage if part.uid == there.sop_instance_uid]
    return share_text(found[0] if found else 0.0)


def _kept(uid: str, seen: NDArray[np.bool_], breast: NDArray[np.bool_]) -> ViewCoverage:
    seen.setflags(write=False)
    total = int(breast.sum())
    share = float(seen.sum() / total) if total else 0.0
    return ViewCoverage(uid=uid, seen=seen, share=share)


def _cells(glimpse: Glimpse, image: tuple[int, ...], mask: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the mask cells that lie whole in the glimpse and touch nothing that covers it."""
    out = np.zeros(mask, np.bool_)
    box = _in_cells(glimpse.visible, image, mask)
    row0, row1 = math.ceil(box.row0 - _EPS), math.floor(box.row1 + _EPS)
    col0, col1 = math.ceil(box.col0 - _EPS), math.floor(box.col1 + _EPS)
    out[max(0, row0) : max(0, row1), max(0, col0) : max(0, col1)] = True
    for cover in glimpse.covers:
        box = _in_cells(cover, image, mask)
        rows = slice(max(0, math.floor(box.row0)), max(0, math.ceil(box.row1)))
        cols = slice(max(0, math.floor(box.col0)), max(0, math.ceil(box.col1)))
        out[rows, cols] = False
    return out


def _in_cells(box: ImageBox, image: tuple[int, ...], mask: tuple[int, ...]) -> ImageBox:
    down, across = mask[0] / image[0], mask[1] / image[1]
    return ImageBox(
        col0=box.col0 * across, row0=box.row0 * down, col1=box.col1 * across, row1=box.row1 * down
    )
