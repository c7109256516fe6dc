"""What is asked of the worklist's tables, and what is written into them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from mammoview.app.worklist.database import connected, note_aside, state_of
from mammoview.app.worklist.values import (
    ImageFile,
    Listing,
    Root,
    Study,
    Unread,
)
from mammoview.domain.cad_report import CadReportFile
from mammoview.domain.study import ImageKind, Mammogram, Refusal
from mammoview.domain.views import Slot

_STUDIES = """
    SELECT i.study, min(i.name), min(i.patient_id), min(i.birth_date),
        min(nullif(i.date, '')), max(i.accession),
        group_concat(DISTINCT nullif(i.slot, '')),
        group_concat(DISTINCT CASE WHEN i.slot = '' THEN i.label END),
        count(DISTINCT i.sop_uid),
        count(DISTINCT CASE WHEN r.reachable THEN i.sop_uid END),
        group_concat(DISTINCT r.id), max(i.cbis), coalesce(s.state, 'unread')
    FROM images i JOIN files f ON f.id = i.file JOIN roots r ON r.id = f.root
    LEFT JOIN states s ON s.study = i.study
    GROUP BY i.study
"""
_ROOTS = """
    SELECT r.id, r.path, r.scanned, r.reachable,
        count(DISTINCT i.study), count(DISTINCT i.sop_uid),
        (SELECT count(*) FROM refused x JOIN files g ON g.id = x.file WHERE g.root = r.id)
    FROM roots r LEFT JOIN files f ON f.root = r.id LEFT JOIN images i ON i.file = f.id
    GROUP BY r.id ORDER BY r.id
"""
# The images of a study, and those of the same patient ID, among which its priors are.
_IMAGES = """
    SELECT f.path, i.member, i.sop_uid, i.study, i.label
    FROM images i JOIN files f ON f.id = i.file JOIN roots r ON r.id = f.root
    WHERE i.study = :study OR (NOT i.cbis AND i.patient_id <> '' AND i.patient_id IN
        (SELECT patient_id FROM images WHERE study = :study AND NOT cbis))
    ORDER BY i.study <> :study, r.reachable DESC, i.id
"""


# The CAD reports of a study, or of any of its images.
_REPORTS = """
    SELECT DISTINCT f.path, c.member
    FROM cad_reports c JOIN files f ON f.id = c.file
    WHERE c.study = :study OR c.image IN (SELECT sop_uid FROM images WHERE study = :study)
    ORDER BY f.path, c.member
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStamp:
    """How a file was when it was read: bytes and time of change; -1 where it was not there."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """A file of the tables; ``settled`` where it gave an image, a CAD report or a reason."""

    id: int
    stamp: FileStamp
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What one file gave: its images, its CAD reports, and what was refused in it."""

    path: Path
    stamp: FileStamp
    images: tuple[Mammogram, ...]
    refused: tuple[Refusal, ...]
    cad_reports: tuple[CadReportFile, ...] = ()


def read_listing(path: Path) -> Listing:
    """Return everything that the list shows; blocks, so call it in a worker.

    Raises
    ------
    WorklistError
        As `connected`.
    """
    with connected(path) as db:
        rows = db.execute(_ROOTS).fetchall()
        names = {row[0]: Path(os.fsdecode(row[1])).name for row in rows}
        return Listing(
            studies=tuple(_study(row, names) for row in db.execute(_STUDIES)),
            roots=tuple(_root(row) for row in rows),
            refused=tuple(_unread(db)),
        )


def images_for(path: Path, study: str) -> tuple[ImageFile, ...]:
    """Return where the images of a study and of its patient's others are, each image once."""
    with connected(path) as db:
        rows = db.execute(_IMAGES, {"study": study}).fetchall()
    # Two views under one identifier are not one image: opening them says so.
    found: dict[tuple[str, str], ImageFile] = {}
    for where, member, sop_uid, key, label in rows:
        file = Path(os.fsdecode(where))
        image = ImageFile(
            file=file / member if member else file,
            archive=file if member else None,
            sop_instance_uid=sop_uid,
            study_key=key,
        )
        found.setdefault((sop_uid, label), image)
    return tuple(found.values())


def reports_for(path: Path, study: str) -> tuple[tuple[Path, Path | None], ...]:
    """Return file and archive of each CAD report of a study."""
    with connected(path) as db:
        rows = db.execute(_REPORTS, {"study": study}).fetchall()
    files = [(Path(os.fsdecode(where)), member) for where, member in rows]
    return tuple((file / member, file) if member else (file, None) for file, member in files)


def set_aside(path: Path, studies: Sequence[str], aside: bool) -> None:
    """Keep whether studies are put aside; their lines stay when a folder is removed."""
    changed = now()
    with connected(path) as db, _transaction(db):
        db.executemany(
            "INSERT INTO states VALUES (?, ?, ?)"
            " ON CONFLICT (study) DO UPDATE SET state = excluded.state, changed = excluded.changed",
            [(study, state_of(aside), changed) for study in studies],
        )
    for study in studies:
        note_aside(path, study, aside, changed)


def remove_root(path: Path, root: Path) -> None:
    """Take a folder out of the list; its files and what was put aside stay."""
    with connected(path) as db, _transaction(db):
        db.execute("DELETE FROM roots WHERE path = ?", (os.fsencode(root),))


def keep(path: Path, name: str, value: str) -> None:
    """Keep a text under a name."""
    with connected(path) as db, _transaction(db):
        db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))


def kept(path: Path, name: str) -> str:
    """Return a text that was kept; empty where there is none."""
    with connected(path) as db:
        row = db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
    return row[0] if row else ""


def keep_paths(path: Path, name: str, paths: Iterable[Path]) -> None:
    """Keep paths under a name: a line each, in which no byte of a path is lost."""
    keep(path, name, "\n".join(quote_from_bytes(os.fsencode(each)) for each in paths))


def kept_paths(path: Path, name: str) -> tuple[Path, ...]:
    """Return paths that were kept."""
    lines = kept(path, name).splitlines()
    return tuple(Path(os.fsdecode(unquote_to_bytes(line))) for line in lines)


# -- for the import: on its own open connection --------------------------------------------------


def root_paths(db: sqlite3.Connection) -> tuple[Path, ...]:
    """Return the imported folders, in the order of their import."""
    return tuple(
        Path(os.fsdecode(row[0])) for row in db.execute("SELECT path FROM roots ORDER BY id")
    )


def root_id(db: sqlite3.Connection, root: Path) -> int:
    """Return the number of a folder, which is added if it is new."""
    with _transaction(db):
        db.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (os.fsencode(root),))
        row = db.execute("SELECT id FROM roots WHERE path = ?", (os.fsencode(root),)).fetchone()
    return int(row[0])


def known_files(db: sqlite3.Connection, root: int) -> dict[Path, KnownFile]:
    """Return what is known of the files of a folder."""
    rows = db.execute(
        "SELECT id, path, size, mtime_ns, id IN (SELECT file FROM images)"
        " OR id IN (SELECT file FROM refused) OR id IN (SELECT file FROM cad_reports)"
        " FROM files WHERE root = ?",
        (root,),
    )
    return {
        Path(os.fsdecode(where)): KnownFile(
            id=number, stamp=FileStamp(size=size, mtime_ns=mtime_ns), settled=bool(settled)
        )
        for number, where, size, mtime_ns, settled in rows
    }


def write_results(db: sqlite3.Connection, root: int, results: Iterable[FileResult]) -> None:
    """Write what files gave, in place of what they gave before; in one transaction."""
    with _transaction(db):
        for result in results:
            where = os.fsencode(result.path)
            db.execute("DELETE FROM files WHERE root = ? AND path = ?", (root, where))
            stamp = (result.stamp.size, result.stamp.mtime_ns)
            number = db.execute(
                "INSERT INTO files (root, path, size, mtime_ns) VALUES (?, ?, ?, ?)",
                (root, where, *stamp),
            ).lastrowid
            db.executemany(
                "INSERT INTO images (file, member, sop_uid, study, name, patient_id, birth_date,"
                " date, accession, slot, label, cbis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(number, *_image_row(view)) for view in result.images],
            )
            db.executemany(
                "INSERT INTO refused VALUES (?, ?, ?)",
                [(number, *_refused_row(refusal)) for refusal in result.refused],
            )
            db.executemany(
                "INSERT INTO cad_reports VALUES (?, ?, ?, ?)",
                [(number, *row) for report in result.cad_reports for row in _report_rows(report)],
            )


def end_scan(
    db: sqlite3.Connection, root: int, *, gone: Iterable[KnownFile], reachable: bool
) -> None:
    """Take out files that are no longer there, and note how the look ended."""
    with _transaction(db):
        db.executemany("DELETE FROM files WHERE id = ?", [(file.id,) for file in gone])
        if reachable:
            db.execute("UPDATE roots SET reachable = 1, scanned = ? WHERE id = ?", (now(), root))
        else:
            db.execute("UPDATE roots SET reachable = 0 WHERE id = ?", (root,))


def now() -> str:
    """Return the time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _image_row(view: Mammogram) -> tuple[str | int, ...]:
    member = "" if view.archive is None else view.file.relative_to(view.archive).as_posix()
    texts = (
        member,
        view.sop_instance_uid,
        view.study_key,
        view.identity.name,
        view.identity.patient_id,
        view.identity.birth_date,
        view.study_date,
        view.technique.accession,
        view.slot or "",
        f"{view.label} TOMO" if view.kind is ImageKind.VOLUME else view.label,
    )
    return *map(_whole, texts), int(view.is_cbis_ddsm)


def _refused_row(refusal: Refusal) -> tuple[str, str]:
    inside = refusal.archive is not None and refusal.file != refusal.archive
    member = refusal.file.relative_to(refusal.archive or "").as_posix() if inside else ""
    return _whole(member), _whole(refusal.reason)


def _report_rows(report: CadReportFile) -> Iterator[tuple[str, str, str]]:
    inside = report.archive is not None
    member = report.file.relative_to(report.archive or "").as_posix() if inside else ""
    for image in report.images or ("",):
        yield _whole(member), _whole(report.study_key), _whole(image)


def _whole(text: str) -> str:
    """Return a text without half characters, which no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _study(row: tuple[object, ...], names: dict[int, str]) -> Study:
    key, name, patient_id, birth_date, date, accession, slots, extra, images, there, *rest = map(
        str, row
    )
    roots, cbis, state = rest
    return Study(
        key=key,
        name=name,
        patient_id="" if cbis == "1" else patient_id,
        birth_date=birth_date,
        date=date if row[4] else "",
        accession=accession,
        slots=frozenset(Slot(slot) for slot in slots.split(",")) if row[6] else frozenset(),
        extra=tuple(sorted(extra.split(","))) if row[7] else (),
        images=int(images),
        aside=state == state_of(True),
        source=", ".join(names[int(root)] for root in sorted(roots.split(","), key=int)),
        reachable=images == there,
        cbis=cbis == "1",
    )


def _root(row: tuple[int, bytes, str, int, int, int, int]) -> Root:
    _, where, scanned, reachable, studies, images, refused = row
    return Root(
        path=Path(os.fsdecode(where)),
        scanned=scanned,
        reachable=bool(reachable),
        studies=studies,
        images=images,
        refused=refused,
    )


def _unread(db: sqlite3.Connection) -> Iterator[Unread]:
    rows = db.execute(
        "SELECT f.path, x.member, x.reason FROM refused x JOIN files f ON f.id = x.file"
        " ORDER BY f.root, f.path, x.member"
    )
    for where, member, reason in rows:
        file = Path(os.fsdecode(where))
        yield Unread(file=file / member if member else file, reason=reason)
