"""Parse the command line, run one command and turn its errors into words and an exit code.

Modules of commands are imported when their command is asked for, so that ``--version`` and
``--help`` load neither Qt nor ONNX Runtime.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from mammoview import __version__
from mammoview.errors import ExitCode, MammoviewError, exit_code_of

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its name on the command line, one line of help and the module that runs it."""

    name: str
    summary: str
    module: str


COMMANDS = (
    Command(
        name="open",
        summary="the window, with files, folders or nothing",
        module="mammoview.cli.open",
    ),
    Command(
        name="demo",
        summary="the window on a ready four-view examination",
        module="mammoview.cli.demo",
    ),
    Command(
        name="inspect",
        summary="how images would be hung, and why",
        module="mammoview.cli.inspect",
    ),
    Command(
        name="analyze",
        summary="run the computer reader without a window",
        module="mammoview.cli.analyze",
    ),
    Command(
        name="snapshot",
        summary="a picture of what the window would show",
        module="mammoview.cli.snapshot",
    ),
    Command(
        name="model",
        summary="model bundles on this machine",
        module="mammoview.cli.model",
    ),
    Command(
        name="export",
        summary="the results of a read as DICOM objects, PDF and JSON",
        module="mammoview.cli.export",
    ),
    Command(
        name="audit",
        summary="whether the log of reads is as it was written, and a copy of it",
        module="mammoview.cli.audit",
    ),
    Command(
        name="bench",
        summary="speeds on this machine, each beside its baseline",
        module="mammoview.cli.bench.command",
    ),
    Command(
        name="doctor",
        summary="what works here, and what to do about the rest",
        module="mammoview.cli.doctor",
    ),
)

_EPILOG = """exit codes: 0 done, 1 the check's answer is no, 2 wrong usage, 3 input refused,
4 a needed part is missing, 70 a fault of the program itself.

Research use only: not a medical device, not for diagnosis."""


class CommandModule(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, args: argparse.Namespace) -> ExitCode:
        """Run the command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        The exit code, see ``ExitCode``.
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["open"]
    _say_any_text()
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except SystemExit as leaving:  # argparse: 0 after help, 2 after a wrong argument
        return leaving.code if isinstance(leaving.code, int) else ExitCode.USAGE
    except MammoviewError as error:
        _say(str(error))
        return exit_code_of(error)
    except KeyboardInterrupt:
        _say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return ExitCode.DONE
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _drop_output()
            _say("no space is left where this is written; free some, or choose another place")
            return ExitCode.USAGE
        _LOG.exception("internal error")
        _say(f"internal error: {type(error).__name__}: {error}")
        _say(f"this is a fault of mammoview, please report it; {_where_the_log_is()}")
        return ExitCode.INTERNAL


def _drop_output() -> None:
    """Give up standard output, whose reader has gone or whose disk is full: no flush may fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(words: list[str]) -> int:
    parser, modules = _build_parser(words)
    args = parser.parse_args(words)
    module = modules.get(args.command)
    if module is None:
        parser.error("no command given; see mammoview --help")
    if not getattr(args, "json", False):
        return module.run(args)
    # One document on stdout and nothing else: whatever a library prints goes to stderr.
    args.stdout = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        return module.run(args)


def _build_parser(
    words: Sequence[str],
) -> tuple[argparse.ArgumentParser, dict[str, CommandModule]]:
    """Build the parser, with the arguments of the one command that ``words`` name."""
    chosen = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="mammoview",
        description="Reading room for mammograms with a computer reader (research use only).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mammoview {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    modules: dict[str, CommandModule] = {}
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name, help=command.summary, description=command.summary.capitalize() + "."
        )
        if command.name == chosen:
            module = cast(CommandModule, importlib.import_module(command.module))
            module.add_arguments(sub)
            modules[command.name] = module
    return parser, modules


def _say_any_text() -> None:
    """Escape what standard output cannot encode, as standard error does: names of any file."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _say(message: str) -> None:
    print(f"mammoview: {message}", file=sys.stderr)


def _where_the_log_is() -> str:
    files = [
        handler.baseFilename
        for handler in logging.getLogger("mammoview").handlers + logging.getLogger().handlers
        if isinstance(handler, logging.FileHandler)
    ]
    return f"the details are in {files[0]}" if files else "set MAMMOVIEW_LOG=debug for the details"
