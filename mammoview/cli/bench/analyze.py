"""``mammoview bench analyze``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from mammoview.app.models import catalogue
from mammoview.cli.arguments import add_paths
from mammoview.cli.bench.child import CORES, ChildRun, run_child
from mammoview.cli.bench.exam import exam_or_demo
from mammoview.cli.results import RESULTS
from mammoview.errors import ExitCode, InferenceError

if TYPE_CHECKING:
    from mammoview.inference.bench import WindowsBench
    from mammoview.modelkit.bundle import Bundle

SUMMARY = "four views from disk to regions on two cores and on a GPU, beside eager torch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files that are measured, and the model."""
    add_paths(parser, needed=False)
    parser.add_argument("--model", metavar="BUNDLE", type=Path, help="folder of a bundle")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Measure the whole command, the network beside eager torch and windows, and a GPU.

    The command runs in a process of its own, held to two cores without a GPU.  The baseline runs
    the same network on the same grids, so that ratio compares the network's seconds alone; beside
    it eager torch runs on whole views at the same spacing, where the viewer cuts out the breast.
    """
    from mammoview.cli.bench.processors import STAGES
    from mammoview.modelkit.bundle import open_bundle

    model = args.model or catalogue.find_folder(None)
    with exam_or_demo(args.paths) as paths:
        ours, results = _whole_command(model, paths)
        theirs, reason = _eager_torch(model, paths, "cpu")
        bundle = open_bundle(model)
        windows = _windows(bundle, paths)
        processors = _processors(bundle, model, paths)
    analysed = {
        image["sop_instance_uid"]: image["seconds"]
        for image in results["images"]
        if image["status"] == "analyzed"
    }
    stages = {stage: sum(seconds[stage] for seconds in analysed.values()) for stage in STAGES}
    return {
        "views": len(analysed),
        "device": results["device"],
        "seconds": ours.seconds,
        "peak_rss_mib": ours.peak_rss_mib,
        "stage_seconds": stages,
        "stage_share": {
            **{stage: seconds / ours.seconds for stage, seconds in stages.items()},
            "start and writing": 1.0 - sum(stages.values()) / ours.seconds,
        },
        "baseline_missing": reason,
        **_beside(analysed, theirs),
        **_beside_whole_views(analysed, theirs),
        **_told(windows),
        **processors,
    }


def _whole_command(model: Path, paths: Sequence[Path]) -> tuple[ChildRun, dict[str, Any]]:
    """Run ``mammoview analyze`` on the CPU and return what it took and what it wrote."""
    with tempfile.TemporaryDirectory(prefix="mammoview-") as out:
        options = ["analyze", "--model", str(model), "--device", "cpu", "--out", out]
        ran = run_child([sys.executable, "-m", "mammoview", *options, *map(str, paths)])
        if ran.returncode != ExitCode.DONE:
            raise InferenceError(
                f"analyze ended with {ran.returncode}: {ran.stderr.strip()[-300:]}",
                expected="an examination that can be analysed",
                todo="run mammoview analyze on it",
            )
        return ran, json.loads((Path(out) / RESULTS).read_text("utf-8"))


def _told(windows: WindowsBench) -> dict[str, Any]:
    return {
        "windows": "one 224-pixel window for each cell of a view's map, same network and "
        "runtime, fastest batch size; a sample of batches scaled by count",
        "windows_batch": windows.batch,
        "windows_count": windows.cells,
        "windows_measured": windows.measured_windows,
        "windows_seconds": windows.windows_seconds,
        "windows_view_seconds": windows.view_seconds,
        "windows_ratio": windows.ratio,
    }


def _processors(bundle: Bundle, model: Path, paths: Sequence[Path]) -> dict[str, Any]:
    """Return what CPU and GPU take for a view, and eager torch on the GPU beside that."""
    from mammoview.cli.bench.processors import measure_processors

    found = measure_processors(bundle, paths)
    if "gpu_stage_ms" not in found:
        return found
    views, reason = _eager_torch(model, paths, "cuda")
    layouts = [[view[layout] for view in views] for layout in ("seconds", "channels_last_seconds")]
    torch_ms = min(1e3 * mean(seconds) for seconds in layouts) if views else None
    return {
        **found,
        "gpu_baseline": "eager torch on the GPU, float32, the faster layout",
        "gpu_baseline_missing": reason,
        "gpu_baseline_network_ms": torch_ms,
        "gpu_network_ratio": found["gpu_stage_ms"]["network"] / torch_ms if torch_ms else None,
    }


def _beside(ours: dict[str, dict[str, float]], theirs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the network's seconds beside those of eager torch, in all and view by view."""
    network = sum(seconds["network"] for seconds in ours.values())
    plain = sum(view["seconds"] for view in theirs)
    channels_last = sum(view["channels_last_seconds"] for view in theirs)
    return {
        "baseline": "a network of the same layers on the same grids, eager torch",
        "baseline_network_seconds": plain or None,
        "network_ratio": network / plain if theirs else None,
        "network_ratio_views": [
            ours[view["sop_instance_uid"]]["network"] / view["seconds"]
            for view in theirs
            if view["sop_instance_uid"] in ours
        ],
        "baseline_channels_last_seconds": channels_last or None,
        "network_ratio_channels_last": network / channels_last if theirs else None,
    }


def _beside_whole_views(
    ours: dict[str, dict[str, float]], theirs: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the network beside eager torch on the views with nothing cut off.

    What it takes to find the breast and to cut it out is told apart: it is ours alone.
    """
    network = sum(stage["network"] for stage in ours.values())
    prepare = sum(stage["prepare"] for stage in ours.values())
    whole = sum(view["whole_view_seconds"] for view in theirs)
    return {
        "whole_view_cut_out_share": mean(v["whole_view_share"] for v in theirs) if theirs else None,
        "baseline_whole_view_seconds": whole or None,
        "whole_view_ratio": network / whole if theirs else None,
        "whole_view_ratio_with_preparation": (prepare + network) / whole if theirs else None,
    }


def _eager_torch(
    model: Path, paths: Sequence[Path], device: str
) -> tuple[Sequence[dict[str, Any]], str | None]:
    """Return each view's seconds of the baseline, or none and why."""
    if find_spec("torch") is None:
        return (), 'torch is not installed: pip install "mammoview[train]"'
    options = ["--model", str(model), "--device", device, *map(str, paths)]
    done = run_child([sys.executable, "-m", "trainer.bench", *options], sees_gpu=device == "cuda")
    if done.returncode != 0:
        return (), f"the baseline ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return json.loads(done.stdout)["views"], None


def _windows(bundle: Bundle, paths: Sequence[Path]) -> WindowsBench:
    """Measure windows on the first view that can be analysed, on two threads."""
    from mammoview.dicom.decode import decode_pixels
    from mammoview.dicom.index import index_paths
    from mammoview.imaging.grayscale import unit_values
    from mammoview.inference.bench import bench_windows
    from mammoview.inference.session import Session
    from mammoview.modelkit.preprocess import network_input, to_grid

    session = Session.open(bundle, device="cpu", threads=CORES)
    view = next(
        view
        for exam in index_paths(paths).examinations
        for view in exam.mammograms
        if view.unsupported is None
    )
    values = unit_values(decode_pixels(view), view.pixel_format)
    grid = to_grid(values, spacing=view.spacing, spec=bundle.manifest.preprocessing)
    return bench_windows(session, network_input(grid.pixels))
