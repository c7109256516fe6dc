"""Nothing flashes white in a dark room: neither the start, nor a dialog, nor the second screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Words, a bar to measure and the like are light; a page that is not painted yet is all of it.
_MOST_LIGHT = 0.03
# The pattern of the daily check is light grey, and a twentieth of it white; a page is all white.
_PATTERN = {"daily check", "end"}
_MOST_WHITE = 0.1
_OPENED = {
    "start", "show_cheat_sheet", "show_about", "show_keys", "show_refused", "measure_screen",
    "second screen", "worklist", "daily check",
}  # fmt: skip


def test_no_frame_is_light_from_the_first_one_on(repository: Path, tmp_path: Path) -> None:
    """The X server's screen is black, so all that is light on it is the program's."""
    xvfb = shutil.which("xvfb-run")
    if xvfb is None or shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb (Debian: xvfb)")
    script = repository / "tests" / "ui" / "first_frames.py"
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [xvfb, "-a", "-s", "-screen 0 1280x900x24 -br", sys.executable, str(script), "watch"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, tuple[float, float, int]] = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(seen) - {"end"} == _OPENED
    assert all(looks > 0 for name, (*_, looks) in seen.items() if name in _OPENED), seen
    assert max(light for name, (light, *_) in seen.items() if name not in _PATTERN) < _MOST_LIGHT
    assert max(white for _, white, _ in seen.values()) < _MOST_WHITE, seen
