from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app.results.document import results_document
from mammoview.app.results.report_rows import blocks_of
from mammoview.domain.assessment import Opinion
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.reading import AnalysisOutcome, Decision, ReadReport
from mammoview.domain.views import Laterality
from tests.builders.dicom import build_exam
from tests.builders.kept import examination
from tests.builders.reports import report


@pytest.fixture
def read(tmp_path: Path) -> ReadReport:
    build_exam(tmp_path / "secret-folder")
    return report(examination(tmp_path / "secret-folder").mammograms)


def _rows(read: ReadReport, title: str) -> tuple[tuple[str, ...], ...]:
    (block,) = [block for block in blocks_of(read) if block.title == title]
    return block.rows


def _otherwise(read: ReadReport, title: str) -> str:
    (block,) = [block for block in blocks_of(read) if block.title == title]
    assert block.rows == ()
    return block.otherwise


def test_document_says_everything_and_no_path(read: ReadReport) -> None:
    text = json.dumps(results_document(read), allow_nan=False)
    document = json.loads(text)
    assert (document["format"], document["version"]) == ("mammoview-results", 1)
    assert "Research use only" in document["notice"]
    assert document["preliminary"] is False
    (finding,) = document["final"]["findings"]
    own = read.final.findings[0]
    assert finding["views"][0]["outline"] == [[p.col, p.row] for p in own.views[0].outline]
    assert (finding["clock"], finding["quadrant"], finding["size_mm"]) == (10, "upper-outer", 11.5)
    assert document["unaided"]["findings"] == []
    assert document["unaided"]["opinions"][0]["category"] == "1"
    marks = document["cad"]["marks"]
    assert [mark["id"] for mark in marks] == [mark.id for mark in read.shown]
    assert marks[0]["peak"] == [read.shown[0].peak.col, read.shown[0].peak.row]
    assert marks[0]["answer"]["finding_id"] == own.id
    assert document["cad"]["model"]["sha256"] == "ab" * 32
    assert document["images"][0]["spacing_mm_per_px"]["row"] == 0.1
    for hidden in ("secret-folder", ".dcm", str(read.images[0].file.parent.parent)):
        assert hidden not in text


def test_document_of_a_read_without_a_result_of_the_computer(read: ReadReport) -> None:
    document = results_document(replace(read, cad=None, shown=(), answers=(), unaided=None))
    assert document["cad"] is None
    assert document["unaided"] is None
    assert {image["cad"] for image in document["images"]} == {None}


def test_report_sets_the_final_opinion_beside_the_unaided_one(read: ReadReport) -> None:
    right, left, density = _rows(read, "Opinion")
    wanted = ("1 negative", "4B moderate suspicion", "changed", "the mark showed it")
    assert right == ("Right breast", *wanted)
    assert left[1:4] == ("1 negative", "1 negative", "same")
    assert density[:4] == ("Density", "b scattered fibroglandular densities",
                           "b scattered fibroglandular densities", "same")  # fmt: skip


def test_views_of_a_technical_recall_are_a_change(read: ReadReport) -> None:
    before = Opinion(laterality=Laterality.LEFT, category="1", views=("LCC",))
    assert read.unaided is not None
    right, _ = read.unaided.opinions
    unaided = replace(read.unaided, opinions=(right, before))
    row = _rows(replace(read, unaided=unaided), "Opinion")[1]
    assert row[1:4] == ("1 negative (LCC)", "1 negative", "changed")


def test_report_describes_findings_and_what_became_of_them(read: ReadReport) -> None:
    (row,) = _rows(read, "Findings of the reader")
    assert row[:6] == ("1", "right", "Mass", "Shape: irregular, Margin: spiculated", "11.5 mm",
                       "upper outer, 10 o'clock, middle third")  # fmt: skip
    assert row[7] == "added after the reveal; new since the prior"
    own = read.final.findings
    assert read.unaided is not None
    kept = replace(read, unaided=replace(read.unaided, findings=own))
    assert _rows(kept, "Findings of the reader")[0][7] == "unaided; new since the prior"
    gone = replace(kept, final=replace(kept.final, findings=()))
    assert _rows(gone, "Findings of the reader")[0][7] == "withdrawn after the reveal"
    assert _rows(gone, "Marks of the computer")[0][5] == "same as a finding, withdrawn since"


def test_report_says_descriptors_in_the_words_of_the_lexicon(read: ReadReport) -> None:
    said = (("morphology", "coarse"), ("associated", "skin-retraction"), ("odd", "no-such-word"))
    own = replace(read.final.findings[0], descriptors=said)
    other = replace(read, final=replace(read.final, findings=(own,)))
    assert _rows(other, "Findings of the reader")[0][3] == (
        "Morphology: coarse or popcorn-like, Associated: skin retraction, odd: no-such-word"
    )


def test_report_lists_each_mark_with_its_answer(read: ReadReport) -> None:
    first, second, *_ = _rows(read, "Marks of the computer")
    assert first == ("C1", "R CC", "mass", "0.62", "9.5 x 6.0 mm", "same as finding 1")
    assert second[5] == "dismissed: vessel"


def test_a_mark_without_a_score_says_none(read: ReadReport) -> None:
    other = replace(read, shown=(replace(read.shown[0], scored=False),))
    assert _rows(other, "Marks of the computer")[0][3] == "none"
    assert results_document(other)["cad"]["marks"][0]["score"] is None


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (AnalysisOutcome.DONE, "The computer marked nothing in 4 of 4 images."),
        (AnalysisOutcome.FAILED, "No result of the computer (failed): no memory."),
        (AnalysisOutcome.NOT_RUN, "No result of the computer (not run): no memory."),
    ],
)
def test_the_three_negatives_read_differently(
    read: ReadReport, outcome: AnalysisOutcome, wanted: str
) -> None:
    assert read.cad is not None
    cad = replace(read.cad, outcome=outcome, reason="no memory", marks=())
    none = replace(read, cad=cad, shown=(), answers=())
    assert _otherwise(none, "Marks of the computer") == wanted


def test_report_says_which_images_were_not_analysed(read: ReadReport) -> None:
    assert read.cad is not None
    views = (
        replace(read.cad.views[0], status=AnalysisStatus.NOT_SUPPORTED, reason="magnified"),
        replace(read.cad.views[1], notes=("scale assumed",)),
        *read.cad.views[2:],
    )
    partly = replace(read, cad=replace(read.cad, views=views))
    (images,) = [row[1] for row in _rows(partly, "") if row[0] == "Images"]
    assert images.startswith("R CC not analysed (magnified); L CC analysed (scale assumed); R MLO")


def test_report_names_the_arbitrator(read: ReadReport) -> None:
    said = Decision(laterality=Laterality.RIGHT, category="1", reason="scar")
    rows = _rows(replace(read, decisions=(("Dr. Third", said),)), "Opinion")
    assert rows[-1] == ("Arbitration, right", "", "1 negative", "decided", "scar (Dr. Third)")
