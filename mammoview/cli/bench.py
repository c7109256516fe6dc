"""``mammoview bench``: speeds on this machine, each beside its baseline in the same run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mammoview
from mammoview.app import models
from mammoview.cli.arguments import add_json, add_paths
from mammoview.cli.demo import demo_exam
from mammoview.cli.output import emit, note
from mammoview.cli.results import RESULTS
from mammoview.errors import ExitCode, InferenceError

if TYPE_CHECKING:
    from mammoview.inference.bench import WindowsBench

_CORES = 2
_LIMIT_SECONDS = 900
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRun:
    """Wall seconds and peak resident memory of a process (None: unknown here) and its answer."""

    seconds: float
    peak_rss_mib: float | None
    returncode: int
    stdout: str
    stderr: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``open``, ``index``, ``window`` and ``analyze``."""
    benches = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, summary in (
        ("open", "four views from disk to pixels, beside pydicom one after another"),
        ("index", "headers of a folder of 500 files, beside reading the files whole"),
        ("analyze", "four views from disk to regions on two cores, beside eager torch"),
        ("window", "frames of the window, beside a plain pyqtgraph window"),
    ):
        bench = benches.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        add_json(bench)
        if name != "window":
            add_paths(bench, needed=False)
        if name == "analyze":
            bench.add_argument("--model", metavar="BUNDLE", type=Path, help="folder of a bundle")


def run(args: argparse.Namespace) -> ExitCode:
    """Measure and tell."""
    benches: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "open": _open,
        "index": _index,
        "analyze": _analyze,
        "window": _window,
    }
    document = {"bench": args.bench, "cores": os.cpu_count(), **benches[args.bench](args)}
    if args.json:
        emit(args, document)
    else:
        _print(document)
    return ExitCode.DONE


def _open(args: argparse.Namespace) -> dict[str, Any]:
    from mammoview.dicom.open_bench import bench_open

    with _exam(args.paths) as paths:
        result = bench_open(paths)
    return {
        "views": result.views,
        "seconds": result.seconds,
        "baseline": "pydicom, one after another",
        "baseline_seconds": result.pydicom_seconds,
        "ratio": result.seconds / result.pydicom_seconds,
    }


def _index(args: argparse.Namespace) -> dict[str, Any]:
    from mammoview.dicom.index_bench import bench_index, write_folder

    with tempfile.TemporaryDirectory(prefix="mammoview-") as folder:
        paths = args.paths
        if not paths:
            note("500 synthetic mammograms of 17 MB")
            write_folder(Path(folder))
            paths = [Path(folder)]
        result = bench_index(paths)
    return {
        "files": result.files,
        "files_per_second": result.per_second,
        "baseline": "pydicom.dcmread of whole files, one after another",
        "baseline_files_per_second": result.whole_per_second,
        "rate_ratio": result.per_second / result.whole_per_second,
    }


def _window(args: argparse.Namespace) -> dict[str, Any]:
    from mammoview.ui.platform_check import platform_name, require_libraries

    if not platform_name():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    require_libraries(platform_name())
    from mammoview.ui.bench import run as run_bench

    return {"baseline": "four plain pyqtgraph ImageItem in one window", **asdict(run_bench())}


def _analyze(args: argparse.Namespace) -> dict[str, Any]:
    """Measure the whole command, the network beside eager torch, and beside windows.

    The command runs in a process of its own, held to two cores.  The baseline runs the same
    network on the same grids, so that ratio compares the network's seconds alone: of the fastest
    that this CPU has, views that were read again in float32 counted whole.
    """
    with _exam(args.paths) as paths, tempfile.TemporaryDirectory(prefix="mammoview-") as out:
        options = ["analyze", *_model(args), "--device", "auto", "--out", out]
        ours = run_child([sys.executable, "-m", "mammoview", *options, *map(str, paths)])
        if ours.returncode != ExitCode.DONE:
            raise InferenceError(
                f"analyze ended with {ours.returncode}: {ours.stderr.strip()[-300:]}",
                expected="an examination that can be analysed",
                todo="run mammoview analyze on it",
            )
        results = json.loads((Path(out) / RESULTS).read_text("utf-8"))
        theirs, reason = _eager_torch(_model(args), paths)
        windows = _windows(Path(_model(args)[1]), results["device"], paths)
    analysed = {
        image["sop_instance_uid"]: image["seconds"]
        for image in results["images"]
        if image["status"] == "analyzed"
    }
    stages = {
        stage: sum(seconds[stage] for seconds in analysed.values())
        for stage in ("decode", "prepare", "network", "regions")
    }
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
        "windows": "one 224-pixel window for each cell of a view's map, same network and "
        "runtime, fastest batch size; a sample of batches scaled by count",
        "windows_batch": windows.batch,
        "windows_count": windows.cells,
        "windows_measured": windows.measured_windows,
        "windows_seconds": windows.windows_seconds,
        "windows_view_seconds": windows.view_seconds,
        "windows_ratio": windows.ratio,
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


def _eager_torch(
    model: Sequence[str], paths: Sequence[Path]
) -> tuple[Sequence[dict[str, Any]], str | None]:
    """Return each view's seconds of the baseline, or none and why."""
    if find_spec("torch") is None:
        return (), 'torch is not installed: pip install "mammoview[train]"'
    done = run_child([sys.executable, "-m", "trainer.bench", *model, *map(str, paths)])
    if done.returncode != 0:
        return (), f"the baseline ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return json.loads(done.stdout)["views"], None


def _windows(model: Path, device: str, paths: Sequence[Path]) -> WindowsBench:
    """Measure windows on the first view that can be analysed, on two threads.

    ``device`` is what the command said that it ran on.
    """
    from mammoview.dicom.decode import decode_pixels
    from mammoview.dicom.index import index_paths
    from mammoview.imaging.grayscale import unit_values
    from mammoview.inference.bench import bench_windows
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from mammoview.modelkit.preprocess import network_input, to_grid

    bundle = open_bundle(model)
    arithmetic = "cpu-bf16" if "bf16, OpenVINO" in device else "cpu"
    session = Session.open(bundle, device=arithmetic, threads=_CORES)
    view = next(
        view
        for exam in index_paths(paths).examinations
        for view in exam.mammograms
        if view.unsupported is None
    )
    values = unit_values(decode_pixels(view), view.pixel_format)
    grid = to_grid(values, spacing=view.spacing, spec=bundle.manifest.preprocessing)
    return bench_windows(session, network_input(grid.pixels))


def _model(args: argparse.Namespace) -> list[str]:
    return ["--model", str(args.model or models.find_folder(None))]


@contextmanager
def _exam(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give the named paths, else the demo exam."""
    if paths:
        yield paths
        return
    with demo_exam(None) as exam:
        note(exam.said)
        yield exam.paths


def _environment() -> dict[str, str]:
    """Return the environment of a child that imports this very program and sees no GPU."""
    here = str(Path(mammoview.__file__).parents[1])
    known = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(filter(None, (here, known)))
    return {**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""}


def _print(document: dict[str, Any]) -> None:
    for key, value in document.items():
        if isinstance(value, dict):
            value = "  ".join(f"{name} {_figure(part)}" for name, part in value.items())
        print(f"{key.replace('_', ' '):28} {_figure(value)}")


def _figure(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def run_child(command: Sequence[str]) -> ChildRun:
    """Run a command on at most two cores and watch its time and memory.

    The peak is that of the process itself, as the kernel counts it (``ru_maxrss``).
    """
    taskset = shutil.which("taskset")
    if taskset is not None and hasattr(os, "sched_getaffinity"):
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:_CORES]))
        command = [taskset, "--cpu-list", cores, *command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment()
        )
        timer = threading.Timer(_LIMIT_SECONDS, process.kill)
        timer.start()
        try:
            peak = _wait(process)
        finally:
            timer.cancel()
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        return ChildRun(
            seconds=seconds,
            peak_rss_mib=peak,
            returncode=process.returncode,
            stdout=out.read().decode(errors="replace"),
            stderr=err.read().decode(errors="replace"),
        )


def _wait(process: subprocess.Popen[bytes]) -> float | None:
    """Wait for a process; return its peak memory in MiB where the system tells."""
    if not hasattr(os, "wait4"):
        process.wait()
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if platform.system() == "Darwin" else 1024
    return float(usage.ru_maxrss * unit / _MIB)
