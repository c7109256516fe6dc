"""What the pages promise is what the scripts do."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

import mammoview


def _readme_commands(repository: Path) -> list[str]:
    text = (repository / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.strip().splitlines()]


def test_the_readme_opens_with_a_picture_and_two_commands(repository: Path) -> None:
    text = (repository / "README.md").read_text("utf-8")
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert picture
    assert (repository / picture[1]).is_file()
    assert picture.start() < text.index("```sh")
    main_job, tests = _readme_commands(repository)[:2]
    assert main_job.endswith('install ".[demo]" && .venv/bin/mammoview demo')
    assert tests.endswith('install -e ".[test]" && .venv/bin/pytest')


def test_ci_installs_and_tests_as_the_readme_does(repository: Path) -> None:
    script = (repository / ".ci" / "run").read_text("utf-8")
    tests = _readme_commands(repository)[1]
    install = tests.partition(".venv/bin/pip install ")[2].partition(" &&")[0]
    assert f" {install}\n" in script
    order = ['ruff" format --check', 'ruff" check', 'mypy"', "lint-imports", 'pytest"']
    places = [script.index(step) for step in order]
    assert places == sorted(places)


def test_ci_and_doctor_name_the_same_system_packages(repository: Path) -> None:
    from mammoview.ui.platform_check import SYSTEM_PACKAGES

    script = (repository / ".ci" / "run").read_text("utf-8")
    match = re.search(r"packages=\(([^)]*)\)", script)
    assert match
    assert set(SYSTEM_PACKAGES) <= set(match[1].split())


def test_the_installed_version_is_that_of_the_package() -> None:
    assert metadata("mammoview")["Version"] == mammoview.__version__


@pytest.mark.parametrize("extra", ["demo", "train", "cuda", "test"])
def test_extras(repository: Path, extra: str) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    assert settings["project"]["optional-dependencies"][extra]


def test_text_stays_free_of_unfinished_work(repository: Path) -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
    found = [
        f"{path.relative_to(repository)}:{number}"
        for package in ("mammoview", "trainer")
        for path in (repository / package).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not found


def test_files_stay_readable_in_one_go(repository: Path) -> None:
    long = {
        str(path.relative_to(repository)): lines
        for package in ("mammoview", "trainer", "tests")
        for path in (repository / package).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 500
    }
    assert not long
