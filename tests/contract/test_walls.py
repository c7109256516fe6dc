"""The walls of the house: import-linter's contracts, and what can be imported without what."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

QT_FREE = (
    "app", "cli", "dicom", "inference", "review", "modelkit", "imaging", "domain", "errors",
    "whole_file",
    "words",
)  # fmt: skip

_IMPORT_ALL = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is blocked here")

sys.meta_path.insert(0, Blocked())
for root in {roots!r}:
    module = importlib.import_module(root)
    for info in pkgutil.walk_packages(getattr(module, "__path__", ()), root + "."):
        if not info.name.endswith("__main__"):
            importlib.import_module(info.name)
"""


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )


def test_import_contracts_are_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: the linter switches off every logger it finds."""
    monkeypatch.chdir(repository)
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    done = _python(code)
    assert done.returncode == 0, done.stdout


def test_no_contract_ignores_an_import(repository: Path) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert contracts
    assert not [c["name"] for c in contracts if "ignore_imports" in c]
    (layers,) = [c for c in contracts if c["type"] == "layers"]
    assert layers["exhaustive"] is True
    assert "exhaustive_ignores" not in layers


def test_every_box_but_ui_is_named_qt_free(repository: Path) -> None:
    boxes = {
        path.stem
        for path in (repository / "mammoview").iterdir()
        if not path.name.startswith((".", "__")) and path.suffix in {"", ".py"}
    }
    assert boxes == {*QT_FREE, "ui"}


def test_the_qt_free_half_imports_without_qt_and_torch() -> None:
    roots = [f"mammoview.{box}" for box in QT_FREE]
    blocked = ["PySide6", "shiboken6", "pyqtgraph", "torch", "torchvision", "lightning"]
    done = _python(_IMPORT_ALL.format(blocked=blocked, roots=roots))
    assert done.returncode == 0, done.stderr


def test_blocking_really_blocks() -> None:
    done = _python(_IMPORT_ALL.format(blocked=["numpy"], roots=["mammoview.domain"]))
    assert done.returncode != 0
    assert "numpy is blocked here" in done.stderr


def test_fitting_needs_no_qt_dicom_or_simpleitk() -> None:
    done = _python("import sys, trainer.fit; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "torch" in loaded
    assert not loaded & {"PySide6", "shiboken6", "pyqtgraph", "pydicom", "SimpleITK"}


def test_torchvision_models_come_from_backbones_alone(repository: Path) -> None:
    importers: set[Path] = set()
    for path in (repository / "trainer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            if any(name.startswith("torchvision.models") for name in names):
                importers.add(path.relative_to(repository))
    assert importers
    backbones = Path("trainer", "backbones")
    assert not [str(path) for path in importers if not path.is_relative_to(backbones)]
