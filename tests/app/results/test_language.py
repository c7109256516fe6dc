"""What a person reads of a result is in the window's language; what a program reads is English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from mammoview import words
from mammoview.app.pixels.resolve import load_image
from mammoview.app.reports import Gathered
from mammoview.app.results import pictures, report_pdf
from mammoview.app.results.document import results_document
from mammoview.app.results.export import export
from mammoview.app.results.fonts import Fonts
from mammoview.app.results.formats import Format
from mammoview.domain.geometry import PixelSpacing, SpacingBasis
from mammoview.domain.reading import AnalysisOutcome, Decision, ReadReport
from mammoview.domain.views import Laterality
from mammoview.imaging import marked_picture
from mammoview.ui.language import pseudo
from tests.builders.dicom import build_exam
from tests.builders.kept import examination
from tests.builders.reports import report

# What the images, the model and the reader say of themselves.
_DATA = re.compile(
    r"[\W\d_]*|Phantom.*|P-?\d+|mammoview \S+|[0-9a-f]{16,}|Dr\. \w+, .* UTC|[\d: -]+ UTC|scar \(.*"
    r"|([RL] (CC|MLO)[, ]*)+|C\d+|quick 1|specific|CPU|the mark showed it|no memory|mm"
    r"|new since the prior|1|4B|b|[RL](CC|MLO)"
    r"|[\d.]+( x [\d.]+)? mm|.*-RMLO"
)
_WRITTEN = ("words", "report_rows", "report_pdf", "pictures")


@pytest.fixture
def foreign() -> Iterator[None]:
    """Speak the made-up language: longer, and with its ends shown."""
    words.use(lambda context, text, comment, n: pseudo(words.english(text, n)))
    yield
    words.use(None)


@pytest.fixture
def read(tmp_path: Path) -> ReadReport:
    build_exam(tmp_path)
    return report(examination(tmp_path).mammograms)


def _kinds_of(read: ReadReport) -> tuple[ReadReport, ...]:
    """Return reads that between them have every part of a report."""
    assert read.cad is not None
    failed = replace(read.cad, outcome=AnalysisOutcome.FAILED, reason="no memory", views=())
    decided = Decision(laterality=Laterality.RIGHT, category="1", reason="scar")
    return (
        replace(read, decisions=(("Dr. Third", decided),)),
        replace(read, signed_at="", signed_by="", missing=("LMLO",), cad=failed, shown=()),
        replace(read, cad=None, shown=(), final=replace(read.final, findings=()), unaided=None),
        replace(read, unaided=read.final, final=replace(read.final, findings=()), answers=()),
    )


@pytest.mark.usefixtures("foreign")
def test_no_text_of_the_report_is_left_in_english(
    read: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    markup = Fonts.markup

    def listening(fonts: Fonts, text: str) -> str:
        said.append(text)
        return markup(fonts, text)

    monkeypatch.setattr(Fonts, "markup", listening)
    grey = np.full((60, 40, 3), 90, np.uint8)
    for one in _kinds_of(read):
        report_pdf.report_pdf(one, [("RCC", grey)])
    assert len(set(said)) > 100, "the report was not heard"
    assert [text for text in dict.fromkeys(said) if not _is_foreign(text)] == []


@pytest.mark.usefixtures("foreign")
def test_no_text_burned_into_a_picture_is_left_in_english(
    read: ReadReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    draw = marked_picture.marked_picture

    def listening(*args: Any, **kwargs: Any) -> Any:
        title = kwargs["words"].title.split()  # the name of a view is the same everywhere
        said.extend((" ".join(title[2:]), kwargs["words"].notice))
        said.extend(mark.label for mark in kwargs["marks"])
        return draw(*args, **kwargs)

    monkeypatch.setattr(marked_picture, "marked_picture", listening)
    for one in (read, replace(read, signed_at="")):
        for header in read.images[:2]:
            view, image = load_image(header)
            for in_words in (True, False):
                pictures.picture_of(one, view, image, voi=None, long_side_px=300, in_words=in_words)
    assert len(set(said)) > 8, "the pictures were not heard"
    assert [text for text in dict.fromkeys(said) if not _is_foreign(text)] == []


@pytest.mark.usefixtures("foreign")
def test_no_text_of_a_presentation_state_is_left_in_english(
    read: ReadReport, tmp_path: Path
) -> None:
    said: list[str] = []
    for name, one in (("signed", read), ("not", replace(read, signed_at="", answers=()))):
        out = tmp_path / name
        done = export(Gathered(report=one), (Format.GSPS,), out, record=lambda *entered: None)
        assert done.refused == ()
        for file in out.glob("*.dcm"):
            for drawn in pydicom.dcmread(file).GraphicAnnotationSequence:
                texts = drawn.get("TextObjectSequence", [])
                said += [str(text.UnformattedTextValue) for text in texts]
    assert len(set(said)) > 8, "the presentation states were not read"
    assert [text for text in dict.fromkeys(said) if not _is_foreign(text)] == []


def _is_foreign(text: str) -> bool:
    """Tell whether nothing but data stands outside the marked ends of translated texts."""
    bare = re.sub(r"\[!!! .*!!!\]", "", text, flags=re.DOTALL)
    return all(_DATA.fullmatch(part.strip(" ,;:()")) for part in bare.split("; "))


def test_the_document_for_programs_is_the_same_in_every_language(
    read: ReadReport, foreign: None
) -> None:
    spacing = PixelSpacing(
        row_mm=0.1, col_mm=0.1, source="t", basis=SpacingBasis.CORRECTED, magnification=1.8
    )
    images = (replace(read.images[0], spacing=spacing), *read.images[1:])
    read = replace(read, images=images)
    there = results_document(read)
    words.use(None)
    assert there == results_document(read)
    assert there["images"][0]["spacing_mm_per_px"]["basis"] == "corrected 1.80x"


@pytest.mark.parametrize("module", _WRITTEN)
def test_no_sentence_stands_outside_what_is_translated(repository: Path, module: str) -> None:
    """Branches that no report above goes through are found in the source."""
    source = (repository / "mammoview" / "app" / "results" / f"{module}.py").read_text("utf-8")
    assert [said for said in _loose(ast.parse(source)) if said not in _FOR_PROGRAMS] == []


_SEVERAL_WORDS = re.compile(r"[A-Za-z]{3,}\W* |\s\W*[A-Za-z]{3,}")
_FOR_PROGRAMS = {" UTC", "mammoview ", "mammoview (research use only)", "Research use only"}


def _loose(tree: ast.AST) -> Iterator[str]:
    """Return texts of several words that are in no call of ``translate`` and no docstring."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Call(func=ast.Name(id="translate" | "QT_TRANSLATE_NOOP")):
                continue
            case ast.Constant(value=str(text)) if _SEVERAL_WORDS.search(text):
                yield text
        yield from _loose(node)


def test_a_sentence_that_is_forgotten_is_found() -> None:
    assert list(_loose(ast.parse('f"{view} slice {frame}"'))) == [" slice "]
