import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.imaging.tiling import plan_tiles


@given(
    st.integers(1, 700),
    st.integers(1, 700),
    st.sampled_from([1, 8, 32]),
    st.integers(32, 200),
    st.integers(0, 100),
)
def test_every_cell_is_answered_once_with_its_halo(
    rows: int, cols: int, stride: int, tile: int, halo: int
) -> None:
    tiles = plan_tiles((rows, cols), tile_px=tile, halo_px=halo, stride_px=stride)
    answered = np.zeros((-(-rows // stride), -(-cols // stride)), int)
    for item in tiles:
        answered[item.rows.cell0 : item.rows.cell1, item.cols.cell0 : item.cols.cell1] += 1
        for span, size in ((item.rows, rows), (item.cols, cols)):
            assert 0 <= span.start_px < span.stop_px <= size
            assert span.start_px % stride == 0
            assert span.start_px <= max(0, span.cell0 * stride - halo)
            assert span.stop_px >= min(size, span.cell1 * stride + halo)
    assert (answered == 1).all()
    sizes = {(t.rows.stop_px - t.rows.start_px, t.cols.stop_px - t.cols.start_px) for t in tiles}
    assert len(sizes) == 1


def test_a_small_grid_is_one_tile() -> None:
    (tile,) = plan_tiles((300, 200), tile_px=256, halo_px=64, stride_px=32)
    assert (tile.rows.stop_px, tile.cols.stop_px) == (300, 200)


@pytest.mark.parametrize(
    ("shape", "tile", "halo", "stride"),
    [((0, 5), 32, 0, 32), ((5, 5), 31, 0, 32), ((5, 5), 32, -1, 32), ((5, 5), 32, 0, 0)],
)
def test_what_cannot_be_cut_is_refused(
    shape: tuple[int, int], tile: int, halo: int, stride: int
) -> None:
    with pytest.raises(ValueError, match="no tiles"):
        plan_tiles(shape, tile_px=tile, halo_px=halo, stride_px=stride)
