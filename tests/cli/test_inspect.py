"""``inspect --json`` is what the contract says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest

from tests.builders.dicom import build_mg
from tests.builders.foreign_sr import Image, Seen, build_report
from tests.builders.tomo import build_synthetic_2d, build_tomo
from tests.cli.conftest import Run

IMAGE_KEYS = {
    "file",
    "sop_instance_uid",
    "laterality",
    "view",
    "orientation",
    "spacing_mm_per_px",
    "slot",
    "warnings",
}


def test_a_whole_examination(command: Run, exam: Path) -> None:
    answer = command("inspect", exam, "--json")
    assert answer.code == 0
    assert set(answer.document) == {"studies", "refused"}
    (study,) = answer.document["studies"]
    assert set(study) == {"key", "images", "missing_slots", "cad_reports"}
    assert study["cad_reports"] == []
    assert [image["slot"] for image in study["images"]] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert [image["place"] for image in study["images"]] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert {image["left_out"] for image in study["images"]} == {None}
    assert study["missing_slots"] == []
    first = study["images"][0]
    assert set(first) >= IMAGE_KEYS
    assert first["laterality"]["value"] == "R"
    assert first["view"] == {"value": "CC", "modifiers": [], "source": first["view"]["source"]}
    assert first["spacing_mm_per_px"]["row"] == pytest.approx(0.1)
    assert all(first[key]["source"] for key in ("laterality", "view", "orientation"))


def test_a_cad_report_is_named_and_what_it_found_is_not(command: Run, tmp_path: Path) -> None:
    file = build_mg(tmp_path / "one.dcm")
    image = Image(uid=str(pydicom.dcmread(file).SOPInstanceUID))
    report = build_report(tmp_path / "cad.dcm", file, [image], [Seen(image=0)])
    answer = command("inspect", tmp_path, "--json")
    assert (answer.code, answer.document["refused"]) == (0, [])
    (study,) = answer.document["studies"]
    (named,) = study["cad_reports"]
    assert set(named) == {"file", "archive", "sop_instance_uid", "maker", "algorithms"}
    assert named["file"] == str(report)
    assert named["algorithms"] == [{"name": "Finder", "version": "7.2"}]


@pytest.mark.parametrize("pose", [(False, 0), (True, 0), (False, 180), (True, 90)])
def test_the_orientation_undoes_how_the_image_was_stored(
    command: Run, tmp_path: Path, pose: tuple[bool, int]
) -> None:
    path = build_mg(tmp_path / "one.dcm", laterality="L", view="MLO", pose=pose)
    (study,) = command("inspect", path, "--json").document["studies"]
    (image,) = study["images"]
    turned = image["orientation"]
    assert (turned["flip_horizontal"], turned["rotate_degrees"]) == pose
    assert study["missing_slots"] == ["RCC", "LCC", "RMLO"]


def test_pixels_decide_where_the_header_cannot(command: Run, tmp_path: Path) -> None:
    path = build_mg(tmp_path / "one.dcm", pose=(True, 0), elements={"PatientOrientation": None})
    (study,) = command("inspect", path, "--json").document["studies"]
    (image,) = study["images"]
    assert image["orientation"]["flip_horizontal"] is True
    assert image["orientation"]["source"] == "chest wall found in the image"
    assert image["warnings"]


def test_refused_files_are_named_and_the_rest_is_done(command: Run, exam: Path) -> None:
    (exam / "letter.txt").write_text("no mammogram", "utf-8")
    (exam / "empty.dcm").touch()
    answer = command("inspect", exam, "--json")
    assert answer.code == 3
    assert len(answer.document["studies"][0]["images"]) == 4
    refused = {Path(item["file"]).name: item["reason"] for item in answer.document["refused"]}
    assert set(refused) == {"letter.txt", "empty.dcm"}
    assert all(refused.values())
    assert "letter.txt" in answer.err


def test_names_of_files_in_an_old_encoding_are_told(exam: Path) -> None:
    folder = exam.rename(exam.with_name(os.fsdecode(b"M\xfcller")))
    for flags in ((), ("--json",)):
        done = subprocess.run(
            [sys.executable, "-m", "mammoview", "inspect", folder, *flags],
            env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},  # as on most desktops
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"M\\udcfcller" in done.stdout
    files = [image["file"] for image in json.loads(done.stdout)["studies"][0]["images"]]
    assert all(Path(file).exists() for file in files)


def test_a_path_that_is_not_there(command: Run, tmp_path: Path) -> None:
    answer = command("inspect", tmp_path / "nowhere", "--json")
    assert answer.code == 3
    assert answer.document["refused"]


def test_undecodable_pixels_are_refused_when_they_are_needed(command: Run, tmp_path: Path) -> None:
    path = build_mg(
        tmp_path / "one.dcm",
        transfer_syntax="1.2.840.10008.1.2.4.70",
        elements={"PatientOrientation": None},
    )
    content = bytearray(path.read_bytes())
    middle = content.rindex(b"\xff\xda")
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    answer = command("inspect", path, "--json")
    assert answer.code == 3
    assert answer.document["studies"] == []
    assert len(answer.document["refused"]) == 1


def test_the_table_for_people(command: Run, exam: Path) -> None:
    answer = command("inspect", exam)
    assert answer.code == 0
    assert "RMLO" in answer.out
    assert "orientation" in answer.out


def test_volumes_and_synthetic_views_are_named(command: Run, tmp_path: Path) -> None:
    build_tomo(tmp_path / "volume", frames=5)
    build_synthetic_2d(tmp_path / "synthetic")
    document = command("inspect", tmp_path, "--json").document
    told = {image["kind"]: image for image in document["studies"][0]["images"]}
    assert (told["tomosynthesis"]["frames"], told["tomosynthesis"]["place"]) == (5, "RCC TOMO")
    assert (told["synthetic 2D"]["frames"], told["synthetic 2D"]["slot"]) == (None, "RCC")
    assert "tomosynthesis, 5 frames" in command("inspect", tmp_path).out


def test_names_of_files_do_not_steer_the_terminal(command: Run, exam: Path) -> None:
    (exam / "RCC.dcm").rename(exam / "R\nCC\x1b[2J.dcm")
    (exam / "let\nter").write_text("no mammogram", "utf-8")
    answer = command("inspect", exam)
    assert answer.out.count("\\n") == 1
    assert "R\\nCC\\x1b[2J.dcm" in answer.out
    assert "\x1b" not in answer.out + answer.err
    assert len(answer.err.splitlines()) == 1
