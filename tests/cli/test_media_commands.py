"""Every command reads a zip archive and a DICOMDIR as it reads a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.builders.media import build_dicomdir, patch_member, zip_folder
from tests.cli.conftest import Run


@pytest.fixture
def archive(exam: Path, tmp_path: Path) -> Path:
    """A zip of the examination in folders, with a DICOMDIR."""
    root = tmp_path / "cd"
    (root / "DICOM").mkdir(parents=True)
    ids = []
    for number, path in enumerate(sorted(exam.iterdir())):
        (root / "DICOM" / f"IM{number}").write_bytes(path.read_bytes())
        ids.append(("DICOM", f"IM{number}"))
    build_dicomdir(root / "DICOMDIR", ids)
    return zip_folder(tmp_path / "exam.zip", root)


def _without_places(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what depends on where files lie and how long they took."""
    for images in (*(s["images"] for s in document.get("studies", [])), document.get("images", [])):
        for image in images:
            for key in ("file", "archive", "seconds"):
                image.pop(key, None)
    return document


def test_inspect_reads_an_archive_as_its_folder(command: Run, exam: Path, archive: Path) -> None:
    answer = command("inspect", archive, "--json")
    assert answer.code == 0, answer.err
    (study,) = answer.document["studies"]
    assert {image["file"] for image in study["images"]} == {
        f"{archive}/DICOM/IM{number}" for number in range(4)
    }
    assert {image["archive"] for image in study["images"]} == {str(archive)}
    plain = command("inspect", exam, "--json").document
    assert {image["archive"] for image in plain["studies"][0]["images"]} == {None}
    assert _without_places(answer.document) == _without_places(plain)


def test_inspect_names_archive_and_member_of_what_it_refuses(command: Run, archive: Path) -> None:
    patch_member(archive, "DICOM/IM1", crc_off=1)
    patch_member(archive, "DICOM/IM2", flags=1)
    answer = command("inspect", archive, "--json")
    assert answer.code == 3
    assert len(answer.document["studies"][0]["images"]) == 2
    refused = {item["file"]: item for item in answer.document["refused"]}
    assert set(refused) == {f"{archive}/DICOM/IM1", f"{archive}/DICOM/IM2"}
    assert {item["archive"] for item in refused.values()} == {str(archive)}
    assert "wrong checksum" in refused[f"{archive}/DICOM/IM1"]["reason"]
    assert "encrypted" in refused[f"{archive}/DICOM/IM2"]["reason"]
    assert f"refused: {archive}/DICOM/IM1: " in answer.err


def test_analyze_gives_the_same_results_from_an_archive(
    command: Run, exam: Path, archive: Path, bundle: Path, tmp_path: Path
) -> None:
    words = ["--json", "--model", bundle, "--device", "cpu"]
    zipped = command("analyze", archive, "--out", tmp_path / "a", *words)
    assert zipped.code == 0, zipped.err
    assert all(image["file"].startswith(f"{archive}/") for image in zipped.document["images"])
    plain = command("analyze", exam, "--out", tmp_path / "b", *words).document
    assert _without_places(zipped.document) == _without_places(plain)


def test_analyze_refuses_a_broken_member_and_does_the_others(
    command: Run, archive: Path, bundle: Path, tmp_path: Path
) -> None:
    patch_member(archive, "DICOM/IM3", byte_off=1500)
    answer = command("analyze", archive, "--out", tmp_path / "a", "--json", "--model", bundle)
    assert answer.code == 3
    assert [image["status"] for image in answer.document["images"]] == ["analyzed"] * 3
    assert [item["file"] for item in answer.document["refused"]] == [f"{archive}/DICOM/IM3"]


@pytest.mark.usefixtures("qapp")
def test_a_snapshot_shows_the_same_picture_from_an_archive(
    command: Run, exam: Path, archive: Path, tmp_path: Path
) -> None:
    pictures = []
    for name, path in (("zip", archive), ("plain", exam)):
        out = tmp_path / f"{name}.png"
        assert command("snapshot", path, "--out", out, "--size", "900x700").code == 0
        pictures.append(QImage(str(out)))
    assert pictures[0] == pictures[1]
    assert not pictures[0].isNull()


def test_a_dicomdir_is_inspected_and_what_it_misses_is_refused(command: Run, exam: Path) -> None:
    names = sorted(path.name for path in exam.iterdir())
    directory = build_dicomdir(exam / "DICOMDIR", [(name,) for name in (*names, "GONE")])
    for path in (directory, exam):
        answer = command("inspect", path, "--json")
        assert answer.code == 3
        assert len(answer.document["studies"][0]["images"]) == 4
        assert [item["file"] for item in answer.document["refused"]] == [str(exam / "GONE")]


def test_opening_is_measured_on_files_alone(command: Run, archive: Path) -> None:
    answer = command("bench", "open", archive)
    assert answer.code == 2
    assert "zip archive" in answer.err
