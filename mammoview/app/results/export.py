"""Write the results of one read in the formats that were asked for.

Each format is made and written by itself: one that cannot be made is refused with its reason and
stops no other.  Every file is entered in the read log before it gets its name, so that nothing
leaves without a trace.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mammoview.app.reports import Gathered
from mammoview.app.results.earlier import require_own, results_in, sweep
from mammoview.app.results.files import NamedBytes, write_all
from mammoview.app.results.formats import MAKERS, CancelledError, Format, Shown, Work
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import default_voi
from mammoview.review.events import ExportRecorded
from mammoview.review.states import Action
from mammoview.review.store import ReadLog

Record = Callable[[Format, str], None]
"""Enters a file in the read log: its format, and the SHA-256 of its bytes."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that was written."""

    format: Format
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFormat:
    """A format that was not written, and why."""

    format: Format
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export came to; ``cancelled`` where it was stopped before all formats."""

    written: tuple[Written, ...]
    refused: tuple[RefusedFormat, ...]
    cancelled: bool = False


def export(
    gathered: Gathered,
    formats: Sequence[Format],
    folder: Path,
    *,
    record: Record,
    entered: Collection[str] = frozenset(),
    on_format: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    shown: Shown = default_voi,
) -> Exported:
    """Write a read in some formats; blocks, so call it in a worker.

    Parameters
    ----------
    gathered : Gathered
        The read.
    formats : sequence of Format
        Which, each once.
    folder : Path
        Where; older results of this read are replaced.
    record : callable
        Enters each file in the log.
    entered : collection of str
        SHA-256 of the files that the log holds of this read already.
    on_format : callable
        Told how many formats of how many are done.
    cancelled : callable
        Asked before each image; what is written by then stays.
    shown : callable
        The window that pictures and presentation states show an image with.

    Raises
    ------
    ReviewError
        If the folder holds results of another read.
    """
    sweep(folder)
    require_own(folder, entered)
    work = Work(gathered, cancelled, shown)
    written: list[Written] = []
    refused: list[RefusedFormat] = []
    wanted = tuple(dict.fromkeys(formats))
    for done, one in enumerate(wanted):
        on_format(done, len(wanted))
        if cancelled():
            break
        try:
            written += _write(one, MAKERS[one](work), folder, record)
        except CancelledError:
            break
        except Exception as error:  # a fault in one format must not take the others with it
            refused.append(RefusedFormat(format=one, reason=_reason(error)))
    else:
        on_format(len(wanted), len(wanted))
        return Exported(written=tuple(written), refused=tuple(refused))
    return Exported(written=tuple(written), refused=tuple(refused), cancelled=True)


def _reason(error: Exception) -> str:
    """Return why a format could not be made; what nobody foresaw goes into the log too."""
    if isinstance(error, MammoviewError):
        return str(error)
    if isinstance(error, ImportError):
        return f"the package {error.name} is not here; install mammoview again"
    _LOG.exception("a format could not be made")
    return f"a fault of the program ({type(error).__name__}): please report it"


def into_log(log: Path, read_id: str, who: str) -> Record:
    """Return what enters files in a read log, in the name of a reader of this machine."""

    def record(one: Format, sha256: str) -> None:
        reads = ReadLog(log)
        try:
            entry = ExportRecorded(format=one.value, sha256=sha256)
            reads.append(read_id, who, Action.RECORD_EXPORT, entry)
        finally:
            reads.close()

    return record


def entered_in(log: Path, read_id: str) -> frozenset[str]:
    """Return the SHA-256 of the files that a read log holds of a read."""
    with closing(ReadLog(log)) as reads:
        contents = [event.content for event in reads.events(read_id)]
    return frozenset(c.sha256 for c in contents if isinstance(c, ExportRecorded))


def _write(one: Format, files: Sequence[NamedBytes], folder: Path, record: Record) -> list[Written]:
    before = set(results_in(folder, one))
    digests = [hashlib.sha256(file.content).hexdigest() for file in files]
    paths = write_all(folder, files, partial(_record_all, one, digests, record))
    for old in before.difference(paths):  # of this read, which had more to tell then
        old.unlink(missing_ok=True)
    return [
        Written(format=one, file=path, sha256=digest)
        for path, digest in zip(paths, digests, strict=True)
    ]


def _record_all(one: Format, digests: Sequence[str], record: Record) -> None:
    for digest in digests:
        record(one, digest)
