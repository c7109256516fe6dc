"""Files of results: whole or not there, and never half a format."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from mammoview.errors import MammoviewError

# A file that is being written; one stays behind where the program is killed.
LEFTOVER = re.compile(r"\.mammoview-[0-9a-f]{32}\.tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBytes:
    """A file to be: its name, which never says whose it is, and its bytes."""

    name: str
    content: bytes


def write_all(
    folder: Path, files: Sequence[NamedBytes], before: Callable[[], None]
) -> tuple[Path, ...]:
    """Write the files of one format: all of them, or none.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    files : sequence of NamedBytes
        What to write; older files of those names are replaced.
    before : callable
        Called once all bytes are on the disk and before a file has its name: what it raises leaves
        nothing behind.

    Raises
    ------
    MammoviewError
        If the folder cannot be written, or is full.
    """
    pairs = [(folder / f".mammoview-{uuid4().hex}.tmp", folder / file.name) for file in files]
    taken = [path.name for _, path in pairs if path.is_dir()]
    if taken:  # found out while files get their names, it would leave half a format
        raise MammoviewError(
            f"a folder where a file is to be ({', '.join(taken)})",
            expected="a place for the results",
            todo="choose another place",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, (temporary, _) in zip(files, pairs, strict=True):
            _write(temporary, file.content)
        before()
        for temporary, path in pairs:
            temporary.replace(path)
    except OSError as error:
        raise cannot_write(error) from error
    finally:
        for temporary, _ in pairs:
            with contextlib.suppress(OSError):  # what went wrong before is what is told
                temporary.unlink()
    return tuple(path for _, path in pairs)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def cannot_write(error: OSError) -> MammoviewError:
    """Say that a folder cannot be written, why, and what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return MammoviewError(
        f"a folder that cannot be written ({os.strerror(error.errno or errno.EIO)})",
        expected="a folder with room for the results",
        todo="free some space, or choose another place" if full else "choose another place",
    )
