"""Heatmaps that were revealed come back as they were, or not at all."""

from __future__ import annotations

import hashlib
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Heatmap
from mammoview.errors import ReviewError
from mammoview.review.heatmaps import heatmaps_path, read_heatmaps, write_heatmaps

MAPS = (
    ("1.2.3", tuple(
        Heatmap(
            kind=kind,
            values=np.random.default_rng(at).random((5, 7), np.float32),
            to_image=Affine2D(xx=8.0, xy=0.5, x0=1.0, yx=0.0, yy=-8.0, y0=300.25),
        )
        for at, kind in enumerate(("mass", "calcification"))
    )),
    ("1.2.4", (
        Heatmap(
            kind="mass", values=np.zeros((2, 2), np.float32), to_image=Affine2D.identity()
        ),
    )),
)  # fmt: skip


def test_they_come_back_bit_by_bit(tmp_path: Path) -> None:
    path = heatmaps_path(tmp_path / "reads.sqlite", "read-1")
    found = read_heatmaps(path, write_heatmaps(path, MAPS))
    assert [uid for uid, _ in found] == ["1.2.3", "1.2.4"]
    for (_, before), (_, after) in zip(MAPS, found, strict=True):
        assert [(m.kind, m.to_image) for m in after] == [(m.kind, m.to_image) for m in before]
        for one, other in zip(before, after, strict=True):
            assert np.array_equal(one.values, other.values)
            assert other.values.dtype == np.float32
            assert not other.values.flags.writeable


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights otherwise")
def test_they_are_this_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "read.npz"
    write_heatmaps(path, MAPS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["read.npz"], "nothing half written"


def test_another_file_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "read.npz"
    digest = write_heatmaps(path, MAPS)
    write_heatmaps(path, MAPS[:1])
    with pytest.raises(ReviewError, match="not those that were shown"):
        read_heatmaps(path, digest)
    path.unlink()
    with pytest.raises(ReviewError, match="no file of the heatmaps"):
        read_heatmaps(path, digest)


def test_a_file_that_only_looks_right_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "read.npz"
    path.write_bytes(b"PK no archive")
    with pytest.raises(ReviewError, match="cannot be read"):
        read_heatmaps(path, hashlib.sha256(b"PK no archive").hexdigest())


def test_a_folder_that_refuses_says_so_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "read.npz"
    digest = write_heatmaps(path, MAPS)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReviewError, match="No space left"):
        write_heatmaps(path, MAPS[:1])
    monkeypatch.undo()
    assert read_heatmaps(path, digest)
    assert [file.name for file in tmp_path.iterdir()] == ["read.npz"]
