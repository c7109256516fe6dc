"""Files are found by content, grouped by tags, and walked without getting lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.dicom.index import index_paths
from mammoview.domain.views import Slot
from tests.builders.dicom import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    MG_PROCESSING,
    VIEWS,
    build_cbis,
    build_cbis_exam,
    build_exam,
    build_mg,
)


def test_four_views_are_one_examination_in_hanging_order(tmp_path: Path) -> None:
    build_exam(tmp_path)
    index = index_paths([tmp_path])
    (exam,) = index.examinations
    assert index.refused == ()
    assert [m.slot for m in exam.mammograms] == list(Slot)
    assert exam.missing_slots == ()


def test_names_and_folders_do_not_matter(tmp_path: Path) -> None:
    for i, path in enumerate(build_exam(tmp_path / "a")):
        (tmp_path / f"deep{i}" / "er").mkdir(parents=True)
        path.rename(tmp_path / f"deep{i}" / "er" / f"{i}.txt")
    index = index_paths([tmp_path])
    assert [exam.missing_slots for exam in index.examinations] == [()]


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
def test_a_bare_data_set_without_preamble_is_read(tmp_path: Path, syntax: str) -> None:
    path = build_mg(tmp_path / "x", transfer_syntax=syntax)
    raw = path.read_bytes()
    meta_length = int.from_bytes(raw[140:144], "little")
    path.write_bytes(raw[144 + meta_length :])
    index = index_paths([path])
    assert index.refused == ()
    assert index.examinations[0].mammograms[0].slot is Slot.RCC


def test_missing_views_are_named(tmp_path: Path) -> None:
    for path in build_exam(tmp_path)[2:]:
        path.unlink()
    (exam,) = index_paths([tmp_path]).examinations
    assert exam.missing_slots == (Slot.RMLO, Slot.LMLO)


def test_studies_are_told_apart_by_their_uid(tmp_path: Path) -> None:
    build_exam(tmp_path / "a", study="1")
    build_exam(tmp_path / "b", study="2")
    index = index_paths([tmp_path])
    assert [len(exam.mammograms) for exam in index.examinations] == [4, 4]
    assert len({exam.key for exam in index.examinations}) == 2


def test_cbis_ddsm_views_are_joined_by_their_person(tmp_path: Path) -> None:
    build_cbis_exam(tmp_path / "a", person="P_00001")
    build_cbis_exam(tmp_path / "b", person="P_00002")
    index = index_paths([tmp_path])
    assert [exam.key for exam in index.examinations] == ["P_00001", "P_00002"]
    assert all(exam.missing_slots == () for exam in index.examinations)
    assert all(m.is_cbis_ddsm for exam in index.examinations for m in exam.mammograms)


@pytest.mark.parametrize(("side", "view"), VIEWS)
def test_cbis_ddsm_without_laterality_tag_uses_the_patient_id(
    tmp_path: Path, side: str, view: str
) -> None:
    path = build_cbis(
        tmp_path / "x",
        laterality=side,
        view=view,
        elements={"Laterality": None, "PatientOrientation": None},
    )
    (exam,) = index_paths([path]).examinations
    (mammogram,) = exam.mammograms
    assert mammogram.slot == f"{side}{view}"
    assert (mammogram.laterality.source, mammogram.view.source) == ("PatientID", "PatientID")


def test_the_same_film_in_both_collections_is_two_images_of_one_slot(tmp_path: Path) -> None:
    paths = [
        build_cbis(tmp_path / name, collection=name) for name in ("Mass-Training", "Calc-Test")
    ]
    (exam,) = index_paths(paths).examinations
    assert [m.slot for m in exam.mammograms] == [Slot.RCC, Slot.RCC]


def test_raw_pixels_stay_out_of_the_slot_of_their_presentation(tmp_path: Path) -> None:
    raw = {"PresentationIntentType": "FOR PROCESSING", "SOPClassUID": MG_PROCESSING}
    build_mg(tmp_path / "raw", elements=raw)
    build_mg(tmp_path / "shown")
    build_mg(tmp_path / "alone", laterality="L", elements=raw)
    (exam,) = index_paths([tmp_path]).examinations
    slots = {m.file.name: m.slot for m in exam.mammograms}
    assert slots == {"raw": None, "shown": Slot.RCC, "alone": Slot.LCC}
    said = {m.file.name: " ".join(m.warnings) for m in exam.mammograms}
    assert "For Processing" in said["raw"]
    assert "For Processing" in said["alone"]
    assert said["shown"] == ""


def test_a_raw_extra_view_is_left_out_only_beside_its_own_presentation(tmp_path: Path) -> None:
    raw = {"PresentationIntentType": "FOR PROCESSING", "SOPClassUID": MG_PROCESSING}
    spot = [("SCT", "399055006")]
    build_mg(tmp_path / "spot raw", modifiers=spot, elements=raw)
    build_mg(tmp_path / "spot", modifiers=spot)
    build_mg(tmp_path / "ml raw", view="ML", elements=raw)
    unknown = {"ImageLaterality": None, "PatientOrientation": None}
    build_mg(tmp_path / "? raw", elements={**raw, **unknown})
    build_mg(tmp_path / "?", elements=unknown)
    (exam,) = index_paths([tmp_path]).examinations
    left_out = {m.file.name for m in exam.mammograms if m.left_out}
    assert left_out == {"spot raw"}


def test_implant_displaced_and_partial_views_are_known_by_their_tags(tmp_path: Path) -> None:
    displaced = ("SCT", "399209000")
    build_mg(tmp_path / "full")
    build_mg(tmp_path / "id", modifiers=[displaced])
    build_mg(tmp_path / "id spot", modifiers=[displaced, ("SCT", "399055006")])
    part = {"PartialView": "YES", "ContentTime": "090000"}
    build_mg(tmp_path / "part", laterality="L", elements=part)
    (exam,) = index_paths([tmp_path]).examinations
    places = {m.file.name: m.place and m.place.key for m in exam.mammograms}
    assert places == {"full": "RCC", "id": "RCC ID", "id spot": None, "part": "LCC"}
    assert [m.file.name for m in exam.mammograms if m.partial] == ["part"]


def test_a_specimen_never_takes_the_place_of_a_breast(tmp_path: Path) -> None:
    build_mg(tmp_path / "x", elements={"BodyPartExamined": "SPECIMEN"})
    (exam,) = index_paths([tmp_path]).examinations
    assert exam.mammograms[0].place is None


def test_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    path = build_mg(tmp_path / "x")
    index = index_paths([tmp_path, path, tmp_path])
    assert [len(exam.mammograms) for exam in index.examinations] == [1]
    assert index.refused == ()


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    build_exam(tmp_path / "exam")
    (tmp_path / "exam" / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "exam")
    index = index_paths([tmp_path])
    assert [len(exam.mammograms) for exam in index.examinations] == [4]
    assert index.refused == ()


def test_a_name_that_is_too_long_is_refused_and_the_rest_opens(tmp_path: Path) -> None:
    build_mg(tmp_path / "a")
    index = index_paths([tmp_path / ("x" * 300), tmp_path / "a"])
    assert len(index.examinations) == 1
    (refused,) = index.refused
    assert refused.reason.startswith("a file that cannot be read (File name too long)")


def test_progress_is_told_and_cancelling_ends_the_reading(tmp_path: Path) -> None:
    build_exam(tmp_path)
    told: list[tuple[int, int]] = []
    index = index_paths(
        [tmp_path],
        on_progress=lambda done, total: told.append((done, total)),
        cancelled=lambda: len(told) == 2,
    )
    assert told == [(1, 4), (2, 4)]
    assert [len(exam.mammograms) for exam in index.examinations] == [2]


def test_two_patients_in_one_study_are_warned_of(tmp_path: Path) -> None:
    first = build_mg(tmp_path / "a")
    build_mg(tmp_path / "b", laterality="L", elements={"PatientID": "someone else"})
    (exam,) = index_paths([first.parent]).examinations
    assert all("name different patients" in m.warnings[-1] for m in exam.mammograms)
    assert all(m.doubts == m.warnings for m in exam.mammograms)


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"StudyDate": "20230102"}, "the images of this study are of different days"),
        ({"PatientBirthDate": "19610101"}, "the images of this study name different patients"),
        ({"PatientBirthDate": "", "StudyDate": ""}, None),
    ],
)
def test_studies_that_an_archive_merged_are_warned_of(
    tmp_path: Path, elements: dict[str, object], said: str | None
) -> None:
    build_mg(tmp_path / "a")
    build_mg(tmp_path / "b", laterality="L", elements=elements)
    (exam,) = index_paths([tmp_path]).examinations
    assert [m.warnings for m in exam.mammograms] == [(said,) if said else ()] * 2


def test_dates_are_read_in_new_and_old_spelling(tmp_path: Path) -> None:
    paths = [
        build_mg(
            tmp_path / "a",
            elements={"AcquisitionDateTime": "20240102101112.123+0100", "StudyDate": "20240102"},
        ),
        build_mg(
            tmp_path / "b",
            laterality="L",
            elements={"StudyDate": "2024.01.02", "ContentDate": None},
        ),
    ]
    (exam,) = index_paths(paths).examinations
    assert [m.study_date for m in exam.mammograms] == ["20240102", "20240102"]
    assert [m.acquired for m in exam.mammograms] == ["20240102101112123", "20240102"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2024", "2024"),  # made anonymous
        ("20240230", "20240230"),
        ("01-02-2024", ""),
        ("20241301", ""),
        ("02012024", ""),
        ("yesterday", ""),
        ("00000000", ""),
    ],
)
def test_what_is_no_date_is_none(tmp_path: Path, said: str, kept: str) -> None:
    (exam,) = index_paths([build_mg(tmp_path / "a", elements={"StudyDate": said})]).examinations
    (view,) = exam.mammograms
    assert view.study_date == kept
    assert ("StudyDate holds a value that is not a date" in view.warnings) == (not kept)
