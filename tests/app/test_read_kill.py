"""What the screen said is kept is in the log, whenever the program is killed during a read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 12


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_read_survives_kills_at_random_moments(tmp_path: Path, repository: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.app.killing_reads", str(tmp_path), str(KILLS), "3"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > KILLS, "too few were acknowledged to prove anything"
