"""One pass over files, the members of archives among them, and what DICOMDIRs list."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from mammoview.dicom.archive import Archive, open_archive
from mammoview.dicom.attributes import ReadHeader, read_mammogram
from mammoview.dicom.cad_sr_read import is_cad_report, read_cad_report
from mammoview.dicom.content import is_zip, open_regular, read_start
from mammoview.dicom.header import quiet_pydicom
from mammoview.dicom.media import (
    FileId,
    Names,
    listed_files,
    locate,
    names_in_archive,
    names_on_disk,
)
from mammoview.dicom.source import parse_dicom
from mammoview.domain.cad_report import CadReportFile
from mammoview.domain.study import Refusal
from mammoview.errors import DicomError
from mammoview.words import translate

# Inflating releases the interpreter's lock, so members are read on both cores.  Headers of plain
# files are parsed in Python alone: a second thread would only wait.
_WORKERS = 2
_AHEAD = 4  # so that few members are held at a time
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """The File IDs of a DICOMDIR."""

    files: tuple[FileId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zip:
    """A zip archive, still to be opened."""


_Outcome = ReadHeader | CadReportFile | _Listing | _Zip | DicomError


class Walk:
    """Reads headers, and goes on into the archives and along the DICOMDIRs that it meets.

    Parameters
    ----------
    on_header : callable
        Takes each header, in order; raises `DicomError` to refuse it.
    on_progress : callable
        Called after each file with files done and files known; the second grows where an archive
        or a DICOMDIR leads to more.
    stop : callable
        Asked before each file; True ends the reading.
    seen : set of str, optional
        Real paths of files that are not to be read; those that are read are added.

    Attributes
    ----------
    refused : list of Refusal
        What could not be read.
    cad_reports : list of CadReportFile
        Reports of CAD that lay beside the images; what they found is not kept here.
    total : int
        Files met so far.
    """

    def __init__(
        self,
        *,
        on_header: Callable[[ReadHeader], None],
        on_progress: Callable[[int, int], None],
        stop: Callable[[], bool],
        seen: set[str] | None = None,
    ) -> None:
        self._on_header = on_header
        self._on_progress = on_progress
        self._stop = stop
        self._seen = set() if seen is None else seen
        self._done = 0
        self.total = 0
        self.refused: list[Refusal] = []
        self.cad_reports: list[CadReportFile] = []

    def read_files(self, files: Sequence[Path]) -> None:
        """Read files on the disk, each once however often it is named or listed."""
        new = {os.path.realpath(path): path for path in files}
        new = {real: path for real, path in new.items() if real not in self._seen}
        self._seen.update(new)
        self.total += len(new)
        for path in new.values():
            if self._stop():
                return
            outcome = _read_file(path)
            self._note(path, None, outcome)
            if isinstance(outcome, _Zip):
                self._read_archive(path)
            elif isinstance(outcome, _Listing):
                self._follow(path, outcome.files)

    def read_members(self, path: Path, names: Sequence[str]) -> None:
        """Read some members of an archive on the disk, and no others."""
        try:
            with open_archive(path) as archive:
                self.total += len(names)
                for name, outcome in _read_members(archive, path, self._stop, names):
                    self._note(path / name, path, outcome)
        except DicomError as error:
            self._refuse(path, None, error)

    def _follow(self, directory: Path, listed: Sequence[FileId]) -> None:
        """Read what a DICOMDIR on the disk lists; what was read or waits already is left out."""
        names = names_on_disk(directory.parent)
        self.read_files(list(self._found(directory.parent, None, listed, names)))

    def _read_archive(self, path: Path) -> None:
        """Read every member; a DICOMDIR among them can only tell which are missing."""
        try:
            with open_archive(path) as archive:
                for member in archive.refused:
                    self._refuse(path / member.name, path, member.error)
                self.total += len(archive.names)
                for name, outcome in _read_members(archive, path, self._stop, archive.names):
                    self._note(path / name, path, outcome)
                    if isinstance(outcome, _Listing):
                        root = tuple(name.split("/")[:-1])
                        names = names_in_archive(archive.all_names, root)
                        folder = path.joinpath(*root)
                        deque(self._found(folder, path, outcome.files, names), maxlen=0)
        except DicomError as error:
            self._refuse(path, None, error)

    def _found(
        self,
        folder: Path,
        archive: Path | None,
        listed: Sequence[FileId],
        names: Callable[[FileId], Names],
    ) -> Iterator[Path]:
        """Give the files that a DICOMDIR in ``folder`` lists, and refuse each that is missing."""
        for file_id in listed:
            try:
                yield folder.joinpath(*locate(file_id, names))
            except DicomError as error:
                self._refuse(folder.joinpath(*file_id), archive, error)

    def _note(self, path: Path, archive: Path | None, outcome: _Outcome) -> None:
        if isinstance(outcome, DicomError):
            self._refuse(path, archive, outcome)
        elif isinstance(outcome, CadReportFile):
            self.cad_reports.append(outcome)
        elif isinstance(outcome, ReadHeader):
            try:
                self._on_header(outcome)
            except DicomError as error:
                self._refuse(path, archive, error)
        self._done += 1
        self._on_progress(self._done, self.total)

    def _refuse(self, path: Path, archive: Path | None, error: DicomError) -> None:
        self.refused.append(Refusal(file=path, archive=archive, reason=str(error)))


def _read_file(path: Path) -> _Outcome:
    try:
        with open_regular(path) as stream:
            if is_zip(read_start(stream)):
                return _Zip()
            return _read_stream(stream, path, None)
    except DicomError as error:
        return error


def _read_member(archive: Archive, path: Path, name: str) -> _Outcome:
    try:
        with archive.read(name) as stream:
            return _read_stream(stream, path / name, path)
    except DicomError as error:
        return error


def _read_stream(stream: BinaryIO, path: Path, archive: Path | None) -> _Outcome:
    try:
        return _understood(stream, path, archive)
    except DicomError:
        raise
    except Exception as error:  # one file that nobody thought of must not stop the others
        kind = type(error).__name__
        _log.warning("a header that raised %s", kind)  # no more: it may quote the header
        raise DicomError(
            translate("Files", "a header that cannot be understood ({kind})").format(kind=kind),
            expected=translate("Files", "a DICOM data set"),
            todo=translate("Files", "copy or export the file again from its source"),
        ) from None


def _understood(stream: BinaryIO, path: Path, archive: Path | None) -> _Outcome:
    with quiet_pydicom():  # once for all elements; no pixels are read here
        file = parse_dicom(stream)
        if file.is_directory:
            return _Listing(files=listed_files(file.header))
        if is_cad_report(file):
            return read_cad_report(path, file, archive=archive).source
        return read_mammogram(path, file, archive=archive)


def _read_members(
    archive: Archive, path: Path, stop: Callable[[], bool], wanted: Sequence[str]
) -> Iterator[tuple[str, _Outcome]]:
    """Read members on both cores; give them in the order wanted."""
    waiting: deque[tuple[str, Future[_Outcome]]] = deque()
    names = iter(wanted)
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="mammoview-zip") as pool:
        while not stop():
            for name in islice(names, _AHEAD - len(waiting)):
                waiting.append((name, pool.submit(_read_member, archive, path, name)))
            if not waiting:
                return
            name, future = waiting.popleft()
            yield name, future.result()
        for _, future in waiting:
            future.cancel()
