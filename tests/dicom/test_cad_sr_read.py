from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from mammoview.dicom.cad_sr_read import load_cad_report
from mammoview.dicom.export.cad_sr import build_cad_sr
from mammoview.dicom.export.headers import read_sources, to_bytes
from mammoview.dicom.index import index_paths
from mammoview.domain.cad_report import Algorithm, CadReport
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.study import ImageOrigin, Preserved
from mammoview.errors import DicomError
from tests.builders.dicom import build_exam, build_mg
from tests.builders.foreign_sr import HIDDEN, OPTIONAL, Image, Seen, build_report
from tests.builders.reports import report as own_report

_CALC = ("SCT", "129769006")


def _image(folder: Path, name: str = "a.dcm", **changes: object) -> tuple[Path, Image]:
    file = build_mg(folder / name, **changes)  # type: ignore[arg-type]
    return file, Image(uid=str(pydicom.dcmread(file).SOPInstanceUID))


def _read(folder: Path) -> CadReport:
    (examination,) = index_paths([folder]).examinations
    (found,) = examination.cad_reports
    return load_cad_report(found)


def test_a_recent_report_is_read_whole(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    told = {
        "111044": "P",
        "111043": "L",
        "111066": 0.1,
        "111026": 0.08,
        "110910": 120,
        "110911": 90,
        "111027": ("SCT", "73056007"),
    }
    seen = Seen(
        image=0,
        centre=(31.25, 62.5),
        outline=(30.0, 60.0, 33.5, 60.0, 33.5, 66.0, 30.0, 60.0),
        certainty=62.5,
    )
    build_report(tmp_path / "cad.dcm", file, [replace(image, told=told)], [seen])
    found = _read(tmp_path)
    (mark,) = found.marks
    assert (mark.centre.col, mark.centre.row) == (31.25, 62.5)
    assert [(p.col, p.row) for p in mark.outline] == [(30.0, 60.0), (33.5, 60.0), (33.5, 66.0)]
    assert (mark.kind, mark.certainty, mark.level) == ("mass", 0.625, 0)
    assert found.source.algorithms == (Algorithm(name="Finder", version="7.2"),)
    assert found.source.title == "Finder 7.2"
    (library,) = found.images
    assert library.directions == ("P", "L")
    assert library.spacing_mm == (0.1, 0.08)
    assert (library.rows, library.cols, library.side) == (120, 90, "R")
    assert library.status is AnalysisStatus.ANALYZED


def test_an_old_report_with_outlines_alone_is_read(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    seen = Seen(
        image=0, kind=_CALC, centre=None, outline=(20.0, 30.0, 26.0, 30.0), graphic="CIRCLE"
    )
    bare = replace(seen, algorithm=None)
    build_report(tmp_path / "cad.dcm", file, [image], [bare], old=True)
    found = _read(tmp_path)
    (mark,) = found.marks
    assert mark.kind == "calcification"
    assert (mark.centre.col, mark.centre.row) == pytest.approx((20.0, 30.0))
    assert {round(math.hypot(p.col - 20, p.row - 30), 6) for p in mark.outline} == {6.0}
    assert mark.certainty is None
    assert mark.sop_instance_uid == image.uid
    assert found.source.title == "Other Maker Second Look 7.2"
    assert found.images[0].status is AnalysisStatus.ANALYZED


def test_an_ellipse_goes_through_the_ends_of_its_axes(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    axes = (20.0, 40.0, 40.0, 40.0, 30.0, 35.0, 30.0, 45.0)
    build_report(
        tmp_path / "cad.dcm",
        file,
        [image],
        [Seen(image=0, centre=None, outline=axes, graphic="ELLIPSE")],
    )
    (mark,) = _read(tmp_path).marks
    cols, rows = [p.col for p in mark.outline], [p.row for p in mark.outline]
    assert (min(cols), max(cols), min(rows), max(rows)) == pytest.approx((20, 40, 35, 45))


def test_what_is_drawn_follows_intent_and_operating_point(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    findings = [
        Seen(image=0, centre=(10.0, 10.0)),
        Seen(image=0, centre=(20.0, 10.0), intent=OPTIONAL, level=2),
        Seen(image=0, centre=(30.0, 10.0), intent=OPTIONAL),
        Seen(image=0, centre=(40.0, 10.0), intent=HIDDEN),
    ]
    build_report(tmp_path / "cad.dcm", file, [image], findings, highest=3, recommended=1)
    found = _read(tmp_path)
    assert [(mark.centre.col, mark.level) for mark in found.marks] == [(10, 0), (20, 2), (30, 3)]
    assert (found.highest, found.recommended) == (3, 1)


def test_what_stands_in_something_optional_is_not_drawn_at_once(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    build_report(tmp_path / "cad.dcm", file, [image], [Seen(image=0)], optional_impressions=True)
    found = _read(tmp_path)
    assert [mark.level for mark in found.marks] == [1]
    assert found.highest == 1


def test_parts_of_a_finding_and_what_is_no_lesion_are_no_marks(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    single = Seen(image=0, kind=("SCT", "129770007"), centre=(11.0, 12.0))
    cluster = Seen(image=0, kind=_CALC, inside=(single, single))
    nipple = Seen(image=0, kind=("SCT", "24142002"))
    nowhere = Seen(image=0, centre=None)
    build_report(tmp_path / "cad.dcm", file, [image], [cluster, nipple, nowhere])
    found = _read(tmp_path)
    assert len(found.marks) == 1
    assert any("no lesion" in note for note in found.notes)
    assert any("without a place" in note for note in found.notes)


def test_other_findings_that_must_be_drawn_keep_their_name(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    build_report(tmp_path / "cad.dcm", file, [image], [Seen(image=0, kind=("SCT", "129794007"))])
    assert [mark.kind for mark in _read(tmp_path).marks] == ["meaning"]


def test_failed_images_are_told_from_read_ones(tmp_path: Path) -> None:
    first, one = _image(tmp_path)
    _, two = _image(tmp_path, "b.dcm", view="MLO")
    build_report(tmp_path / "cad.dcm", first, [one, two], [], failed=[1])
    assert [image.status for image in _read(tmp_path).images] == [
        AnalysisStatus.ANALYZED,
        AnalysisStatus.FAILED,
    ]


def test_the_newest_report_of_an_algorithm_counts(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    for name, day, col in (
        ("a", "20240103", 10.0),
        ("b", "20240105", 20.0),
        ("c", "20240104", 30.0),
    ):
        build_report(
            tmp_path / f"cad-{name}.dcm",
            file,
            [image],
            [Seen(image=0, centre=(col, 10.0))],
            elements={"ContentDate": day},
        )
    assert [mark.centre.col for mark in _read(tmp_path).marks] == [20.0]


def test_reports_of_two_algorithms_stand_beside_each_other(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    for name in ("Alpha", "Beta"):
        build_report(
            tmp_path / f"{name}.dcm", file, [image], [Seen(image=0, algorithm=(name, "1"))]
        )
    (examination,) = index_paths([tmp_path]).examinations
    named = [{a.name for a in report.named} for report in examination.cad_reports]
    assert sorted(map(sorted, named)) == [["Alpha", "Finder"], ["Beta", "Finder"]]


@pytest.mark.parametrize("old", [False, True])
def test_what_stands_on_the_screen_before_the_reveal_tells_of_no_finding(
    tmp_path: Path, old: bool
) -> None:
    """Reports of before 2018 name their algorithms in their findings alone."""
    said = []
    for name, findings in (("none", []), ("some", [Seen(image=0), Seen(image=0)])):
        (tmp_path / name).mkdir()
        file, image = _image(tmp_path / name)
        build_report(tmp_path / name / "cad.dcm", file, [image], findings, old=old)
        (examination,) = index_paths([tmp_path / name]).examinations
        (report,) = examination.cad_reports
        said.append((report.title, report.maker, report.algorithms))
    assert said[0] == said[1]


def test_a_report_of_images_that_are_not_here_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    file, image = _image(tmp_path / "one", study="other")
    build_mg(tmp_path / "two" / "b.dcm")
    report = build_report(tmp_path / "two" / "cad.dcm", file, [image], [Seen(image=0)])
    index = index_paths([tmp_path / "two"])
    assert [(r.file, "images that are not here" in r.reason) for r in index.refused] == [
        (report, True)
    ]


def test_a_report_of_the_processing_image_belongs_to_what_was_made_from_it(tmp_path: Path) -> None:
    source = pydicom.Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = "1.2", "1.2.3.4"
    source.SpatialLocationsPreserved = "REORIENTED_ONLY"
    file, _ = _image(tmp_path, elements={"SourceImageSequence": [source]})
    other = {"StudyInstanceUID": "1.2.3"}
    build_report(
        tmp_path / "cad.dcm", file, [Image(uid="1.2.3.4")], [Seen(image=0)], elements=other
    )
    (examination,) = index_paths([tmp_path]).examinations
    assert len(examination.cad_reports) == 1
    assert examination.mammograms[0].origins == (
        ImageOrigin(sop_instance_uid="1.2.3.4", preserved=Preserved.REORIENTED_ONLY),
    )


@pytest.mark.parametrize(
    "elements",
    [
        {"ContentSequence": []},
        {"StudyInstanceUID": None},
    ],
)
def test_a_report_without_content_is_refused(tmp_path: Path, elements: dict[str, object]) -> None:
    file, image = _image(tmp_path)
    build_report(tmp_path / "cad.dcm", file, [image], [], elements=elements)
    index = index_paths([tmp_path])
    assert len(index.refused) == 1
    assert "CAD report without" in index.refused[0].reason


def test_damaged_items_leave_the_rest(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    path = build_report(
        tmp_path / "cad.dcm", file, [image], [Seen(image=0), Seen(image=0, centre=(9.0, 9.0))]
    )
    broken = pydicom.dcmread(path)
    summary = broken.ContentSequence[2]
    first = summary.ContentSequence[0].ContentSequence[1]
    drawn = next(c for c in first.ContentSequence if c.ValueType == "SCOORD")
    drawn.ContentSequence[0].ReferencedContentItemIdentifier = [1, 2, 77]
    broken.save_as(path)
    found = _read(tmp_path)
    assert [mark.centre.col for mark in found.marks] == [9.0]
    assert any("without a place or an image" in note for note in found.notes)


def test_a_file_that_changed_since_it_was_found_is_refused(tmp_path: Path) -> None:
    file, image = _image(tmp_path)
    path = build_report(tmp_path / "cad.dcm", file, [image], [Seen(image=0)])
    (examination,) = index_paths([tmp_path]).examinations
    build_report(path, file, [image], [], elements={"SoftwareVersions": "8", "ContentTime": "1200"})
    with pytest.raises(DicomError, match="another CAD report"):
        load_cad_report(examination.cad_reports[0])


def test_our_own_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    build_exam(tmp_path)
    (examination,) = index_paths([tmp_path]).examinations
    written = own_report(examination.mammograms)
    made = build_cad_sr(written, read_sources(written.images))
    (tmp_path / "cad.dcm").write_bytes(to_bytes(made))
    found = _read(tmp_path)
    assert found.source.title == "quick 1"
    assert {
        (m.sop_instance_uid, m.kind, m.centre.col, m.centre.row, m.certainty, m.level)
        for m in found.marks
    } == {(m.sop_instance_uid, m.kind, m.peak.col, m.peak.row, m.score, 0) for m in written.shown}
    assert {image.status for image in found.images} == {AnalysisStatus.ANALYZED}
