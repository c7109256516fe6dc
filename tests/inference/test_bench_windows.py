"""Windows beside one pass: what is timed, and what is scaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mammoview.inference.bench import BATCHES, bench_windows
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.models import build_bundle


@pytest.mark.parametrize(("side_px", "most"), [(64, 4), (256, max(BATCHES))])
def test_no_batch_is_larger_than_the_windows_of_the_view(
    tmp_path: Path, side_px: int, most: int
) -> None:
    session = Session.open(open_bundle(build_bundle(tmp_path / "tiny")), device="cpu")
    found = bench_windows(session, np.zeros((1, 1, side_px, side_px), np.float32))
    assert found.batch <= min(most, found.cells)
    assert found.cells == (side_px // 32) ** 2
    assert found.ratio == pytest.approx(found.view_seconds / found.windows_seconds)
