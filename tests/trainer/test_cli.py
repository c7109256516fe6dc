from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.pictures import build_pictures
from trainer.cache import GridCache
from trainer.cli import main
from trainer.cli.main import COMMANDS, is_out_of_memory, parser
from trainer.splits import SEED


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    said = capsys.readouterr().out
    for command, _ in COMMANDS:
        assert command in said


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_full_memory_is_known_in_every_spelling(error: Exception, full: bool) -> None:
    assert is_out_of_memory(error) == full


def test_full_memory_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_folder: Path) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

    data = build_pictures(tmp_path / "data", people=1)
    monkeypatch.setattr("trainer.sources.read_coco", full)
    assert main(["prepare", str(data), "--out", str(tmp_path / "cache")]) == 3
    assert "smaller batch_size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prepare", "{here}", "--out", "{here}/cache"], "index.json"),
        (["fit", "{here}", "--out", "{here}/run"], "mammoview-train prepare"),
        (["export", "{here}", "--data", "{data}", "--out", "{here}/b"], "last.ckpt"),
        (["verify", "{here}", "--run", "{here}"], "manifest.json"),
        (["evaluate", "images", "{here}", "--data", "{data}"], "manifest.json"),
        (["card", "{here}", "--run", "{here}"], "run.json"),
        (["fit", "{here}", "--recipe", "{here}/no.toml", "--out", "{here}/run"], "no.toml"),
    ],
)
def test_bad_input_is_refused_in_words(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=1)
    here = tmp_path / "here"
    here.mkdir()
    assert main([word.format(here=here, data=data) for word in words]) == 3
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert not told.out


def test_a_fault_of_the_program_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_folder: Path) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("trainer.sources.read_coco", broken)
    build_pictures(tmp_path, people=1)
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "cache")]) == 70
    assert "planted" in capsys.readouterr().err


def test_a_missing_package_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_folder: Path) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("trainer.sources.read_coco", missing)
    build_pictures(tmp_path, people=1)
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "cache")]) == 4
    assert "mammoview[train]" in capsys.readouterr().err


def test_a_full_disk_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    data = build_pictures(tmp_path / "data", people=1)
    monkeypatch.setattr("trainer.prepare.write_shard", full)
    assert main(["prepare", str(data), "--out", str(tmp_path / "c"), "--workers", "1"]) == 3
    assert "No space left on device" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=1)
    (tmp_path / "taken").write_text("a file")
    assert main(["prepare", str(data), "--out", str(tmp_path / "taken" / "c")]) == 3
    assert "taken" in capsys.readouterr().err


def test_an_interruption_is_said_and_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(_folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.sources.read_coco", told)
    build_pictures(tmp_path, people=1)
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "cache")]) == 130
    assert "fit does with --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        "simulate D --out O --limit -1",
        "simulate D --out O --seed -1",
        "splits D --protocol grouped --out O --seed 4294967296",
        "prepare D --out O --workers 0",
        "index D --out O --workers -3",
        "fit C --out O --workers -1",
        "fit C --out O --max-steps 0",
        "bench --blocks 0",
        "mine R --cache C --out O --most 0",
        "ablation --row A=R --data D --out O --pictures -4",
        "crossval C --split S --out O --workers two",
    ],
)
def test_a_number_that_means_nothing_is_a_wrong_usage(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(words.split())
    assert leaving.value.code == 2
    option, value = words.split()[-2:]
    assert f"argument {option}: '{value}'; expected a whole number from" in capsys.readouterr().err


def test_every_argument_of_every_command_is_explained() -> None:
    def arguments(of: argparse.ArgumentParser) -> Iterator[argparse.Action]:
        for action in of._actions:
            if isinstance(action, argparse._SubParsersAction):
                for command in action.choices.values():
                    yield from arguments(command)
            else:
                yield action

    found = list(arguments(parser()))
    assert len(found) > 150
    assert [action.dest for action in found if not action.help] == []


def test_a_split_left_to_itself_is_the_one_of_the_documents() -> None:
    assert parser().parse_args(["splits", "D", "--protocol", "paper", "--out", "O"]).seed == SEED


def test_a_folder_of_no_kind_says_what_it_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["splits", str(tmp_path), "--protocol", "paper", "--out", str(tmp_path / "s")]) == 3
    said = capsys.readouterr().err
    assert "_annotations.coco.json" in said
    assert "index.json" in said


def test_a_terminal_that_knows_no_dash_gets_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under a locale of Latin-1: after hours of training the table must not be a fault."""

    def table(_arguments: argparse.Namespace) -> int:
        print("size-only \N{EN DASH}")
        return 0

    monkeypatch.setattr("trainer.cli.compare.run", table)
    with (tmp_path / "out").open("wb") as stream:
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(stream, encoding="latin-1"))
        assert main(["compare", "--from", str(tmp_path)]) == 0
        assert (tmp_path / "out").read_bytes().split() == [b"size-only", b"\\u2013"]


def test_a_reader_that_has_gone_is_no_fault(tmp_path: Path) -> None:
    program = "import sys; from trainer.cli import main; sys.exit(main(sys.argv[1:]))"
    data = build_pictures(tmp_path / "data", people=6, with_calcifications=True)
    words = ["splits", str(data), "--protocol", "paper", "--out", str(tmp_path / "s")]
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdout=writes,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (0, b"")


def test_prepare_makes_a_cache(tmp_path: Path) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    assert main(["prepare", str(data), "--out", str(tmp_path / "c"), "--workers", "1"]) == 0
    assert len(GridCache(tmp_path / "c").records) == 2


def test_a_refused_picture_is_exit_3_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = build_pictures(tmp_path / "data", people=2)
    broken = min(data.glob("*.png"))
    broken.write_bytes(b"no picture")
    assert main(["prepare", str(data), "--out", str(tmp_path / "c"), "--workers", "1"]) == 3
    assert broken.name in capsys.readouterr().err
    assert len(GridCache(tmp_path / "c").records) == 1
