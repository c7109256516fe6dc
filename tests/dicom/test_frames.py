"""Multi-frame images: what the header says, and one frame decoded at a time."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.frames import open_frames, read_frame
from mammoview.dicom.index import index_paths
from mammoview.domain.study import ImageKind, Mammogram
from mammoview.domain.views import Laterality, Projection, Slot
from mammoview.errors import DicomError
from tests.builders.dicom import (
    DEFLATED,
    EXPLICIT_LITTLE,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    TRANSFER_SYNTAXES,
    build_exam,
    build_mg,
)
from tests.builders.tomo import (
    PROJECTIONS,
    add_extended_table,
    build_synthetic_2d,
    build_tomo,
    build_tomo_exam,
    number_in,
    spoil_offset_table,
    volume_frames,
)

ENCAPSULATED = (RLE, JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_2000_LOSSLESS)


def only(path: Path) -> Mammogram:
    index = index_paths([path])
    assert index.refused == ()
    (exam,) = index.examinations
    (mammogram,) = exam.mammograms
    return mammogram


def reason(path: Path) -> str:
    (refused,) = index_paths([path]).refused
    return refused.reason


# -- header -----------------------------------------------------------------------------------


def test_a_volume_is_described_by_its_functional_groups(tmp_path: Path) -> None:
    path = build_tomo(
        tmp_path / "v", laterality="L", view="MLO", frames=5, thickness_mm=1.5, spacing_mm=0.09
    )
    volume = only(path)
    assert volume.warnings == ()
    assert (volume.laterality.value, volume.laterality.source) == (
        Laterality.LEFT,
        "FrameLaterality",
    )
    assert volume.view.value is Projection.MLO
    assert volume.spacing is not None
    assert (volume.spacing.row_mm, volume.spacing.source) == (0.09, "PixelMeasuresSequence")
    (window,) = volume.pixel_format.windows
    assert (window.centre, window.width) == (512.0, 1024.0)
    assert volume.kind is ImageKind.VOLUME
    assert volume.frames is not None
    assert volume.frames.heights_mm == (0.0, 1.5, 3.0, 4.5, 6.0)
    assert volume.frames.middle == 3
    assert volume.place is not None
    assert volume.place.key == "LMLO TOMO"
    assert volume.slot is None
    assert volume.unsupported == "tomosynthesis"


def test_a_volume_never_takes_the_slot_of_a_2d_view(tmp_path: Path) -> None:
    build_tomo(tmp_path / "v")
    (exam,) = index_paths([tmp_path]).examinations
    assert exam.missing_slots == tuple(Slot)


def test_heights_are_measured_across_the_slices(tmp_path: Path) -> None:
    """An oblique stack: its slices lie apart along their normal, not along an axis."""
    path = build_tomo(tmp_path / "v", frames=3)
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    half = 0.5**0.5
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, half, half]
    for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        at = [7.0 * n, -2.0 * n * half, 2.0 * n * half]
        group.PlanePositionSequence[0].ImagePositionPatient = at
    ds.save_as(path)
    frames = only(path).frames
    assert frames is not None
    assert frames.heights_mm == pytest.approx((0, 2, 4))


@pytest.mark.parametrize(
    ("keyword", "heights"), [("SliceThickness", (0.0, 0.5, 1.0)), ("SpacingBetweenSlices", ())]
)
def test_without_positions_the_thickness_tells(
    tmp_path: Path, keyword: str, heights: tuple[float, ...]
) -> None:
    path = build_tomo(tmp_path / "v", frames=3, thickness_mm=0.5)
    ds = pydicom.dcmread(path)
    for group in ds.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    if keyword != "SliceThickness":
        del measures.SliceThickness
    ds.save_as(path)
    volume = only(path)
    assert volume.frames is not None
    assert volume.frames.heights_mm == heights
    assert any("no slice positions" in warning for warning in volume.warnings) == (not heights)


def test_slices_out_of_order_are_counted_and_said(tmp_path: Path) -> None:
    path = build_tomo(tmp_path / "v", frames=3)
    ds = pydicom.dcmread(path)
    groups = ds.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence[0].ImagePositionPatient = [10, -20, 55]
    ds.save_as(path)
    volume = only(path)
    assert volume.frames is not None
    assert volume.frames.heights_mm == ()
    assert any("not stored in order" in warning for warning in volume.warnings)


def test_a_part_of_a_volume_says_so(tmp_path: Path) -> None:
    elements = {
        "ConcatenationUID": "1.2.3",
        "InConcatenationNumber": 2,
        "InConcatenationTotalNumber": 3,
    }
    volume = only(build_tomo(tmp_path / "v", elements=elements))
    assert any("part 2 of 3 of a volume" in warning for warning in volume.warnings)


def test_frames_with_windows_of_their_own_are_said(tmp_path: Path) -> None:
    path = build_tomo(tmp_path / "v", frames=3)
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    voi = shared.FrameVOILUTSequence[0]
    del shared.FrameVOILUTSequence
    for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        own = pydicom.Dataset()
        own.update(voi)
        own.WindowCenter = str(500 + n)
        group.FrameVOILUTSequence = [own]
    ds.save_as(path)
    volume = only(path)
    assert [window.centre for window in volume.pixel_format.windows] == [500.0]
    assert any("of their own" in warning for warning in volume.warnings)


def test_a_multi_frame_mammogram_is_a_volume_and_projections_are_not(tmp_path: Path) -> None:
    old = build_tomo(tmp_path / "a", elements={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"})
    assert only(old).kind is ImageKind.VOLUME
    raw = build_tomo(tmp_path / "b", elements={"SOPClassUID": PROJECTIONS})
    assert only(raw).kind is ImageKind.PROJECTION
    assert only(raw).place is None
    assert only(raw).unsupported == "tomosynthesis projection"


@pytest.mark.parametrize(
    ("elements", "kind"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMO", "GENERATED_2D", "", "150000"]}, "synthetic"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]}, "synthetic"),
        ({"ImageType": ["DERIVED", "PRIMARY"], "SeriesDescription": "R CC C-View"}, "named"),
        ({"ImageType": ["ORIGINAL", "PRIMARY"], "SeriesDescription": "R CC C-View"}, "plain"),
        ({"ImageType": ["DERIVED", "PRIMARY", "TOMO_2D", "RIGHT"]}, "plain"),
        ({"ImageType": ["DERIVED", "PRIMARY"], "SeriesDescription": "R CC"}, "plain"),
    ],
)
def test_synthetic_views_are_known(tmp_path: Path, elements: dict[str, object], kind: str) -> None:
    view = only(build_mg(tmp_path / "a", elements=elements))
    assert (view.kind is ImageKind.SYNTHETIC) == (kind != "plain")
    assert any("free text" in warning for warning in view.warnings) == (kind == "named")
    assert (view.unsupported is None) == (kind == "plain")
    assert kind == "plain" or "synthetic 2D" in (view.unsupported or "")


def test_a_synthetic_view_has_the_slot_only_where_no_acquired_one_is(tmp_path: Path) -> None:
    build_mg(tmp_path / "real", laterality="R")
    beside = build_synthetic_2d(tmp_path / "beside", laterality="R")
    alone = build_synthetic_2d(tmp_path / "alone", laterality="L")
    (exam,) = index_paths([tmp_path]).examinations
    slots = {view.file: view.slot for view in exam.mammograms}
    assert slots == {tmp_path / "real": Slot.RCC, beside: None, alone: Slot.LCC}


# -- frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
def test_every_frame_comes_by_its_number(tmp_path: Path, syntax: str) -> None:
    expected = volume_frames("R", "CC", frames=5, rows=61, cols=53)
    volume = only(build_tomo(tmp_path / "v", stack=expected, transfer_syntax=syntax))
    source = open_frames(volume)
    assert (source.held is not None) == (syntax == DEFLATED)
    for number in (5, 1, 3):
        frame = read_frame(source, number)
        assert np.array_equal(frame, expected[number - 1])
        assert not frame.flags.writeable


@pytest.mark.parametrize("syntax", ENCAPSULATED)
@pytest.mark.parametrize("table", ["basic", "extended", "spoilt", "none"])
@pytest.mark.parametrize("fragments", [1, 3])
def test_frames_are_told_apart_by_offset_table_else_by_their_starts(
    tmp_path: Path, syntax: str, table: str, fragments: int
) -> None:
    if syntax == RLE and fragments > 1:
        return  # a frame in RLE is always one fragment
    path = build_tomo(
        tmp_path / "v",
        frames=4,
        transfer_syntax=syntax,
        fragments=fragments,
        offset_table=table != "none",
    )
    if table == "extended":
        add_extended_table(path)
    elif table == "spoilt":
        spoil_offset_table(path)
    source = open_frames(only(path))
    assert [number_in(read_frame(source, n)) for n in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_rle_in_more_fragments_than_frames_is_refused(tmp_path: Path) -> None:
    path = build_tomo(
        tmp_path / "v", frames=2, transfer_syntax=RLE, fragments=2, offset_table=False
    )
    assert "4 fragments for 2 frames and no offset table that fits" in reason(path)


def test_fewer_fragments_than_frames_are_refused(tmp_path: Path) -> None:
    path = build_tomo(tmp_path / "v", frames=4, transfer_syntax=JPEG_LS)
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = 6
    ds.save_as(path)
    assert "4 fragments for 6 frames" in reason(path)


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, *ENCAPSULATED])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.999])
def test_a_cut_volume_is_refused_and_the_others_open(
    tmp_path: Path, syntax: str, share: float
) -> None:
    build_exam(tmp_path)
    path = build_tomo(tmp_path / "v", transfer_syntax=syntax)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    index = index_paths([tmp_path])
    assert [len(exam.mammograms) for exam in index.examinations] == [4]
    (refused,) = index.refused
    assert refused.file == path
    assert "cut short" in refused.reason


@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_a_damaged_frame_is_named_and_the_others_are_read(tmp_path: Path, syntax: str) -> None:
    path = build_tomo(tmp_path / "v", frames=3, transfer_syntax=syntax)
    source = open_frames(only(path))
    ((offset, length),) = source.spans[1]
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(bytes(length))
    source = open_frames(only(path))
    with pytest.raises(DicomError, match="frame 2 of 3"):
        read_frame(source, 2)
    assert number_in(read_frame(source, 3)) == 3


def test_a_volume_in_an_archive_and_one_that_changed(tmp_path: Path) -> None:
    path = build_tomo(tmp_path / "v", frames=3, transfer_syntax=JPEG_LS)
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(path, "IM1")
    held = open_frames(only(archive))
    archive.unlink()
    assert held.held_bytes > 0
    assert number_in(read_frame(held, 2)) == 2
    source = open_frames(only(path))
    assert source.held_bytes == 0
    os.utime(path, ns=(1, 1))
    with pytest.raises(DicomError, match="was changed while it was open"):
        read_frame(source, 1)
    path.unlink()
    with pytest.raises(DicomError, match="cannot be read"):
        read_frame(source, 1)


def test_what_wants_one_frame_refuses_several(tmp_path: Path) -> None:
    with pytest.raises(DicomError, match="an image of 9 frames"):
        decode_pixels(only(build_tomo(tmp_path / "v")))


@pytest.mark.parametrize("frames", [-1, 100_000])
def test_impossible_numbers_of_frames_are_refused(tmp_path: Path, frames: int) -> None:
    path = build_mg(tmp_path / "x", elements={"NumberOfFrames": frames})
    assert f"NumberOfFrames {frames}" in reason(path)


def test_older_volumes_are_refused_by_name(tmp_path: Path) -> None:
    hologic = build_mg(
        tmp_path / "a", elements={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "Modality": "MG"}
    )
    ds = pydicom.dcmread(hologic)
    ds.private_block(0x7E01, "HOLOGIC, Inc.", create=True).add_new(0x10, "OB", b"12")
    ds.save_as(hologic)
    assert "Hologic's own format" in reason(hologic)
    slices = build_mg(
        tmp_path / "b",
        elements={
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "Modality": "CT",
            "BodyPartExamined": "BREAST",
        },
    )
    assert "kept as CT image" in reason(slices)


def test_an_exam_has_2d_views_and_volumes(tmp_path: Path) -> None:
    build_tomo_exam(tmp_path)
    index = index_paths([tmp_path])
    assert index.refused == ()
    (exam,) = index.examinations
    places = sorted(view.place.key for view in exam.mammograms if view.place)
    assert places == ["LCC", "LCC TOMO", "LMLO", "RCC", "RCC TOMO", "RMLO"]
