"""Whose pictures an evaluation reads: a run's validation people, or those a recipe holds out."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from mammoview.errors import DataError, UsageError
from tests.builders.pictures import build_pictures
from trainer.cli.common import read_named_recipe
from trainer.cli.validation import add_validation, again, chosen_images, is_validation
from trainer.sources import read_labelled
from trainer.splits import validation_people


def parsed(*words: str, required: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_validation(parser, required=required)
    return parser.parse_args(words)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pictures(tmp_path_factory.mktemp("pictures") / "data", people=12)


def test_without_a_choice_all_pictures_are_read(pictures: Path) -> None:
    arguments = parsed("--data", str(pictures))
    images = chosen_images(arguments)
    assert images == read_labelled(pictures)
    assert not is_validation(arguments)
    assert again(arguments, images) == "--data $MAMMOVIEW_DATA/cbis-ddsm/mass-800/train"


def test_held_out_are_whom_fit_with_that_recipe_holds_out(pictures: Path) -> None:
    arguments = parsed("--data", str(pictures), "--held-out", "smoke")
    recipe = read_named_recipe("smoke")
    everybody = {image.person for image in read_labelled(pictures)}
    people = validation_people(everybody, share=recipe.data.validation_share, seed=recipe.seed)
    images = chosen_images(arguments)
    assert {image.person for image in images} == people
    assert set() < people < everybody
    assert is_validation(arguments)
    assert again(arguments, images).endswith("/train --held-out smoke")


def test_pictures_with_real_calcifications_are_left_out_as_by_prepare(
    mammoview_data: Path,
) -> None:
    train, tables = (mammoview_data / "cbis-ddsm" / part for part in ("mass-800/train", "csv"))
    words = ["--data", str(train), "--held-out", "review-fine"]
    every = chosen_images(parsed(*words))
    arguments = parsed(*words, "--calcification-csv", str(tables))
    kept = chosen_images(arguments)
    # The card of findings-resnet50: half of 328 validation pictures, of 91 people.
    assert (len(kept), len({image.person for image in kept})) == (164, 91)
    assert {image.mammogram for image in kept} < {image.mammogram for image in every}
    assert "--calcification-csv $MAMMOVIEW_DATA/cbis-ddsm/csv" in again(arguments, kept)


def test_a_recipe_that_holds_out_nobody_and_tables_alone_are_refused(
    pictures: Path, tmp_path: Path
) -> None:
    words = ["--data", str(pictures)]
    with pytest.raises(UsageError, match="without --held-out"):
        chosen_images(parsed(*words, "--calcification-csv", str(tmp_path)))
    with pytest.raises(argparse.ArgumentError):
        parsed(*words, "--held-out", "smoke", "--run", str(tmp_path))
    one = build_pictures(tmp_path / "one", people=1)
    with pytest.raises(DataError, match="holds out none"):
        chosen_images(parsed("--data", str(one), "--held-out", "smoke"))
