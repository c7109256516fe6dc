"""The log never says for whom: fed with a poisoned study, then searched."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mammoview.app import logs
from mammoview.app.reading import ReadingDesk
from mammoview.dicom.index import index_paths
from mammoview.domain.study import PatientIdentity
from mammoview.domain.views import Slot
from mammoview.errors import DicomError
from tests.builders.desk import Mailbox, QuickAnalyst, exam, index, mammogram
from tests.builders.dicom import build_mg

POISON = ("Venenata", "Gifftig", "PID-66613", "19431224")


def _poisoned(folder: Path) -> list[Path]:
    inside = folder / "Venenata_Gifftig"
    inside.mkdir()
    elements = {"PatientID": "PID-66613", "PatientBirthDate": "19431224"}
    good = build_mg(inside / "Gifftig-PID-66613.dcm", person="Gifftig^Venenata", elements=elements)
    cut = inside / "PID-66613-cut.dcm"
    cut.write_bytes(good.read_bytes()[:-900])
    return [inside]


def test_poisoned_study_leaves_no_trace_in_the_log(tmp_path: Path) -> None:
    paths = _poisoned(tmp_path)
    log = logs.start(tmp_path / "logs", level=logging.DEBUG)
    mailbox = Mailbox()
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst(), keep_private=log.hide)
    speaker = logging.getLogger("mammoview.test")
    try:
        desk.open_paths(paths)
        mailbox.run_until(lambda: desk.workspace.exam_key is not None)
        mailbox.run_until(lambda: not desk.workspace.analysis.running)
        view = desk.workspace.index.examinations[0].mammograms[0]
        # What a careless line, a careless error and a library would say:
        speaker.warning("opened %s of %s", view.file, view.identity)
        try:
            raise DicomError(f"{view.identity.name} in {view.file}", expected="x", todo="y")
        except DicomError:
            speaker.exception("it failed for %s", view.identity.patient_id)
        logging.getLogger("pydicom").warning("bad value %s", view.identity.name)
    finally:
        desk.shutdown()
        log.close()
    text = log.file.read_text("utf-8")
    assert "opened" in text
    assert "it failed" in text
    for word in (*POISON, str(tmp_path), "pydicom"):
        assert word.lower() not in text.lower(), f"{word} is in the log"


@pytest.mark.parametrize(
    "path",
    [
        "/home/me/Anna Mueller/scan.dcm",
        r"C:\Users\me\Mueller\scan.dcm",
        "scans/mueller/1.dcm",
        "mueller.dcm",
    ],
)
def test_paths_are_hidden(tmp_path: Path, path: str) -> None:
    log = logs.start(tmp_path)
    try:
        logging.getLogger("mammoview.test").info("reading %s now", path)
    finally:
        log.close()
    assert "mueller" not in log.file.read_text("utf-8").lower()


def test_a_full_disk_stops_nothing_and_nothing_is_said_elsewhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mammoview.log").symlink_to("/dev/full")
    session = logs.start(tmp_path)
    try:
        logging.getLogger("mammoview").warning("of %s", "Doe^Jane")
    finally:
        session.close()
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_log_that_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "mammoview.log").mkdir()
    with pytest.raises(OSError, match="directory"):
        logs.start(tmp_path)


def test_closing_leaves_the_logger_as_it_was(tmp_path: Path) -> None:
    before = list(logging.getLogger("mammoview").handlers)
    logs.start(tmp_path).close()
    assert logging.getLogger("mammoview").handlers == before


def test_index_knows_the_identities_to_hide(tmp_path: Path) -> None:
    found = index_paths(_poisoned(tmp_path))
    identity = found.examinations[0].mammograms[0].identity
    assert "Gifftig" in identity.name


def test_a_name_of_two_letters_that_are_words_is_hidden(tmp_path: Path) -> None:
    who = PatientIdentity(name="Yu^An=山田^太郎", patient_id="7", birth_date="")
    session = logs.start(tmp_path)
    session.hide(index(exam(views=[mammogram(Slot.RCC, identity=who)])))
    logging.getLogger("mammoview").info("an image of 山田 and of 太郎")
    session.close()
    written = session.file.read_text("utf-8")
    assert "an image of <hidden> and of <hidden>" in written
