"""``mammoview-train``: the commands; each imports what it needs when it is called."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import ExitCode, MammoviewError, exit_code_of
from mammoview.modelkit.shipped import shipped_root

if TYPE_CHECKING:
    from trainer.recipe import Recipe

_FIRST_STEPS = (
    "prepare DATA --out CACHE, fit CACHE --weights FILE --out RUN, export RUN --cache CACHE "
    "--out BUNDLE, verify BUNDLE --run RUN, evaluate images BUNDLE --data DATA, card BUNDLE"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see the contract: 0, 1, 2, 3, 4)."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ModuleNotFoundError as error:
        _say(f"the package {error.name} is not installed; pip install 'mammoview[train]'")
        return ExitCode.MISSING_PART
    except MammoviewError as error:
        _say(str(error))
        return exit_code_of(error)
    except KeyboardInterrupt:
        _say("interrupted; a started run goes on with --resume")
        return ExitCode.INTERRUPTED
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":  # of torch, which may not be there
            _say("the GPU's memory is full; use a smaller batch_size or --device cpu")
            return ExitCode.REFUSED
        _say(f"internal error: {type(error).__name__}: {error}")
        _say("this is a fault of mammoview, please report it")
        return ExitCode.INTERNAL


def _say(text: str) -> None:
    print(f"mammoview-train: {text}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mammoview-train",
        description="Make the models that mammoview reads with. Research use only.",
        epilog=f"From data to a bundle: {_FIRST_STEPS}.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_prepare(commands)
    _add_fit(commands)
    _add_export(commands)
    _add_verify(commands)
    _add_evaluate(commands)
    _add_card(commands)
    return parser


def _add_prepare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("prepare", help="pictures and boxes -> patch cache")
    command.add_argument("data", type=Path, help="folder with pictures and COCO annotations")
    command.add_argument("--recipe", type=Path, help="recipe; the shipped review.toml if left out")
    command.add_argument("--out", type=Path, required=True, help="folder of the new cache")
    command.add_argument("--workers", type=int, help="processes; as many as cores if left out")
    command.set_defaults(run=_prepare)


def _add_fit(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("fit", help="patch cache -> trained network")
    command.add_argument("cache", type=Path)
    command.add_argument("--recipe", type=Path, help="recipe; the shipped review.toml if left out")
    command.add_argument("--weights", type=Path, help="ImageNet weights (safetensors, strict)")
    command.add_argument("--out", type=Path, required=True, help="folder of the run")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")
    command.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    command.add_argument(
        "--precision", choices=("auto", "bf16-mixed", "16-mixed", "32-true"), default="auto"
    )
    command.add_argument("--workers", type=int, default=0, help="loader processes")
    command.add_argument("--max-steps", type=int, help="stop after so many steps")
    command.set_defaults(run=_fit)


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("export", help="run -> calibrated model bundle")
    command.add_argument("run_folder", metavar="RUN", type=Path)
    command.add_argument(
        "--data", type=Path, required=True, help="the folder that the cache was prepared from"
    )
    command.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    command.add_argument("--name", default="mass-resnet50", help="name of the model")
    command.add_argument("--version", default="0.1.0", help="version of the model")
    command.add_argument("--overwrite", action="store_true", help="replace the bundle in --out")
    command.set_defaults(run=_export)


def _add_verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("verify", help="torch against ONNX Runtime; exit 1 if they part")
    command.add_argument("bundle", metavar="BUNDLE", type=Path)
    command.add_argument("--run", dest="run_folder", metavar="RUN", type=Path, required=True)
    command.set_defaults(run=_verify)


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("evaluate", help="FROC of a bundle")
    kinds = command.add_subparsers(required=True, metavar="WHAT")
    images = kinds.add_parser("images", help="on labelled pictures (COCO)")
    exams = kinds.add_parser("exams", help="on native examinations, beside their own pictures")
    for part in (images, exams):
        part.add_argument("bundle", metavar="BUNDLE", type=Path)
        part.add_argument("--data", type=Path, required=True, help="pictures and COCO boxes")
        part.add_argument("--recipe", type=Path, help="for the assumed size of the pictures")
        part.add_argument("--out", type=Path, help="write the document here too")
        part.add_argument("--json", action="store_true", help="print the document")
    exams.add_argument("--boxes", type=Path, required=True, help="boxes of the native files")
    exams.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="DICOM files, folders")
    images.set_defaults(run=_evaluate_images)
    exams.set_defaults(run=_evaluate_exams)


def _add_card(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("card", help="write the bundle's card anew, with test figures")
    command.add_argument("bundle", metavar="BUNDLE", type=Path)
    command.add_argument("--run", dest="run_folder", metavar="RUN", type=Path, required=True)
    command.add_argument("--test", type=Path, help="document of evaluate images")
    command.add_argument("--exams", type=Path, help="document of evaluate exams")
    command.set_defaults(run=_card)


def _prepare(arguments: argparse.Namespace) -> int:
    from trainer.coco import read_coco
    from trainer.prepare import prepare

    count = prepare(
        read_coco(arguments.data),
        recipe=_recipe(arguments.recipe),
        out=arguments.out,
        workers=arguments.workers,
    )
    print(f"{count} pictures prepared in {arguments.out}", file=sys.stderr)
    return 0


def _fit(arguments: argparse.Namespace) -> int:
    from trainer.fit import FitOptions, fit

    last = fit(
        arguments.cache,
        _recipe(arguments.recipe),
        FitOptions(
            out=arguments.out,
            weights=arguments.weights,
            accelerator=arguments.device,
            precision=arguments.precision,
            workers=arguments.workers,
            resume=arguments.resume,
            max_steps=arguments.max_steps,
        ),
    )
    print(f"trained: {last}", file=sys.stderr)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from trainer.coco import read_coco
    from trainer.export import ExportOptions, export

    bundle = export(
        arguments.run_folder,
        read_coco(arguments.data),
        ExportOptions(
            out=arguments.out,
            name=arguments.name,
            version=arguments.version,
            overwrite=arguments.overwrite,
        ),
    )
    print(f"bundle {bundle.identity.name} {bundle.identity.version}: {bundle.folder}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from trainer.verify import ARITHMETIC_TOLERANCE, ROUNDING_TOLERANCE, verify

    found = verify(arguments.bundle, arguments.run_folder)
    print(f"hashes and golden vectors: as at export ({arguments.bundle.name})")
    print(f"weights rounded to float16: {found.rounding:.2e} of the map's range")
    print(f"  (at most {ROUNDING_TOLERANCE:g})")
    print(
        f"torch against ONNX Runtime: {found.arithmetic:.2e}, map mean against logits "
        f"{found.mean_to_logits:.2e} (at most {ARITHMETIC_TOLERANCE:g})"
    )
    print("passed" if found.passed else "NOT PASSED")
    return 0 if found.passed else 1


def _evaluate_images(arguments: argparse.Namespace) -> int:
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.coco import read_coco
    from trainer.detect import detect
    from trainer.evaluate import evaluate

    session = Session.open(open_bundle(arguments.bundle))
    detected = detect(session, read_coco(arguments.data), _recipe(arguments.recipe).data)
    return _hand_out(evaluate(detected, session.manifest), arguments)


def _evaluate_exams(arguments: argparse.Namespace) -> int:
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.coco import read_coco
    from trainer.exams import evaluate_exams, read_native_boxes

    document = evaluate_exams(
        Session.open(open_bundle(arguments.bundle)),
        arguments.paths,
        natives=read_native_boxes(arguments.boxes),
        pictures=read_coco(arguments.data),
        data=_recipe(arguments.recipe).data,
    )
    return _hand_out(document, arguments)


def _card(arguments: argparse.Namespace) -> int:
    from trainer.card import read_document, rewrite_card
    from trainer.export import read_run
    from trainer.recipe import recipe_from_values

    bundle = rewrite_card(
        arguments.bundle,
        recipe=recipe_from_values(read_run(arguments.run_folder)["recipe"]),
        validation=read_document(arguments.run_folder / "validation.json"),
        test=read_document(arguments.test) if arguments.test else None,
        exams=read_document(arguments.exams) if arguments.exams else None,
    )
    print(f"card written: {bundle.folder / 'CARD.md'}", file=sys.stderr)
    return 0


def _hand_out(document: dict[str, Any], arguments: argparse.Namespace) -> int:
    """Write the document where it was asked for; print it, or a line of it."""
    from trainer.evaluate import write_evaluation

    if arguments.out is not None:
        write_evaluation(document, arguments.out)
    if arguments.json:
        print(json.dumps(document))
    elif "froc" in document:
        for rate, value in document["froc"]["sensitivity_at"].items():
            print(f"sensitivity {value:.3f} at {rate} false marks an image")
        print(f"pointing game {document['pointing_game']:.3f}")
    else:
        for view in document["views"]:
            print(
                f"{view['exam']} {view['view']}: {sum(view['hit'])} of {len(view['boxes'])} "
                f"boxes hit by {len(view['flagged'])} flags",
                *view["differences"],
                sep="\n  ",
            )
    return 0


def _recipe(file: Path | None) -> Recipe:
    from trainer.recipe import read_recipe

    return read_recipe(file or shipped_root() / "recipes" / "review.toml")
