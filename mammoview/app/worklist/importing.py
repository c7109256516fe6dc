"""Looking through imported folders: only what changed is read, and nothing is lost half-way.

What is read is written every half second, so that an import that was cancelled, or broke off, goes
on where it stopped.  A folder that is not there, or that is empty though it was not, is taken for
unplugged: its studies stay and say so.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mammoview.app.worklist import store
from mammoview.app.worklist.database import connected
from mammoview.app.worklist.store import FileResult, FileStamp, KnownFile
from mammoview.app.worklist.values import Imported
from mammoview.domain.study import Refusal

_WRITE_S = 0.5
_MOST_AT_ONCE = 500
_GONE = FileStamp(size=-1, mtime_ns=-1)

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def import_paths(
    database: Path,
    paths: Sequence[Path],
    *,
    on_progress: Progress = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Imported:
    """Add folders, archives or DICOMDIRs to the worklist, and look through them.

    Parameters
    ----------
    database : Path
        The worklist.
    paths : sequence of Path
        What is added; none: everything that was added before is looked through again.
    on_progress : callable
        Called with files done and files met.
    cancelled : callable
        Asked before each file; True ends the look, and what was read stays.

    Raises
    ------
    WorklistError
        If the worklist cannot be written.
    """
    with connected(database) as db:
        roots = [path.absolute() for path in paths] or store.root_paths(db)
        done = Imported()
        for root in dict.fromkeys(roots):
            if cancelled():
                break
            look = _Look(db, root, on_progress=on_progress, cancelled=cancelled)
            done = look.run(done)
    _log.info(
        "worklist: %d files met, %d read, %d refused, %d gone",
        *(done.files, done.read, done.refused, done.removed),
    )
    return replace(done, cancelled=cancelled())


class _Look:
    """One look through one root.

    A root that is a DICOMDIR stands for the files that it lists, which are known from the last
    time; where the DICOMDIR itself changed, all of them are read again.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        root: Path,
        *,
        on_progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._db = db
        self._root = root
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._id = store.root_id(db, root)
        self._known = store.known_files(db, self._id)
        self._met: set[Path] = set()

    def run(self, so_far: Imported) -> Imported:
        """Read what changed, and take out what is gone."""
        files, unlisted = self._files()
        if self._cancelled():
            return so_far
        if not self._root.exists() or (self._known and not files and not unlisted):
            store.end_scan(self._db, self._id, gone=(), reachable=False)
            away = (*so_far.not_reachable, self._root.name)
            return replace(so_far, not_reachable=away)
        self._met = set(files)
        changed = [path for path in files if not self._unchanged(path)]
        read, refused = self._read(changed, total=len(files))
        denied = [FileResult(path=r.file, stamp=_GONE, images=(), refused=(r,)) for r in unlisted]
        store.write_results(self._db, self._id, denied)
        self._met |= {result.path for result in denied}
        gone = [] if self._cancelled() else list(self._gone(unlisted))
        if not self._cancelled():
            store.end_scan(self._db, self._id, gone=gone, reachable=self._root.exists())
        return replace(
            so_far,
            files=so_far.files + len(files),
            read=so_far.read + read,
            refused=so_far.refused + refused + len(denied),
            removed=so_far.removed + len(gone),
        )

    def _files(self) -> tuple[list[Path], list[Refusal]]:
        from mammoview.dicom.files import list_files  # heavy: the window comes first

        files, unlisted = list_files([self._root], self._cancelled)
        if self._root.is_file() and self._unchanged(self._root, settled=False):
            files += [path for path in self._known if path != self._root and path.exists()]
        return files, unlisted

    def _unchanged(self, path: Path, *, settled: bool = True) -> bool:
        """Tell whether a file is as it was read; a DICOMDIR gives nothing and never settles."""
        known = self._known.get(path)
        if known is None or (settled and not known.settled):
            return False
        return known.stamp == stamp_of(path) != _GONE

    def _read(self, changed: Sequence[Path], *, total: int) -> tuple[int, int]:
        """Read files and write what they gave; return how many files, and how much was refused."""
        seen = {os.path.realpath(path) for path in self._met}
        waiting: list[FileResult] = []
        read = refused = 0
        written = time.monotonic()
        same = total - len(changed)
        for number, path in enumerate(changed, start=1):
            results = list(_results(path, seen, self._cancelled))
            if self._cancelled():
                break  # an archive may have been read in part
            if not self._root.exists():
                break  # unplugged meanwhile: of what was not read nothing is known
            waiting += results
            read += len(results)
            refused += sum(len(result.refused) for result in results)
            if len(waiting) >= _MOST_AT_ONCE or time.monotonic() > written + _WRITE_S:
                self._write(waiting)
                waiting, written = [], time.monotonic()
            self._on_progress(same + number, total)
        self._write(waiting)
        return read, refused

    def _write(self, results: list[FileResult]) -> None:
        store.write_results(self._db, self._id, results)
        self._met |= {result.path for result in results}

    def _gone(self, unlisted: Sequence[Refusal]) -> Iterator[KnownFile]:
        """Give the files that are no longer there; what a closed folder holds is not known."""
        for path, known in self._known.items():
            hidden = any(refusal.file in path.parents for refusal in unlisted)
            if path not in self._met and not hidden:
                yield known


def stamp_of(path: Path) -> FileStamp:
    """Return how a file is now."""
    try:
        found = path.stat()
    except OSError:
        return _GONE
    return FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns)


def _results(path: Path, seen: set[str], cancelled: Callable[[], bool]) -> Iterator[FileResult]:
    """Read one file; a DICOMDIR leads to others, which give results of their own."""
    stamp = stamp_of(path)  # before it is read: what changes meanwhile is read again
    from mammoview.dicom.attributes import ReadHeader
    from mammoview.dicom.walk import Walk

    headers: list[ReadHeader] = []
    seen.discard(os.path.realpath(path))
    walk = Walk(
        on_header=headers.append, on_progress=lambda _d, _t: None, stop=cancelled, seen=seen
    )
    walk.read_files([path])
    views = [header.mammogram for header in headers]
    held = [view.archive or view.file for view in views]
    held += [report.archive or report.file for report in walk.cad_reports]
    held += [refusal.archive or refusal.file for refusal in walk.refused]
    for container in dict.fromkeys([path, *held]):
        yield FileResult(
            path=container,
            stamp=stamp if container == path else stamp_of(container),
            images=tuple(view for view in views if (view.archive or view.file) == container),
            refused=tuple(r for r in walk.refused if (r.archive or r.file) == container),
            cad_reports=tuple(r for r in walk.cad_reports if (r.archive or r.file) == container),
        )
