"""``mammoview-train evaluate digital``: a model trained on film, on digital mammograms."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainer.cli.common import add_bundle, add_json, add_recipe, check_folder, read_named_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    parser.add_argument(
        "--data",
        metavar="CESM",
        type=Path,
        required=True,
        help="CDD-CESM: folder with images and annotations.json",
    )
    parser.add_argument(
        "--film",
        metavar="LABELLED",
        type=Path,
        help="film pictures: how many of them lie outside the training range (no network is run)",
    )
    parser.add_argument(
        "--film-metrics",
        metavar="FILE",
        type=Path,
        help="metrics.json of evaluate images with the same bundle, to stand beside",
    )
    parser.add_argument(
        "--remedies",
        action="store_true",
        help="also read the pictures in other ways (grey, sharpness, spacing), to see what helps: "
        "seven times the work",
    )
    add_recipe(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help="folder for digital.json, section.md, froc.csv and froc.png",
    )
    add_json(parser)
    parser.set_defaults(evaluate=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate and write."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.detect import detect
    from trainer.digital.cesm import read_cesm
    from trainer.digital.evaluation import evaluate_digital
    from trainer.digital.report import digital_document, read_film, summary_lines, write_folder
    from trainer.digital.shift import applicable, detect_with
    from trainer.documents import json_text
    from trainer.input_range import check_range
    from trainer.sources import read_labelled

    check_folder(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    manifest = session.manifest
    given = arguments.film_metrics
    film = read_film(given, manifest) if given is not None else ()
    digital = read_cesm(arguments.data)
    pictures = [item.image for item in digital]
    films = read_labelled(arguments.film) if arguments.film is not None else None
    data = read_named_recipe(arguments.recipe).data
    remedies = applicable(manifest) if arguments.remedies else ()
    evaluation = evaluate_digital(
        digital,
        detect(session, pictures, data),
        manifest,
        range_digital=check_range(pictures, data, manifest),
        range_film=check_range(films, data, manifest) if films is not None else None,
        tried=[(r.words, detect_with(session, pictures, data, r)) for r in remedies],
    )
    if arguments.out is not None:
        write_folder(evaluation, film, arguments.out)
    if arguments.json:
        print(json_text(digital_document(evaluation, film)), end="")
    else:
        print("\n".join(summary_lines(evaluation)))
    return 0
