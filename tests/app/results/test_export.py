from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mammoview.app import reports
from mammoview.app.pixels.resolve import load_image
from mammoview.app.reports import Gathered, Places
from mammoview.app.results import formats
from mammoview.app.results.earlier import results_in
from mammoview.app.results.export import Exported, entered_in, export, into_log
from mammoview.app.results.files import NamedBytes
from mammoview.app.results.formats import Format, Work, slice_to_show
from mammoview.dicom.index import index_paths
from mammoview.domain.reading import ReadingMode
from mammoview.errors import DicomError, ReviewError
from mammoview.review.events import ExportRecorded
from mammoview.review.heatmaps import heatmaps_path
from mammoview.review.marks import marks_path
from mammoview.review.readers import ReaderBook, readers_path
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.builders import validators
from tests.builders.dicom import build_exam, build_mg
from tests.builders.kept import examination, keep_read
from tests.builders.reports import report
from tests.builders.tomo import build_tomo

QUICK = (Format.JSON, Format.KO)


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    build_exam(tmp_path / "exam")
    return tmp_path / "exam"


def places() -> Places:
    return Places(log=reads_path(), readers=readers_path(), marks=marks_path())


def gathered(exam: Path) -> Gathered:
    return Gathered(report=report(examination(exam).mammograms))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


# -- from the log to the report ---------------------------------------------------------------


def test_report_is_what_the_log_says(exam: Path) -> None:
    book = ReaderBook(readers_path())
    profile = book.add("Dr. Gelesen", "8391")
    book.close()
    read = keep_read(exam, reader=profile.id)
    found = reports.gather(read.read_id, index_paths([exam]), places())
    told = report(examination(exam).mammograms)
    made = found.report
    assert (made.reader, made.signed_by, found.no_heatmaps) == ("Dr. Gelesen", "Dr. Gelesen", "")
    assert (made.unaided, made.shown) == (told.unaided, told.shown)
    assert made.final == told.final
    assert sorted(made.answers, key=str) == sorted(told.answers, key=str)
    assert made.annotations == told.annotations
    assert made.scheme.category("4B") is not None
    assert [uid for uid, _ in made.heatmaps] == [uid for uid, _ in told.heatmaps]
    assert (made.heatmaps[0][1][0].values == told.heatmaps[0][1][0].values).all()


@pytest.mark.parametrize("mode", list(ReadingMode))
@pytest.mark.parametrize(
    "state", [ReadState.VIEWS_CHECKED, ReadState.UNAIDED, ReadState.UNAIDED_LOCKED]
)
def test_nothing_leaves_before_the_reveal(exam: Path, state: ReadState, mode: ReadingMode) -> None:
    read = keep_read(exam, state, mode=mode)
    with pytest.raises(ReviewError, match="must not leave"):
        reports.gather(read.read_id, index_paths([exam]), places())


def test_a_read_whose_images_are_not_all_there_is_refused(exam: Path) -> None:
    read = keep_read(exam)
    next(exam.glob("LMLO*")).unlink()
    with pytest.raises(ReviewError, match="1 of the 4 images"):
        reports.gather(read.read_id, index_paths([exam]), places())


def test_heatmaps_that_are_not_those_that_were_shown_are_told_and_left_out(exam: Path) -> None:
    read = keep_read(exam)
    heatmaps_path(reads_path(), read.read_id).write_bytes(b"other")
    found = reports.gather(read.read_id, index_paths([exam]), places())
    assert found.report.heatmaps == ()
    assert "not those that were shown" in found.no_heatmaps


def test_an_export_does_not_change_what_the_next_one_says(exam: Path, tmp_path: Path) -> None:
    read = keep_read(exam)
    record = into_log(reads_path(), read.read_id, "local")
    made = [
        export(
            reports.gather(read.read_id, index_paths([exam]), places()),
            (Format.JSON, Format.TID_1500, Format.PDF),
            tmp_path / "out",
            record=record,
            entered=entered_in(reads_path(), read.read_id),
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("state", [ReadState.AI_REVEALED, ReadState.FINAL, ReadState.SIGNED])
def test_every_file_is_entered_in_the_log(exam: Path, tmp_path: Path, state: ReadState) -> None:
    read = keep_read(exam, state)
    found = reports.gather(read.read_id, index_paths([exam]), places())
    assert found.report.preliminary is (state is not ReadState.SIGNED)
    done = export(
        found,
        (Format.JSON, Format.GSPS),
        tmp_path / "out",
        record=into_log(reads_path(), read.read_id, "local"),
    )
    log = ReadLog(reads_path())
    entered = [e.content for e in log.events() if e.action is Action.RECORD_EXPORT]
    log.close()
    assert entered == [ExportRecorded(format=w.format, sha256=w.sha256) for w in done.written]
    assert len(entered) == 5


def _references(made: pydicom.Dataset) -> set[str]:
    """Return the images that an object refers to, wherever it says so."""
    found = {
        str(made[keyword].value) for keyword in ("ReferencedSOPInstanceUID",) if keyword in made
    }
    for element in made:
        if element.VR == "SQ":
            for item in element.value:
                found |= _references(item)
    return found


@pytest.mark.parametrize("one", [Format.SEG, Format.GSPS, Format.SC])
def test_each_file_belongs_to_the_image_of_its_name(
    exam: Path, tmp_path: Path, one: Format
) -> None:
    done = export(gathered(exam), (one,), tmp_path / "out", record=_entered)
    images = {i.label: i.sop_instance_uid for i in examination(exam).mammograms}
    assert len(done.written) == 4
    for written in done.written:
        label = " ".join(written.file.stem.split("-")[2:])
        assert _references(pydicom.dcmread(written.file)) == {images[label]}


def test_a_volume_is_told_by_the_slice_that_shows_the_finding(tmp_path: Path) -> None:
    (tmp_path / "exam").mkdir()
    build_tomo(tmp_path / "exam" / "tomo.dcm")
    whole = report(examination(tmp_path / "exam").mammograms)
    (finding,) = whole.final.findings
    (view,) = finding.views
    there = replace(finding, views=(replace(view, frame=7),))
    length = replace(whole.annotations[0], frame=3)
    read = replace(
        whole,
        final=replace(whole.final, findings=(there,)),
        annotations=(length,),
        shown=(replace(whole.shown[0], frame=5),),
        answers=(),
        heatmaps=(),
    )
    assert slice_to_show(replace(read, final=replace(read.final, findings=())), read.images[0]) == 5
    assert slice_to_show(read, read.images[0]) == 7
    out = tmp_path / "out"
    wanted = (Format.GSPS, Format.TID_1500, Format.SC, Format.PDF_DICOM, Format.JSON)
    done = export(Gathered(report=read), wanted, out, record=_entered)
    assert done.refused == ()
    state = pydicom.dcmread(out / "gsps-1-R-CC.dcm")
    frames = {
        item.GraphicLayer: item.ReferencedImageSequence[0].get("ReferencedFrameNumber")
        for item in state.GraphicAnnotationSequence
    }
    layers = ("READER FINDINGS", "READER MEASURES", "CAD MARKS")
    assert [frames[layer] for layer in layers] == [7, 3, 5]
    for path in out.glob("*.dcm"):
        assert validators.iod_errors(path) == []
    document = json.loads((out / "results.json").read_text())
    assert document["final"]["findings"][0]["views"][0]["frame"] == 7


def test_no_result_is_ever_hung_as_a_mammogram(exam: Path) -> None:
    export(gathered(exam), tuple(Format), exam / "results", record=_entered)
    (found,) = index_paths([exam]).examinations
    assert len(found.mammograms) == 4
    (alone,) = [index_paths([exam / "results"])]
    assert alone.examinations == ()


def test_heat_lies_on_the_breast_alone(exam: Path, tmp_path: Path) -> None:
    export(gathered(exam), (Format.SEG,), tmp_path / "out", record=_entered)
    image = examination(exam).mammograms[0]
    _, loaded = load_image(image)
    made = pydicom.dcmread(next((tmp_path / "out").glob("seg-1-*")))
    heat = made.pixel_array.max(axis=0)
    mask = loaded.breast
    rows = (np.arange(image.rows) * mask.shape[0]) // image.rows
    cols = (np.arange(image.cols) * mask.shape[1]) // image.cols
    inside = mask[np.ix_(rows, cols)]
    assert heat[inside].max() > 200
    assert heat[~inside].max() == 0


# -- writing ----------------------------------------------------------------------------------


def _entered(one: Format, sha256: str) -> None:
    """Stand for a log that takes everything."""


def test_one_format_that_fails_stops_no_other(
    exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(work: Work) -> tuple[NamedBytes, ...]:
        raise DicomError("a thing", expected="another", todo="do it")

    def broken(work: Work) -> tuple[NamedBytes, ...]:
        raise RuntimeError("a fault")

    def lacking(work: Work) -> tuple[NamedBytes, ...]:
        raise ImportError("no such module", name="highdicom")

    makers = {**formats.MAKERS, Format.SEG: refused, Format.SC: broken, Format.KO: lacking}
    monkeypatch.setattr("mammoview.app.results.export.MAKERS", makers)
    done = export(
        gathered(exam),
        (Format.SEG, Format.SC, Format.KO, Format.JSON),
        tmp_path / "out",
        record=_entered,
    )
    assert [w.file.name for w in done.written] == ["results.json"]
    assert [(r.format, r.reason) for r in done.refused] == [
        (Format.SEG, "a thing; expected another; do it"),
        (Format.SC, "a fault of the program (RuntimeError): please report it"),
        (Format.KO, "the package highdicom is not here; install mammoview again"),
    ]


def test_images_that_nothing_can_be_filed_with_still_have_a_report(tmp_path: Path) -> None:
    build_mg(tmp_path / "a.dcm", elements={"StudyInstanceUID": None})
    read = report(examination(tmp_path).mammograms)
    done = export(Gathered(report=read), tuple(Format), tmp_path / "out", record=_entered)
    assert names(tmp_path / "out") == ["report.pdf", "results.json"]
    assert all("StudyInstanceUID" in refused.reason for refused in done.refused)


def test_a_full_disk_leaves_no_half_format(
    exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:  # the second of the four files
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    out = tmp_path / "out"
    done = export(gathered(exam), (Format.GSPS, Format.JSON), out, record=_entered)
    assert names(out) == ["results.json"]
    assert [r.format for r in done.refused] == [Format.GSPS]
    assert "free some space" in done.refused[0].reason


def test_a_folder_that_cannot_be_made_is_said(exam: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = export(gathered(exam), QUICK, tmp_path / "out", record=_entered)
    assert done.written == ()
    assert {"choose another place" in r.reason for r in done.refused} == {True}


def test_nothing_leaves_that_the_log_does_not_take(exam: Path, tmp_path: Path) -> None:
    def refuses(one: Format, sha256: str) -> None:
        raise ReviewError("a full disk", expected="a log", todo="free space")

    done = export(gathered(exam), QUICK, tmp_path / "out", record=refuses)
    assert names(tmp_path / "out") == []
    assert len(done.refused) == 2


def test_a_cancelled_export_keeps_what_is_whole(exam: Path, tmp_path: Path) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2  # in the middle of the second format

    out = tmp_path / "out"
    done = export(
        gathered(exam), (Format.JSON, Format.GSPS), out, record=_entered, cancelled=cancelled
    )
    assert isinstance(done, Exported)
    assert done.cancelled
    assert names(out) == ["results.json"]


def test_a_read_with_nothing_to_select_has_no_key_images(exam: Path, tmp_path: Path) -> None:
    whole = gathered(exam).report
    bare = replace(whole, final=replace(whole.final, findings=()), shown=(), answers=())
    done = export(Gathered(report=bare), (Format.KO,), tmp_path / "out", record=_entered)
    assert "a finding, or a mark that was agreed with" in done.refused[0].reason


def test_results_of_another_patient_are_not_mixed_in(exam: Path, tmp_path: Path) -> None:
    build_exam(tmp_path / "other", person="Other^One", study="2")
    first, second = keep_read(exam), keep_read(tmp_path / "other")
    out = tmp_path / "out"
    export(
        reports.gather(first.read_id, index_paths([exam]), places()),
        (Format.GSPS,),
        out,
        record=into_log(reads_path(), first.read_id, "local"),
    )
    before = {path: path.read_bytes() for path in out.iterdir()}
    found = reports.gather(second.read_id, index_paths([tmp_path / "other"]), places())
    for wanted in (QUICK, (Format.GSPS,)):
        with pytest.raises(ReviewError, match=r"not of this read.*gsps-1-R-CC"):
            export(
                found,
                wanted,
                out,
                record=into_log(reads_path(), second.read_id, "local"),
                entered=entered_in(reads_path(), second.read_id),
            )
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_a_file_that_somebody_changed_is_not_replaced(exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.pdf").write_text("mine")
    (out / "notes.txt").write_text("mine too")
    with pytest.raises(ReviewError, match=r"report\.pdf"):
        export(gathered(exam), QUICK, out, record=_entered)
    assert names(out) == ["notes.txt", "report.pdf"]


def test_what_a_read_no_longer_tells_goes_with_the_next_export(exam: Path, tmp_path: Path) -> None:
    read = keep_read(exam)
    found, out = reports.gather(read.read_id, index_paths([exam]), places()), tmp_path / "out"
    record = into_log(reads_path(), read.read_id, "local")
    export(found, (Format.KO, Format.GSPS), out, record=record)
    key_object = out / "ko.dcm"
    key_object.rename(out / "ko-1.dcm")  # there was more than one document then
    export(
        found,
        (Format.KO,),
        out,
        record=record,
        entered=entered_in(reads_path(), read.read_id),
    )
    assert names(out) == [
        "gsps-1-R-CC.dcm",
        "gsps-2-L-CC.dcm",
        "gsps-3-R-MLO.dcm",
        "gsps-4-L-MLO.dcm",
        "ko.dcm",
    ]


def test_what_a_killed_export_left_is_swept_once_it_is_old(exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    old, fresh = (out / f".mammoview-{digit * 32}.tmp" for digit in "ab")
    for path in (old, fresh, out / ".mammoview-notes.tmp"):
        path.write_bytes(b"a patient's")
    os.utime(old, (1, 1))
    export(gathered(exam), QUICK, out, record=_entered)
    assert not old.exists()
    assert fresh.exists(), "another program may be writing it"
    assert (out / ".mammoview-notes.tmp").exists()


def test_a_folder_in_the_place_of_a_file_leaves_no_half_format(exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "gsps-3-R-MLO.dcm").mkdir(parents=True)
    done = export(gathered(exam), (Format.GSPS,), out, record=_entered)
    assert names(out) == ["gsps-3-R-MLO.dcm"]
    assert "gsps-3-R-MLO.dcm" in done.refused[0].reason


def test_every_file_is_known_as_one_of_its_format(exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = export(gathered(exam), tuple(Format), out, record=_entered)
    for one in Format:
        assert set(results_in(out, one)) == {w.file for w in done.written if w.format is one}
