"""Index CBIS-DDSM as it is downloaded; a killed run goes on when it is started again."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.errors import ExitCode
from trainer.cli.common import add_workers

if TYPE_CHECKING:
    from trainer.cbis.index import CbisIndex


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of the download")
    parser.add_argument(
        "--csv", metavar="FOLDER", type=Path, help="the four tables; found under DATA if left out"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the index")
    add_workers(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Index, and say what can be learned from and what is set aside."""
    from trainer.cbis.index import build_index

    index = build_index(
        arguments.data, out=arguments.out, csv=arguments.csv, workers=arguments.workers
    )
    document = summary(index)
    print(json.dumps(document) if arguments.json else _lines(document, arguments.out))
    return ExitCode.DONE


def summary(index: CbisIndex) -> dict[str, Any]:
    """Return the counts of an index as a JSON document."""
    return {
        "sha256": index.sha256,
        "files": dict(sorted(Counter(item.role for item in index.files).items())),
        "rows": {
            "used": sum(row.is_used for row in index.rows),
            "set_aside": sum(not row.is_used for row in index.rows),
            "reasons": dict(Counter(r.why for row in index.rows for r in row.set_aside)),
        },
        "mammograms": {
            "with_lesions": len(index.images()),
            "half_used": len(index.mammograms_half_used()),
            "left_out": len(index.mammograms_left_out()),
        },
    }


def _lines(document: dict[str, Any], out: Path) -> str:
    rows, mammograms = document["rows"], document["mammograms"]
    lines = [f"files: {', '.join(f'{n} {role}' for role, n in document['files'].items())}"]
    lines.append(f"rows: {rows['used']} used, {rows['set_aside']} set aside")
    lines += [f"  {why}: {count}" for why, count in rows["reasons"].items()]
    lines.append(
        f"mammograms: {mammograms['with_lesions']} with lesions to learn from "
        f"({mammograms['half_used']} of them hold one that is set aside too), "
        f"{mammograms['left_out']} left out (every row of theirs is set aside)"
    )
    lines.append(f"next: mammoview-train verify-data {out}")
    return "\n".join(lines)
