"""ONNX Runtime tells nobody that a model was opened: no identifier is left, no upload prepared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.builders.models import build_bundle

# What keeps its telemetry quiet by itself, and would hide a fault here.
_QUIETERS = {"CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY"}
_OPEN = """
import sys
from pathlib import Path
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
Session.open(open_bundle(Path(sys.argv[1])), device="cpu")
"""


def test_opening_a_model_leaves_nothing_behind(tmp_path: Path) -> None:
    bundle = build_bundle(tmp_path / "bundle")
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in _QUIETERS}
    places = {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR")}
    done = subprocess.run(
        [sys.executable, "-c", _OPEN, str(bundle)],
        env={**kept, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(home.rglob("*")) == []
    assert "telemetry" not in done.stderr.lower()
