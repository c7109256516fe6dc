"""Check a bundle against the run that it came from."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mammoview.errors import ExitCode
from trainer.cli.common import add_bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_bundle(parser)
    parser.add_argument(
        "--run",
        dest="run_folder",
        metavar="RUN",
        type=Path,
        required=True,
        help="compare with this run in torch",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the JSON document")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Verify."""
    from trainer.documents import write_json
    from trainer.parity import ARITHMETIC_TOLERANCE, ROUNDING_TOLERANCE
    from trainer.verify import verify

    found = verify(arguments.bundle, arguments.run_folder)
    document = {**asdict(found), "passed": found.passed}
    if arguments.out is not None:
        write_json(document, arguments.out)
    if arguments.json:
        print(json.dumps(document))
    else:
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
    return ExitCode.DONE if found.passed else ExitCode.ANSWER_IS_NO
