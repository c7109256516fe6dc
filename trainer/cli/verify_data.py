"""Count the known errors of CBIS-DDSM on this copy; exit 1 on a state that is not known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainer.cbis.check import CheckLine

_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("index", metavar="INDEX", type=Path, nargs="?", help="made by index")
    source.add_argument(
        "--csv", metavar="FOLDER", type=Path, help="the tables alone: their lines of the table"
    )
    parser.add_argument("--data", type=Path, help="the data folder, where it has moved since")
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 0 for the whole collection as it is known, 1 for anything else."""
    from trainer.cbis.check import check_files, check_tables, is_known

    if arguments.csv is not None:
        from trainer.cbis.tables import read_tables

        lines = check_tables(read_tables(arguments.csv).rows) + check_files(None)
    else:
        from trainer.cbis.index import read_index

        index = read_index(arguments.index, data=arguments.data)
        lines = check_tables([row.case for row in index.rows]) + check_files(index)
    known = is_known(lines)
    print(json.dumps(_document(lines, known)) if arguments.json else _text(lines, known))
    return ExitCode.DONE if known else ExitCode.ANSWER_IS_NO


def _document(lines: Sequence[CheckLine], known: bool) -> dict[str, Any]:
    return {
        "known": known,
        "lines": [
            {
                "error": line.error,
                "expected": line.expected,
                "found": line.found,
                "done": line.done,
                "state": line.state.value,
                "cases": list(line.cases or ()) if line.is_listed else [],
            }
            for line in lines
        ],
    }


def _text(lines: Sequence[CheckLine], known: bool) -> str:
    table = [("", "what", "expected", "found here", "what is done")]
    table += [
        (
            line.state.value,
            line.error,
            line.expected,
            "-" if line.found is None else str(line.found),
            line.done,
        )
        for line in lines
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    for line in lines:
        if line.is_listed:
            text += _cases(line)
    unchecked = sum(line.state == "not checked" for line in lines)
    checked = f"{len(lines) - unchecked} of {len(lines)} lines checked"
    text.append(
        f"{checked}: as the collection is known to be"
        if known
        else f"{checked}: this is not the whole collection as it is known"
    )
    return "\n".join(text)


def _cases(line: CheckLine) -> list[str]:
    cases = line.cases or ()
    shown = [f"  {case}" for case in cases[:_SHOWN]]
    more = [f"  and {len(cases) - _SHOWN} more"] if len(cases) > _SHOWN else []
    return [f"{line.error}:", *shown, *more]
