"""Modules of the tests that run as programs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def started(module: str, *words: object) -> subprocess.Popen[str]:
    """Start a module with these arguments, to be spoken to and listened to."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
