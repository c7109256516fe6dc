"""What only an export needs is not loaded before one is made: the window must start fast."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("highdicom", "reportlab")


@pytest.mark.parametrize(
    "module", ["mammoview.cli.main", "mammoview.app.results.export", "mammoview.dicom.index"]
)
def test_writers_are_loaded_when_they_write(module: str) -> None:
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
