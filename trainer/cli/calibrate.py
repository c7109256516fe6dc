"""Refit scores and thresholds of a bundle on a site's own images, into a new bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.errors import ExitCode, UsageError
from trainer.cli.common import (
    add_bundle,
    add_json,
    add_part,
    add_recipe,
    read_data,
    read_named_recipe,
)

if TYPE_CHECKING:
    from mammoview.inference.session import Session
    from trainer.site.reading import SiteReading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the bundle, the images and the new bundle."""
    add_bundle(parser)
    images = parser.add_mutually_exclusive_group(required=True)
    images.add_argument(
        "--data",
        metavar="LABELLED",
        type=Path,
        help="folder of pictures with COCO boxes, or index of CBIS-DDSM, of people that the "
        "model was never trained on: scores and thresholds",
    )
    images.add_argument(
        "--normals",
        metavar="PATH",
        type=Path,
        nargs="+",
        help="DICOM examinations without any finding: thresholds alone",
    )
    images.add_argument(
        "--normal-pictures",
        metavar="LABELLED",
        type=Path,
        help="folder of labelled pictures: those without any lesion, thresholds alone",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the new bundle")
    parser.add_argument(
        "--section",
        metavar="FOLDER",
        type=Path,
        help="write the figures before and after there too, for the card of BUNDLE",
    )
    parser.add_argument("--version", help="of the new model (0.1.0 becomes 0.1.0+site.1)")
    add_part(parser)
    add_recipe(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the images, refit, write; files that cannot be read are named and left out (exit 3)."""
    from mammoview.inference.session import Session
    from mammoview.modelkit.bundle import CARD, open_bundle
    from trainer.card.sections import write_section
    from trainer.documents import json_text
    from trainer.site.card import refit_card, refit_document, refit_figures, refit_lines
    from trainer.site.refit import checked_version, refit, write_refit

    _require_free(arguments.out)
    if arguments.data is None and (arguments.split or arguments.part):
        raise UsageError(
            "--split or --part without --data",
            expected="a part of labelled pictures",
            todo="leave them out, or give --data",
        )
    old = open_bundle(arguments.bundle)
    version = checked_version(old.manifest, arguments.version)
    reading = _read(Session.open(old), arguments)
    for refusal in reading.refused:
        _say(f"refused: {refusal.file}: {refusal.reason}")
    for left in reading.left_out:
        _say(f"left out: {left.file}: {left.reason}")
    result = refit(old.manifest, reading, version=version)
    card = refit_card((old.folder / CARD).read_text("utf-8"), result)
    new = write_refit(old, arguments.out, result, card)
    if arguments.section is not None:
        write_section(refit_figures(old.manifest, result), arguments.section)
    if arguments.json:
        document = refit_document(result) | {
            "bundle": str(new.folder),
            "refused": [{"file": str(r.file), "reason": r.reason} for r in reading.refused],
            "left_out": [{"file": str(r.file), "reason": r.reason} for r in reading.left_out],
        }
        print(json_text(document), end="")
    else:
        print(f"bundle {new.identity.name} {new.identity.version}: {new.folder}")
        print("\n".join(refit_lines(result)))
    return ExitCode.REFUSED if reading.refused else ExitCode.DONE


def _read(session: Session, arguments: argparse.Namespace) -> SiteReading:
    from trainer.site.reading import (
        read_labelled_site,
        read_normal_pictures,
        read_normal_site,
    )

    data = read_named_recipe(arguments.recipe).data
    if arguments.data is not None:
        images = read_data(arguments.data, arguments.split, arguments.part)
        return read_labelled_site(session, images, data)
    if arguments.normal_pictures is not None:
        images = read_data(arguments.normal_pictures, None, None)
        return read_normal_pictures(session, images, data)
    return read_normal_site(session, arguments.normals)


def _require_free(out: Path) -> None:
    """Refuse a place that is taken before hours of reading, not after them."""
    if out.exists():
        raise UsageError(
            f"{out} is there already",
            expected="a new place for the bundle",
            todo="choose another folder with --out",
        )


def _say(text: str) -> None:
    print(f"mammoview-train: {text}", file=sys.stderr)
