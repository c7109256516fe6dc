"""What a command says: documents on standard output, everything else on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mammoview.domain.study import Refusal
from mammoview.errors import UsageError

Document = Mapping[str, Any]


def emit(args: argparse.Namespace, document: Document) -> None:
    """Print the one JSON document of a command run with ``--json``."""
    stdout = getattr(args, "stdout", sys.stdout)
    stdout.write(encode(document))
    stdout.flush()


def encode(document: Document) -> str:
    """Return a JSON document; NaN and infinity are faults, not values.

    A byte of a file's name that is no UTF-8 (a CD written in Latin-1) is escaped: whoever reads
    the document in Python gets the name back as ``os.fsdecode`` gave it.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def note(message: str) -> None:
    """Say something to the user."""
    print(message, file=sys.stderr)


def note_refused(refused: Sequence[Refusal]) -> None:
    """Name each refused file with its reason."""
    for refusal in refused:
        note(f"refused: {on_one_line(refusal.file)}: {refusal.reason}")


def on_one_line(path: Path) -> str:
    """Return a file's name in which nothing breaks the line or steers the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(path))


def progress_bar(description: str, *, unit: str, total: int | None = None) -> tqdm:
    """Return a bar on standard error, silent where that is no terminal."""
    bar: tqdm = tqdm(
        desc=description, unit=unit, total=total, file=sys.stderr, disable=None, leave=False
    )
    return bar


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the whole new one.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror})",
            expected="a folder that can be written",
            todo="choose another place",
        ) from error
