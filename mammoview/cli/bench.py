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
from typing import Any

import mammoview
from mammoview.app import models
from mammoview.cli.arguments import add_json, add_paths
from mammoview.cli.demo import demo_exam
from mammoview.cli.output import emit, note
from mammoview.cli.results import RESULTS
from mammoview.errors import ExitCode, InferenceError

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
    """Declare ``open``, ``window`` and ``analyze``."""
    benches = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, summary in (
        ("open", "four views from disk to pixels, beside pydicom one after another"),
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


def _window(args: argparse.Namespace) -> dict[str, Any]:
    from mammoview.ui.platform_check import platform_name, require_libraries

    if not platform_name():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    require_libraries(platform_name())
    from mammoview.ui.bench import run as run_bench

    return {"baseline": "four plain pyqtgraph ImageItem in one window", **asdict(run_bench())}


def _analyze(args: argparse.Namespace) -> dict[str, Any]:
    """Run the whole command in a process of its own, held to two cores.

    The baseline runs the same network on the same grids; so the ratio compares the network's
    seconds alone, the time and memory of the whole command stand beside it.
    """
    with _exam(args.paths) as paths, tempfile.TemporaryDirectory(prefix="mammoview-") as out:
        options = ["analyze", *_model(args), "--device", "cpu", "--out", out]
        ours = run_child([sys.executable, "-m", "mammoview", *options, *map(str, paths)])
        if ours.returncode != ExitCode.DONE:
            raise InferenceError(
                f"analyze ended with {ours.returncode}: {ours.stderr.strip()[-300:]}",
                expected="an examination that can be analysed",
                todo="run mammoview analyze on it",
            )
        images = json.loads((Path(out) / RESULTS).read_text("utf-8"))["images"]
        theirs, reason = _eager_torch(_model(args), paths)
    analysed = [image["seconds"] for image in images if image["status"] == "analyzed"]
    network = sum(seconds["network"] for seconds in analysed)
    return {
        "views": len(analysed),
        "seconds": ours.seconds,
        "peak_rss_mib": ours.peak_rss_mib,
        "stage_seconds": {
            stage: sum(seconds[stage] for seconds in analysed)
            for stage in ("decode", "prepare", "network", "regions")
        },
        "baseline": "a network of the same layers on the same grids, eager torch",
        "baseline_network_seconds": theirs,
        "baseline_missing": reason,
        "network_ratio": network / theirs if theirs else None,
    }


def _eager_torch(model: Sequence[str], paths: Sequence[Path]) -> tuple[float | None, str | None]:
    """Return the seconds of the baseline, or why there are none."""
    if find_spec("torch") is None:
        return None, 'torch is not installed: pip install "mammoview[train]"'
    done = run_child([sys.executable, "-m", "trainer.bench", *model, *map(str, paths)])
    if done.returncode != 0:
        return None, f"the baseline ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    return float(json.loads(done.stdout)["network_seconds"]), None


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
    """Return the environment of a child that imports this very program."""
    here = str(Path(mammoview.__file__).parents[1])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, known)))}


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
