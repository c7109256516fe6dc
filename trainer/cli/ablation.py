"""Judge the networks of several runs on the same validation pictures: what each step is worth."""

from __future__ import annotations

import argparse
from pathlib import Path

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import check_folder, whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--row",
        metavar="NAME=RUN",
        action="append",
        required=True,
        help="a row of the table and the folder of its run; as often as there are rows",
    )
    parser.add_argument(
        "--views-of",
        metavar="NAME",
        help="a last row: the marks of that one rescored by the other views of the examination, "
        "fitted on other people",
    )
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        nargs="+",
        required=True,
        help="the indexes or folders that the caches were made from",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for table and section")
    parser.add_argument(
        "--pictures",
        metavar="N",
        type=whole_number(1),
        help="judge on so many pictures alone, the same ones each time",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure the rows and write the table; rows that were read before are not read again."""
    from trainer.ablation.chart import CHART, draw_ablation
    from trainer.ablation.measure import RowRun, measure_rows, views_row
    from trainer.ablation.report import ablation_document, ablation_text, write_ablation
    from trainer.sources import read_all

    check_folder(arguments.out)
    runs = [RowRun(name=name, run=folder) for name, folder in map(_row, arguments.row)]
    names = [row.name for row in runs]
    if len(set(names)) < len(names):
        raise UsageError(
            f"rows {', '.join(names)}", expected="every name once", todo="rename a row"
        )
    if arguments.views_of not in (None, *names):
        raise UsageError(
            f"--views-of {arguments.views_of!r}",
            expected=f"one of {', '.join(names)}",
            todo="name a row",
        )
    images = read_all(arguments.data)
    rows = list(measure_rows(runs, images, arguments.out, most=arguments.pictures))
    if arguments.views_of is not None:
        place = names.index(arguments.views_of)
        rows.append(views_row(rows[place], "+ views together"))
    document = ablation_document(rows)
    write_ablation(document, arguments.out)
    draw_ablation(rows, arguments.out / CHART)
    print(ablation_text(document))
    return ExitCode.DONE


def _row(text: str) -> tuple[str, Path]:
    name, mark, folder = text.partition("=")
    if not mark or not name.strip() or not folder:
        raise UsageError(
            f"--row {text!r}", expected='"NAME=RUN"', todo="give a name and the folder of a run"
        )
    return name.strip(), Path(folder)
