"""``mammoview-train evaluate calibration``: which formula makes the best scores."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_bundle, add_json, add_recipe, check_folder, read_named_recipe
from trainer.cli.validation import add_validation, again, chosen_images


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    add_validation(parser)
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
    from trainer.calibration.report import study_document, study_lines, write_study
    from trainer.calibration.study import study_calibration
    from trainer.detect import detect
    from trainer.documents import json_text

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    images = chosen_images(arguments)
    detected = detect(session, images, read_named_recipe(arguments.recipe).data)
    study = study_calibration(detected, session.manifest)
    same = again(arguments, images)
    write_study(study, arguments.out, again=f"evaluate calibration BUNDLE {same} --out FOLDER")
    if arguments.json:
        print(json_text(study_document(study)), end="")
    else:
        print("\n".join(study_lines(study)))
    return 0
