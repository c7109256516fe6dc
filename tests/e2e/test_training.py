"""From a CBIS-DDSM download to the reading room, through the commands alone."""

from __future__ import annotations

import csv
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mammoview.cli import main as viewer
from mammoview.modelkit.bundle import open_bundle
from mammoview.modelkit.shipped import shipped_root
from tests.builders.cbis_tree import CbisTree, build_cbis_tree
from trainer.classifier import LAST, load_checkpoint
from trainer.cli import main as trainer
from trainer.comparison import NAME as COMPARISON
from trainer.export import ExportOptions, draft_of, open_draft
from trainer.predictions import PREDICTIONS
from trainer.recipe import Recipe, read_recipe

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@dataclass(frozen=True)
class Answer:
    """Exit code and both streams of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def train(*words: object) -> Answer:
    """Run a command of the trainer in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = trainer([str(word) for word in words])
    assert "Traceback" not in err.getvalue()
    return Answer(code=code, out=out.getvalue(), err=err.getvalue())


def read(*words: object) -> dict[str, Any]:
    """Run a command of the viewer in this process and return its document."""
    out = StringIO()
    with redirect_stdout(out):
        assert viewer([*map(str, words), "--json"]) == 0
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def done(*words: object) -> Answer:
    """Run a command of the trainer that must succeed."""
    answer = train(*words)
    assert answer.code == 0, answer.err[-2000:]
    return answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def tree(folder: Path) -> CbisTree:
    """A download whose files are all called ``000000.dcm`` and ``000001.dcm``."""
    return build_cbis_tree(folder / "download", layout="nbia-old", people=48)


@pytest.fixture(scope="module")
def index(folder: Path, tree: CbisTree) -> Path:
    done("index", tree.folder, "--out", folder / "index", "--workers", 1)
    return folder / "index"


@pytest.fixture(scope="module")
def official(folder: Path, index: Path) -> Path:
    """The official sets, nobody in both."""
    file = folder / "official.json"
    done("splits", index, "--protocol", "official-purged", "--out", file)
    return file


@pytest.fixture(scope="module")
def grouped(folder: Path, index: Path) -> Path:
    """Five folds by person."""
    file = folder / "grouped.json"
    done("splits", index, "--protocol", "grouped", "--out", file)
    return file


@pytest.fixture(scope="module")
def run(folder: Path, index: Path, grouped: Path) -> Path:
    """A run of the recipe smoke."""
    done("prepare", index, "--recipe", "smoke", "--out", folder / "cache", "--workers", 1)
    done("fit", folder / "cache", "--recipe", "smoke", "--split", grouped, "--part", "fold-1",
         "--out", folder / "run", "--device", "cpu", "--precision", "32-true")  # fmt: skip
    return folder / "run"


@pytest.fixture(scope="module")
def bundle(folder: Path, index: Path, run: Path) -> Path:
    done("export", run, "--data", index, "--out", folder / "bundle")
    return folder / "bundle"


def recipe_file(folder: Path, recipe: Recipe) -> Path:
    """Write a recipe as the TOML file that a user would write."""
    tables = {name: value for name, value in recipe.as_dict().items() if isinstance(value, dict)}
    lines = [
        f"{name} = {json.dumps(value)}"
        for name, value in recipe.as_dict().items()
        if name not in tables
    ]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    file = folder / f"{recipe.name}.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def small(shipped: str, name: str, **network: object) -> Recipe:
    """Return a shipped recipe made small: patches of 64 pixels, little training from nothing."""
    recipe = read_recipe(shipped_root() / "recipes" / f"{shipped}.toml")
    return replace(
        recipe,
        name=name,
        preprocessing=replace(recipe.preprocessing, mm_per_px=0.4),
        network=replace(recipe.network, **network),  # type: ignore[arg-type]
        patches=replace(recipe.patches, size_px=64),
        training=replace(
            recipe.training,
            optimizer="adamw",
            learning_rate=1e-3,
            head_factor=1.0,
            schedule="cosine",
            batch_size=8,
            epochs=2,
        ),
    )


def test_the_copy_is_checked_and_split(folder: Path, index: Path) -> None:
    checked = train("verify-data", index, "--json")
    assert checked.code == 1  # a small copy is not the whole collection
    lines = {line["error"]: line for line in checked.document["lines"]}
    assert not checked.document["known"]
    assert lines["people"]["found"] == 57
    assert lines["files that cannot be read"]["state"] == "ok"
    grouped = done("splits", index, "--protocol", "grouped", "--out", folder / "five.json",
                   "--json").document  # fmt: skip
    assert grouped["leak"]["same_person"] == 0
    assert set(grouped["table"]["mass"]) == {f"fold-{n}" for n in range(1, 6)}
    paper = done("splits", index, "--protocol", "paper-85-15", "--out", folder / "paper.json",
                 "--json").document  # fmt: skip
    assert paper["leak"]["same_person"] > 0
    assert set(paper["table"]["mass"]) == {"train", "validation"}


def test_the_bundle_is_what_was_trained(run: Path, bundle: Path, folder: Path) -> None:
    described = json.loads((run / "run.json").read_text("utf-8"))
    people = [{n[:7] for n in described[side]} for side in ("training", "validation")]
    assert not people[0] & people[1]
    assert len(described["validation_mammograms"]) > 15  # all files have one name
    verified = done("verify", bundle, "--run", run, "--json").document
    assert verified["passed"]
    patches = done("evaluate", "patches", run, "--cache", folder / "cache", "--out",
                   folder / "patches", "--json").document  # fmt: skip
    assert set(patches["accuracy"]["classes"]) == {"mass", "calcification"}
    assert (folder / "patches" / "confusion.png").is_file()


def test_its_figures_reach_the_card(
    run: Path, bundle: Path, index: Path, grouped: Path, folder: Path
) -> None:
    out = folder / "images"
    found = done("evaluate", "images", bundle, "--data", index, "--split", grouped, "--part",
                 "fold-1", "--out", out, "--json").document  # fmt: skip
    assert found["lesions"] >= len(json.loads(grouped.read_text())["parts"]["fold-1"])
    assert len(set(found["mammograms"])) == found["images"] > 15  # all files have one name
    assert found["per_class"]["mass"]["froc"]["sensitivity_at"]["4"] > 0.7  # discs are easy
    with (out / "overlap.csv").open(newline="", encoding="utf-8") as stream:
        pictures = {row["picture"] for row in csv.DictReader(stream)}
    assert len(pictures) == found["images"]
    done("card", bundle, "--run", run, "--test", out)
    card = (bundle / "CARD.md").read_text("utf-8")
    people = found["people"]
    assert f"{people} of {people} people were trained on, or set its thresholds" in card


def test_the_reading_room_takes_it_up(
    bundle: Path, index: Path, official: Path, tree: CbisTree, folder: Path
) -> None:
    refitted = done("calibrate", bundle, "--data", index, "--split", official, "--part", "test",
                    "--out", folder / "site", "--json").document  # fmt: skip
    assert not refitted["refused"]
    assert open_bundle(folder / "site").network == open_bundle(bundle).network
    assert read("model", "install", folder / "site")["outcome"] == "installed"
    switched = read("model", "activate", "smoke@0.1.0+site.1")
    assert switched["changed"]
    file = tree.abnormalities[0].files["image"]
    answer = read("analyze", file, "--out", folder / "results", "--device", "cpu")
    assert answer["model"] == {
        "name": "smoke",
        "version": "0.1.0+site.1",
        "sha256": open_bundle(folder / "site").identity.sha256,
        "caveats": [],
    }
    (image,) = answer["images"]
    assert image["status"] == "analyzed"
    assert set(image["scores"]) == {"mass", "calcification"}
    assert (folder / "results" / image["heatmap"]).is_file()


def test_networks_of_two_classes_are_compared(folder: Path, index: Path, official: Path) -> None:
    """The paper's classes, without healthy tissue.

    What two epochs teach is left to chance; the figures must be those of the predictions, and the
    uncalibrated bundle must give torch's map.
    """
    recipes = [
        recipe_file(folder, small("xi2018-resnet50", "two-resnet18", backbone="resnet18")),
        recipe_file(folder, small("xi2018-alexnet", "two-alexnet", cam=True)),
    ]
    done("prepare", index, "--recipe", recipes[0], "--out", folder / "squares", "--workers", 1)
    out = folder / "compared"
    named = [word for file in recipes for word in ("--recipe", file)]
    table = done("compare", folder / "squares", "--split", official, "--out", out, "--device",
                 "cpu", "--precision", "32-true", "--json", *named).document  # fmt: skip
    assert table == json.loads((out / f"{COMPARISON}.json").read_text("utf-8"))
    networks = {row["name"]: row for row in table["networks"]}
    assert set(networks) == {"two-resnet18", "two-alexnet"}
    run = out / "two-resnet18" / "test"
    shown = networks["two-resnet18"]["accuracy"]["overall"]["value"]
    assert shown == pytest.approx(mean_of_recalls(run / PREDICTIONS))
    options = ExportOptions(out=folder, name="two", version="1", overwrite=False)
    open_draft(draft_of(load_checkpoint(run / LAST), "made", options), folder)
    assert done("verify", folder / "two", "--run", run, "--json").document["passed"]
    manifest = open_bundle(folder / "two").manifest
    assert manifest.classes == ("calcification", "mass", "background")
    assert manifest.background == "background"


def mean_of_recalls(predictions: Path) -> float:
    """Count by hand: the share of each class that is told right, then their plain mean."""
    with predictions.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    recalls = []
    for kind in ("calcification", "mass"):
        mine = [row for row in rows if row["label"] == kind]
        right = [row for row in mine if float(row[f"p:{kind}"]) > 0.5]
        recalls.append(len(right) / len(mine))
    return sum(recalls) / 2


def test_a_diagnosis_stays_out_of_the_reading_room(
    folder: Path, index: Path, official: Path
) -> None:
    recipe = small("diagnosis", "four", backbone="resnet18")
    recipe = replace(recipe, training=replace(recipe.training, epochs=1))
    file, run = recipe_file(folder, recipe), folder / "diagnosed"
    done("prepare", index, "--recipe", file, "--out", folder / "four", "--workers", 1)
    done("fit", folder / "four", "--recipe", file, "--split", official, "--part", "test",
         "--out", run, "--device", "cpu")  # fmt: skip
    patches = done("evaluate", "patches", run, "--cache", folder / "four", "--json").document
    assert "malignant-mass" in patches["accuracy"]["classes"]
    refused = train("export", run, "--data", index, "--out", folder / "never")
    assert refused.code == 3
    assert "kinds of finding" in refused.err
    assert not (folder / "never").exists()
