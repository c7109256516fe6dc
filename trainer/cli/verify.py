"""Check a bundle: against the run that it came from, or its marks in rounded arithmetic."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import add_part, add_recipe, read_data, read_named_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--run", dest="run_folder", metavar="RUN", type=Path, help="compare with this run in torch"
    )
    what.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        help="compare the marks of rounded arithmetic (bf16) with those of float32",
    )
    add_recipe(parser)
    add_part(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the JSON document")
    parser.add_argument(
        "--section", metavar="FOLDER", type=Path, help="with --data: write the card's section there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Verify."""
    if arguments.section is not None and arguments.data is None:
        raise UsageError(
            "--section without --data", expected="a comparison of marks", todo="add --data"
        )
    passed = _marks(arguments) if arguments.data is not None else _run(arguments)
    return ExitCode.DONE if passed else ExitCode.ANSWER_IS_NO


def _run(arguments: argparse.Namespace) -> bool:
    from trainer.parity import ARITHMETIC_TOLERANCE, ROUNDING_TOLERANCE
    from trainer.verify import verify

    found = verify(arguments.bundle, arguments.run_folder)
    if not _tell(arguments, {**asdict(found), "passed": found.passed}):
        print(f"hashes and golden vectors: as at export ({arguments.bundle.name})")
        print(
            f"trained network against exported one (folded, weights rounded to float16): "
            f"{found.rounding:.2e} of the map's range (at most {ROUNDING_TOLERANCE:g})"
        )
        print(
            f"torch against ONNX Runtime: {found.arithmetic:.2e}, map mean against logits "
            f"{found.mean_to_logits:.2e} (at most {ARITHMETIC_TOLERANCE:g})"
        )
        print("passed" if found.passed else "NOT PASSED")
    return found.passed


def _marks(arguments: argparse.Namespace) -> bool:
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import open_bundle
    from trainer.card_sections import write_section
    from trainer.same_marks import compare_marks, document, engines_section

    images = read_data(arguments.data, arguments.split, arguments.part)
    if not images:
        raise UsageError("no pictures", expected="annotated pictures", todo="name their folder")
    session = Session.open(open_bundle(arguments.bundle), device="cpu-bf16")
    found = compare_marks(session, images, read_named_recipe(arguments.recipe).data)
    if arguments.section is not None:
        write_section(engines_section(found, session.manifest), arguments.section)
    if not _tell(arguments, document(found)):
        print(f"{found.device} beside {found.reference}: {found.pictures} pictures")
        print(
            f"read again in float32 for a mark within {found.rounding:.3f} of a threshold: "
            f"{found.reread} ({found.reread / found.pictures:.1%}); "
            f"largest error elsewhere {found.largest_error:.3f}"
        )
        print(f"seconds of the network: {found.seconds:.1f} of {found.reference_seconds:.1f}")
        for item in found.differences:
            print(f"DIFFERS {item.picture} ({item.operating_point}): {item.met}")
        print("passed: the same marks" if found.passed else "NOT PASSED")
    return found.passed


def _tell(arguments: argparse.Namespace, found: dict[str, object]) -> bool:
    """Write and print the document where asked; tell whether it was printed."""
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(found))
    return bool(arguments.json)
