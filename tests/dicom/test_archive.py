"""Exams are read straight from zip archives; what is broken there is named, the rest opens."""

from __future__ import annotations

import io
import tempfile
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mammoview.dicom.archive import Archive
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.domain.views import Slot
from mammoview.errors import DicomError
from tests.builders.dicom import DEFLATED, IMPLICIT_LITTLE, RLE, build_exam, build_mg
from tests.builders.media import build_dicomdir, build_zip, patch_member, zip_folder


def views(index: ExamIndex) -> list[Mammogram]:
    return [m for exam in index.examinations for m in exam.mammograms]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A zip of a four-view examination at its top."""
    build_exam(tmp_path / "exam")
    return zip_folder(tmp_path / "exam.zip", tmp_path / "exam")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_an_archive_opens_as_its_folder_does(tmp_path: Path, method: int) -> None:
    plain = views(index_paths(build_exam(tmp_path / "exam" / "a" / "b")))
    archive = zip_folder(tmp_path / "x.zip", tmp_path / "exam", method=method)
    index = index_paths([archive])
    assert index.refused == ()
    zipped = views(index)
    assert [m.slot for m in zipped] == list(Slot)
    for one, other in zip(plain, zipped, strict=True):
        assert other.file == archive / "a" / "b" / one.file.name
        assert other.archive == archive
        assert np.array_equal(decode_pixels(one), decode_pixels(other))


@pytest.mark.parametrize("syntax", [RLE, DEFLATED, IMPLICIT_LITTLE])
def test_encodings_inside_an_archive(tmp_path: Path, syntax: str) -> None:
    path = build_mg(tmp_path / "one", transfer_syntax=syntax)
    archive = build_zip(tmp_path / "x.zip", [("one", path.read_bytes())])
    (mammogram,) = views(index_paths([archive]))
    (plain,) = views(index_paths([path]))
    assert np.array_equal(decode_pixels(mammogram), decode_pixels(plain))


def test_hundreds_of_members_in_nested_folders(tmp_path: Path) -> None:
    content = build_mg(tmp_path / "one", rows=16, cols=16).read_bytes()
    uid = index_paths([tmp_path / "one"]).examinations[0].mammograms[0].sop_instance_uid.encode()
    members = [
        (f"a/{number % 7}/{number}", content.replace(uid, uid[:-3] + f"{number:03d}".encode()))
        for number in range(300)
    ]
    told: list[tuple[int, int]] = []
    archive = build_zip(tmp_path / "x.zip", members)
    index = index_paths([archive], on_progress=lambda *step: told.append(step))
    assert index.refused == ()
    assert {m.file for m in views(index)} == {archive / name for name, _ in members}
    assert told[-1] == (301, 301)


def test_reading_an_archive_can_be_cancelled(packed: Path) -> None:
    told: list[int] = []
    index = index_paths(
        [packed], on_progress=lambda done, _: told.append(done), cancelled=lambda: len(told) == 3
    )
    assert told == [1, 2, 3]
    assert [m.file.name for m in views(index)] == ["LCC.dcm", "LMLO.dcm"]


def test_archives_inside_a_folder_are_read_too(packed: Path) -> None:
    for path in (packed.parent / "exam").iterdir():
        path.unlink()
    build_mg(packed.parent / "exam" / "other", study="2")
    index = index_paths([packed.parent])
    assert index.refused == ()
    assert len(views(index)) == 5


def test_a_dicomdir_inside_names_what_is_missing(tmp_path: Path) -> None:
    root = tmp_path / "cd"
    for number, path in enumerate(build_exam(root / "disc" / "dicom")):
        path.rename(path.with_name(f"im{number}"))
    ids = [("DICOM", f"IM{number}") for number in range(6)]
    build_dicomdir(root / "disc" / "DICOMDIR", [*ids, ("..", "x")])
    archive = zip_folder(tmp_path / "cd.zip", root)
    index = index_paths([archive])
    assert len(views(index)) == 4
    inside = [r.file.relative_to(archive).as_posix() for r in index.refused]
    assert inside == ["disc/DICOM/IM4", "disc/DICOM/IM5", "disc/../x"]
    assert index.refused[0].name == "cd.zip/disc/DICOM/IM4"
    assert {r.archive for r in index.refused} == {archive}


def encrypted(path: Path) -> None:
    patch_member(path, "LMLO.dcm", flags=1)


def strange_method(path: Path) -> None:
    patch_member(path, "LMLO.dcm", method=9)


def wrong_crc(path: Path) -> None:
    patch_member(path, "LMLO.dcm", crc_off=1)


def damaged_byte(path: Path) -> None:
    patch_member(path, "LMLO.dcm", byte_off=1000)


def damaged_start(path: Path) -> None:
    patch_member(path, "LMLO.dcm", byte_off=0)


def huge(path: Path) -> None:
    patch_member(path, "LMLO.dcm", size=0xFFFFFF00)


def bomb(path: Path) -> None:
    patch_member(path, "LMLO.dcm", size=1 << 30)


def too_short(path: Path) -> None:
    patch_member(path, "LMLO.dcm", size=50_000)


def said_smaller(path: Path) -> None:
    patch_member(path, "LMLO.dcm", size=5_000)


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (encrypted, "an encrypted member"),
        (strange_method, "packed with Deflate64"),
        (wrong_crc, "wrong checksum (CRC-32)"),
        (damaged_byte, "a damaged member"),
        (damaged_start, ""),
        (huge, "unpacks to 4095 MiB"),
        (bomb, "a zip bomb?"),
        (too_short, "a damaged member"),
        (said_smaller, "wrong checksum (CRC-32)"),
    ],
)
def test_a_broken_member_is_named_and_the_others_open(
    packed: Path, breaks: Callable[[Path], None], said: str
) -> None:
    assert index_paths([packed]).refused == ()
    breaks(packed)
    index = index_paths([packed])
    assert len(views(index)) == 3
    (refused,) = index.refused
    assert refused.file == packed / "LMLO.dcm"
    assert refused.archive == packed
    assert said in refused.reason
    assert "; expected " in refused.reason


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../evil", "../../evil"),
        ("a/../../evil", "a/../../evil"),
        ("/etc/evil", "etc/evil"),
        ("..\\evil", "../evil"),
        ("C:\\evil", "C:/evil"),
        ("C:evil", "C:evil"),
    ],
)
def test_a_member_named_outside_the_archive_is_refused(
    tmp_path: Path, name: str, shown: str
) -> None:
    good, bad = build_mg(tmp_path / "a"), build_mg(tmp_path / "b", laterality="L")
    archive = build_zip(tmp_path / "x.zip", [("good", good.read_bytes()), (name, bad.read_bytes())])
    index = index_paths([archive])
    assert [m.file for m in views(index)] == [archive / "good"]
    assert [(str(r.file), "outside the archive" in r.reason) for r in index.refused] == [
        (f"{archive}/{shown}", True)
    ]


def test_names_are_made_fit_to_show(tmp_path: Path) -> None:
    contents = [build_mg(tmp_path / side, laterality=side).read_bytes() for side in "RL"]
    archive = build_zip(
        tmp_path / "x.zip", [("DISC\\\\IM1", contents[0]), ("a//./\x1b[31mred", contents[1])]
    )
    index = index_paths([archive])
    assert index.refused == ()
    found = {m.file.relative_to(archive).as_posix() for m in views(index)}
    assert found == {"DISC/IM1", "a/\N{REPLACEMENT CHARACTER}[31mred"}
    for mammogram in views(index):
        assert decode_pixels(mammogram).size


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_used_twice_is_refused_the_second_time(tmp_path: Path) -> None:
    contents = [build_mg(tmp_path / side, laterality=side).read_bytes() for side in "RL"]
    archive = build_zip(tmp_path / "x.zip", [("a/b", contents[0]), ("a//b", contents[1])])
    index = index_paths([archive])
    (mammogram,) = views(index)
    assert mammogram.laterality.value == "R"
    assert "same name" in index.refused[0].reason


def test_members_that_share_bytes_refuse_the_archive(packed: Path) -> None:
    raw = packed.read_bytes()
    with zipfile.ZipFile(packed) as archive:
        first, second = archive.infolist()[:2]
    entry = raw.index(b"PK\x01\x02") + 46 + len(first.filename)
    assert raw[entry : entry + 4] == b"PK\x01\x02"
    assert second.header_offset > first.header_offset
    offset = first.header_offset.to_bytes(4, "little")
    packed.write_bytes(raw[: entry + 42] + offset + raw[entry + 46 :])
    index = index_paths([packed])
    assert index.examinations == ()
    assert [(r.file, "share bytes" in r.reason) for r in index.refused] == [(packed, True)]


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_an_archive_cut_short_is_refused(packed: Path, keep: float) -> None:
    raw = packed.read_bytes()
    packed.write_bytes(raw[: int(len(raw) * keep)])
    index = index_paths([packed.parent])
    assert len(views(index)) == 4  # the folder beside it
    assert [(r.file, "list of files cannot be read" in r.reason) for r in index.refused] == [
        (packed, True)
    ]


def test_what_is_no_image_inside_is_refused_as_in_a_folder(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x", "y")
    members = [("letter.txt", b"dear reader" * 30), ("inner.zip", inner.getvalue()), ("none", b"")]
    packed = build_zip(tmp_path / "x.zip", members)
    reasons = {r.file.name: r.reason for r in index_paths([packed]).refused}
    assert "not DICOM" in reasons["letter.txt"]
    assert "a zip archive where an image was expected" in reasons["inner.zip"]
    assert "an empty file" in reasons["none"]


def test_a_bomb_of_no_image_is_not_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = build_zip(tmp_path / "x.zip", [("zeros", bytes(100 << 20))])
    read: list[int] = []
    plain = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        content = plain(self, n)
        read.append(len(content))
        return content

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    assert "not DICOM" in index_paths([packed]).refused[0].reason
    assert sum(read) < 1000


def test_a_bomb_that_lies_about_its_size_is_inflated_no_further(tmp_path: Path) -> None:
    content = bytes(128) + b"DICM" + bytes(200 << 20)
    packed = build_zip(tmp_path / "x.zip", [("IM1", content)])
    del content
    patch_member(packed, "IM1", size=1 << 20)
    tracemalloc.start()
    try:
        (refused,) = index_paths([packed]).refused
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "wrong checksum" in refused.reason
    assert most < 20 << 20


def test_an_empty_archive_is_no_fault(tmp_path: Path) -> None:
    index = index_paths([build_zip(tmp_path / "x.zip", [])])
    assert (index.examinations, index.refused) == ((), ())


def test_nothing_is_ever_written_to_the_disk(
    packed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spare = tmp_path_factory.mktemp("spare")
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    before = sorted(packed.parent.rglob("*"))
    opened: list[str] = []
    plain = Path.open

    def watched(self: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        opened.append(mode)
        return plain(self, mode, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", watched)
    for mammogram in views(index_paths([packed])):
        decode_pixels(mammogram)
    assert set(opened) == {"rb"}
    assert not list(spare.iterdir())
    assert sorted(packed.parent.rglob("*")) == before


def test_an_archive_that_changed_or_went_away_is_a_dicom_error(packed: Path) -> None:
    mammogram = views(index_paths([packed]))[0]
    build_zip(packed, [("other", b"x")])
    with pytest.raises(DicomError, match="not in the zip archive"):
        decode_pixels(mammogram)
    packed.unlink()
    with pytest.raises(DicomError, match="cannot be read"):
        decode_pixels(mammogram)


def test_members_are_inflated_on_two_threads(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=20)
    plain = Archive.read

    def waiting(self: Archive, name: str) -> io.BytesIO:
        together.wait()
        return plain(self, name)

    monkeypatch.setattr(Archive, "read", waiting)
    assert len(views(index_paths([packed]))) == 4
