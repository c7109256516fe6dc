"""Scanning: every file is part of the answer, and a killed run goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import trainer.cbis.scan as scan_module
from mammoview.errors import DataError
from tests.builders.cbis_tree import CbisTree
from trainer.cbis.scan import NOT_DICOM, UNREADABLE, ScannedFile, read_journal, scan_folder


def _scan(tree: CbisTree, journal: Path, **options: int) -> tuple[ScannedFile, ...]:
    return scan_folder(tree.folder, journal=journal, workers=options.get("workers", 1))


def test_every_file_is_in_the_answer(plain_tree: CbisTree, tmp_path: Path) -> None:
    (plain_tree.folder / "LICENSE").write_text("CC BY 3.0")
    broken = plain_tree.abnormalities[0].files["crop"]
    broken.write_bytes(broken.read_bytes()[:-200])
    empty = plain_tree.abnormalities[1].files["mask"]
    empty.write_bytes(b"")
    scanned = {item.path: item for item in _scan(plain_tree, tmp_path / "out" / "scan.jsonl")}
    on_disk = {
        path.relative_to(plain_tree.folder).as_posix()
        for path in plain_tree.folder.rglob("*")
        if path.is_file()
    }
    assert set(scanned) == on_disk
    assert scanned["LICENSE"].kind == NOT_DICOM
    for path, met in ((broken, "cut short"), (empty, "empty file")):
        item = scanned[path.relative_to(plain_tree.folder).as_posix()]
        assert item.kind == UNREADABLE
        assert met in item.reason


def test_processes_read_what_one_reads(plain_tree: CbisTree, tmp_path: Path) -> None:
    alone = _scan(plain_tree, tmp_path / "a.jsonl")
    assert _scan(plain_tree, tmp_path / "b.jsonl", workers=2) == alone
    assert len(alone) > 30


class _Reads:
    """Stands for ``scan_file``: counts, and interrupts after some."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = scan_module.scan_file
        self.paths: list[str] = []
        self.last = 10**9
        monkeypatch.setattr(scan_module, "scan_file", self)

    def __call__(self, root: Path, path: str) -> ScannedFile:
        if len(self.paths) >= self.last:
            raise KeyboardInterrupt
        self.paths.append(path)
        return self._read(root, path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> _Reads:
    return _Reads(monkeypatch)


def test_an_interrupted_run_goes_on(plain_tree: CbisTree, tmp_path: Path, reads: _Reads) -> None:
    journal, whole = tmp_path / "scan.jsonl", tmp_path / "whole.jsonl"
    expected = _scan(plain_tree, whole)
    total, reads.paths, reads.last = len(reads.paths), [], 7
    with pytest.raises(KeyboardInterrupt):
        _scan(plain_tree, journal)
    assert len(read_journal(journal)) == 7
    first, reads.paths, reads.last = set(reads.paths), [], 10**9
    assert _scan(plain_tree, journal) == expected
    assert len(reads.paths) == total - 7
    assert not first & set(reads.paths)
    assert journal.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("cut", [1, 30])
def test_a_cut_last_line_is_read_again(
    plain_tree: CbisTree, tmp_path: Path, reads: _Reads, cut: int
) -> None:
    journal = tmp_path / "scan.jsonl"
    expected = _scan(plain_tree, journal)
    journal.write_bytes(journal.read_bytes()[:-cut])
    reads.paths = []
    assert _scan(plain_tree, journal) == expected
    assert len(reads.paths) == 1
    assert len(read_journal(journal)) == len(expected)


def test_a_changed_file_is_read_again(plain_tree: CbisTree, tmp_path: Path, reads: _Reads) -> None:
    journal = tmp_path / "scan.jsonl"
    _scan(plain_tree, journal)
    changed = plain_tree.abnormalities[2].files["mask"]
    os.utime(changed, ns=(1, 1))
    plain_tree.abnormalities[3].files["mask"].unlink()
    reads.paths = []
    scanned = _scan(plain_tree, journal)
    assert reads.paths == [changed.relative_to(plain_tree.folder).as_posix()]
    gone = plain_tree.abnormalities[3].files["mask"].relative_to(plain_tree.folder).as_posix()
    assert gone not in {item.path for item in scanned}


def test_a_moved_folder_is_known_again(plain_tree: CbisTree, tmp_path: Path, reads: _Reads) -> None:
    journal = tmp_path / "scan.jsonl"
    before = _scan(plain_tree, journal)
    moved = plain_tree.folder.rename(tmp_path / "elsewhere")
    reads.paths = []
    assert scan_folder(moved, journal=journal, workers=1) == before
    assert reads.paths == []


def test_an_unreadable_file_is_tried_again(
    plain_tree: CbisTree, tmp_path: Path, reads: _Reads
) -> None:
    file = plain_tree.abnormalities[0].files["mask"]
    whole, status = file.read_bytes(), file.stat()
    file.write_bytes(bytes(len(whole)))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    journal = tmp_path / "scan.jsonl"
    assert UNREADABLE in {item.kind for item in _scan(plain_tree, journal)}
    file.write_bytes(whole)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    reads.paths = []
    assert UNREADABLE not in {item.kind for item in _scan(plain_tree, journal)}
    assert reads.paths == [file.relative_to(plain_tree.folder).as_posix()]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: ["{}", *lines[1:]],
        lambda lines: [lines[0], lines[1][:40], *lines[2:]],
        lambda lines: [lines[0], lines[1].replace('"size"', '"length"'), *lines[2:]],
    ],
)
def test_a_broken_journal_is_refused(plain_tree: CbisTree, tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    journal = tmp_path / "scan.jsonl"
    _scan(plain_tree, journal)
    journal.write_text("\n".join(change(journal.read_text().split("\n"))))
    with pytest.raises(DataError, match=r"scan\.jsonl is broken") as caught:
        _scan(plain_tree, journal)
    assert "delete it" in caught.value.todo


def test_the_index_folder_is_no_data(plain_tree: CbisTree) -> None:
    out = plain_tree.folder / "index"
    out.mkdir()
    (out / "note.txt").write_text("mine")
    scanned = scan_folder(plain_tree.folder, journal=out / "scan.jsonl", workers=1, leave_out=out)
    assert not [item.path for item in scanned if item.path.startswith("index/")]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        scan_folder(tmp_path / "none", journal=tmp_path / "scan.jsonl")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_command_leaves_a_journal_and_no_process(
    plain_tree: CbisTree, tmp_path: Path, how: signal.Signals
) -> None:
    out = tmp_path / "index"
    journal = out / "scan.jsonl"
    command = [sys.executable, "-m", "trainer", "index", str(plain_tree.folder)]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > 1:
            break
        time.sleep(0.001)
    os.killpg(process.pid, how) if how == signal.SIGINT else process.send_signal(how)
    _, said = process.communicate(timeout=60)  # ends when the last holder of its output does
    if how == signal.SIGINT:
        assert b"Traceback" not in said
    known = read_journal(journal)
    assert known
    again = [*command, "--out", str(out), "--workers", "1"]
    done = subprocess.run(again, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert set(known) <= set(read_journal(journal))
