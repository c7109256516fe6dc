"""Heatmaps, key images, pictures and the report as DICOM objects, read back by pydicom alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from mammoview.dicom.export.encapsulated_pdf import encapsulated_pdf
from mammoview.dicom.export.headers import read_sources
from mammoview.dicom.export.heatmap_seg import heatmap_segmentation
from mammoview.dicom.export.key_objects import key_object_documents
from mammoview.dicom.export.secondary_capture import secondary_capture
from mammoview.dicom.index import index_paths
from mammoview.domain.reading import Disposition
from mammoview.domain.study import Mammogram
from tests.builders import validators
from tests.builders.dicom import build_cbis_exam
from tests.builders.reports import report

Images = tuple[Mammogram, ...]
PDF = b"%PDF-1.4 odd"
_OF_SEGMENT = {"mass": 1, "calcification": 2}


def _read(content: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def _ramp(image: Mammogram, along: int) -> NDArray[np.float32]:
    """Return scores that rise along one axis: a transposed one would be another."""
    size = (image.rows, image.cols)[along]
    line = np.linspace(0.0, 1.0, size, dtype=np.float32)
    shape = (-1, 1) if along == 0 else (1, -1)
    return np.broadcast_to(line.reshape(shape), (image.rows, image.cols)).copy()


def _seg(images: Images) -> bytes:
    image = images[0]
    maps = [("mass", _ramp(image, 0)), ("calcification", _ramp(image, 1))]
    return heatmap_segmentation(report(images), read_sources(images)[0], maps, 1)


def _sc(images: Images) -> bytes:
    return secondary_capture(report(images), read_sources(images)[0], _picture(), 1)


def _picture() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 255, (31, 17, 3), np.uint8)


def _pdf(images: Images) -> bytes:
    return encapsulated_pdf(report(images), read_sources(images), PDF)


def _ko(images: Images) -> bytes:
    (document,) = key_object_documents(report(images), read_sources(images))
    return document


@pytest.mark.parametrize("make", [_seg, _sc, _pdf, _ko])
def test_validator_of_others_finds_nothing(
    right_breast: Images, tmp_path: Path, make: Callable[[Images], bytes]
) -> None:
    file = tmp_path / "result.dcm"
    file.write_bytes(make(right_breast))
    assert validators.iod_errors(file) == []


def test_key_images_are_a_sound_document(right_breast: Images, tmp_path: Path) -> None:
    file = tmp_path / "ko.dcm"
    file.write_bytes(_ko(right_breast))
    assert validators.sr_dump_complaints(file) == []
    assert validators.sr_tree_complaints(file) == []


@pytest.mark.parametrize("make", [_seg, _sc, _pdf, _ko])
def test_filed_with_the_images_and_named_research(
    right_breast: Images, make: Callable[[Images], bytes]
) -> None:
    made, image = _read(make(right_breast)), pydicom.dcmread(right_breast[0].file)
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "PatientBirthDate"):
        assert made[keyword].value == image[keyword].value
    assert "research use only" in made.SeriesDescription
    assert make(right_breast) == make(right_breast)


def test_heatmap_values_lie_on_their_pixels(right_breast: Images) -> None:
    image, made = right_breast[0], _read(_seg(right_breast))
    assert (made.SegmentationType, made.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert (made.Rows, made.Columns, made.MaximumFractionalValue) == (image.rows, image.cols, 255)
    frames = made.pixel_array / 255
    labels = {item.SegmentLabel: item.SegmentNumber for item in made.SegmentSequence}
    assert labels == _OF_SEGMENT
    for along, kind in enumerate(_OF_SEGMENT):
        (at,) = [
            number
            for number, group in enumerate(made.PerFrameFunctionalGroupsSequence)
            if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == labels[kind]
        ]
        assert np.abs(frames[at] - _ramp(image, along)).max() <= 0.5 / 255 + 1e-6
    source = made.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert source.ReferencedSOPInstanceUID == image.sop_instance_uid
    assert list(made.PatientOrientation) == list(pydicom.dcmread(image.file).PatientOrientation)


def test_picture_comes_back_and_says_what_it_is(right_breast: Images) -> None:
    made = _read(_sc(right_breast))
    assert np.array_equal(made.pixel_array, _picture())
    assert made.BurnedInAnnotation == "YES"
    assert made.ImageType[0] == "DERIVED"
    source = made.SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == right_breast[0].sop_instance_uid
    assert "PixelSpacing" not in made


def test_report_comes_back_byte_for_byte(right_breast: Images) -> None:
    made = _read(_pdf(right_breast))
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == PDF
    assert made.MIMETypeOfEncapsulatedDocument == "application/pdf"


def _selected(document: bytes) -> set[str]:
    return {
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in _read(document).ContentSequence
        if item.ValueType == "IMAGE"
    }


def test_key_images_show_a_finding_or_an_agreed_mark(right_breast: Images) -> None:
    whole = report(right_breast)
    sources = read_sources(right_breast)
    bare = replace(whole, final=replace(whole.final, findings=()))
    uids = [image.sop_instance_uid for image in right_breast]
    assert _selected(_ko(right_breast)) == set(uids)
    (document,) = key_object_documents(bare, sources)
    assert _selected(document) == {uids[0]}  # the first mark alone was not dismissed
    dismissed = replace(bare.answers[0], disposition=Disposition.DISMISS, reason="vessel")
    nothing = replace(bare, answers=(dismissed, *bare.answers[1:]))
    assert key_object_documents(nothing, sources) == ()


def test_views_filed_as_studies_of_their_own_have_documents_of_their_own(tmp_path: Path) -> None:
    build_cbis_exam(tmp_path)
    images = index_paths([tmp_path]).examinations[0].mammograms
    whole = report(images)
    documents = key_object_documents(whole, read_sources(images))
    assert len(documents) == 2  # the finding's two views
    for document in documents:
        made, (uid,) = _read(document), _selected(document)
        (image,) = [i for i in images if i.sop_instance_uid == uid]
        assert made.StudyInstanceUID == pydicom.dcmread(image.file).StudyInstanceUID


def test_unsigned_reads_say_so(right_breast: Images) -> None:
    draft = replace(report(right_breast), signed_at="", signed_by="")
    sources = read_sources(right_breast)
    assert "PRELIMINARY" in _read(secondary_capture(draft, sources[0], _picture(), 1)).ImageComments
    assert _read(encapsulated_pdf(draft, sources, PDF)).DocumentTitle.startswith("Preliminary")
    (document,) = key_object_documents(draft, sources)
    said = [i.TextValue for i in _read(document).ContentSequence if i.ValueType == "TEXT"]
    assert said[0].startswith("PRELIMINARY")
