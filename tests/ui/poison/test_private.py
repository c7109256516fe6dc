"""A patient's name, id, birth date and folder stay in the worklist's database over a whole read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mammoview.cli import main
from tests.builders.dicom import build_exam
from tests.ui.poison.conftest import Program, Start
from tests.ui.poison.evidence import in_files, log_texts
from tests.ui.poison.test_unaided_read import Walk

_NAME = "Venom^Viola"
# As they may be written: in a header, on the screen, in a path.
_PRIVATE = re.compile(r"venom|viola|1960-?01-?01", re.IGNORECASE)
_KEPT = "data/mammoview/worklist.sqlite"


def _told(home: Path) -> list[str]:
    """Name the files of a user's folders that tell of the patient, beside the database."""
    files = in_files(home)
    texts = {name: content.decode("utf-8", errors="replace") for name, content in files.items()}
    wide = {name: content.decode("utf-16-le", errors="replace") for name, content in files.items()}
    return [
        name
        for name in files
        if not name.startswith(_KEPT)
        and (_PRIVATE.search(name + texts[name]) or _PRIVATE.search(wide[name]))
    ]


def _said(program: Program, records: pytest.LogCaptureFixture) -> str:
    """Return what leaves the window: titles, the clipboard and the log as it was called."""
    titles = [window.windowTitle() for window in QApplication.topLevelWidgets()]
    logged = [text for _, text in log_texts(records.records)]
    return "\n".join([*titles, QApplication.clipboard().text(), *logged])


def test_a_whole_read_tells_of_no_patient(
    start: Start,
    qtbot: QtBot,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    exams = tmp_path / _NAME
    for number in ("1", "2"):
        build_exam(exams / number, person=_NAME, study=number)
    program = start(False)
    walk = Walk(program, qtbot)
    walk.begin(exams)
    walk.look()
    walk.lock()
    walk.reveal()
    copy, anchors = tmp_path / "copy.jsonl", tmp_path / "anchors.txt"
    assert main(["audit", "export", "--to", str(copy), "--anchors", str(anchors)]) == 0
    assert main(["audit", "verify", "--log", str(copy), "--anchors", str(anchors)]) == 0
    assert main(["audit", "verify", "--json"]) == 0
    assert not _PRIVATE.search(_said(program, caplog))
    program.end()
    said = capfd.readouterr()
    assert not _PRIVATE.search(said.out + said.err)
    for file in (copy, anchors):
        assert not _PRIVATE.search(file.read_text("utf-8"))
    assert _told(program.home) == []
    database = (program.home / _KEPT).read_bytes()
    assert _PRIVATE.search(database.decode("utf-8", errors="replace")), "the search is blind"
