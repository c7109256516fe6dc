"""``mammoview export``: the results of a read as files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mammoview import words
from mammoview.app import settings
from mammoview.app.reports import Gathered, Places, gather, reader_names, why_not
from mammoview.app.results.export import Exported, entered_in, export, into_log
from mammoview.app.results.formats import Format
from mammoview.app.worklist.database import database_path
from mammoview.app.worklist.desk import WorklistOrder
from mammoview.cli.arguments import add_json
from mammoview.cli.inspect import refused_items
from mammoview.cli.output import emit, note, note_refused, progress_bar
from mammoview.cli.reading import read_index
from mammoview.domain.study import ExamIndex
from mammoview.errors import ExitCode, MissingPartError, ReviewError, UsageError
from mammoview.review.marks import marks_path
from mammoview.review.open_reads import require_none_blinded
from mammoview.review.read import Read
from mammoview.review.readers import LOCAL_READER, readers_path
from mammoview.review.sql import is_there
from mammoview.review.store import ReadLog, reads_path

_SHOWN_OF_ID = 8
_READERS_OF_TWO = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the study, the folder, the formats and which read."""
    parser.add_argument(
        "study",
        metavar="STUDY",
        help="key of an examination of the worklist, or the path of its files",
    )
    parser.add_argument(
        "--to",
        metavar="DIR",
        type=_folder,
        required=True,
        help="folder of this read; its older results are replaced",
    )
    parser.add_argument(
        "--format",
        metavar="LIST",
        type=_formats,
        default=tuple(Format),
        help=f"any of {','.join(Format)} (default: all)",
    )
    parser.add_argument(
        "--read", metavar="ID", default="", help="which read, where there are several (its start)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Export one read of a study."""
    index = _index(args.study)
    note_refused(index.refused)
    places = Places(log=reads_path(), readers=readers_path(), marks=marks_path())
    # First of all: even which reads there are, and whose, is no matter of a blinded reader.
    uids = [m.sop_instance_uid for exam in index.examinations for m in exam.mammograms]
    require_none_blinded(places.log, uids)
    read = _chosen(_reads(index, places), args.read, places)
    site = settings.load(settings.settings_path())
    if site.double_reading:
        _require_no_second_reader_waits(read, places)
    require_none_blinded(places.log, read.opened.images)
    gathered = gather(read.read_id, index, places)
    # Asked again once all is read: a second reader may have begun meanwhile.
    require_none_blinded(places.log, read.opened.images)
    with _people_read(site.language):
        exported = _export(args, gathered, places)
    _tell(gathered, exported)
    if args.json:
        emit(args, _document(read, gathered, exported, index))
    return ExitCode.REFUSED if exported.refused or index.refused else ExitCode.DONE


def _require_no_second_reader_waits(read: Read, places: Places) -> None:
    """Where two read each examination, keep the first read from whoever may be the second reader.

    A command does not know who is asking; the window, where its reader is signed in, does.

    Raises
    ------
    ReviewError
        If fewer than two readers have made their read of the examination final.
    """
    with closing(ReadLog(places.log)) as log:
        done = {s.reader for s in log.standings(read.opened.exam_key) if s.done}
    if len(done) < _READERS_OF_TWO:
        raise ReviewError(
            "an examination that still waits for its second reader",
            expected="two final reads, as this site reads each examination twice",
            todo="export it from the window, signed in as its reader, or wait for the second read",
        )


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("no folder is named; '.' is the one you are in")
    return Path(text)


def _formats(text: str) -> tuple[Format, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Format)]
    if unknown or not names:
        said = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"{said} is no format; choose of {','.join(Format)}")
    return tuple(dict.fromkeys(Format(name) for name in names))


def _index(study: str) -> ExamIndex:
    """Return the headers of a study: its files, or what the worklist knows of its key."""
    path = Path(study)
    if path.exists():
        return read_index([path])
    if is_there(database_path()):
        return WorklistOrder(database_path(), [study]).load(study, lambda: False)
    return ExamIndex(examinations=(), refused=())


def _reads(index: ExamIndex, places: Places) -> tuple[Read, ...]:
    """Return the reads of the examinations, as they were opened."""
    if not is_there(places.log):
        return ()
    with closing(ReadLog(places.log)) as log:
        ids = [s.read_id for exam in index.examinations for s in log.standings(exam.key)]
        return tuple(log.read(read_id) for read_id in ids)


def _chosen(reads: Sequence[Read], wanted: str, places: Places) -> Read:
    """Return the read that was asked for, else the only one that may be exported.

    Raises
    ------
    ReviewError
        If there is none, or none whose marks are revealed.
    UsageError
        If it is not clear which.
    """
    matching = [read for read in reads if read.read_id.startswith(wanted)]
    if not matching:
        raise ReviewError(
            "no such read of this study" if reads else "a study that nobody has read here",
            expected="a read of it in this user's log" + _listed(reads, places),
            todo="read it in the window first" if not reads else "name one of them with --read",
        )
    ready = [read for read in matching if not why_not(read)]
    if not ready:
        raise ReviewError(
            f"a read that must not leave the program: {why_not(matching[-1])}",
            expected="a read whose marks are revealed",
            todo="lock the unaided opinion and look at the marks, then export",
        )
    if len(ready) > 1:
        raise UsageError(
            f"{len(ready)} reads of this study",
            expected="one of them" + _listed(ready, places),
            todo="name it with --read",
        )
    return ready[0]


def _listed(reads: Sequence[Read], places: Places) -> str:
    names = reader_names(places.readers) if reads else {}
    lines = [
        f"\n  {read.read_id[:_SHOWN_OF_ID]}  {read.opened.role}, "
        f"{names.get(read.reader, read.reader)}, {read.state}"
        for read in reads
    ]
    return ":" + "".join(lines) + "\n" if lines else ""


def _export(args: argparse.Namespace, gathered: Gathered, places: Places) -> Exported:
    with progress_bar("formats", unit="format", total=len(args.format)) as bar:

        def seen(done: int, total: int) -> None:
            bar.update(done - bar.n)

        return export(
            gathered,
            args.format,
            args.to,
            record=into_log(places.log, gathered.report.read_id, LOCAL_READER.id),
            entered=entered_in(places.log, gathered.report.read_id),
            on_format=seen,
        )


@contextmanager
def _people_read(language: str) -> Iterator[None]:
    """Let what people read in the files be as the window would write it; messages stay English."""
    try:
        words.use(_lookup(language) if language else None)
    except MissingPartError as error:
        note(str(error))
    try:
        yield
    finally:
        words.use(None)


def _lookup(language: str) -> words.Lookup:
    try:
        from mammoview.ui.language import lookup  # Qt's core, for a language other than English
    except ImportError as error:
        raise MissingPartError(
            f"Qt's core cannot be loaded: {error}",
            expected=f"PySide6-Essentials, which reads the texts in the language {language!r}",
            todo="see mammoview doctor; English is used",
        ) from error
    return lookup(language)


def _tell(gathered: Gathered, exported: Exported) -> None:
    if gathered.report.preliminary:
        note("PRELIMINARY: nobody has signed this read, and every file says so")
    for written in exported.written:
        note(f"{written.format:8} {written.file}")
    for refused in exported.refused:
        note(f"refused: {refused.format}: {refused.reason}")


def _document(
    read: Read, gathered: Gathered, exported: Exported, index: ExamIndex
) -> dict[str, Any]:
    return {
        "study": read.opened.exam_key,
        "read": read.read_id,
        "preliminary": gathered.report.preliminary,
        "files": [
            {"format": written.format, "file": str(written.file), "sha256": written.sha256}
            for written in exported.written
        ],
        "refused": [
            {"format": refused.format, "reason": refused.reason} for refused in exported.refused
        ],
        "refused_files": refused_items(index.refused),
    }
