"""``mammoview-train evaluate calibration``: which formula makes the best scores."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import (
    add_json,
    add_recipe,
    check_folder,
    read_named_recipe,
    read_validation,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        nargs="+",
        required=True,
        help="folders of pictures with COCO boxes, or indexes of CBIS-DDSM",
    )
    parser.add_argument(
        "--run",
        metavar="RUN",
        dest="run_folder",
        type=Path,
        help="the model's run: its validation pictures alone, of people never trained on",
    )
    add_recipe(parser)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for the document, section and pictures"
    )
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the pictures and judge every way."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.calibration_report import study_document, study_lines, write_study
    from trainer.calibration_study import study_calibration
    from trainer.detect import detect
    from trainer.documents import json_text
    from trainer.sources import read_all

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    if arguments.run_folder is not None:
        images = read_validation(arguments.data, arguments.run_folder)
    else:
        images = read_all(arguments.data)
    detected = detect(session, images, read_named_recipe(arguments.recipe).data)
    study = study_calibration(detected, session.manifest)
    write_study(study, arguments.out)
    if arguments.json:
        print(json_text(study_document(study)), end="")
    else:
        print("\n".join(study_lines(study)))
    return 0
