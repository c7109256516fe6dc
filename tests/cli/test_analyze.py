"""``analyze``: the contract's document, files without names, the gate, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.modelkit.manifest import Caveat
from tests.builders.dicom import Blob, build_mg
from tests.builders.models import build_bundle, build_manifest
from tests.builders.tomo import build_tomo
from tests.cli.conftest import Run

IMAGE_KEYS = {
    "file",
    "sop_instance_uid",
    "laterality",
    "view",
    "rows",
    "cols",
    "status",
    "reason",
    "scores",
    "heatmap",
    "regions",
    "seconds",
}
REGION_KEYS = {"class", "score", "score_one_view", "peak", "box", "size_mm", "outline", "flagged"}


@pytest.fixture
def lesion(tmp_path: Path) -> Path:
    """One view with one bright disc at (col 300, row 500) of 900 x 1200 pixels."""
    disc = Blob(col=300, row=500, radius=25)
    return build_mg(tmp_path / "lesion.dcm", laterality="L", rows=1200, cols=900, blobs=[disc])


def test_the_document_and_the_files(command: Run, exam: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    answer = command("analyze", exam, "--out", out, "--json", "--model", bundle)
    assert answer.code == 0, answer.err
    assert answer.document == json.loads((out / "results.json").read_text("utf-8"))
    assert set(answer.document) >= {"model", "device", "images", "refused"}
    assert set(answer.document["model"]) == {"name", "version", "sha256", "caveats"}
    assert len(answer.document["images"]) == 4
    for image in answer.document["images"]:
        assert set(image) >= IMAGE_KEYS
        assert image["status"] == "analyzed"
        assert set(image["seconds"]) == {"decode", "prepare", "network", "regions"}
        for region in image["regions"]:
            assert set(region) == REGION_KEYS
            assert 0 <= region["score"] <= 1
        scores = [region["score"] for region in image["regions"]]
        assert scores == sorted(scores, reverse=True)
        assert (out / image["heatmap"]).is_file()


def test_results_name_thresholds_and_caveats(command: Run, lesion: Path, tmp_path: Path) -> None:
    caveat = Caveat(kind="mass", text="trained on simulated masses")
    manifest = replace(build_manifest(stride=8), caveats=(caveat,))
    bundle = build_bundle(tmp_path / "bundle", stride=8, manifest=manifest)
    words = ["--out", tmp_path / "results", "--json", "--model", bundle]
    for name, threshold in (("default", 0.5), ("strict", 0.9)):
        answer = command("analyze", lesion, *words, "--operating-point", name)
        document = answer.document
        assert document["operating_point"] == name
        assert document["thresholds"] == {"mass": threshold}
        assert document["model"]["caveats"] == [{"class": "mass", "text": caveat.text}]
        for region in document["images"][0]["regions"]:
            assert region["flagged"] == (region["score"] >= threshold)


def test_the_heatmap_leads_to_the_lesion(
    command: Run, lesion: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results"
    answer = command("analyze", lesion, "--out", out, "--json", "--model", bundle)
    (image,) = answer.document["images"]
    with np.load(out / image["heatmap"]) as arrays:
        heat, to_image = arrays["mass"], arrays["to_image"]
    assert heat.dtype == np.float32
    assert to_image.shape == (2, 3)
    row, col = np.unravel_index(heat.argmax(), heat.shape)
    col0, row0 = to_image @ [col, row, 1.0]
    col1, row1 = to_image @ [col + 1, row + 1, 1.0]
    assert col0 <= 300 <= col1, "the hottest cell covers the lesion"
    assert row0 <= 500 <= row1
    quarter = (col1 - col0) / 4
    assert np.hypot(*(np.array(image["regions"][0]["peak"]) - [300, 500])) < quarter


def test_no_file_carries_the_patients_name(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results"
    assert command("analyze", exam, "--out", out, "--model", bundle).code == 0
    for path in out.iterdir():
        assert "phantom" not in path.name.lower()
        assert b"Phantom" not in path.read_bytes()


def test_a_view_that_is_not_analysed_says_so(command: Run, bundle: Path, tmp_path: Path) -> None:
    path = build_mg(tmp_path / "spot.dcm", modifiers=[("SCT", "399055006")])
    out = tmp_path / "results"
    answer = command("analyze", path, "--out", out, "--json", "--model", bundle)
    (image,) = answer.document["images"]
    assert image["status"] == "not-supported"
    assert image["reason"]
    assert image["heatmap"] is None
    assert image["regions"] == []


def test_a_volume_is_not_analysed_and_says_so(command: Run, bundle: Path, tmp_path: Path) -> None:
    path = build_tomo(tmp_path / "volume")
    answer = command("analyze", path, "--out", tmp_path / "out", "--json", "--model", bundle)
    (image,) = answer.document["images"]
    assert (image["status"], image["reason"]) == ("not-supported", "tomosynthesis")


def test_bad_files_do_not_stop_the_others(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    (exam / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    answer = command("analyze", exam, "--out", tmp_path / "r", "--json", "--model", bundle)
    assert answer.code == 3
    assert len(answer.document["images"]) == 4
    assert Path(answer.document["refused"][0]["file"]).name == "broken.dcm"


def test_a_damaged_model_is_not_used(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    network = bytearray((bundle / "model.onnx").read_bytes())
    network[len(network) // 2] ^= 1
    (bundle / "model.onnx").write_bytes(network)
    answer = command("analyze", exam, "--out", tmp_path / "r", "--json", "--model", bundle)
    assert answer.code == 3
    assert not answer.out
    assert command("model", "verify", bundle).code == 1


def test_an_unknown_operating_point(command: Run, exam: Path, bundle: Path, tmp_path: Path) -> None:
    words = ["analyze", exam, "--out", tmp_path / "r", "--model", bundle]
    answer = command(*words, "--operating-point", "dream")
    assert answer.code == 2
    assert "default" in answer.err


def test_a_sound_model_verifies(command: Run, bundle: Path) -> None:
    answer = command("model", "verify", bundle, "--json")
    assert answer.code == 0
    assert answer.document["verified"] is True
    shown = command("model", "show", bundle, "--json").document["manifest"]
    assert "mass" in shown["classes"]
    assert command("model", "show", "no-such-model").code == 2


def test_passes_and_views_are_named_in_the_results(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    rule = {"partner": "same-breast", "tolerance_mm": 15.0, "weight": -2.0, "intercept": -3.0}
    views = tmp_path / "views.json"
    rules = {
        "format": "mammoview-views/1",
        "network_sha256": manifest["hashes"]["model.onnx"],
        "passes": "flips",
        "classes": [{"calibration": c, "partners": [rule]} for c in manifest["calibration"]],
        "fitted_on": "made by hand",
    }
    views.write_text(json.dumps(rules), "utf-8")
    out = tmp_path / "results"
    words = ("analyze", exam, "--out", out, "--json", "--model", bundle)
    answer = command(*words, "--passes", "flips", "--views", views)
    assert answer.code == 0, answer.err
    assert answer.document["passes"] == "flips"
    assert answer.document["views_together"] == "made by hand"
    regions = [r for image in answer.document["images"] for r in image["regions"]]
    assert regions
    assert all(r["score"] < r["score_one_view"] for r in regions)
    assert all("other views" in image["notes"][-1] for image in answer.document["images"])
    refused = command(*words, "--views", views)
    assert refused.code == 3
    assert "--passes flips" in refused.err
    alone = command(*words).document
    assert (alone["passes"], alone["views_together"]) == ("one", None)
    assert {r["score_one_view"] for image in alone["images"] for r in image["regions"]} == {None}
