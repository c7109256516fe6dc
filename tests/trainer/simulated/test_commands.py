from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.builders.cbis_tree import build_cbis_tree
from tests.trainer.simulated.synthetic import write_set
from trainer.cli.main import main
from trainer.coco import read_coco


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four tables of a small download."""
    return build_cbis_tree(
        tmp_path_factory.mktemp("cbis"), people=4, quirks=False, rows=60, cols=40
    ).csv


def _add_picture(folder: Path, mammogram: str) -> None:
    """Give the set a copy of its first picture under the name of a real mammogram."""
    file = folder / "_annotations.coco.json"
    document = json.loads(file.read_text())
    name = f"{mammogram.removeprefix('P_')}.jpg"
    shutil.copy(folder / "00101_LEFT_CC.jpg", folder / name)
    document["images"].append({"id": 999, "file_name": name, "height": 400, "width": 400})
    document["annotations"].append(
        {"id": 999, "image_id": 999, "category_id": 0, "bbox": [70.0, 150.0, 26.0, 20.0]}
    )
    file.write_text(json.dumps(document))


def test_pictures_with_real_calcifications_are_left_out_and_counted(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainer.cbis.tables import read_tables

    folder = write_set(tmp_path / "train", range(101, 105))
    rows = read_tables(tables).rows
    real = next(r.mammogram for r in rows if r.kind == "calcification")
    mass = next(r.mammogram for r in rows if r.kind == "mass")
    _add_picture(folder, real)
    out = tmp_path / "out"
    command = ["simulate", str(folder), "--out", str(out), "--workers", "1"]
    assert main([*command, "--calcification-csv", str(tables)]) == 0
    said = capsys.readouterr()
    assert "1 left out" in said.out
    assert "4 pictures, 1 left out" in said.err
    names = {image.file.stem for image in read_coco(out)}
    assert len(names) == 4
    assert real.removeprefix("P_") not in names
    assert mass != real
    remark = json.loads((out / "_annotations.coco.json").read_text())["info"]["remark"]
    assert remark.startswith("1 pictures left out")


def test_without_tables_it_refuses_unless_a_reason_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_set(tmp_path / "train", range(201, 204))
    command = ["simulate", str(folder), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main(command) == 2
    assert main([*command, "--no-exclusions", " "]) == 2
    assert "--calcification-csv" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*command, "--no-exclusions", "made up pictures", "--limit", "2"]) == 0
    document = json.loads((tmp_path / "out" / "_annotations.coco.json").read_text())
    assert document["info"]["remark"] == "nothing left out: made up pictures"
    assert len(document["images"]) == 2


def test_broken_tables_and_pictures_are_named(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_set(tmp_path / "train", range(301, 304))
    command = ["simulate", str(folder), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main([*command, "--calcification-csv", str(tmp_path)]) == 3
    assert "calc_case_description" in capsys.readouterr().err
    (folder / "00302_LEFT_CC.jpg").write_bytes(b"no picture")
    assert main([*command, "--calcification-csv", str(tables)]) == 3
    said = capsys.readouterr()
    assert "refused: picture 00302_LEFT_CC.jpg" in said.err
    assert "2 pictures with simulated calcifications" in said.out


def test_the_control_runs_on_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_set(tmp_path / "train", range(401, 411))
    out = tmp_path / "out"
    made = ["simulate", str(folder), "--out", str(out), "--workers", "1"]
    assert main([*made, "--no-exclusions", "made up pictures"]) == 0
    capsys.readouterr()
    control = tmp_path / "control"
    judged = ["simulate-control", str(out), "--out", str(control), "--workers", "1", "--json"]
    assert main(judged) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((control / "control.json").read_text())
    assert printed["simulated_calcifications"] > 0
    assert "Accuracy" in (control / "control.md").read_text()
    assert main(["simulate-control", str(folder), "--workers", "1"]) == 3  # masses alone
    assert "0 calcifications" in capsys.readouterr().err
    for name in ("00403_LEFT_CC.jpg", "00405_LEFT_CC.jpg"):
        (out / name).write_bytes(b"no picture")
    assert main(judged) == 3
    said = capsys.readouterr()
    assert "00403_LEFT_CC.jpg" in said.err
    assert "00405_LEFT_CC.jpg" in said.err
    assert not said.out
