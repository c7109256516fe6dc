"""``mammoview bench start``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from mammoview.cli.bench.child import run_child
from mammoview.cli.bench.qt import prepare_qt
from mammoview.errors import MammoviewError

SUMMARY = "from the start of the process to a usable window, beside a bare pyqtgraph window"
_OURS = """
from mammoview.ui.bench.start import watch
watch()
from mammoview.cli import main
raise SystemExit(main([]))
"""
_BARE = "from mammoview.ui.bench.start import bare; bare()"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how often each is started."""
    parser.add_argument(
        "--times",
        type=int,
        default=5,
        metavar="N",
        help="starts of each; the fastest counts, for the machine may be shared (default: 5)",
    )


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Start both by turns, each in a process of its own on two cores, compiled as if installed."""
    platform = prepare_qt()
    with tempfile.TemporaryDirectory() as folder:
        bytecode = Path(folder)
        for code in (_OURS, _BARE):  # compiles what they import
            _start(code, bytecode)
        turns = [
            (_start(_OURS, bytecode), _start(_BARE, bytecode)) for _ in range(max(1, args.times))
        ]
    ours, bare = (min(times) for times in zip(*turns, strict=True))
    return {
        "platform": platform,
        "times": len(turns),
        "seconds": ours,
        "baseline": "a bare PySide6 and pyqtgraph window",
        "baseline_seconds": bare,
        "ratio": ours / bare,
    }


def _start(code: str, bytecode: Path) -> float:
    done = run_child([sys.executable, "-c", code], bytecode=bytecode)
    if done.returncode != 0:
        raise MammoviewError(
            f"the window ended with {done.returncode}: {done.stderr.strip()[-300:]}",
            expected="a window that is painted and answers",
            todo="run mammoview doctor",
        )
    return float(done.stdout.split()[-1])
