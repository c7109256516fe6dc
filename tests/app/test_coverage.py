"""What counts as seen: whole cells, uncovered, of the breast, once and for good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app import commands, coverage
from mammoview.app.state.hung_views import HungView, LoadedImage, Pixels
from mammoview.app.workspace import Glimpse, ViewCoverage, Workspace
from mammoview.domain.geometry import ImageBox, Pose
from tests.builders.desk import index, mammogram

_ROWS, _COLS, _CELL = 400, 300, 10


def hung(breast: np.ndarray | None = None, *, frame: int | None = None) -> Workspace:
    """Return a state with one view whose mask cells are ten pixels wide."""
    mask = np.ones((_ROWS // _CELL, _COLS // _CELL), np.bool_) if breast is None else breast
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    stored = np.zeros((_ROWS, _COLS), np.uint16)
    view = HungView(
        mammogram=mammogram(None, uid="a"),
        image=LoadedImage(stored=stored, breast=mask, pose=pose),
        pixels=Pixels.HERE,
        frame=frame,
    )
    return replace(commands.empty(), views=(view,), exam_key="exam-1")


def box(col0: float, row0: float, col1: float, row1: float) -> ImageBox:
    return ImageBox(col0=col0, row0=row0, col1=col1, row1=row1)


def found(ws: Workspace) -> ViewCoverage:
    part = coverage.of_view(ws, ws.views[0])
    assert part is not None
    return part


ALL = box(0, 0, _COLS, _ROWS)


def test_nothing_is_seen_before_anything_was_shown() -> None:
    assert found(hung()).share == 0.0
    assert coverage.share_text(0.0) == "seen at 1:1: 0 %"


def test_all_of_the_breast_and_no_air() -> None:
    breast = np.zeros((40, 30), np.bool_)
    breast[10:20, 5:] = True
    ws = coverage.saw(hung(breast), [Glimpse(uid="a", visible=ALL)])
    assert found(ws).share == 1.0
    assert (found(ws).seen == breast).all()
    assert not found(ws).seen.flags.writeable


_edges = st.floats(-50.0, 450.0)


@given(cols=st.tuples(_edges, _edges), rows=st.tuples(_edges, _edges), cover=st.booleans())
def test_only_cells_that_lie_whole_in_what_was_shown_are_seen(
    cols: tuple[float, float], rows: tuple[float, float], cover: bool
) -> None:
    part = box(min(cols), min(rows), max(cols), max(rows))
    glimpse = Glimpse(uid="a", visible=ALL, covers=(part,)) if cover else None
    seen = found(coverage.saw(hung(), [glimpse or Glimpse(uid="a", visible=part)])).seen
    for row, col in np.ndindex(seen.shape):
        near, top = col * _CELL, row * _CELL
        whole = part.col0 <= near + 1e-3 and part.col1 >= near + _CELL - 1e-3
        whole &= part.row0 <= top + 1e-3 and part.row1 >= top + _CELL - 1e-3
        apart = part.col1 <= near or part.col0 >= near + _CELL
        apart |= part.row1 <= top or part.row0 >= top + _CELL
        if seen[row, col]:
            assert apart or part.col0 == part.col1 or part.row0 == part.row1 if cover else whole


def test_what_was_seen_stays_seen_and_nothing_new_changes_nothing() -> None:
    first = coverage.saw(hung(), [Glimpse(uid="a", visible=box(0, 0, 300, 200))])
    assert found(first).share == 0.5
    again = coverage.saw(first, [Glimpse(uid="a", visible=box(0, 0, 300, 105))])
    assert again is first
    both = coverage.saw(first, [Glimpse(uid="a", visible=box(0, 190, 300, 400))])
    assert found(both).share == 1.0
    assert found(first).share == 0.5, "a state is never changed"


def test_volumes_and_unknown_views_are_left_out() -> None:
    glimpse = Glimpse(uid="a", visible=ALL)
    volume = hung(frame=3)
    assert coverage.saw(volume, [glimpse]) is volume
    assert coverage.of_view(volume, volume.views[0]) is None
    ws = hung()
    assert coverage.saw(ws, [replace(glimpse, uid="b")]) is ws


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.9999, "99 %"), (0.0001, "1 %"), (0.0, "0 %")]
)
def test_a_hundred_percent_is_said_of_nothing_less(share: float, said: str) -> None:
    assert coverage.share_text(share).endswith(said)


def test_another_folder_starts_with_nothing_seen() -> None:
    ws = coverage.saw(hung(), [Glimpse(uid="a", visible=ALL)])
    assert commands.with_index(ws, index()).coverage == ()
