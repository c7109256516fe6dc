"""A data folder that may not be entered is no empty one: nothing is shown, and it is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mammoview.errors import ReviewError
from mammoview.review import audit
from mammoview.review.marks import MarkStore
from mammoview.review.open_reads import blinded_reads
from mammoview.review.sql import is_there

Close = Callable[[Path], None]


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Close:
    """Return what closes a folder to this user; root may enter any."""

    def closed(folder: Path) -> None:
        stat, read = Path.stat, Path.read_text

        def denied(path: Path) -> None:
            if folder in path.parents:
                raise PermissionError(13, "Permission denied", str(path))

        def no_stat(path: Path, **options: bool) -> object:
            denied(path)
            return stat(path, **options)

        def no_text(path: Path, *args: str, **options: str) -> str:
            denied(path)
            return read(path, *args, **options)

        monkeypatch.setattr(Path, "stat", no_stat)
        monkeypatch.setattr(Path, "read_text", no_text)

    return closed


def test_a_closed_folder_is_told_from_one_without_the_file(tmp_path: Path, close: Close) -> None:
    assert not is_there(tmp_path / "reads.sqlite")
    assert not is_there(tmp_path / "nowhere" / "reads.sqlite")
    (tmp_path / "file").touch()
    assert is_there(tmp_path / "file")
    assert not is_there(tmp_path / "file" / "reads.sqlite")
    close(tmp_path)
    with pytest.raises(ReviewError, match="cannot be looked into") as caught:
        is_there(tmp_path / "reads.sqlite")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    "ask",
    [
        lambda path: blinded_reads(path, ["1.2.3"]),
        lambda path: MarkStore(path).read(["1.2.3"]),
        audit.verify,
    ],
    ids=["blinded", "marks", "audit"],
)
def test_nobody_says_that_there_is_nothing(
    tmp_path: Path, close: Close, ask: Callable[[Path], object]
) -> None:
    """It could hold a blinded read: what the computer found must not be shown."""
    close(tmp_path)
    with pytest.raises(ReviewError):
        ask(tmp_path / "reads.sqlite")
