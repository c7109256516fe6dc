"""``evaluate calcifications`` from pictures to the section of the card."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import imagecodecs
import pytest

from tests.builders.cbis_tree import build_cbis_tree
from tests.builders.models import build_bundle
from tests.builders.pictures import build_pictures
from trainer.card.sections import SectionName, read_section
from trainer.cli.main import main
from trainer.labelled import ANNOTATIONS

PEOPLE = 4


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "bundle"
    return build_bundle(folder, findings=("mass", "calcification"))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = build_cbis_tree(
        tmp_path_factory.mktemp("cbis"), people=4, quirks=False, rows=60, cols=40
    )
    return tree.csv


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory, tables: Path) -> tuple[Path, Path]:
    """Pictures with clusters and without; one untouched mammogram stands in the real tables."""
    tmp_path = tmp_path_factory.mktemp("sets")
    simulated = build_pictures(tmp_path / "simulated", people=PEOPLE, with_calcifications=True)
    untouched = build_pictures(tmp_path / "untouched", people=PEOPLE)
    _change(simulated, _tell_of_clusters)
    real = _a_calcified_mammogram(tables)
    shutil.copy(untouched / "00001_LEFT_CC.png", untouched / f"{real}.png")
    _change(
        untouched,
        lambda document: document["images"].append(
            {"id": 999, "file_name": f"{real}.png", "height": 800, "width": 800}
        ),
    )
    return simulated, untouched


def test_the_folder_keeps_real_and_simulated_apart(
    sets: tuple[Path, Path],
    bundle: Path,
    tables: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = [*_words(sets, bundle, tables), "--out", str(out), "--json", "--grid", "0.3", "0.4"]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((out / "calcifications.json").read_text())
    assert {k: v["images"] for k, v in document["pictures"].items()} == {
        "simulated": PEOPLE,
        "without": PEOPLE,
        "real": 1,
    }
    assert document["simulated"]["clusters"] == PEOPLE
    assert document["people_known_to_the_model"] is None
    assert len(document["real"]["pictures"]) == 1
    assert set(document["simulated"]["operating_points"]) == {"default", "strict"}
    assert [grid["mm_per_px"] for grid in document["grids"]] == [0.3, 0.4]
    own, other = (document["grids"][n]["froc"]["sensitivity_at"] for n in (1, 0))
    assert own == document["simulated"]["false_marks_of_real_pictures"]["froc"]["sensitivity_at"]
    assert set(other) == set(own)
    section = read_section(out)
    assert section.name is SectionName.CALCIFICATIONS
    assert section.network_sha256 == document["model"]["network_sha256"]
    assert "mammoview-train evaluate calcifications BUNDLE" in section.text
    with (out / "clusters.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["count"] for row in rows] == ["14"] * PEOPLE
    assert (out / "groups.csv").is_file()
    assert imagecodecs.imread(out / "froc.png").shape[1] > 1000
    if any(not row["score of the hit"] for row in rows):
        assert imagecodecs.imread(out / "missed.png").shape[1] > 1000


def test_a_model_of_masses_alone_is_refused_before_any_work(
    sets: tuple[Path, Path], tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masses = build_bundle(tmp_path / "masses")
    assert main(_words(sets, masses, tables)) == 3
    assert "the class calcification" in capsys.readouterr().err


def test_wrong_usage_is_said(
    sets: tuple[Path, Path],
    bundle: Path,
    tables: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = _words(sets, bundle, tables)
    assert main([*words, "--validation"]) == 2
    assert "--validation without --run" in capsys.readouterr().err
    assert main([*words, "--grid", "20"]) == 2
    assert "grid 20 mm" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert main([*words, "--out", str(tmp_path / "file")]) == 2
    assert (tmp_path / "file").read_text() == "mine"


def test_pictures_without_clusters_are_refused(
    sets: tuple[Path, Path], bundle: Path, tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, untouched = sets
    assert main(_words((untouched, untouched), bundle, tables)) == 3
    assert "without a simulated cluster" in capsys.readouterr().err


def _words(sets: tuple[Path, Path], bundle: Path, tables: Path) -> list[str]:
    simulated, untouched = map(str, sets)
    words = ["evaluate", "calcifications", str(bundle), "--simulated", simulated]
    return [*words, "--untouched", untouched, "--calcification-csv", str(tables)]


def _change(folder: Path, change: object) -> None:
    file = folder / ANNOTATIONS
    document = json.loads(file.read_text())
    assert callable(change)
    change(document)
    file.write_text(json.dumps(document))


def _tell_of_clusters(document: dict[str, list[dict[str, object]]]) -> None:
    for annotation in document["annotations"]:
        if annotation["category_id"] == 1:
            annotation["attributes"] = {
                "simulated": True,
                "count": 14,
                "extent_mm": [12.0, 10.0],
                "leading_type": "punctate",
                "mean_diameter_mm": 0.45,
                "mean_contrast_od": 0.3,
                "peak_grey": 0.5,
            }


def _a_calcified_mammogram(tables: Path) -> str:
    with (tables / "calc_case_description_test_set.csv").open(encoding="utf-8") as stream:
        row = next(iter(csv.DictReader(stream)))
    person = row["patient_id"].removeprefix("P_")
    return f"{person}_{row['left or right breast']}_{row['image view']}"
