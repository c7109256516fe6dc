"""Files on disk: their digest, and JSON, CSV, Markdown and pictures written whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_bytes(content: bytes, file: Path) -> None:
    """Write a file so that neither a kill, a full disk nor a loss of power leaves half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".part")
    try:
        partial.write_bytes(content)
        replace_whole(partial, file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def replace_whole(partial: Path, file: Path) -> None:
    """Put a finished file in another's place, once it is on the disk."""
    with partial.open("rb+") as stream:
        os.fsync(stream.fileno())
    partial.replace(file)


def write_text(text: str, file: Path) -> None:
    """Write a text as UTF-8; as :func:`write_bytes`."""
    write_bytes(text.encode(), file)


def write_json(document: dict[str, Any], file: Path) -> None:
    """Write a document as strict JSON: a number that is none becomes ``null``."""
    write_text(json_text(document), file)


def json_text(document: dict[str, Any]) -> str:
    """Return a document as strict JSON."""
    return json.dumps(_finite(document), indent=1, allow_nan=False) + "\n"


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]], file: Path) -> None:
    """Write a table; floats in full, what is missing (``None``, NaN) as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if _is_missing(cell) else cell for cell in row] for row in rows])
    write_text(text.getvalue(), file)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
