"""Replacing a file in one step: a kill, or a power cut, leaves the old one or the new one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def write_whole(content: bytes, path: Path) -> None:
    """Write beside the place, force it to the disk, and move it there.

    Raises
    ------
    OSError
        If it cannot be written; what was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    with suppress(OSError):  # it has been replaced; only a power cut could still undo it
        sync_folder(path.parent)


def write_lines(lines: Sequence[str], path: Path) -> None:
    """Write a text of lines whole; it raises as `write_whole` does."""
    write_whole("".join(f"{line}\n" for line in lines).encode(), path)


def sync_folder(folder: Path) -> None:
    """Force a folder's own entries to the disk, where the system can."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
