"""The door: lazy imports, exit codes, and never a traceback."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mammoview.cli import main as entry
from mammoview.cli.main import COMMANDS
from mammoview.errors import (
    DicomError,
    ExitCode,
    MammoviewError,
    MissingPartError,
    ReviewError,
    UsageError,
)
from tests.builders.dicom import build_mg

HEAVY = {"PySide6", "pyqtgraph", "torch", "onnxruntime", "numpy", "pydicom", "SimpleITK"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(option: str) -> None:
    code = (
        "import sys\nfrom mammoview.cli import main\n"
        f"code = main([{option!r}])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "mammoview" in done.stdout
    loaded = set(done.stderr.split())
    assert "mammoview" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry([command, "--help"]) == 0
    assert f"mammoview {command}" in capsys.readouterr().out


def test_a_wrong_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["paint"]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert "paint" in said.err
    assert "inspect" in said.err
    assert not said.out


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A command whose ``work`` a test sets."""
    module = SimpleNamespace(work=lambda: ExitCode.DONE)

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    module.add_arguments = add_arguments
    module.run = lambda args: module.work()
    monkeypatch.setitem(sys.modules, "mammoview.cli.doctor", module)
    return module


@pytest.mark.parametrize(
    ("kind", "code"),
    [(UsageError, 2), (DicomError, 3), (ReviewError, 3), (MissingPartError, 4)],
)
def test_errors_become_words_and_a_code(
    command: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
    kind: type[MammoviewError],
    code: int,
) -> None:
    def work() -> ExitCode:
        raise kind("a cat was met", expected="a dog", todo="fetch one")

    command.work = work
    assert entry(["doctor"]) == code
    said = capsys.readouterr().err
    assert said == "mammoview: a cat was met; expected a dog; fetch one\n"


def test_a_fault_of_the_program_is_no_traceback(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> ExitCode:
        empty: dict[str, ExitCode] = {}
        return empty["a key that is not there"]

    command.work = work
    assert entry(["doctor"]) == ExitCode.INTERNAL
    said = capsys.readouterr()
    assert "internal error: KeyError" in said.err
    assert "Traceback" not in said.err
    assert not said.out


def test_what_a_library_prints_stays_out_of_the_document(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> ExitCode:
        print("a chatty library")
        return ExitCode.DONE

    command.work = work
    assert entry(["doctor", "--json"]) == 0
    said = capsys.readouterr()
    assert not said.out
    assert "a chatty library" in said.err


def test_ctrl_c_is_no_traceback(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> ExitCode:
        raise KeyboardInterrupt

    command.work = work
    assert entry(["doctor"]) == ExitCode.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mammoview", "model", "list", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "models" in json.loads(done.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_full_disk_is_said(tmp_path: Path, flags: tuple[str, ...]) -> None:
    build_mg(tmp_path / "a")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mammoview", "inspect", tmp_path, *flags],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == (
        "mammoview: no space is left where this is written; free some, or choose another place\n"
    )
