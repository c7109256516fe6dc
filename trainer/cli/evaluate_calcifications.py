"""``mammoview-train evaluate calcifications``: simulated clusters and real pictures, apart."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import UsageError
from trainer.cli.common import add_bundle, add_json, add_recipe, check_folder, read_named_recipe

if TYPE_CHECKING:
    from mammoview.inference.session import Session
    from trainer.calcifications.digital import DigitalCalcifications
    from trainer.calcifications.evaluation import CalcificationPictures
    from trainer.calcifications.report import CalcificationReport
    from trainer.recipe import DataRecipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    parser.add_argument(
        "--simulated",
        metavar="SET",
        type=Path,
        required=True,
        help="what mammoview-train simulate wrote; its pictures of other mammograms are left out",
    )
    parser.add_argument(
        "--untouched",
        metavar="LABELLED",
        type=Path,
        required=True,
        help="held-out mammograms as they were",
    )
    parser.add_argument(
        "--calcification-csv",
        metavar="FOLDER",
        type=Path,
        required=True,
        help="the official tables: which mammograms hold real calcifications",
    )
    parser.add_argument(
        "--digital",
        metavar="FOLDER",
        type=Path,
        help="CDD-CESM's pictures: those whose findings name calcifications are listed",
    )
    parser.add_argument(
        "--grid",
        metavar="MM",
        type=float,
        nargs="+",
        default=[],
        help="read the simulated clusters on these grids too (mm a pixel), with the same network",
    )
    parser.add_argument(
        "--run",
        metavar="RUN",
        dest="run_folder",
        type=Path,
        help="the model's run: counts the people whom the model knows",
    )
    parser.add_argument(
        "--validation",
        action="store_true",
        help="the run's validation people alone (to tune; needs --run)",
    )
    add_recipe(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help="folder for calcifications.json, section.md, clusters.csv, groups.csv, froc.png and "
        "missed.png (ten missed clusters)",
    )
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.calcifications.evaluation import require_class
    from trainer.calcifications.report import calcification_document, summary_lines, write_folder
    from trainer.calcifications.sheet import write_missed
    from trainer.documents import json_text

    _check(arguments)
    session = Session.open(open_bundle(arguments.bundle))
    require_class(session.manifest)
    described = _described(arguments.run_folder)
    pictures = _pictures(arguments, described)
    data = read_named_recipe(arguments.recipe).data
    report = _report(arguments, session, pictures, described, data)
    if arguments.out is not None:
        write_folder(report, arguments.out)
        write_missed(report.evaluation, pictures, data, arguments.out / "missed.png")
    if not pictures.real:
        print(
            "mammoview-train: no picture with real calcifications: no area on real ones",
            file=sys.stderr,
        )
    if arguments.json:
        print(json_text(calcification_document(report)), end="")
    else:
        print("\n".join(summary_lines(report.evaluation)))
    return 0


def _pictures(
    arguments: argparse.Namespace, described: dict[str, Any] | None
) -> CalcificationPictures:
    from trainer.calcifications.evaluation import choose_pictures, held_out_people
    from trainer.simulated.exclusions import known_calcifications
    from trainer.sources import read_labelled

    return choose_pictures(
        read_labelled(arguments.simulated),
        read_labelled(arguments.untouched),
        known_calcifications(arguments.calcification_csv),
        people=held_out_people(described) if described and arguments.validation else None,
    )


def _report(
    arguments: argparse.Namespace,
    session: Session,
    pictures: CalcificationPictures,
    described: dict[str, Any] | None,
    data: DataRecipe,
) -> CalcificationReport:
    from trainer.calcifications.evaluation import (
        evaluate_calcifications,
        find_calcifications,
        known_people,
    )
    from trainer.calcifications.grids import grid_figures, on_grid
    from trainer.calcifications.report import CalcificationReport

    others = [on_grid(session, mm) for mm in sorted(set(arguments.grid))]
    found = find_calcifications(session, pictures, data)
    own = session.manifest.preprocessing.mm_per_px
    grids = [grid_figures(found, own)] if others else []
    paired = replace(pictures, real=())
    for other in others:
        mm_per_px = other.manifest.preprocessing.mm_per_px
        if mm_per_px != own:
            grids.append(grid_figures(find_calcifications(other, paired, data), mm_per_px))
    return CalcificationReport(
        evaluation=evaluate_calcifications(
            found,
            session.manifest,
            people_known=known_people(described, pictures.without) if described else None,
        ),
        digital=_digital(session, arguments.digital, data),
        grids=tuple(grids),
        on_validation=arguments.validation,
    )


def _digital(
    session: Session, folder: Path | None, data: DataRecipe
) -> DigitalCalcifications | None:
    if folder is None:
        return None
    from trainer.calcifications.digital import evaluate_digital
    from trainer.detect import detect
    from trainer.digital.cesm import read_cesm

    pictures = read_cesm(folder)
    found = detect(session, [picture.image for picture in pictures], data)
    return evaluate_digital(pictures, found, session.manifest)


def _described(run_folder: Path | None) -> dict[str, Any] | None:
    if run_folder is None:
        return None
    from trainer.export import read_run  # reads runs with torch at hand

    return read_run(run_folder)


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot work before minutes of work.

    Raises
    ------
    UsageError
        If a file stands where the folder would, or validation people are asked for without run.
    """
    check_folder(arguments.out)
    if arguments.validation and arguments.run_folder is None:
        raise UsageError(
            "--validation without --run",
            expected="the run whose validation people are meant",
            todo="give --run RUN",
        )
