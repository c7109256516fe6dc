"""Who the patient is, as sites really write it: in any alphabet, and with what does not belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.dicom.index import index_paths
from mammoview.domain.study import PatientIdentity
from tests.builders.dicom import build_mg


def identity(path: Path, *, name: bytes, charset: bytes) -> PatientIdentity:
    """Write a name and its character set byte for byte, and return what is read."""
    raw = build_mg(path).read_bytes()
    name, charset = (value + b" " * (len(value) % 2) for value in (name, charset))
    at = raw.index(b"\x10\x00\x10\x00PN")
    end = at + 8 + int.from_bytes(raw[at + 6 : at + 8], "little")
    raw = raw[: at + 6] + len(name).to_bytes(2, "little") + name + raw[end:]
    first = raw.index(b"\x08\x00\x16\x00UI")
    element = b"\x08\x00\x05\x00CS" + len(charset).to_bytes(2, "little") + charset
    path.write_bytes(raw[:first] + element + raw[first:])
    (exam,) = index_paths([path]).examinations
    return exam.mammograms[0].identity


@pytest.mark.parametrize(
    ("charset", "name", "read"),
    [
        (b"ISO_IR 192", "Müller^Ünal".encode(), "Müller^Ünal"),
        (b"", "Müller".encode("latin-1"), "Müller"),
        (b"ISO_IR 999", "Müller".encode("latin-1"), "Müller"),
        (b"GB18030", "Wang^Xiao=王^小东".encode("gb18030"), "Wang^Xiao=王^小东"),
        (b"ISO_IR 138", "שרון^דבורה".encode("iso8859_8"), "שרון^דבורה"),
        (
            b"\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B",
            "Yamada^Tarou=山田^太郎",
        ),
        (b"ISO_IR 13", b"Smith\\Jones^Anna", "Smith\\Jones^Anna"),
        # a right-to-left override, a bell and a line break would move the texts beside it
        (b"ISO_IR 192", "Smith\u202e^Anna\x07\n".encode(), "Smith ^Anna"),
        (b"ISO_IR 192", "علی\u200cرضا".encode(), "علی\u200cرضا"),
    ],
)
def test_names(tmp_path: Path, charset: bytes, name: bytes, read: str) -> None:
    assert identity(tmp_path / "a", name=name, charset=charset).name == read


def test_numbers_with_a_backslash_stay_two_patients(tmp_path: Path) -> None:
    numbers = [["AB", "1"], ["AB", "2"]]
    for at, number in enumerate(numbers):
        build_mg(tmp_path / str(at), laterality="RL"[at], elements={"PatientID": number})
    (exam,) = index_paths([tmp_path]).examinations
    assert {view.identity.patient_id for view in exam.mammograms} == {"AB\\1", "AB\\2"}
    assert all("different patients" in view.warnings[-1] for view in exam.mammograms)
