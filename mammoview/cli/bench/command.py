"""``mammoview bench``: speeds on this machine, each beside its baseline in the same run."""

from __future__ import annotations

import argparse
import os
from types import MappingProxyType
from typing import Any, Protocol

from mammoview.cli.arguments import add_json
from mammoview.cli.bench import analyze, exams, index, open, start, window
from mammoview.cli.output import emit
from mammoview.errors import ExitCode


class Bench(Protocol):
    """What the module of a bench offers; it imports what it measures when it measures."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the bench's own arguments."""

    def measure(self, args: argparse.Namespace) -> dict[str, Any]:
        """Measure and return what is told."""


BENCHES: MappingProxyType[str, Bench] = MappingProxyType(
    {
        "open": open,
        "index": index,
        "analyze": analyze,
        "window": window,
        "start": start,
        "exams": exams,
    }
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare every bench."""
    benches = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, bench in BENCHES.items():
        sub = benches.add_parser(
            name, help=bench.SUMMARY, description=f"{bench.SUMMARY.capitalize()}."
        )
        add_json(sub)
        bench.add_arguments(sub)


def run(args: argparse.Namespace) -> ExitCode:
    """Measure and tell."""
    measured = BENCHES[args.bench].measure(args)
    document = {"bench": args.bench, "cores": os.cpu_count(), **measured}
    if args.json:
        emit(args, document)
    else:
        _print(document)
    return ExitCode.DONE


def _print(document: dict[str, Any]) -> None:
    for key, value in document.items():
        if isinstance(value, dict):
            value = "  ".join(f"{name} {_figure(part)}" for name, part in value.items())
        print(f"{key.replace('_', ' '):28} {_figure(value)}")


def _figure(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
