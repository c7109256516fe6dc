"""Results that lie in a folder already: those of the same read give way, those of another do not.

Files of every read have the same names.  Left beside each other they would be one patient's report
with another one's heatmaps.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from mammoview.app.results.files import LEFTOVER, cannot_write
from mammoview.app.results.formats import Format
from mammoview.errors import ReviewError

_NAMES: Mapping[Format, re.Pattern[str]] = MappingProxyType(
    {
        Format.CAD_SR: re.compile(r"cad-sr\.dcm"),
        Format.TID_1500: re.compile(r"tid1500\.dcm"),
        Format.SEG: re.compile(r"seg-\d+-.+\.dcm"),
        Format.GSPS: re.compile(r"gsps-\d+-.+\.dcm"),
        Format.KO: re.compile(r"ko(-\d+)?\.dcm"),
        Format.SC: re.compile(r"sc-\d+-.+\.dcm"),
        Format.PDF: re.compile(r"report\.pdf"),
        Format.PDF_DICOM: re.compile(r"report-pdf\.dcm"),
        Format.JSON: re.compile(r"results\.json"),
    }
)
_ABANDONED_S = 3600.0


def results_in(folder: Path, one: Format | None = None) -> tuple[Path, ...]:
    """Return the files of a folder that are named as results, or as those of one format."""
    wanted = _NAMES.values() if one is None else (_NAMES[one],)
    try:
        names = sorted(path for path in folder.iterdir() if path.is_file())
    except (FileNotFoundError, NotADirectoryError):  # what is wrong with it, writing tells
        return ()
    except OSError as error:
        raise cannot_write(error) from error
    return tuple(path for path in names if any(name.fullmatch(path.name) for name in wanted))


def require_own(folder: Path, entered: Collection[str]) -> None:
    """Refuse a folder that holds results of another read.

    Parameters
    ----------
    folder : Path
        Where results are to be written; it need not be there.
    entered : collection of str
        SHA-256 of the files that the read log holds of this read.

    Raises
    ------
    ReviewError
        If one is of another read, was changed, or was never written by this program.
    MammoviewError
        If the folder cannot be read.
    """
    others = [path.name for path in results_in(folder) if _sha256(path) not in entered]
    if others:
        raise ReviewError(
            f"a folder with files that are not of this read ({', '.join(others)})",
            expected="a folder of its own for each read: the files of all are named alike",
            todo="choose an empty folder, or move those files away",
        )


def sweep(folder: Path) -> None:
    """Remove what a program that was killed had begun to write here an hour ago or more."""
    for path in _leftovers(folder):
        with contextlib.suppress(OSError):  # what is wrong with the folder, writing tells
            if time.time() - path.stat().st_mtime > _ABANDONED_S:
                path.unlink()


def _leftovers(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from [path for path in folder.iterdir() if LEFTOVER.fullmatch(path.name)]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise cannot_write(error) from error
