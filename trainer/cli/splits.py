"""Split lesions into training and held-out parts; prints the paper's Table I and the leak."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.cli.common import add_seed

if TYPE_CHECKING:
    from trainer.splits import Leak, Split, SplitItem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        type=Path,
        help="folder of CBIS-DDSM's four tables, index, or folder with COCO boxes",
    )
    parser.add_argument(
        "--protocol",
        required=True,
        choices=("grouped", "official-purged", "paper", "paper-85-15"),
        help="grouped: five folds by person; official-purged: the official sets, nobody in both; "
        "paper: one patch a mammogram and class, five folds or 85/15, whoever they belong to",
    )
    add_seed(parser, "another split of the same kind")
    parser.add_argument("--out", type=Path, required=True, help="split file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Split, write the file, and print what is in it."""
    from trainer.documents import json_text
    from trainer.splits import Protocol, leak_of, make_split, write_split

    items = _items(arguments.source)
    split = make_split(items, Protocol(arguments.protocol), seed=arguments.seed)
    write_split(split, arguments.out)
    leak = leak_of(items, split.parts)
    if arguments.json:
        print(json_text(_document(items, split, leak, arguments.out)), end="")
    else:
        print(_text(items, split, leak, arguments.out))
    return 0


def _items(source: Path) -> tuple[SplitItem, ...]:
    from trainer.cbis.tables import read_tables
    from trainer.labelled import ANNOTATIONS
    from trainer.sources import read_labelled
    from trainer.splits import items_from_images, items_from_tables

    is_coco = source.is_dir() and (source / ANNOTATIONS).is_file()
    if not is_coco and source.is_dir() and any(source.glob("*.csv")):
        return items_from_tables(read_tables(source).rows)
    return items_from_images(read_labelled(source))


def _document(items: tuple[SplitItem, ...], split: Split, leak: Leak, out: Path) -> dict[str, Any]:
    from trainer.splits import count_by_kind

    return {
        "file": str(out),
        "protocol": split.protocol.value,
        "unit": split.unit,
        "seed": split.seed,
        "sha256": split.sha256,
        "table": {kind: dict(counts) for kind, counts in count_by_kind(items, split.parts)},
        "people": len({item.person for item in items}),
        "leak": {
            "rows": leak.rows,
            "same_person": leak.same_person,
            "same_lesion_other_view": leak.same_lesion,
        },
    }


def _text(items: tuple[SplitItem, ...], split: Split, leak: Leak, out: Path) -> str:
    from trainer.documents import markdown_table
    from trainer.splits import count_by_kind

    table = count_by_kind(items, split.parts)
    parts = [name for name, _ in split.parts]
    rows = [
        [kind, *(str(count) for _, count in counts), str(sum(count for _, count in counts))]
        for kind, counts in table
    ]
    totals = [len(ids) for _, ids in split.parts]
    rows.append(["all", *map(str, totals), str(sum(totals))])
    return "\n".join(
        (
            f"{split.protocol}, a row is one {split.unit}, seed {split.seed}",
            markdown_table(["class", *parts, "total"], rows),
            f"leak: of {leak.same_person:.1%} of {leak.rows} held-out rows the person is in "
            f"training, of {leak.same_lesion:.1%} the same lesion's other view",
            f"written: {out} (sha256 {split.sha256[:16]}...)",
        )
    )
