"""What is not refitted, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import CARD, open_bundle
from tests.builders.models import build_manifest
from tests.builders.sites import build_site, made_image, made_normals
from trainer.cli.main import main
from trainer.recipe import Recipe
from trainer.site.reading import SiteReading, read_labelled_site
from trainer.site.refit import fewest_images, refit
from trainer.sources import read_labelled


def test_a_broken_file_is_named_and_the_others_are_done(
    bundle: Path, normals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM nothing more")
    out = tmp_path / "new"
    words = ["--normals", str(normals), str(broken), "--out", str(out)]
    assert main(["calibrate", str(bundle), *words]) == 3
    said = capsys.readouterr()
    assert str(broken) in said.err
    assert "40 images of 10 people" in said.out
    open_bundle(out)


def test_a_broken_picture_is_named_and_the_others_are_done(
    bundle: Path, tmp_path: Path, recipe: Recipe
) -> None:
    site = build_site(tmp_path / "site", people=1)
    broken = site / "00000_LEFT_CC.png"
    broken.write_bytes(b"no picture")
    session = Session.open(open_bundle(bundle), device="cpu")
    found = read_labelled_site(session, read_labelled(site), recipe.data)
    assert [r.file for r in found.refused] == [broken]
    assert broken.name in found.refused[0].reason
    assert len(found.detected) == 3


@pytest.mark.parametrize(("people", "per_person"), [(9, 6), (19, 2), (0, 4)])
def test_too_few_are_refused_with_the_number_that_is_enough(people: int, per_person: int) -> None:
    manifest = build_manifest()  # its strictest point is 0.25 false marks an image
    assert fewest_images(manifest) == 40
    reading = made_normals([[0.1, 0.5]] * (people * per_person), per_person)
    with pytest.raises(DataError, match="at least 40 images of 10 people") as refusal:
        refit(manifest, reading)
    assert f"{people * per_person} images of {people} people" in str(refusal.value)


def test_pictures_without_hits_give_no_scores() -> None:
    made = [made_image(n, f"p{n // 4}", [(0.5, 30.0), (0.2, 50.0)]) for n in range(48)]
    reading = SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    with pytest.raises(DataError, match=r"0 marks of mass hit .* at least 20"):
        refit(build_manifest(), reading)


def test_a_network_that_marks_lesions_lower_is_refused() -> None:
    made = [
        made_image(n, f"p{n // 4}", [(0.1 + 0.001 * n, 10.0), (0.6 + 0.001 * n, 30.0)])
        for n in range(48)
    ]
    reading = SiteReading(is_labelled=True, detected=tuple(made), refused=(), left_out=())
    with pytest.raises(DataError, match="hits less often"):
        refit(build_manifest(), reading)


def test_too_few_files_name_the_refused_ones_first(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("no mammogram", "utf-8")
    words = ["--normals", str(tmp_path / "letter.txt"), "--out", str(tmp_path / "new")]
    assert main(["calibrate", str(bundle), *words]) == 3
    said = capsys.readouterr().err
    assert said.index("letter.txt") < said.index("0 images of 0 people")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("version", ["1", "", "1/2", "1@2", "a b", "x" * 65])
def test_a_wrong_version_is_known_before_anything_is_read(
    bundle: Path, tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--normals", str(tmp_path / "nowhere"), "--out", str(tmp_path / "new")]
    assert main(["calibrate", str(bundle), *words, "--version", version]) == 2
    assert "--version" in capsys.readouterr().err


def test_a_taken_place_is_known_before_anything_is_read(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["calibrate", str(bundle), "--normals", str(tmp_path), "--out", str(tmp_path)]
    assert main(words) == 2
    assert "there already" in capsys.readouterr().err


def test_a_damaged_bundle_is_not_refitted(bundle: Path, site: Path, tmp_path: Path) -> None:
    import shutil

    damaged = shutil.copytree(bundle, tmp_path / "damaged")
    (damaged / CARD).write_text("changed", "utf-8")
    words = ["calibrate", str(damaged), "--data", str(site), "--out", str(tmp_path / "new")]
    assert main(words) == 3
