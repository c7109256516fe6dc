"""Run a command on at most two cores, and watch its time and memory."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mammoview

CORES = 2
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


def run_child(
    command: Sequence[str], *, sees_gpu: bool = False, bytecode: Path | None = None
) -> ChildRun:
    """Run a command on at most two cores and watch its time and memory.

    The peak is that of the process itself, as the kernel counts it (``ru_maxrss``).  ``bytecode``
    is a folder that keeps the compiled modules from one child to the next, as an installed program
    has them: also from a checkout, and where Python is told not to write any.
    """
    taskset = shutil.which("taskset")
    if taskset is not None and hasattr(os, "sched_getaffinity"):
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:CORES]))
        command = [taskset, "--cpu-list", cores, *command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        environment = {**_environment(sees_gpu), **_keeping(bytecode)}
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
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


def _environment(sees_gpu: bool) -> dict[str, str]:
    """Return the environment of a child that imports this very program."""
    here = str(Path(mammoview.__file__).parents[1])
    known = os.environ.get("PYTHONPATH")
    path = os.pathsep.join(filter(None, (here, known)))
    blind = {} if sees_gpu else {"CUDA_VISIBLE_DEVICES": ""}
    return {**os.environ, "PYTHONPATH": path, **blind}


def _keeping(bytecode: Path | None) -> dict[str, str]:
    if bytecode is None:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bytecode)}
