from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.errors import DataError
from tests.trainer.simulated.synthetic import write_set
from trainer.coco import read_coco
from trainer.labelled import LabelledImage
from trainer.recipe import DataRecipe, Recipe
from trainer.simulated.control import EVERY_TRACE, Control, as_document, as_markdown, judge
from trainer.simulated.film import Jpeg, encode_jpeg, read_jpeg
from trainer.simulated.traces import TraceGroup, Traces, traces_of

GROUPS = len(TraceGroup)


@pytest.fixture(scope="module")
def data(recipe: Recipe) -> DataRecipe:
    return replace(recipe.data, assumed_height_mm=106.5, assumed_width_mm=64.0)


@pytest.fixture
def image(tmp_path: Path) -> LabelledImage:
    (image,) = read_coco(write_set(tmp_path / "one", range(1, 2)))
    return image


def _rewrite(image: LabelledImage, pixels: np.ndarray, table: tuple[int, ...]) -> None:
    image.file.write_bytes(encode_jpeg(Jpeg(pixels=pixels.astype(np.uint8), table=table)))


def _changed(before: Traces, after: Traces) -> set[TraceGroup]:
    return {g for g in TraceGroup if not np.allclose(before.of(g), after.of(g), atol=1e-6)}


def test_what_lies_in_the_box_is_not_seen(image: LabelledImage, data: DataRecipe) -> None:
    jpeg = read_jpeg(image.file)
    (before,) = traces_of(image, data=data)
    box = image.lesions[0].box
    # Whole blocks inside the box, so that JPEG carries nothing outside.
    rows = slice(-(-int(box.row0) // 8) * 8 + 8, int(box.row1) // 8 * 8)
    cols = slice(-(-int(box.col0) // 8) * 8 + 8, int(box.col1) // 8 * 8)
    assert rows.start < rows.stop
    assert cols.start < cols.stop
    pixels = jpeg.pixels.copy()
    pixels[rows, cols] = 255
    _rewrite(image, pixels, jpeg.table)
    (after,) = traces_of(image, data=data)
    assert before.of(TraceGroup.BLUR) == pytest.approx(after.of(TraceGroup.BLUR), abs=0.02)
    assert before.of(TraceGroup.SIZE) == after.of(TraceGroup.SIZE)
    pixels[:, cols] = 255  # and what lies around it is
    _rewrite(image, pixels, jpeg.table)
    (after,) = traces_of(image, data=data)
    assert TraceGroup.BLUR in _changed(before, after)


def test_blur_is_measured(image: LabelledImage, data: DataRecipe) -> None:
    jpeg = read_jpeg(image.file)
    (before,) = traces_of(image, data=data)
    smooth = jpeg.pixels.astype(float)
    smooth = (smooth + np.roll(smooth, 1, 0) + np.roll(smooth, 1, 1) + np.roll(smooth, -1, 0)) / 4
    _rewrite(image, smooth, jpeg.table)
    (after,) = traces_of(image, data=data)
    assert after.of(TraceGroup.BLUR)[2] < before.of(TraceGroup.BLUR)[2] - 0.5


def test_another_compression_is_measured(image: LabelledImage, data: DataRecipe) -> None:
    jpeg = read_jpeg(image.file)
    (before,) = traces_of(image, data=data)
    coarse = tuple(4 * step for step in jpeg.table)
    once = encode_jpeg(Jpeg(pixels=jpeg.pixels, table=coarse))
    image.file.write_bytes(once)
    _rewrite(image, read_jpeg(image.file).pixels, jpeg.table)  # twice compressed, table as before
    (after,) = traces_of(image, data=data)
    zeros = slice(16, 46, 3)
    assert np.mean(after.of(TraceGroup.JPEG)[zeros]) > np.mean(before.of(TraceGroup.JPEG)[zeros])
    assert TraceGroup.JPEG in _changed(before, after)


def test_a_lesion_without_surroundings_is_left_out(tmp_path: Path, data: DataRecipe) -> None:
    (image,) = read_coco(write_set(tmp_path / "one", range(1, 2)))
    whole = replace(image.lesions[0].box, col0=0.0, row0=0.0, col1=399.0, row1=399.0)
    filled = replace(image, lesions=(replace(image.lesions[0], box=whole),))
    assert traces_of(filled, data=data) == ()


def _planted(group: TraceGroup | None, people: int = 120) -> list[Traces]:
    """Noise in every group; one of them tells the class."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(people):
        for kind in ("mass", "calcification"):
            values = rng.standard_normal((GROUPS, 2))
            if group is not None and kind == "calcification":
                values[list(TraceGroup).index(group)] += 3.0
            found.append(
                Traces(
                    person=f"P_{number:05d}",
                    kind=kind,
                    values=tuple(tuple(float(v) for v in row) for row in values),
                )
            )
    return found


@pytest.fixture(scope="module")
def blurred() -> Control:
    """The classes differ in blur alone."""
    return judge(_planted(TraceGroup.BLUR))


def test_noise_is_chance_and_a_planted_trace_is_found(blurred: Control) -> None:
    found = {(j.traces, j.classifier): j.accuracy for j in blurred.judged}
    for classifier in ("logistic regression", "boosted trees"):
        assert found["blur", classifier].low > 0.9
        assert found[EVERY_TRACE, classifier].low > 0.9
        for nothing in ("size", "jpeg", "place"):
            chance = found[nothing, classifier]
            assert 0.35 < chance.low < chance.value < chance.high < 0.65


def test_the_place_is_no_part_of_all_traces() -> None:
    place = {j.traces: j.accuracy.value for j in judge(_planted(TraceGroup.PLACE)).judged}
    assert place["place"] > 0.9
    assert place[EVERY_TRACE] < 0.62


def test_the_document_says_what_it_is(blurred: Control) -> None:
    document = as_document(blurred, source="set")
    assert "simulated" in document["what"]
    assert document["masses"] == document["simulated_calcifications"] == document["people"] == 120
    assert len(document["accuracy"]) == 2 * (GROUPS + 1)
    text = as_markdown(blurred)
    assert "simulated" in text
    assert all(str(g) in text for g in TraceGroup)


def test_one_class_is_refused() -> None:
    masses = [t for t in _planted(None) if t.kind == "mass"]
    with pytest.raises(DataError, match="0 calcifications"):
        judge(masses)


def test_a_class_of_few_people_is_refused_before_a_fold_lacks_it() -> None:
    planted = _planted(None)
    one = next(t for t in planted if t.kind == "calcification")
    few = [t for t in planted if t.kind == "mass"] + [one] * 5
    with pytest.raises(
        DataError, match=r"5 calcifications of 1, .*each class in at least 5 people"
    ):
        judge(few)
