from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from mammoview.app import settings
from mammoview.app.results.formats import Format
from mammoview.app.worklist.database import database_path, prepare
from mammoview.app.worklist.importing import import_paths
from mammoview.domain.reading import ReadingMode, Role
from mammoview.errors import ExitCode
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.builders import validators
from tests.builders.dicom import build_exam
from tests.builders.kept import keep_read
from tests.cli.conftest import Run

NAME = "Geheim^Person"


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    build_exam(tmp_path / "exam", person=NAME)
    return tmp_path / "exam"


def test_all_formats_of_a_signed_read(command: Run, exam: Path, tmp_path: Path) -> None:
    read = keep_read(exam)
    out = tmp_path / "out"
    answer = command("export", exam, "--to", out, "--json")
    assert answer.code == ExitCode.DONE, answer.err
    document = answer.document
    assert (document["read"], document["refused"]) == (read.read_id, [])
    assert {file["format"] for file in document["files"]} == set(Format)
    for file in document["files"]:
        path = Path(file["file"])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    assert {path.name for path in out.iterdir()} == {
        Path(f["file"]).name for f in document["files"]
    }
    for path in out.glob("*.dcm"):
        made = pydicom.dcmread(path)
        assert (made.PatientID, made.StudyInstanceUID) == (NAME, read.opened.exam_key)


def test_no_file_name_and_no_message_says_whose_it_is(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    keep_read(exam)
    answer = command("export", exam, "--to", tmp_path / "out", "--json")
    said = answer.out + answer.err + "".join(path.name for path in (tmp_path / "out").iterdir())
    for private in ("Geheim", "19600101"):
        assert private not in said


def test_a_read_that_is_not_revealed_stays_here(command: Run, exam: Path, tmp_path: Path) -> None:
    keep_read(exam, ReadState.UNAIDED_LOCKED)
    answer = command("export", exam, "--to", tmp_path / "out")
    assert answer.code == ExitCode.REFUSED
    assert "blinded read of this examination is open" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_concurrent_read_stays_here_until_its_reveal(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    keep_read(exam, ReadState.UNAIDED, mode=ReadingMode.CONCURRENT)
    answer = command("export", exam, "--to", tmp_path / "out")
    assert answer.code == ExitCode.REFUSED
    assert "is not locked" in answer.err


def test_a_signed_read_stays_here_while_a_second_reader_is_blinded(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    signed = [keep_read(exam), keep_read(exam, role=Role.SECOND, reader="another")]
    keep_read(exam, ReadState.UNAIDED, role=Role.ARBITRATOR, reader="other")
    for words in ((), ("--read", signed[0].read_id), ("--read", "nothing")):
        answer = command("export", exam, "--to", tmp_path / "out", *words)
        assert answer.code == ExitCode.REFUSED
        assert "blinded read of this examination is open" in answer.err
        assert not (tmp_path / "out").exists()
        # Not even which reads there are: their number is an answer too.
        assert not any(read.read_id[:8] in answer.err for read in signed)
        assert "other" not in answer.err


def test_a_first_read_stays_here_while_a_second_reader_is_waited_for(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    settings.save(replace(settings.Settings(), double_reading=True), settings.settings_path())
    first = keep_read(exam)
    words = ("--read", first.read_id, "--format", "json")
    answer = command("export", exam, "--to", tmp_path / "out", *words)
    assert answer.code == ExitCode.REFUSED
    assert "waits for its second reader" in answer.err
    assert not (tmp_path / "out").exists()
    keep_read(exam, role=Role.SECOND, reader="other")
    assert command("export", exam, "--to", tmp_path / "out", *words).code == ExitCode.DONE


def test_which_read_is_asked_for_where_there_are_several(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    first = keep_read(exam)
    second = keep_read(exam, role=Role.SECOND, reader="other")
    answer = command("export", exam, "--to", tmp_path / "out", "--format", "json")
    assert answer.code == ExitCode.USAGE
    for read in (first, second):
        assert read.read_id[:8] in answer.err
    one = ("--read", second.read_id[:8], "--format", "json")
    assert command("export", exam, "--to", tmp_path / "out", *one).code == ExitCode.DONE
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (document["read"]["id"], document["read"]["role"]) == (second.read_id, "second")


def test_an_unsigned_read_says_so_everywhere(command: Run, exam: Path, tmp_path: Path) -> None:
    keep_read(exam, ReadState.FINAL)
    out = tmp_path / "out"
    answer = command("export", exam, "--to", out, "--format", "tid1500,json,gsps", "--json")
    assert answer.document["preliminary"] is True
    assert "PRELIMINARY" in answer.err
    assert json.loads((out / "results.json").read_text())["preliminary"] is True
    made = pydicom.dcmread(out / "tid1500.dcm")
    assert (made.CompletionFlag, made.PreliminaryFlag) == ("PARTIAL", "PRELIMINARY")


def _written_on_image(folder: Path) -> str:
    state = pydicom.dcmread(next(folder.glob("gsps-1-*")))
    texts = [item.get("TextObjectSequence", []) for item in state.GraphicAnnotationSequence]
    return "\n".join(str(text.UnformattedTextValue) for found in texts for text in found)


def test_files_for_people_are_in_the_language_of_the_window_and_messages_are_not(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    keep_read(exam, ReadState.FINAL)
    out = {language: tmp_path / (language or "english") for language in ("", "pseudo")}
    said = {}
    for language, folder in out.items():
        settings.save(replace(settings.Settings(), language=language), settings.settings_path())
        answer = command("export", exam, "--to", folder, "--format", "gsps,json", "--json")
        assert answer.code == ExitCode.DONE, answer.err
        said[language] = answer.err.replace(str(folder), "")
    assert said["pseudo"] == said[""]
    assert "Research use only" in _written_on_image(out[""])
    assert "[!!! " in _written_on_image(out["pseudo"])
    assert "Research use only" not in _written_on_image(out["pseudo"])
    documents = [(folder / "results.json").read_text("utf-8") for folder in out.values()]
    assert documents[0] == documents[1]


@pytest.mark.parametrize(
    ("language", "missing", "problem"),
    [
        ("tlh", (), "no texts in the language 'tlh'"),
        ("pseudo", ("mammoview.ui.language",), "Qt's core cannot be loaded"),
    ],
)
def test_a_language_that_is_not_there_is_said_and_the_files_are_english(
    command: Run,
    exam: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    missing: tuple[str, ...],
    problem: str,
) -> None:
    keep_read(exam)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    settings.save(replace(settings.Settings(), language=language), settings.settings_path())
    answer = command("export", exam, "--to", tmp_path / "out", "--format", "gsps")
    assert answer.code == ExitCode.DONE, answer.err
    assert problem in answer.err
    assert "Research use only" in _written_on_image(tmp_path / "out")


def test_a_second_patient_does_not_go_into_the_folder_of_the_first(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    build_exam(tmp_path / "other", person="Other^One", study="2")
    keep_read(exam)
    keep_read(tmp_path / "other")
    out = tmp_path / "out"
    assert command("export", exam, "--to", out, "--format", "gsps").code == ExitCode.DONE
    answer = command("export", tmp_path / "other", "--to", out, "--format", "json")
    assert answer.code == ExitCode.REFUSED
    assert "choose an empty folder" in answer.err
    assert not (out / "results.json").exists()
    again = command("export", exam, "--to", out, "--format", "gsps,json")
    assert again.code == ExitCode.DONE, again.err


def test_no_folder_is_no_folder(command: Run, exam: Path) -> None:
    keep_read(exam)
    answer = command("export", exam, "--to", "")
    assert answer.code == ExitCode.USAGE
    assert "no folder is named" in answer.err


def test_a_study_that_nobody_has_read(command: Run, exam: Path, tmp_path: Path) -> None:
    answer = command("export", exam, "--to", tmp_path / "out")
    assert answer.code == ExitCode.REFUSED
    assert "nobody has read here" in answer.err


def test_a_study_is_found_by_its_key_in_the_worklist(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    read = keep_read(exam)
    prepare(database_path())
    import_paths(database_path(), [exam])
    key = read.opened.exam_key
    answer = command("export", key, "--to", tmp_path / "out", "--format", "json", "--json")
    assert answer.code == ExitCode.DONE, answer.err
    assert answer.document["study"] == key


def test_a_key_that_nobody_knows(command: Run, exam: Path, tmp_path: Path) -> None:
    keep_read(exam)
    assert command("export", "1.2.3", "--to", tmp_path / "out").code == ExitCode.REFUSED


def test_a_format_that_there_is_not(command: Run, exam: Path, tmp_path: Path) -> None:
    answer = command("export", exam, "--to", tmp_path / "out", "--format", "json,fax")
    assert answer.code == ExitCode.USAGE
    assert "fax" in answer.err


def test_files_are_entered_in_the_log_and_valid(command: Run, exam: Path, tmp_path: Path) -> None:
    keep_read(exam)
    out = tmp_path / "out"
    answer = command("export", exam, "--to", out, "--format", "ko,tid1500", "--json")
    log = ReadLog(reads_path())
    entered = [e.content for e in log.events() if e.action is Action.RECORD_EXPORT]
    log.close()
    digests = [file["sha256"] for file in answer.document["files"]]
    assert [getattr(content, "sha256", "") for content in entered] == digests
    for path in out.glob("*.dcm"):
        assert validators.iod_errors(path) == []
