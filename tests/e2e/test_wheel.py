"""Everything works from the built wheel, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.dicom import build_exam

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*build, "--quiet", "--wheel-dir", str(out), str(repository)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (built,) = out.glob("mammoview-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def python(installed: Path, tmp_path: Path) -> Python:
    """Run Python with the wheel's content first on the path, in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    return run


def test_the_wheel_holds_packages_and_resources_and_no_tests(wheel: Path, repository: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for package in ("mammoview", "trainer"):
        for path in (repository / package).rglob("*.py"):
            assert path.relative_to(repository).as_posix() in held
    shipped = [path for path in (repository / "resources").rglob("*") if path.is_file()]
    assert shipped
    for path in shipped:
        assert (
            f"mammoview_resources/{path.relative_to(repository / 'resources').as_posix()}" in held
        )
    assert not [name for name in held if name.startswith(("tests/", "resources/"))]


def test_the_commands_work_from_the_wheel(python: Python, installed: Path, tmp_path: Path) -> None:
    where = python("-c", "import mammoview, trainer; print(mammoview.__file__, trainer.__file__)")
    assert where.stdout.count(str(installed)) == 2
    ask = "from mammoview.modelkit.shipped import shipped_root; print(shipped_root())"
    root = python("-c", ask)
    assert root.stdout.startswith(str(installed))
    build_exam(tmp_path / "exam")
    inspected = python("-m", "mammoview", "inspect", tmp_path / "exam", "--json")
    assert len(json.loads(inspected.stdout)["studies"][0]["images"]) == 4
    python("-m", "mammoview", "snapshot", tmp_path / "exam", "--out", tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    python("-m", "trainer", "--help")


@pytest.mark.usefixtures("shipped_bundle")
def test_the_shipped_model_reads_from_the_wheel(
    python: Python, installed: Path, tmp_path: Path
) -> None:
    build_exam(tmp_path / "exam")
    words = ["-m", "mammoview", "analyze", tmp_path / "exam", "--out", tmp_path / "out", "--json"]
    document = json.loads(python(*words).stdout)
    assert [image["status"] for image in document["images"]] == ["analyzed"] * 4
    (model,) = json.loads(python("-m", "mammoview", "model", "list", "--json").stdout)["models"]
    assert model["folder"].startswith(str(installed))
    assert model["problem"] is None
