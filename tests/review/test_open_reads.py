"""Which images a blinded read is open on; what cannot be told is closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mammoview.domain.reading import ReadingMode
from mammoview.errors import ReviewError
from mammoview.review import blinding, raw_log
from mammoview.review.anchors import witness_path
from mammoview.review.open_reads import blinded_reads, require_none_blinded
from mammoview.review.states import ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import IMAGE, READER, read_in

_REVEALED = {s for s in ReadState if blinding.may_see_results(ReadingMode.SECOND_READ, s)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the log lies."""
    return tmp_path / "reads.sqlite"


@pytest.mark.parametrize("state", list(ReadState))
@pytest.mark.parametrize("mode", [m for m in ReadingMode if m is not ReadingMode.CONCURRENT])
def test_a_read_closes_its_images_until_the_reveal(
    log: ReadLog, path: Path, mode: ReadingMode, state: ReadState
) -> None:
    read = read_in(log, state, mode)
    blinded = state not in _REVEALED
    assert blinded_reads(path, [IMAGE, "9.9"]) == ((read,) if blinded else ())
    assert blinded_reads(path, ["9.9"]) == ()
    if blinded:
        with pytest.raises(ReviewError, match="blinded read") as caught:
            require_none_blinded(path, [IMAGE])
        assert READER not in str(caught.value)
    else:
        require_none_blinded(path, [IMAGE])


def test_one_of_two_reads_is_enough(log: ReadLog, path: Path) -> None:
    read_in(log, ReadState.SIGNED)
    open_ = read_in(log, ReadState.UNAIDED)
    assert blinded_reads(path, [IMAGE]) == (open_,)


def test_a_concurrent_read_closes_nothing(log: ReadLog, path: Path) -> None:
    read_in(log, ReadState.UNAIDED, ReadingMode.CONCURRENT)
    assert blinded_reads(path, [IMAGE]) == ()


def test_no_log_is_no_read(path: Path) -> None:
    assert blinded_reads(path, [IMAGE]) == ()
    assert not path.exists()


def test_asking_writes_nothing(log: ReadLog, path: Path, tmp_path: Path) -> None:
    read_in(log, ReadState.UNAIDED)
    log.close()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    blinded_reads(path, [IMAGE])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def _sql(script: str) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        db = sqlite3.connect(path)
        db.executescript(f"DROP TRIGGER no_change; DROP TRIGGER no_removal; {script}")
        db.close()

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no database at all, but long enough to be one"),
        lambda path: path.write_bytes(path.read_bytes()[:4096]),
        _sql("DELETE FROM events"),
        _sql("DELETE FROM events; UPDATE head SET number = 0"),
        _sql("DELETE FROM events WHERE action = 'open'"),
        _sql("UPDATE events SET action = 'reopen' WHERE action = 'open'"),
        _sql("UPDATE events SET content = replace(content, '1.2.3', '9.9.9')"),
        _sql("UPDATE events SET content = replace(content, 'second-read', 'concurrent')"),
        _sql("UPDATE events SET action = 'nonsense' WHERE number = 2"),
        _sql("DELETE FROM head"),
        _sql("DROP TABLE head"),
        _sql("DROP TABLE events"),
        _sql("ALTER TABLE events RENAME COLUMN content TO other"),
        _sql("UPDATE head SET sha256 = 'x'"),
    ],
)
def test_a_damaged_log_is_closed(
    log: ReadLog, path: Path, damage: Callable[[Path], object]
) -> None:
    read_in(log, ReadState.UNAIDED)
    log.close()
    damage(path)
    with pytest.raises(ReviewError, match="mammoview audit verify"):
        require_none_blinded(path, [IMAGE])


def test_a_log_put_back_from_before_the_read_is_closed(log: ReadLog, path: Path) -> None:
    read_in(log, ReadState.SIGNED)
    log.close()
    before = path.read_bytes()
    again = ReadLog(path)
    read_in(again, ReadState.UNAIDED)
    again.close()
    path.write_bytes(before)
    with pytest.raises(ReviewError, match="lost events"):
        require_none_blinded(path, [IMAGE])
    witness_path(path).unlink()
    require_none_blinded(path, [IMAGE])


def test_a_log_held_by_another_program_is_closed(
    log: ReadLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_log, "_PATIENCE_S", 0.05)
    read_in(log, ReadState.SIGNED)
    log.close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE head SET number = number")
    with pytest.raises(ReviewError):
        require_none_blinded(path, [IMAGE])
    holder.close()
    require_none_blinded(path, [IMAGE])
