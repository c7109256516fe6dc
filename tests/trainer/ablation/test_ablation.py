"""Rows of an ablation: networks of several runs, judged on the same held-out pictures."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from mammoview.domain.geometry import ImageBox, ImagePoint
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from trainer.ablation.chart import CHART
from trainer.ablation.kept import kept_row, pictures_sha256, read_kept, write_kept
from trainer.ablation.measure import AblationRow, RowRun, measure_rows, views_row
from trainer.ablation.report import TABLE, ablation_document, ablation_text, write_ablation
from trainer.cache import GridCache
from trainer.card.sections import SectionName, read_section
from trainer.classifier import LAST
from trainer.cli import main
from trainer.detect import DetectedImage
from trainer.documents import file_sha256
from trainer.export import read_run, validation_images
from trainer.fit import FitOptions, fit
from trainer.hard_negatives import read_hard_negatives, write_hard_negatives
from trainer.labelled import LabelledImage
from trainer.mining import MiningOptions, mine
from trainer.prepare import prepare
from trainer.recipe import Recipe
from trainer.sources import read_labelled

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def images(made_pictures: Path) -> tuple[LabelledImage, ...]:
    return read_labelled(made_pictures)


def small(recipe: Recipe, *, sampling: str, background: str) -> Recipe:
    kinds = ("mass", "calcification")
    return replace(
        recipe,
        name=f"{sampling} {background}".strip(),
        data=replace(recipe.data, validation_share=0.4),
        preprocessing=replace(recipe.preprocessing, mm_per_px=0.8),
        network=replace(
            recipe.network,
            backbone="resnet18",
            classes=(background, *kinds) if background else kinds,
            background=background,
        ),
        patches=replace(
            recipe.patches,
            sampling=sampling,  # type: ignore[arg-type]
            supervision="patch",
            lesion_share=1.0 if sampling == "roi" else 0.5,
            size_px=64,
            centre_jitter_px=0.0,
        ),
        training=replace(recipe.training, batch_size=4, patches_per_lesion=1, epochs=1),
    )


def options(out: Path, **changes: object) -> FitOptions:
    given = FitOptions(
        out=out,
        weights=None,
        accelerator="cpu",
        precision="32-true",
        workers=0,
        resume=False,
        max_steps=2,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, images: tuple[LabelledImage, ...], recipe: Recipe
) -> Path:
    """Three runs of two steps: the paper's two classes; a grid; the grid with hard negatives."""
    folder = tmp_path_factory.mktemp("rows")
    paper = small(recipe, sampling="roi", background="")
    grid = small(recipe, sampling="grid", background="background")
    for name, one in (("squares", paper), ("grid", grid)):
        prepare(images, recipe=one, out=folder / f"cache-{name}", source="made", workers=1)
    fit(folder / "cache-squares", paper, options(folder / "paper"))
    fit(folder / "cache-grid", grid, options(folder / "grid"))
    cache = GridCache(folder / "cache-grid")
    found = mine(folder / "grid", cache, MiningOptions(pictures=3, most=50))
    write_hard_negatives(found, folder / "hard.json")
    fit(
        folder / "cache-grid",
        grid,
        options(
            folder / "hard",
            weights=str(folder / "grid" / LAST),
            hard_negatives=folder / "hard.json",
            hard_share=1.0,
        ),
    )
    return folder


@pytest.fixture(scope="module")
def rows(place: Path, images: tuple[LabelledImage, ...]) -> tuple[AblationRow, ...]:
    named = [RowRun(name=name, run=place / name) for name in ("paper", "grid", "hard")]
    return measure_rows(named, images, place / "table")


def test_a_run_is_mined_on_its_training_pictures_alone(place: Path) -> None:
    found = read_hard_negatives(place / "hard.json")
    cache = GridCache(place / "cache-grid")
    training = set(read_run(place / "grid")["training"])
    assert found.pictures == len({p.record for p in found.places}) == 3
    for hard in found.places:
        record = cache.records[hard.record]
        assert {lesion.lesion_id for lesion in record.lesions} <= training
    assert found.checkpoint_sha256 == file_sha256(place / "grid" / LAST)


def test_a_run_says_which_hard_negatives_it_had(place: Path, recipe: Recipe) -> None:
    said = read_run(place / "hard")["hard_negatives"]
    found = read_hard_negatives(place / "hard.json")
    assert said == {
        "sha256": file_sha256(place / "hard.json"),
        "checkpoint_sha256": file_sha256(place / "grid" / LAST),
        "pictures": 3,
        "places": len(found.places),
        "share": 1.0,
    }
    assert read_run(place / "grid")["hard_negatives"] is None
    grid = small(recipe, sampling="grid", background="background")
    with pytest.raises(DataError, match="list of hard negatives"):
        fit(place / "cache-grid", grid, options(place / "hard", resume=True))


def test_every_row_reads_the_validation_pictures_and_no_other(
    place: Path, images: tuple[LabelledImage, ...], rows: tuple[AblationRow, ...]
) -> None:
    wanted = [i.mammogram for i in validation_images(read_run(place / "paper"), images)]
    assert 2 <= len(wanted) < len(images)
    for row in rows:
        assert [d.image.mammogram for d in row.detected] == wanted
        assert all(d.regions for d in row.detected)
        assert {r.kind for d in row.detected for r in d.regions} == {"mass", "calcification"}


def test_no_mark_of_a_raw_map_saturates(rows: tuple[AblationRow, ...]) -> None:
    for row in rows:
        scores = [r.score for d in row.detected for r in d.regions if r.kind == "mass"]
        assert 0.0 < min(scores) < max(scores) < 1.0 - 1e-6


def test_a_row_is_read_once(
    place: Path,
    images: tuple[LabelledImage, ...],
    rows: tuple[AblationRow, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("trainer.ablation.measure._read", refuse)
    again = measure_rows([RowRun(name="x", run=place / "grid")], images, place / "table")
    marks = [[(r.score, r.peak, r.box) for r in d.regions] for d in again[0].detected]
    assert marks == [[(r.score, r.peak, r.box) for r in d.regions] for d in rows[1].detected]
    with pytest.raises(AssertionError, match="read again"):
        measure_rows([RowRun(name="x", run=place / "grid")], images, place / "table", most=1)


def test_what_is_kept_of_another_network_is_refused(
    rows: tuple[AblationRow, ...], tmp_path: Path
) -> None:
    row = rows[0]
    kept = kept_row(row.detected, manifest=row.manifest, uncalibrated=(), checkpoint_sha256="1")
    file = tmp_path / "row.json"
    write_kept(kept, file)
    same = pictures_sha256([d.image for d in row.detected])
    assert read_kept(file, checkpoint_sha256="1", pictures=same) == kept
    assert read_kept(tmp_path / "none.json", checkpoint_sha256="1", pictures=same) is None
    with pytest.raises(DataError, match="another network"):
        read_kept(file, checkpoint_sha256="2", pictures=same)
    file.write_text("{")
    with pytest.raises(DataError, match="delete it"):
        read_kept(file, checkpoint_sha256="1", pictures=same)


def test_rows_judged_on_other_pictures_are_refused(
    place: Path, images: tuple[LabelledImage, ...], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / LAST).write_bytes((place / "grid" / LAST).read_bytes())
    described = json.loads((place / "grid" / "run.json").read_text())
    described["validation"] = described["validation"][:2]
    (other / "run.json").write_text(json.dumps(described))
    named = [RowRun(name="a", run=place / "paper"), RowRun(name="b", run=other)]
    with pytest.raises(DataError, match="other validation pictures"):
        measure_rows(named, images, tmp_path)


def marked(row: AblationRow, score: float) -> AblationRow:
    """Return a row whose marks are one on each mass, and one of score 0.5 off it."""

    def of(item: DetectedImage) -> DetectedImage:
        box = item.image.lesions[0].box
        off = ImageBox(col0=0.0, row0=0.0, col1=2.0, row1=2.0)
        marks = ((score, box), (0.5, off))
        return replace(
            item,
            regions=tuple(
                Region(kind="mass", score=s, peak=b.centre(), box=b, outline=(), flagged=False)
                for s, b in marks
            ),
        )

    return replace(row, detected=tuple(of(item) for item in row.detected))


def test_a_gain_is_that_on_the_row_that_was_started_from(rows: tuple[AblationRow, ...]) -> None:
    """Masses found only after one false mark an image, then before any, then after it again."""
    late, early = marked(rows[0], 0.4), marked(rows[1], 0.9)
    from_late = replace(marked(rows[2], 0.9), start_sha256=late.checkpoint_sha256, name="third")
    document = ablation_document([late, early, from_late])
    first, second, third = document["rows"]
    assert first["gain_on"] is None
    assert first["per_class"]["mass"]["froc"]["sensitivity_at"]["0.5"]["mean"] == 0.0
    assert first["per_class"]["mass"]["froc"]["sensitivity_at"]["1"]["mean"] == 1.0
    assert second["gain_on"] == "paper"
    assert second["per_class"]["mass"]["froc"]["gain_at"]["0.5"]["mean"] == 1.0
    assert second["per_class"]["mass"]["froc"]["gain_at"]["1"]["mean"] == 0.0
    assert third["gain_on"] == third["start"] == "paper"
    assert third["per_class"]["mass"]["froc_iou"]["gain_at"]["0.5"]["mean"] == 1.0


def test_hard_negatives_started_from_the_grid(rows: tuple[AblationRow, ...]) -> None:
    document = ablation_document(rows)
    assert [row["start"] for row in document["rows"]] == ["none", "none", "grid"]
    assert [row["gain_on"] for row in document["rows"]] == [None, "paper", "grid"]
    assert [row["samples"] for row in document["rows"]] == [8, 8, 8]
    assert document["classes"]["calcification"]["simulated"] is False
    text = ablation_text(document)
    assert "#### mass" in text
    assert "calcification" in text


def test_views_together_are_a_row_of_their_own(rows: tuple[AblationRow, ...]) -> None:
    """Made people have one picture each: nothing has a partner, and all stays as it was."""
    last = views_row(rows[2], "+ views together")
    assert last.run == ""
    before = [[r.score for r in d.regions] for d in rows[2].detected]
    assert [[r.score for r in d.regions] for d in last.detected] == before
    document = ablation_document([*rows, last])
    assert document["rows"][-1]["gain_on"] == "hard"
    gain = document["rows"][-1]["per_class"]["mass"]["froc"]["gain_at"]["1"]
    assert gain == {"mean": 0.0, "ci95": [0.0, 0.0]}


def test_table_and_section_are_written(rows: tuple[AblationRow, ...], tmp_path: Path) -> None:
    document = ablation_document(rows)
    write_ablation(document, tmp_path)
    with (tmp_path / TABLE).open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == 3 * 2 * 2 * 5
    told = next(
        r
        for r in table
        if r["row"] == "hard" and r["class"] == "mass" and r["false marks an image"] == "4"
    )
    figure = document["rows"][2]["per_class"]["mass"]["froc"]["sensitivity_at"]["4"]
    assert float(told["sensitivity"]) == pytest.approx(figure["mean"])
    assert told["gain on"] == "grid"
    section = read_section(tmp_path)
    assert section.name is SectionName.ABLATION
    assert "mine grid --cache cache-grid background --pictures 3" in section.text
    assert "--hard-negatives hard.json --hard-share 1" in section.text
    assert "--weights grid/last.ckpt" in section.text


def test_the_command_prints_the_table(
    place: Path,
    made_pictures: Path,
    rows: tuple[AblationRow, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["ablation", "--row", f"a={place / 'paper'}", "--row", f"b={place / 'grid'}"]
    out = ["--data", str(made_pictures), "--out", str(place / "table")]
    assert main([*words, "--views-of", "b", *out]) == 0
    assert "+ views together" in capsys.readouterr().out
    assert imagecodecs.imread(place / "table" / CHART).shape[0] > 500
    assert main([*words, "--views-of", "c", *out]) == 2
    assert main(["ablation", "--row", "nameless", *out]) == 2
    assert (
        main(
            [
                "mine",
                str(place / "grid"),
                "--cache",
                str(place / "cache-squares"),
                "--out",
                str(place / "x.json"),
            ]
        )
        == 3
    )
    assert "whole grids" in capsys.readouterr().err
    assert np.isfinite(rows[0].samples)


def test_points_are_where_they_were_found(rows: tuple[AblationRow, ...]) -> None:
    """A peak lies in its box and in the picture."""
    for row in rows:
        for item in row.detected:
            for region in item.regions:
                peak = region.peak
                assert region.box.contains(ImagePoint(col=peak.col, row=peak.row))
                assert 0 <= peak.col <= item.cols
                assert 0 <= peak.row <= item.rows
