"""No acknowledged event is lost and the chain stays whole, whenever the program is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 200


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_random_moments_under_load(tmp_path: Path, repository: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.review.killing", str(tmp_path), str(KILLS), "6"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > KILLS, "too few events were acknowledged to prove anything"
