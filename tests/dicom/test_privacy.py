"""A poisoned patient name reaches no log, no message and no key, and never stops the reading."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pydicom
import pytest

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.errors import DicomError
from tests.builders.dicom import RLE, SECONDARY_CAPTURE, build_mg

NAME = "Poison^Ivy"


def texts_of(folder: Path) -> str:
    """Return every text that may leave the screen."""
    index = index_paths([folder])
    said = [refusal.reason for refusal in index.refused]
    for exam in index.examinations:
        said += [exam.key, *exam.missing_slots]
        for m in exam.mammograms:
            said += [m.study_key, m.sop_instance_uid, *m.warnings, m.unsupported or ""]
            said += [m.laterality.source, m.view.source]
            try:
                decode_pixels(m)
            except DicomError as error:
                said.append(str(error))
    return "\n".join(said)


def test_identity_is_kept_out_of_logs_messages_and_keys(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="mammoview")  # whatever a command left there
    folder = tmp_path / NAME
    folder.mkdir()
    poison: dict[str, object] = {"SeriesDescription": NAME, "ViewPosition": "POISON"}
    build_mg(folder / "good", person=NAME, elements=poison)
    build_mg(folder / "odd", person=NAME, elements={"WindowWidth": "1", "VOILUTFunction": "POISON"})
    build_mg(folder / "colour", person=NAME, elements={"SamplesPerPixel": 3})
    cut = build_mg(folder / "cut", person=NAME)
    cut.write_bytes(cut.read_bytes()[:-50])
    damaged = build_mg(folder / "damaged", person=NAME, transfer_syntax=RLE)
    damaged.write_bytes(damaged.read_bytes().replace(b"MONOCHROME2 ", b"Poison^Ivy  "))
    wrong: dict[str, object] = {"Modality": NAME, "SOPClassUID": SECONDARY_CAPTURE}
    build_mg(folder / "modality", person=NAME, elements=wrong)
    (folder / "text").write_text(NAME)
    said = texts_of(folder) + caplog.text + "".join(capfd.readouterr())
    assert "indexed 7 files" in caplog.text
    assert "cut short" in said
    assert "poison" not in said.lower()
    assert "ivy" not in said.lower()
    assert "19600101" not in said


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (b"ISO_IR 100", "Müller^Jörg".encode("latin-1")),
        (b"ISO_IR 192", "山田^太郎".encode()),
        (b"ISO_IR 192", b"\xff\xfe\xfa broken utf-8"),
        (b"ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B^\x1b$BB@O"),
        (b"ISO_IR 999 ", b"Who^Knows"),
        (b"GB18030 ", b"\x81\x30"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xb1\xe8"),
    ],
)
def test_odd_character_sets_do_not_stop_the_reading(
    tmp_path: Path, charset: bytes, name: bytes
) -> None:
    path = build_mg(tmp_path / "x", elements={"SpecificCharacterSet": "ISO_IR 100"})
    raw = path.read_bytes()
    charset += b" " * (len(charset) % 2)
    name += b" " * (len(name) % 2)
    for tag, old, new in (
        (b"\x08\x00\x05\x00CS", b"ISO_IR 100", charset),
        (b"\x10\x00\x10\x00PN", b"Phantom^One ", name),
    ):
        element = tag + len(old).to_bytes(2, "little") + old
        assert raw.count(element) == 1
        raw = raw.replace(element, tag + len(new).to_bytes(2, "little") + new)
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index = index_paths([path])
    assert index.refused == ()
    assert isinstance(index.examinations[0].mammograms[0].identity.name, str)


def test_a_header_full_of_wrong_values_still_opens(tmp_path: Path) -> None:
    path = build_mg(
        tmp_path / "x",
        elements={
            "EstimatedRadiographicMagnificationFactor": 1,
            "StudyDate": "nonsense",
            "PatientBirthDate": "13/13/1900",
            "ViewModifierCodeSequence": [],
        },
    )
    raw = path.read_bytes()
    raw = raw.replace(b"0.1\\0.1 ", b"a.b\\c.d ")
    path.write_bytes(raw)
    assert pydicom.dcmread(path).file_meta is not None
    (exam,) = index_paths([path]).examinations
    assert "ImagerPixelSpacing cannot be read" in exam.mammograms[0].warnings
