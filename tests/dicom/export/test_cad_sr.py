from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from highdicom.sr import ScoordContentItem
from pydicom.dataset import Dataset

from mammoview.dicom.export.cad_sr import build_cad_sr
from mammoview.dicom.export.headers import read_sources, to_bytes
from mammoview.dicom.index import index_paths
from mammoview.domain.prediction import AnalysisStatus, ModelIdentity
from mammoview.domain.reading import AnalysisOutcome, ReadReport
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from tests.builders.dicom import build_mg
from tests.builders.reports import report
from tests.builders.sr_tree import (
    child_values,
    concept_of,
    followed,
    image_of,
    item,
    items,
    points,
    value,
    walk,
)
from tests.builders.tomo import build_tomo
from tests.dicom.export.conftest import answer, mark, said, with_views


def _written(report: ReadReport) -> Dataset:
    """Return what a stranger reads from the file."""
    raw = to_bytes(build_cad_sr(report, read_sources(report.images)))
    return pydicom.dcmread(io.BytesIO(raw))


def test_a_mark_comes_back_at_its_place_on_its_image(right_breast: tuple[Mammogram, ...]) -> None:
    mlo = right_breast[1]
    shown = mark(mlo, "m1", col=31.3125, row=62.71875)
    tree = _written(said(right_breast, (shown,)))
    finding = item(tree, "111059")
    assert value(finding) == "129793001"
    centre, outline = item(finding, "111010"), item(finding, "111041")
    assert points(centre) == [(31.3125, 62.71875)]
    drawn = [(p.col, p.row) for p in shown.outline]
    assert points(outline) == [*drawn, drawn[0]]
    for drawn_item in (centre, outline):
        assert image_of(tree, drawn_item).ReferencedSOPInstanceUID == mlo.sop_instance_uid
    assert child_values(finding, "111012") == ["62.5"]
    assert child_values(finding, "111001") == ["quick"]
    assert child_values(finding, "111003") == ["1"]
    assert "operating point: specific" in child_values(finding, "111002")


def test_places_on_a_large_image_come_back_to_the_subpixel(tmp_path: Path) -> None:
    stored = np.zeros((4700, 3500), np.uint16)
    images = _images(build_mg(tmp_path / "a.dcm", stored=stored))
    shown = mark(images[0], "m1", col=3333.3, row=4666.6)
    tree = _written(said(images, (shown,)))
    assert points(item(tree, "111010"))[0] == pytest.approx((3333.3, 4666.6), abs=1e-3)


def test_highdicom_reads_the_same_places(right_breast: tuple[Mammogram, ...]) -> None:
    """Item by item: it takes no whole Mammography CAD SR, and no reference by relationship."""
    shown = mark(right_breast[0], "m1", col=31.3125, row=62.71875)
    tree = _written(said(right_breast, (shown,)))
    places = []
    for concept in ("111010", "111041"):
        drawn = item(tree, concept)
        del drawn.ContentSequence
        places.append(ScoordContentItem.from_dataset(drawn).value.tolist())
    corners = [[p.col, p.row] for p in (*shown.outline, shown.outline[0])]
    assert places == [[[31.3125, 62.71875]], corners]


def test_library_tells_side_view_orientation_scale_and_size(
    right_breast: tuple[Mammogram, ...],
) -> None:
    library = item(_written(said(right_breast)), "111028")
    cc, mlo = library.ContentSequence
    assert child_values(cc, "111027") == ["73056007"]
    assert (child_values(cc, "111031"), child_values(mlo, "111031")) == (
        ["399162004"],
        ["399368009"],
    )
    assert child_values(mlo, "111044") + child_values(mlo, "111043") == ["P", "FL"]
    assert child_values(cc, "111026") + child_values(cc, "111066") == ["0.1", "0.1"]
    assert child_values(cc, "110910") + child_values(cc, "110911") == ["120", "90"]


def test_spacing_of_the_columns_is_the_horizontal_one(tmp_path: Path) -> None:
    images = _images(build_mg(tmp_path / "a.dcm", spacing=(0.1, 0.08)))
    entry = item(_written(said(images)), "111028").ContentSequence[0]
    assert (child_values(entry, "111026"), child_values(entry, "111066")) == (["0.08"], ["0.1"])


def test_what_has_no_code_is_left_out_and_not_guessed(tmp_path: Path) -> None:
    file = build_mg(
        tmp_path / "a.dcm",
        view="XCC",
        modifiers=(),
        elements={"ImageLaterality": None, "PatientOrientation": None, "ViewCodeSequence": []},
        spacing=None,
    )
    entry = item(_written(said(_images(file))), "111028").ContentSequence[0]
    told = {concept_of(child) for child in entry.ContentSequence}
    assert told.isdisjoint({"111027", "111031", "111043", "111044", "111026", "111066"})


def test_view_modifiers_stand_below_the_view(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm", modifiers=[("SCT", "399163009"), ("SCT", "399055006")])
    entry = item(_written(said(_images(file))), "111028").ContentSequence[0]
    view = item(entry, "111031")
    assert child_values(view, "111032") == ["399163009", "399055006"]


@pytest.mark.parametrize(
    ("outcome", "statuses", "summary", "detections"),
    [
        ("done", ("analyzed", "analyzed"), "111242", "111222"),
        ("done", ("analyzed", "failed"), "111244", "111223"),
        ("done", ("analyzed", "not-supported"), "111244", "111222"),
    ],
)
def test_runs_with_findings(
    right_breast: tuple[Mammogram, ...],
    outcome: str,
    statuses: tuple[str, ...],
    summary: str,
    detections: str,
) -> None:
    found = said(right_breast, (mark(right_breast[0], "m1", col=40.0, row=40.0),))
    tree = _written(with_views(found, *map(AnalysisStatus, statuses)))
    assert value(item(tree, "111017")) == summary
    assert value(item(tree, "111064")) == detections


@pytest.mark.parametrize(
    ("outcome", "statuses", "summary", "detections", "lists"),
    [
        ("done", ("analyzed", "analyzed"), "111241", "111222", {"111063": [0, 1]}),
        ("done", ("analyzed", "failed"), "111243", "111223", {"111063": [0], "111025": [1]}),
        ("failed", ("failed", "failed"), "111245", "111224", {"111025": [0, 1]}),
        ("not-run", ("not-supported", "not-supported"), "111245", "111225", {}),
        ("done", ("failed", "not-supported"), "111245", "111224", {"111025": [0]}),
    ],
)
def test_ran_and_found_none_failed_and_not_run_are_told_apart(
    right_breast: tuple[Mammogram, ...],
    outcome: str,
    statuses: tuple[str, ...],
    summary: str,
    detections: str,
    lists: dict[str, list[int]],
) -> None:
    result = with_views(said(right_breast), *map(AnalysisStatus, statuses))
    assert result.cad is not None
    result = replace(result, cad=replace(result.cad, outcome=AnalysisOutcome(outcome)))
    tree = _written(result)
    assert value(item(tree, "111017")) == summary
    assert value(item(tree, "111064")) == detections
    assert value(item(tree, "111065")) == "111225"
    told = {}
    for concept in ("111063", "111025"):
        for held in items(tree, concept):
            performed = items(held, "111022")
            assert [value(p) for p in performed] == ["129793001", "129769006"]
            first, second = (_places(tree, p, right_breast) for p in performed)
            assert first == second
            told[concept] = first
    assert told == lists
    if "failed" in statuses:
        assert "out of memory" in value(item(tree, "111033"))


def test_a_read_whose_model_did_not_open_says_so(right_breast: tuple[Mammogram, ...]) -> None:
    result = said(right_breast)
    assert result.cad is not None
    failed = replace(
        result.cad,
        outcome=AnalysisOutcome.FAILED,
        reason="the bundle is damaged",
        model=ModelIdentity(name="", version="", sha256=""),
        views=(),
        kinds=(),
    )
    tree = _written(replace(result, cad=failed))
    assert (value(item(tree, "111017")), value(item(tree, "111064"))) == ("111245", "111224")
    assert "the bundle is damaged" in value(item(tree, "111033"))


def test_marks_that_the_reader_gave_to_one_finding_are_a_pair(
    right_breast: tuple[Mammogram, ...],
) -> None:
    cc, mlo = right_breast
    marks = (
        mark(cc, "a", col=30.0, row=50.0),
        mark(mlo, "b", col=40.0, row=60.0),
        mark(mlo, "c", "calcification", col=50.0, row=30.0),
    )
    tree = _written(said(right_breast, marks, answers=(answer("a", "f1"), answer("b", "f1"))))
    pair = item(tree, "111015")
    assert value(pair) == "129788004"
    assert child_values(pair, "111016") == ["111154"]
    assert child_values(pair, "111057") == ["111158"]
    inside = [c for c in pair.ContentSequence if concept_of(c) == "111059"]
    assert [child_values(c, "112039")[0] for c in inside] == ["a", "b"]
    assert {c.RelationshipType for c in inside} == {"INFERRED FROM"}
    assert len(items(tree, "111034")) == 2


def test_marks_that_nobody_linked_are_no_pair(right_breast: tuple[Mammogram, ...]) -> None:
    cc, mlo = right_breast
    marks = (mark(cc, "a", col=30.0, row=50.0), mark(mlo, "b", col=40.0, row=60.0))
    tree = _written(said(right_breast, marks, answers=(answer("a", "f1"), answer("b", "f2"))))
    assert items(tree, "111015") == []


def test_marks_of_another_operating_point_are_optional(right_breast: tuple[Mammogram, ...]) -> None:
    cc = right_breast[0]
    flagged, seen = mark(cc, "a", col=30.0, row=50.0), mark(cc, "b", col=40.0, row=80.0)
    tree = _written(said(right_breast, (flagged,), (seen,)))
    first, second = items(tree, "111059")
    assert child_values(first, "111056") == ["111150"]
    assert child_values(second, "111056") == ["111151"]
    assert [value(n) for n in items(second, "111071")] == ["1"]
    assert items(first, "111071") == []
    assert {value(n) for n in items(tree, "111072")} == {"1"}
    assert {value(n) for n in items(tree, "111092")} == {"0"}


def test_a_mark_in_a_frame_names_it(tmp_path: Path) -> None:
    images = _images(build_tomo(tmp_path / "a.dcm"))
    shown = replace(mark(images[0], "a", col=30.0, row=50.0), frame=3)
    tree = _written(said(images, (shown,)))
    reference = image_of(tree, item(tree, "111010"))
    assert reference.ReferencedFrameNumber == 3
    assert len(item(tree, "111028").ContentSequence) == 2


def test_never_a_probability_of_cancer(right_breast: tuple[Mammogram, ...]) -> None:
    tree = _written(report(right_breast))
    assert not items(tree, "111047")
    assert "cancer" not in "".join(str(element) for element in tree.iterall()).lower()


def test_the_same_read_gives_the_same_bytes(right_breast: tuple[Mammogram, ...]) -> None:
    whole = report(right_breast)
    sources = read_sources(whole.images)
    assert to_bytes(build_cad_sr(whole, sources)) == to_bytes(build_cad_sr(whole, sources))


def test_nothing_is_written_before_the_reveal(right_breast: tuple[Mammogram, ...]) -> None:
    blind = replace(report(right_breast), cad=None, shown=())
    with pytest.raises(DicomError, match="revealed"):
        build_cad_sr(blind, read_sources(blind.images))


def test_marks_of_another_maker_keep_its_name_and_have_no_invented_certainty(
    right_breast: tuple[Mammogram, ...],
) -> None:
    """A read whose revealed result was a foreign CAD report."""
    unscored = replace(mark(right_breast[0], "m1", col=30.0, row=50.0), score=0.0, scored=False)
    result = said(right_breast, (unscored,))
    assert result.cad is not None
    other = ModelIdentity(name="Finder", version="7.2", sha256="")
    tree = _written(replace(result, cad=replace(result.cad, model=other)))
    finding = item(tree, "111059")
    assert (child_values(finding, "111001"), child_values(finding, "111003")) == (
        ["Finder"],
        ["7.2"],
    )
    assert child_values(finding, "111012") == []


def test_a_kind_without_a_code_is_refused(right_breast: tuple[Mammogram, ...]) -> None:
    strange = said(right_breast, (mark(right_breast[0], "a", "vessel", col=30.0, row=50.0),))
    with pytest.raises(DicomError, match="vessel"):
        build_cad_sr(strange, read_sources(strange.images))


def test_real_exams_of_cbis_ddsm_are_written(demo_exam_p00820: list[Path]) -> None:
    (examination,) = index_paths(demo_exam_p00820).examinations
    tree = _written(report(examination.mammograms))
    assert len(item(tree, "111028").ContentSequence) == 4
    assert len(items(tree, "111059")) == 8


def _images(*files: Path) -> tuple[Mammogram, ...]:
    (examination,) = index_paths(files).examinations
    return examination.mammograms


def _places(tree: Dataset, performed: Dataset, images: tuple[Mammogram, ...]) -> list[int]:
    names = [image.sop_instance_uid for image in images]
    references = [c for c in performed.ContentSequence if "ReferencedContentItemIdentifier" in c]
    entries = [followed(tree, reference) for reference in references]
    return [names.index(e.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for e in entries]


def test_every_image_is_in_the_evidence(right_breast: tuple[Mammogram, ...]) -> None:
    tree = _written(report(right_breast))
    listed = {
        reference.ReferencedSOPInstanceUID
        for study in tree.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for reference in series.ReferencedSOPSequence
    }
    used = {
        reference.ReferencedSOPInstanceUID
        for entry in walk(tree)
        for reference in entry.get("ReferencedSOPSequence", [])
    }
    assert listed == used
