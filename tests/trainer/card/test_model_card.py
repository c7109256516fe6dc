"""The card says what a model is, what it was made from and what was measured, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mammoview.errors import DataError, UsageError
from mammoview.modelkit.bundle import CARD, NETWORK, open_bundle
from mammoview.modelkit.manifest import Caveat, FeatureRange
from tests.builders.models import build_bundle, build_manifest
from tests.builders.sites import made_normals
from trainer.card.model_card import (
    Measured,
    read_document,
    render_card,
    require_same_network,
    rewrite_card,
)
from trainer.card.sections import (
    Section,
    SectionName,
    read_section,
    section_of,
    write_section,
)
from trainer.card.speed import speed_text
from trainer.card.tables import figure, overlap_lines, subgroup_lines, with_interval
from trainer.cli.main import main
from trainer.documents import write_json
from trainer.recipe import NetworkRecipe, Recipe
from trainer.site.card import refit_card
from trainer.site.refit import refit, write_refit

MASS = build_manifest()
BOTH = build_manifest(findings=("mass", "calcification"))


def estimate(value: float | None) -> dict[str, Any]:
    return {"mean": value, "ci95": [None, None] if value is None else [value - 0.1, value + 0.1]}


def froc(value: float | None, rule: str = "peak") -> dict[str, Any]:
    rates = ("0.25", "0.5", "1", "2", "4")
    return {
        "hit_rule": rule,
        "sensitivity_at": dict.fromkeys(rates, value),
        "ci95": dict.fromkeys(rates, estimate(value)["ci95"]),
    }


def of_class(value: float | None = 0.5, lesions: int = 40) -> dict[str, Any]:
    """What ``evaluate images`` writes of a class; without overlap and subgroups."""
    point = {"threshold": 0.5, "sensitivity": value, "false_marks_per_image": 0.25}
    return {
        "froc": froc(value),
        "pointing_game": value,
        "lesions": lesions,
        "expected_calibration_error": 0.004,
        "operating_points": {"default": point},
    }


def document(images: int = 40, **classes: dict[str, Any]) -> dict[str, Any]:
    per_class = classes or {"mass": of_class()}
    first = next(iter(per_class.values()))
    return {
        "froc": first["froc"],
        "pointing_game": first["pointing_game"],
        "per_class": per_class,
        "images": images,
        "lesions": sum(values["lesions"] for values in per_class.values()),
    }


OVERLAP = {
    "raster": "128 points",
    "mask": {
        "lesions": 3,
        "operating_points": {
            "default": {
                "hit": 2,
                "iou_of_hit": estimate(0.4),
                "iou_of_all": estimate(0.3),
                "dice_of_hit": estimate(0.6),
                "dice_of_all": estimate(None),
            }
        },
        "best_achievable": {"iou": estimate(0.45), "dice": estimate(0.65)},
    },
    "set_aside": {"P_00353_LEFT_CC_calcification_1": "another size"},
    "set_aside_count": 1,
}


def group(attribute: str, name: str, *, value: float | None) -> dict[str, Any]:
    return {
        "attribute": attribute,
        "group": name,
        "lesions": 30,
        "people": 20,
        "too_small": value is None,
        "sensitivity": None if value is None else {"default": estimate(value)},
        "pointing_game": None if value is None else estimate(value),
    }


def network(recipe: Recipe, **changes: Any) -> Recipe:
    changed: NetworkRecipe = replace(recipe.network, **changes)
    return replace(recipe, network=changed)


def test_a_card_is_the_same_each_time(recipe: Recipe) -> None:
    cards = {render_card(MASS, recipe=recipe, validation=document()) for _ in range(3)}
    assert len(cards) == 1
    (card,) = cards
    assert "research use only" in card.lower()
    assert "Not yet measured on test pictures." in card
    assert "simulated" not in card
    assert "appended" not in card
    for text in recipe.assumptions:
        assert text in card


def test_a_document_of_an_older_evaluation_will_do(recipe: Recipe) -> None:
    card = render_card(
        MASS, recipe=recipe, validation=document(), measured=Measured(test=document())
    )
    assert "| mass | 0.50 (0.40-0.60) |" in card
    assert "Overlap" not in card
    assert "Subgroups" not in card


def test_the_second_hit_rule_has_a_row_of_its_own(recipe: Recipe) -> None:
    values = of_class() | {"froc_iou": froc(0.25, "box IoU >= 0.2")}
    card = render_card(MASS, recipe=recipe, validation=document(mass=values))
    assert "| mass, hit: box IoU >= 0.2 | 0.25 (0.15-0.35) |" in card


def test_overlap_and_subgroups_have_tables(recipe: Recipe) -> None:
    groups = [
        group("all", "all", value=0.5),
        group("pathology", "BENIGN_WITHOUT_CALLBACK", value=0.4),
        group("density", "unknown", value=0.5),
        group("view", "CC", value=None),
    ]
    values = of_class() | {"overlap": OVERLAP, "subgroups": groups}
    scaled = document(mass=values) | {"spacing": {"assumed by the recipe": 40}}
    card = render_card(MASS, recipe=recipe, validation=scaled)
    assert "#### Overlap with the mask: mass, 3 lesions" in card
    row = "| default | 2 | 0.40 (0.30-0.50) | 0.30 (0.20-0.40) | 0.60 (0.50-0.70) | – |"
    assert row in card
    assert "Masks set aside: 1 (P_00353_LEFT_CC_calcification_1)." in card
    assert "| pathology: benign without callback | 30 | 20 | 0.40 (0.30-0.50) |" in card
    assert "| view: CC | 30 | 20 | too few people | too few people |" in card
    assert "Not known for these pictures: density." in card
    assert "density: unknown" not in card
    assert "its scale: assumed by the recipe (40 pictures)." in card


def test_every_class_has_its_row_and_what_is_missing_a_dash(recipe: Recipe) -> None:
    found = document(mass=of_class(), calcification=of_class(None, lesions=0))
    card = render_card(BOTH, recipe=recipe, validation=found, measured=Measured(test=found))
    assert "| calcification | – | – | – | – | – | – | 0.004 |" in card
    assert "calcification, operating point `default` (score >= 0.500): sensitivity –, 0.25" in card
    assert "- False marks an image of all classes together: 0.50 at `default`." in card
    assert "has a mass or a calcification, so false marks on normal film" in card


def test_a_net_that_was_cut_and_one_without_background_say_so(recipe: Recipe) -> None:
    cut = network(recipe, backbone="vgg16", background="", classes=("calcification", "mass"))
    card = render_card(BOTH, recipe=cut, validation=document())
    assert "Network: vgg16, cut after its last convolution" in card
    assert "(cut and GAP)" in card
    assert "the channel `background` was appended at export and is zero everywhere" in card
    geometry = BOTH.map_geometry
    assert f"a map cell every {geometry.stride_px} pixels" in card
    assert f"halo {geometry.halo_px} pixels" in card


@pytest.mark.parametrize("backbone", ["googlenet", "resnet18", "resnet50-original-strides"])
def test_a_net_that_ends_in_pooling_was_not_cut(recipe: Recipe, backbone: str) -> None:
    card = render_card(MASS, recipe=network(recipe, backbone=backbone), validation=document())
    assert "cut" not in card.partition("## How it was trained")[0]


def test_simulated_calcifications_are_called_that(recipe: Recipe) -> None:
    source = "CBIS-DDSM masses with simulated calcification clusters"
    manifest = replace(BOTH, trained_on=source)
    card = render_card(manifest, recipe=recipe, validation=document())
    assert "trained on simulated calcifications" in card
    assert "no figure here is one of real ones" in card
    only_masses = render_card(
        replace(MASS, trained_on=source), recipe=recipe, validation=document()
    )
    assert "trained on simulated calcifications" not in only_masses


def test_the_papers_patches_and_stopping_are_told(recipe: Recipe) -> None:
    paper = replace(
        recipe,
        patches=replace(recipe.patches, sampling="roi", context=1.0, size_px=224),
        training=replace(recipe.training, stop_accuracy=0.995, stop_batches=50, epochs=200),
    )
    card = render_card(MASS, recipe=paper, validation=document())
    assert "a square around each lesion, 1 times the longer side of its box" in card
    assert "At most 200 epochs" in card
    assert "mean accuracy of 50 batches reaches 99.5%" in card
    frozen = ", ".join(recipe.network.frozen)
    assert f"{frozen} stay as they were" in card
    assert "stay as" not in render_card(
        MASS, recipe=network(recipe, frozen=()), validation=document()
    )


def test_whole_pictures_and_healthy_squares_are_told(recipe: Recipe) -> None:
    whole = replace(recipe, patches=replace(recipe.patches, sampling="whole", size_px=1088))
    card = render_card(MASS, recipe=whole, validation=document())
    assert "whole mammograms on the grid" in card
    assert "1088 pixels a side at most" in card
    assert "picture a lesion" in card
    roi = replace(recipe, patches=replace(recipe.patches, sampling="roi"))
    assert "clear of all lesions" in render_card(MASS, recipe=roi, validation=document())
    bare = network(roi, background="")
    assert "clear of all lesions" not in render_card(MASS, recipe=bare, validation=document())


def test_simple_methods_are_shown_beside_their_own_pictures_alone(recipe: Recipe) -> None:
    theirs = document(images=361, mass=of_class(lesions=378))
    card = render_card(MASS, recipe=recipe, validation=document(), measured=Measured(test=theirs))
    assert "Beside other methods" in card
    simulated = document(images=361, mass=of_class(lesions=378), calcification=of_class())
    for other in (document(), simulated, theirs | {"other_lesions": {"calcification": 3}}):
        card = render_card(
            MASS, recipe=recipe, validation=document(), measured=Measured(test=other)
        )
        assert "Beside other methods" not in card


def test_a_document_is_read_from_file_or_folder(tmp_path: Path) -> None:
    write_json(document(), tmp_path / "folder" / "metrics.json")
    assert read_document(tmp_path / "folder", of="images") == document()
    assert read_document(tmp_path / "folder" / "metrics.json", of="images") == document()


@pytest.mark.parametrize("content", ["", "[1]", "{}", json.dumps({"views": []})])
def test_another_document_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "exams.json"
    file.write_text(content)
    with pytest.raises(DataError, match=r"exams\.json cannot be used"):
        read_document(file, of="images")
    with pytest.raises(DataError, match="gone"):
        read_document(tmp_path / "gone", of="exams")


def test_figures() -> None:
    assert figure(0.126) == "0.13"
    assert figure(None) == figure(float("nan")) == with_interval(None) == "–"
    assert overlap_lines("mass", {"raster": "x", "set_aside": {}, "set_aside_count": 0}) == []
    assert subgroup_lines("mass", [group("all", "all", value=0.5)], {}) == []


def test_a_test_names_its_model_and_how_it_was_read(recipe: Recipe) -> None:
    model = {"name": "tiny", "version": "0.9", "network_sha256": None}
    plain = document() | {"model": model, "passes": "one", "views_together": None}
    other = plain | {"passes": "flips", "views_together": "two numbers"}
    texts = [
        render_card(MASS, recipe=recipe, validation=document(), measured=Measured(test=test))
        for test in (plain, other)
    ]
    assert "read by tiny 0.9. Hit" in texts[0]
    assert "--data LABELLED --out FOLDER" in texts[0]
    assert "read by tiny 0.9, passes: flips, views together. Hit" in texts[1]
    assert "--data LABELLED --passes flips --views FILE --out FOLDER" in texts[1]


def calibration(error: float) -> dict[str, Any]:
    figures = {
        "from_score": 0.0,
        "marks": 900,
        "hits": 90,
        "expected_over_found_hits": estimate(1.0),
        "error": estimate(error),
        "error_equal_mass": estimate(error),
    }
    return {
        "all_marks": figures,
        "shown_marks": figures | {"from_score": 0.1, "marks": 120},
        "reliability": [{"marks": 30, "score": 0.35, "share_of_hits": estimate(0.4)}],
    }


def test_the_error_is_told_of_marks_that_are_shown_too(recipe: Recipe) -> None:
    values = of_class() | {"calibration": calibration(0.2)}
    card = render_card(MASS, recipe=recipe, validation=document(mass=values))
    assert "| mass, all candidates | 900 | 90 | 1.00 (0.90-1.10) | 0.200 (0.100-0.300) |" in card
    assert "| mass, score >= 0.1 | 120 | 90 |" in card
    assert "| mass | 0.35 | 0.40 (0.30-0.50) | 30 |" in card


def test_thresholds_and_what_stands_beside_results_come_from_the_manifest(recipe: Recipe) -> None:
    caveat = Caveat(kind="calcification", text="trained on simulated calcifications")
    manifest = replace(
        BOTH,
        caveats=(caveat,),
        input_range=(FeatureRange(feature="median", low=0.1, high=0.9),),
    )
    card = render_card(manifest, recipe=recipe, validation=document())
    assert "| strict | calcification | 0.900 | 0.25 |" in card
    assert "Default: `default`" in card
    assert "- calcification: trained on simulated calcifications" in card
    assert "median 0.1 to 0.9" in card
    assert "It was trained on simulated calcifications" in card


def section(name: SectionName, network: str = "", title: str = "") -> Section:
    text = f"### {title or name}\n\n| figure | value |"
    model = "tiny 1"
    return Section(name=name, model=model, network_sha256=network, text=text, commands=("again",))


def test_sections_stand_in_one_order_and_name_their_model(recipe: Recipe, tmp_path: Path) -> None:
    names = [SectionName.SPEED, SectionName.DIGITAL, SectionName.ABLATION]
    read = []
    for name in names:
        write_section(section(name), tmp_path / name)
        read.append(read_section(tmp_path / name))
    card = render_card(
        MASS, recipe=recipe, validation=document(), measured=Measured(sections=tuple(read))
    )
    assert card.index("### ablation") < card.index("### digital") < card.index("### speed")
    assert card.count("Measured on tiny 1.") == card.count("```\nagain\n```") == 3
    assert card.index("### speed") < card.index("## Limits")
    assert "on digital normals they stand above" in card


def test_a_section_comes_back_from_its_file(tmp_path: Path) -> None:
    written = section_of(SectionName.MARKS, MASS, text="### Marks\n\nNone.", commands=["a b"])
    file = write_section(written, tmp_path)
    read = read_section(file)
    assert (read.name, read.model, read.network_sha256) == (SectionName.MARKS, "tiny 1", "")
    assert read.text == "### Marks\n\nNone.\n\nAgain:\n\n```\na b\n```"


@pytest.mark.parametrize(
    "content", ["", "### Digital\n", "<!-- mammoview section other: tiny 1, network none -->\n"]
)
def test_what_is_no_section_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "section.md").write_text(content)
    with pytest.raises(DataError, match=r"section\.md cannot be used"):
        read_section(tmp_path)
    with pytest.raises(DataError, match="gone"):
        read_section(tmp_path / "gone")


def test_figures_of_another_network_are_refused() -> None:
    own, other = "a" * 64, "b" * 64
    manifest = replace(MASS, hashes=((NETWORK, own),))
    mine = Measured(
        test=document() | {"model": {"network_sha256": own}},
        sections=(section(SectionName.MARKS, own), section(SectionName.ABLATION)),
    )
    require_same_network(manifest, mine)
    require_same_network(manifest, Measured(test=document()))  # an older document tells nothing
    with pytest.raises(UsageError, match="test document was measured on another network"):
        require_same_network(
            manifest, Measured(test=document() | {"model": {"network_sha256": other}})
        )
    with pytest.raises(UsageError, match="section marks was measured on another"):
        require_same_network(manifest, Measured(sections=(section(SectionName.MARKS, other),)))
    with pytest.raises(UsageError, match="2 sections named marks"):
        require_same_network(manifest, Measured(sections=(section(SectionName.MARKS),) * 2))


def test_a_card_written_anew_keeps_what_refits_have_said(recipe: Recipe, tmp_path: Path) -> None:
    bundle = build_bundle(tmp_path / "tiny")
    result = refit(open_bundle(bundle).manifest, made_normals([[0.2, 0.7]] * 60))
    second = replace(result, old_version="1+site.1", manifest=result.manifest)
    text = refit_card(refit_card("# tiny 1\n\nTest\n\n## Measured\n", result), second)
    new = write_refit(open_bundle(bundle), tmp_path / "new", result, text)
    kept = rewrite_card(new.folder, recipe=recipe, validation=document())
    card = (kept.folder / CARD).read_text("utf-8")
    assert card.startswith("# tiny 1+site.1\n")
    assert card.count("## Refitted on a site's own images") == 2
    assert card.index("of version 1+site.1 were") < card.index("of version 1 were")
    assert card.index("Refitted") < card.index("## What it is")
    assert "set on the images of the refit above" in card
    again = rewrite_card(new.folder, recipe=recipe, validation=document())
    assert (again.folder / CARD).read_text("utf-8") == card


def test_speeds_are_shown_whatever_was_measured_without_places(recipe: Recipe) -> None:
    speed = {
        "bench": "analyze",
        "views": 4,
        "network_ratio": 0.3456,
        "stage_seconds": {"decode": 0.5, "network": None},
        "model": "/home/someone/bundle",
    }
    card = render_card(MASS, recipe=recipe, validation=document(), measured=Measured(speed=speed))
    assert "| network ratio | 0.346 |" in card
    assert "| stage, decode | 0.5 s |" in card
    assert "| stage, network | – |" in card
    assert "someone" not in card


def test_speeds_stand_beside_what_they_are_compared_with_and_have_units() -> None:
    text = speed_text(
        {
            "bench": "analyze",
            "cores": 2,
            "views": 4,
            "device": "CPU (2 threads)",
            "seconds": 4.123,
            "peak_rss_mib": 660,
            "stage_seconds": {"decode": 0.24, "network": 1.55},
            "stage_share": {"decode": 0.0581, "network": 0.375, "start and writing": 0.409},
            "baseline_network_seconds": 2.31,
            "network_ratio": 0.671,
            "network_ratio_views": [0.536, 0.9],
            "windows_seconds": None,
            "gpu_view_ms": {"of a known size": 9.5},
            "cpu_view_ms": {"of a known size": 500.0},
            "gpu_ratio": 0.019,
        }
    )
    lines = text.splitlines()
    assert lines[2] == "Measured on 4 views, CPU (2 threads), machine with 2 cores."
    for row in (
        "| the network, all views | 1.55 s | 2.31 s | 0.671 | eager torch |",
        "| one pass over a view | – | – | – | a window for each cell of its map |",
        "| a view of a known size on the GPU | 9.5 ms | 500 ms | 0.019 | the same on the CPU |",
        "| the whole command | 4.12 s |",
        "| peak resident memory | 660 MiB |",
        "| stage, decode | 0.24 s (6 %) |",
        "| stage, start and writing | 41 % |",
        "| network ratio views, 1 | 0.536 |",
    ):
        assert row in lines, row
    assert "eager torch, channels last" not in text
    assert text.count("2.31") == 1
    assert "_" not in text.replace("mammoview bench analyze --json", "")


def test_the_command_takes_documents_and_sections(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = build_bundle(tmp_path / "tiny")
    run = tmp_path / "run"
    described = {
        "recipe": recipe.as_dict(),
        "data": "made",
        "weights": "none",
        "training": [],
        "validation": [],
    }
    write_json(described, run / "run.json")
    write_json(document(), run / "validation.json")
    write_json(document(), tmp_path / "test" / "metrics.json")
    speed = {"bench": "analyze", "views": 4, "seconds": 1.25}
    (tmp_path / "speed.json").write_text(json.dumps(speed))
    manifest = open_bundle(bundle).manifest
    folders = []
    for name in (SectionName.VIEWS, SectionName.DIGITAL):
        made = section_of(name, manifest, text=f"### {name}", commands=["again"])
        folders.append(str(write_section(made, tmp_path / name).parent))
    words = ["card", str(bundle), "--run", str(run), "--test", str(tmp_path / "test")]
    words += ["--speed", str(tmp_path / "speed.json"), "--section", *folders]
    assert main(words) == 0
    card = (bundle / CARD).read_text("utf-8")
    assert card.index("### digital") < card.index("### views")
    assert "| the whole command | 1.25 s |" in card
    assert "### Test pictures" in card
    assert main([*words, "--section", folders[0]]) == 2
    assert "2 sections named views" in capsys.readouterr().err
    assert (bundle / CARD).read_text("utf-8") == card
    write_json(described | {"recipe": {"name": "old"}}, run / "run.json")
    assert main(words) == 3
    assert "the recipe of the run in" in capsys.readouterr().err
    write_json(described, run / "run.json")
    other = replace(manifest, hashes=((NETWORK, "b" * 64),))
    write_section(section_of(SectionName.VIEWS, other, text="### x", commands=[]), tmp_path / "o")
    assert main([*words[:-3], "--section", str(tmp_path / "o")]) == 2
    assert "another network" in capsys.readouterr().err
