"""``mammoview open``: the window, with files, folders or nothing."""

from __future__ import annotations

import argparse

from mammoview.cli.arguments import add_paths
from mammoview.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``PATH…``."""
    add_paths(parser, needed=False)


def run(args: argparse.Namespace) -> ExitCode:
    """Open the window; returns when it is closed."""
    from mammoview.ui.main import run as run_window

    return ExitCode(run_window(args.paths))
