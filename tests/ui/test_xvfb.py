"""The window under a real X server, where there is one to start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle


def test_window_under_xvfb_answers_to_keys(tmp_path: Path, repository: Path) -> None:
    xvfb = shutil.which("xvfb-run")
    if xvfb is None or shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb (Debian: xvfb)")
    build_exam(tmp_path / "exam")
    bundle = build_bundle(tmp_path / "bundle")
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(repository)}
    script = repository / "tests" / "ui" / "xvfb_window.py"
    done = subprocess.run(
        [xvfb, "-a", "-s", "-screen 0 1920x1080x24", sys.executable, str(script),
         str(tmp_path / "exam"), str(bundle)],
        env=environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    assert " in 4 views" in seen.pop("analysis")
    assert seen == {
        "platform": "xcb",
        "active": True,
        "drawn": True,
        "toggle changes the screen": True,
        "toggle back is the same": True,
        "cheat sheet": True,
        "code": 0,
    }
