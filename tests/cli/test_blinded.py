"""No command shows a result of images that a blinded read is open on, whoever's it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mammoview.app.analysis import Analyst
from mammoview.dicom.index import index_paths
from mammoview.domain.reading import ReadingMode
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.builders.dicom import build_exam
from tests.builders.reads import (
    READER,
    content_for,
    open_read,
    opened,
    opinion,
    read_in,
    to_lock,
)
from tests.cli.conftest import Answer, Run

WAY = (Action.CHECK_VIEWS, Action.BEGIN, Action.SET_OPINION, Action.LOCK, Action.REVEAL)


def read_of(folder: Path, *, until: int, mode: ReadingMode = ReadingMode.SECOND_READ) -> None:
    """Open a read of the images in a folder and go some way; the log of this user holds it."""
    exams = index_paths([folder]).examinations
    uids = tuple(m.sop_instance_uid for exam in exams for m in exam.mammograms)
    log = ReadLog(reads_path())
    read = open_read(log, READER, replace(opened(mode), images=uids, exam_key="another"))
    for action in WAY[:until]:
        contents = [content_for(action, read)]
        if action is Action.SET_OPINION:
            contents = [opinion(side) for side in read.opened.sides]
        if action is Action.LOCK:
            contents = [to_lock(read)]
        for content in contents:
            read = log.append(read.read_id, READER, action, content)
    log.close()


def refused(answer: Answer, out: Path) -> bool:
    """Tell whether nothing of a result has left the program, and no reader was named."""
    said = answer.out + answer.err
    assert READER not in said
    assert "flagged" not in said
    files = list(out.glob("*.npz")) if out.is_dir() else [out] if out.exists() else []
    assert not files
    return answer.code == 3


@pytest.fixture
def words(bundle: Path, tmp_path: Path) -> dict[str, list[object]]:
    """Return how each command is called, its output last."""
    return {
        "analyze": ["--model", bundle, "--json", "--out", tmp_path / "results"],
        "snapshot": ["--model", bundle, "--overlay", "both", "--out", tmp_path / "picture.png"],
    }


@pytest.mark.parametrize(("name", "until"), [("analyze", 0), ("analyze", 4), ("snapshot", 2)])
def test_an_open_blinded_read_closes_the_door(
    command: Run, exam: Path, words: dict[str, list[object]], name: str, until: int
) -> None:
    read_of(exam, until=until)
    out = words[name][-1]
    assert isinstance(out, Path)
    answer = command(name, exam, *words[name])
    assert refused(answer, out)
    assert "blinded" in answer.err
    if name == "analyze":
        assert answer.document["images"] == []
        assert len(answer.document["refused"]) == 4


@pytest.mark.parametrize(
    ("until", "mode"),
    [(5, ReadingMode.SECOND_READ), (2, ReadingMode.CONCURRENT)],
    ids=["revealed", "concurrent"],
)
def test_the_door_opens_with_the_reveal(
    command: Run,
    exam: Path,
    words: dict[str, list[object]],
    until: int,
    mode: ReadingMode,
) -> None:
    read_of(exam, until=until, mode=mode)
    assert command("analyze", exam, *words["analyze"]).code == 0
    assert command("snapshot", exam, *words["snapshot"]).code == 0


def test_a_picture_without_a_result_is_drawn(command: Run, exam: Path, tmp_path: Path) -> None:
    read_of(exam, until=2)
    assert command("snapshot", exam, "--out", tmp_path / "x.png", "--size", "900x600").code == 0


def test_copied_files_are_the_same_images(
    command: Run, exam: Path, words: dict[str, list[object]], tmp_path: Path
) -> None:
    read_of(exam, until=2)
    shutil.copytree(exam, tmp_path / "copy")
    assert refused(command("analyze", tmp_path / "copy", *words["analyze"]), tmp_path / "results")


def test_other_examinations_are_done(
    command: Run, exam: Path, words: dict[str, list[object]], tmp_path: Path
) -> None:
    read_of(exam, until=2)
    build_exam(tmp_path / "two", study="2", person="Phantom^Two")
    answer = command("analyze", exam, tmp_path / "two", *words["analyze"])
    assert answer.code == 3
    assert len(answer.document["images"]) == 4
    assert {Path(image["file"]).parent.name for image in answer.document["images"]} == {"two"}
    assert len(answer.document["refused"]) == 4
    assert len(list((tmp_path / "results").glob("*.npz"))) == 4


@pytest.mark.parametrize("name", ["analyze", "snapshot"])
def test_a_read_opened_during_the_analysis_is_in_time(
    command: Run,
    exam: Path,
    words: dict[str, list[object]],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analyse = Analyst.read

    def slowly(analyst: Analyst, *args: Any, **kwargs: Any) -> object:
        read_of(exam, until=2)
        return analyse(analyst, *args, **kwargs)

    monkeypatch.setattr(Analyst, "read", slowly)
    out = words[name][-1]
    assert isinstance(out, Path)
    assert refused(command(name, exam, *words[name]), out)


def test_a_damaged_log_closes_every_door(
    command: Run, exam: Path, words: dict[str, list[object]], tmp_path: Path
) -> None:
    log = ReadLog(reads_path())
    read_in(log, ReadState.SIGNED)
    log.close()
    reads_path().write_bytes(reads_path().read_bytes()[:5000])
    answer = command("analyze", exam, *words["analyze"])
    assert refused(answer, tmp_path / "results")
    assert "mammoview audit verify" in answer.err
