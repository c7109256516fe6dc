"""The door: commands, and how an error becomes an answer (see the contract)."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from mammoview.errors import ExitCode, MammoviewError, exit_code_of

# In the order of their use.
COMMANDS = (
    ("index", "CBIS-DDSM as downloaded -> index"),
    ("verify-data", "the table of known errors on this copy (exit 1: something else)"),
    ("simulate", "pictures with masses -> the same with simulated calcifications too"),
    ("simulate-control", "what blur, size and JPEG traces alone tell of the classes"),
    ("splits", "which lesions train and which validate; Table I"),
    ("prepare", "index or pictures with boxes -> patch cache"),
    ("fit", "patch cache -> trained network"),
    ("mine", "what a trained network takes for lesions on its training pictures"),
    ("crossval", "every fold of a split, measured"),
    ("compare", "nets x folds: Table II"),
    ("export", "run -> calibrated model bundle"),
    ("calibrate", "refit scores and thresholds of a bundle on a site's own images"),
    ("views", "rules by which the views of an examination change each other's scores"),
    ("verify", "torch against ONNX Runtime (exit 1: they part)"),
    ("evaluate", "what a network finds on labelled images, patches or examinations"),
    ("ablation", "what each step of the method is worth: several runs, one table"),
    ("figures", "mammogram, activation map and ground truth of a median hit"),
    ("card", "write a bundle's card anew, with test figures"),
    ("bench", "images per second, beside the same network on random tensors"),
)
_FIRST_STEPS = (
    "index DATA --out INDEX, splits INDEX --protocol grouped --out SPLIT, prepare INDEX --out "
    "CACHE, fit CACHE --weights imagenet --split SPLIT --part fold-1 --out RUN, export RUN --data "
    "INDEX --out BUNDLE, mammoview model install BUNDLE"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see the contract: 0, 1, 2, 3, 4)."""
    arguments = parser().parse_args(argv)
    _say_any_text()
    try:
        code = int(arguments.run(arguments))
        sys.stdout.flush()
        return code
    except ModuleNotFoundError as error:
        say(f"the package {error.name} is not installed; pip install 'mammoview[train]'")
        return ExitCode.MISSING_PART
    except MammoviewError as error:
        say(str(error))
        return exit_code_of(error)
    except KeyboardInterrupt:
        say(
            "interrupted; start the same command again: index, prepare, crossval and compare go "
            "on where they were, fit does with --resume"
        )
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # whoever reads has enough: head, less
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except Exception as error:
        return _unforeseen(error)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = argparse.ArgumentParser(
        prog="mammoview-train",
        description="Make the models that mammoview reads with. Research use only.",
        epilog=f"From data to the reading room: {_FIRST_STEPS}.",
    )
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, said in COMMANDS:
        module = import_module(f"trainer.cli.{name.replace('-', '_')}")
        command = commands.add_parser(name, help=said, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return whole


def say(text: str) -> None:
    """Print a message beside the results."""
    print(f"mammoview-train: {text}", file=sys.stderr)


def _say_any_text() -> None:
    """Escape what standard output cannot encode, as standard error does: a table has its dashes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _unforeseen(error: Exception) -> ExitCode:
    if is_out_of_memory(error):
        say("the memory is full; use a smaller batch_size, a smaller network or --device cpu")
        return ExitCode.REFUSED
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        say(
            f"{place}{error.strerror or error}; expected a place to read and write; free space, "
            "or choose another"
        )
        return ExitCode.REFUSED
    say(f"internal error: {type(error).__name__}: {error}")
    say("this is a fault of mammoview, please report it")
    return ExitCode.INTERNAL


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error of torch, which may not be there, means that memory ran out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said
    )
