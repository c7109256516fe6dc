"""What a network finds: on labelled images, patches, or native examinations."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import UsageError
from trainer.cli import (
    evaluate_calcifications,
    evaluate_calibration,
    evaluate_digital,
    evaluate_marks,
    evaluate_passes,
    evaluate_rivals,
)
from trainer.cli.common import (
    add_bundle,
    add_device,
    add_json,
    add_part,
    add_recipe,
    add_way,
    check_folder,
    read_data,
    read_named_recipe,
)

if TYPE_CHECKING:
    from trainer.evaluate import ClassResult, Evaluation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is evaluated, and its arguments."""
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    _add_images(kinds.add_parser("images", help="FROC, overlap and subgroups of a bundle"))
    _add_patches(kinds.add_parser("patches", help="accuracy of a run on its held-out patches"))
    _add_exams(
        kinds.add_parser("exams", help="native examinations, beside their own 800-pixel pictures")
    )
    evaluate_digital.add_arguments(
        kinds.add_parser("digital", help="digital mammograms, beside the film of training")
    )
    evaluate_calcifications.add_arguments(
        kinds.add_parser("calcifications", help="simulated clusters, and real pictures, apart")
    )
    evaluate_calibration.add_arguments(
        kinds.add_parser("calibration", help="ways to make scores, judged on other people")
    )
    evaluate_marks.add_arguments(
        kinds.add_parser("marks", help="marks on labels and film borders, and at the chest wall")
    )
    evaluate_passes.add_arguments(
        kinds.add_parser("passes", help="what flips and a second scale are worth, and cost")
    )
    evaluate_rivals.add_arguments(
        kinds.add_parser("rivals", help="what lowering marks beside stronger ones would do")
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the evaluation that was chosen."""
    return int(arguments.evaluate(arguments))


def _add_images(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    parser.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        required=True,
        help="folder of pictures with COCO boxes, or index of CBIS-DDSM",
    )
    add_part(parser)
    add_recipe(parser)
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for metrics.json, froc.csv, froc.png, reliability.png, subgroups.csv and "
        "overlap.csv; a name that ends in .json is the document's file instead",
    )
    add_way(parser)
    parser.add_argument(
        "--views",
        metavar="FILE",
        type=Path,
        help="rules by which the views of a person change each other's scores",
    )
    add_json(parser)
    parser.set_defaults(evaluate=_images)


def _add_patches(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of a trained network")
    parser.add_argument("--cache", type=Path, required=True, help="patch cache of the run")
    parser.add_argument("--out", type=Path, help="folder for predictions, tables and pictures")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(evaluate=_patches)


def _add_exams(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    parser.add_argument("--data", type=Path, required=True, help="their pictures and COCO boxes")
    add_recipe(parser)
    parser.add_argument("--boxes", type=Path, required=True, help="boxes of the native files")
    parser.add_argument("--out", type=Path, help="write the document to this file too")
    add_json(parser)
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="DICOM files, folders")
    parser.set_defaults(evaluate=_exams)


def _images(arguments: argparse.Namespace) -> int:
    from mammoview.inference.passes import Passes
    from mammoview.inference.session import Session
    from mammoview.inference.views import read_views_together
    from mammoview.modelkit.bundle import open_bundle
    from trainer.detect import detect
    from trainer.evaluate import evaluate_images
    from trainer.views import taken_together

    if arguments.out is not None:
        _check_place(arguments.out)
    session = Session.open(open_bundle(arguments.bundle))
    images = read_data(arguments.data, arguments.split, arguments.part)
    recipe = read_named_recipe(arguments.recipe)
    passes = Passes(arguments.passes)
    views = arguments.views
    together = read_views_together(views, session.manifest, passes) if views else None
    detected = detect(session, images, recipe.data, passes)
    if together is not None:
        detected = taken_together(detected, together, session.manifest)
    evaluation = replace(
        evaluate_images(detected, session.manifest),
        passes=passes.value,
        views_together=together.fitted_on if together else "",
    )
    if arguments.out is not None:
        _write(evaluation, arguments.out)
    _warn(evaluation)
    if arguments.json:
        _print_json(evaluation.document())
    else:
        for result in evaluation.classes:
            print("\n".join(_class_lines(result)))
    return 0


def _is_document(out: Path) -> bool:
    return out.suffix.lower() == ".json"


def _check_place(out: Path) -> None:
    """Refuse, before minutes of work, a place that cannot take the results.

    Raises
    ------
    UsageError
        If a file stands where the folder would, or a folder where the document would.
    """
    if out.is_dir() if _is_document(out) else out.is_file():
        raise UsageError(
            f"--out {out} is a {'folder' if out.is_dir() else 'file'}",
            expected="a folder, or a file whose name ends in .json",
            todo="choose another",
        )


def _write(evaluation: Evaluation, out: Path) -> None:
    from trainer.documents import write_json
    from trainer.evaluation_files import write_evaluation_folder

    if _is_document(out):
        write_json(evaluation.document(), out)
    else:
        write_evaluation_folder(evaluation, out)


def _patches(arguments: argparse.Namespace) -> int:
    from trainer.evaluate_patches import evaluate_patches, summary_lines
    from trainer.machine import torch_device

    check_folder(arguments.out)
    document = evaluate_patches(
        arguments.run_folder,
        arguments.cache,
        arguments.out,
        device=torch_device(arguments.device),
    )
    if arguments.json:
        _print_json(document)
    else:
        print("\n".join(summary_lines(document)))
    return 0


def _exams(arguments: argparse.Namespace) -> int:
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.coco import read_coco
    from trainer.documents import write_json
    from trainer.exams import evaluate_exams, read_native_boxes

    document = evaluate_exams(
        Session.open(open_bundle(arguments.bundle)),
        arguments.paths,
        natives=read_native_boxes(arguments.boxes),
        pictures=read_coco(arguments.data),
        data=read_named_recipe(arguments.recipe).data,
    )
    if arguments.out is not None:
        write_json(document, arguments.out)
    if arguments.json:
        _print_json(document)
        return 0
    for view in document["views"]:
        print(
            f"{view['exam']} {view['view']}: {sum(view['hit'])} of {len(view['boxes'])} "
            f"boxes hit by {len(view['flagged'])} flags",
            *view["differences"],
            sep="\n  ",
        )
    return 0


def _print_json(document: dict[str, Any]) -> None:
    from trainer.documents import json_text

    print(json_text(document), end="")


def _warn(evaluation: Evaluation) -> None:
    """Say what the figures leave out."""
    for kind in evaluation.absent:
        _say(f"no lesion of class {kind} in the data: no sensitivity, false marks alone")
    for kind, count in evaluation.other_lesions:
        _say(f"{count} lesions of {kind} left out: the model has no such class")
    for result in evaluation.classes:
        for item in result.overlaps:
            if item.set_aside:
                _say(f"{item.lesion_id} set aside for overlap: {item.set_aside}")


def _say(text: str) -> None:
    print(f"mammoview-train: {text}", file=sys.stderr)


def _class_lines(result: ClassResult) -> list[str]:
    """Return the figures of one class in words."""
    froc = result.rules[0].froc
    lines = [f"{result.kind}: {froc.lesions} lesions, {froc.images} pictures"]
    if not froc.lesions:
        return lines + [
            f"  {point.name}: {point.false_marks.value:.2f} false marks an image"
            for point in result.points
        ]
    for rule in result.rules:
        lines.append(f"  hit: {rule.rule.text}")
        intervals = [(low, high) for _, low, high in rule.froc.ci95]
        for (rate, value), (low, high) in zip(rule.froc.sensitivity_at, intervals, strict=True):
            lines.append(
                f"  sensitivity {value:.3f} ({low:.3f}-{high:.3f}) at {rate:g} false marks an image"
            )
    game = result.pointing_game
    return [*lines, f"  pointing game {game.value:.3f} ({game.low:.3f}-{game.high:.3f})"]
