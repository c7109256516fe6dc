"""Native examinations beside their pictures: ``evaluate exams``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.dicom import build_mg
from tests.builders.models import breast_values, build_bundle
from tests.builders.pictures import build_pictures
from trainer.exams import evaluate_exams, read_native_boxes
from trainer.recipe import Recipe
from trainer.sources import read_labelled


def evaluated(place: Path, recipe: Recipe, **elements: object) -> dict[str, Any]:
    """Evaluate one native left CC view, with a box over all of it and one beside the breast."""
    pictures = read_labelled(build_pictures(place / "data", people=1))
    picture = replace(pictures[0], file=place / f"{pictures[0].file.stem}.jpg")
    imagecodecs.imwrite(picture.file, imagecodecs.imread(pictures[0].file))
    stored = np.asarray(breast_values() >> np.uint16(4), np.uint16)
    rows, cols = stored.shape
    (place / "exam").mkdir()
    build_mg(
        place / "exam" / "a.dcm",
        laterality="L",
        stored=stored,
        rows=rows,
        cols=cols,
        spacing=(0.4, 0.4),
        elements=elements,
    )
    boxes = {
        "exam/a.dcm": {
            "cbis": f"Mass-Test_P_{picture.file.stem}",
            "boxes_xywh": [[0, 0, cols, rows], [cols - 1, 0, 1, 1]],
        }
    }
    (place / "boxes.json").write_text(json.dumps(boxes))
    bundle = open_bundle(build_bundle(place / "bundle"))
    return evaluate_exams(
        Session.open(bundle, device="cpu"),
        [place / "exam"],
        natives=read_native_boxes(place / "boxes.json"),
        pictures=[picture],
        data=recipe.data,
    )


def test_a_flag_in_a_box_hits_it(tmp_path: Path, recipe: Recipe) -> None:
    (view,) = evaluated(tmp_path, recipe)["views"]
    assert view["flagged"]
    assert view["hit"] == [True, False]
    assert set(view["probes"]) == {"native", "assumed width", "800x800", "picture"}


def test_a_view_that_was_not_analysed_is_no_normal_one(tmp_path: Path, recipe: Recipe) -> None:
    with pytest.raises(DataError, match="breast with an implant"):
        evaluated(tmp_path, recipe, BreastImplantPresent="YES")
