"""The worklist at work: one frozen state, commands on it, and the work behind it.

As `ReadingDesk`: all methods belong to one thread, workers hand their answers over.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes, seldom
from mammoview.app.told_state import ToldState
from mammoview.app.worklist import database, store, thumbnails
from mammoview.app.worklist.arrange import NEWEST_FIRST, Column, Sort, arrange, clicked, haystack
from mammoview.app.worklist.importing import import_paths
from mammoview.app.worklist.values import Imported, Listing, Study
from mammoview.app.workspace import QueuePlace, Task
from mammoview.domain.study import ExamIndex
from mammoview.errors import MammoviewError, ReviewError, WorklistError
from mammoview.review.sql import is_there
from mammoview.review.standing import Reading, Standing, reading_for
from mammoview.review.store import ReadLog
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

_LIST_S = 2.0  # while an import runs, the list grows so often
_FILTER = "filter"
_DECLINED = "declined"
_DECLINED_KEPT = 1000
_log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
Searchable = tuple[Listing, tuple[str, ...]]


class Doing(StrEnum):
    """What can go wrong: each is done with its trouble once it goes well."""

    MENDING = "mending"
    LISTING = "listing"
    KEEPING = "keeping"
    IMPORTING = "importing"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorklistState:
    """Everything that the worklist shows.

    ``shown`` are the studies that match ``text``, in the order of ``sort``; ``ready`` is False
    until the list was read for the first time; ``troubles`` is what went wrong and was not done
    well since.  ``declined`` are folders that the reader wants to open without adding them.
    """

    listing: Listing = field(default_factory=Listing)
    haystacks: tuple[str, ...] = ()
    text: str = ""
    sort: Sort = NEWEST_FIRST
    shown: tuple[Study, ...] = ()
    task: Task | None = None
    message: str = ""
    troubles: tuple[tuple[Doing, str], ...] = ()
    ready: bool = False
    declined: frozenset[Path] = frozenset()

    @property
    def problem(self) -> str:
        """What is wrong now, a line each; empty: nothing."""
        return "\n".join(dict.fromkeys(said for _, said in self.troubles))

    @property
    def unread(self) -> int:
        """How many of those shown this reader is to read."""
        return sum(study.to_read for study in self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The database as it was found: what was mended, what was kept, and the list."""

    said: str
    text: str
    declined: frozenset[Path]
    found: Searchable


class WorklistOrder:
    """The studies of the list in its order, for the desk that reads them one after another."""

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self._path = path
        self._keys = tuple(keys)
        self._at = {key: at for at, key in enumerate(self._keys)}

    def neighbour(self, key: str, step: int) -> str | None:
        """Return the study ``step`` places on; None past the ends."""
        at = self._at.get(key)
        if at is None or not 0 <= at + step < len(self._keys):
            return None
        return self._keys[at + step]

    def place(self, key: str) -> QueuePlace | None:
        """Return where a study stands."""
        at = self._at.get(key)
        return None if at is None else QueuePlace(at=at, total=len(self._keys))

    def load(self, key: str, cancelled: Callable[[], bool]) -> ExamIndex:
        """Read the headers of a study and of its patient's others, as they are now."""
        images = store.images_for(self._path, key)
        places = [(image.file, image.archive) for image in images]
        places += store.reports_for(self._path, key)
        from mammoview.dicom.index import index_images  # heavy: the window comes first

        return index_images(places, cancelled=cancelled)


class Worklist(ToldState[WorklistState]):
    """The worklist of this user.

    Parameters
    ----------
    deliver : callable
        As that of `Lanes`.
    path : Path
        The database; made when it is first needed.
    pictures : Path
        Folder where thumbnails are kept.
    sort : tuple of SortKey
        What a new window starts with.
    reads : Path or None
        The read log, which tells how far readings are; None: nothing is read here.
    double : bool
        Whether two readers read each examination.
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        path: Path | None = None,
        pictures: Path | None = None,
        sort: Sort = NEWEST_FIRST,
        reads: Path | None = None,
        double: bool = False,
    ) -> None:
        self._path = path or database.database_path()
        self._pictures = pictures or thumbnails.cache_folder()
        self._writing = Lanes(name="import", workers=1, deliver=deliver)
        self._reading = Lanes(name="worklist", workers=1, deliver=deliver)
        self._drawing = Lanes(name="thumbnails", workers=1, deliver=deliver)
        super().__init__(WorklistState(sort=sort))
        self._listed = 0.0
        self._unwritten: dict[str, bool] = {}
        self._reads, self._double = reads, double
        self._reader = ""

    # -- the list -----------------------------------------------------------------------------

    def start(self, *, rescan: bool = True) -> None:
        """Read the list, mend it where it is damaged, then look what changed on the disk."""
        done = partial(self._started, rescan)
        work = partial(self._open, self._reader, self._double)
        failed = partial(self._failed, Doing.LISTING)
        self._reading.submit("start", Job(work=work, on_done=done, on_error=failed))

    def seat(self, reader: str, *, double: bool | None = None) -> None:
        """Show how far readings are to another reader, by the id of the profile.

        ``double``: whether two readers read each examination by now; None: as before.
        """
        double = self._double if double is None else double
        if (reader, double) != (self._reader, self._double):
            self._reader, self._double = reader, double
            if self._state.ready:
                self.refresh()

    def refresh(self) -> None:
        """Read the list again: a read went on, or another program has changed it."""
        work = partial(self._list, self._reader, self._double)
        self._reading.submit("list", self._listing(work))

    def filter(self, text: str) -> None:
        """Show what matches; the text is kept in the database, for it may be a name."""
        if text == self._state.text:
            return
        self._change(text=text)
        self._arrange()
        self._writing.submit("keep", self._keeping(partial(self._keep, text)))

    def sort_by(self, column: Column) -> None:
        """Sort by a column, and by the ones before it where it is equal."""
        self._change(sort=clicked(self._state.sort, column))
        self._arrange()

    def order(self) -> WorklistOrder:
        """Return what is shown, as an order to read in."""
        return WorklistOrder(self._path, [study.key for study in self._state.shown])

    def next_unread(self, after: str | None) -> Study | None:
        """Return the next study for this reader, after one and round the end to the first.

        That is one to read as the first or the second; a list of nothing but what waits for an
        arbitrator is gone through by one.
        """
        shown = self._state.shown
        keys = [study.key for study in shown]
        at = keys.index(after) + 1 if after in keys else 0
        round_the_end = (*shown[at:], *shown[:at])
        to_read = [study for study in round_the_end if study.to_read]
        waits = (s for s in round_the_end if s.reading is Reading.WAITS_FOR_ARBITRATION)
        return to_read[0] if to_read else next(waits, None)

    def study(self, key: str | None) -> Study | None:
        """Return a study of the list."""
        return next((s for s in self._state.listing.studies if s.key == key), None)

    def say(self, message: str) -> None:
        """Show a message."""
        self._change(message=message)

    # -- put aside ----------------------------------------------------------------------------

    def toggle_aside(self, keys: Sequence[str]) -> bool | None:
        """Put studies aside, or, where all are, take them up again; None: there are none to.

        What somebody has begun to read is left out: its read log says how far it is.
        """
        found = [study for study in map(self.study, keys) if study is not None]
        studies = [s for s in found if s.aside or s.reading is Reading.UNREAD]
        if not studies:
            return None
        aside = not all(study.aside for study in studies)
        self.put_aside([study.key for study in studies], aside)
        return aside

    def put_aside(self, keys: Sequence[str], aside: bool) -> None:
        """Put studies aside, or take them up; shown at once, and undone if not written."""
        self._unwritten |= dict.fromkeys(keys, aside)
        self._change(listing=self._with_unwritten(self._state.listing))
        self._arrange()
        job = Job(
            work=partial(self._set_aside, tuple(keys), aside),
            on_done=partial(self._written, aside),
            on_error=partial(self._not_written, tuple(keys)),
        )
        self._reading.submit(f"aside {time.monotonic_ns()}", job)

    # -- import -------------------------------------------------------------------------------

    def import_paths(self, paths: Sequence[Path]) -> None:
        """Add folders, archives or DICOMDIRs; without any, look what changed in all."""
        self._change(task=Task(title=QT_TRANSLATE_NOOP("Task", "Importing")), message="")
        work = partial(self._import, tuple(paths))
        job = Job(work=work, on_done=self._imported, on_error=self._import_failed)
        self._writing.submit("import", job)

    def decline(self, paths: Sequence[Path]) -> None:
        """Offer these folders no more; kept in the database, for a path may hold a name."""
        self._change(declined=self._state.declined | set(paths))
        work = partial(self._keep_declined, tuple(paths))
        self._writing.submit(f"decline {time.monotonic_ns()}", self._keeping(work))

    def cancel(self) -> bool:
        """Stop the import; what was read stays.  Tell whether there was one."""
        if self._state.task is None:
            return False
        self._writing.cancel("import")
        said = translate("Worklist", "Import cancelled: Rescan goes on with it")
        self._change(task=None, message=said)
        self.refresh()
        return True

    def remove_root(self, root: Path) -> None:
        """Take a folder out of the list; its files and what was put aside stay."""
        work = partial(self._remove, root, self._reader, self._double)
        failed = partial(self._failed, Doing.KEEPING)
        self._writing.submit("remove", Job(work=work, on_done=self._removed, on_error=failed))

    # -- thumbnails ---------------------------------------------------------------------------

    def draw(self, key: str, receive: Callable[[Picture], None]) -> None:
        """Make the small pictures of a study, and hand them over when they are there."""

        def done(picture: Picture | None) -> None:
            if picture is not None:
                receive(picture)

        job = Job(work=partial(self._draw, key), on_done=done, on_error=_not_drawn)
        self._drawing.submit(key, job)

    def stop_drawing(self) -> None:
        """Forget which pictures are wanted: others are on the screen now."""
        self._drawing.cancel_all()

    def shutdown(self) -> None:
        """Cancel everything and wait until no worker runs any more."""
        for lanes in (self._writing, self._reading, self._drawing):
            lanes.cancel_all()
        for lanes in (self._drawing, self._writing, self._reading):
            lanes.shutdown()
        self._tell_nobody()

    def _listing(self, work: Callable[[JobContext], Searchable]) -> Job[Searchable]:
        return Job(work=work, on_done=self._take, on_error=partial(self._failed, Doing.LISTING))

    def _keeping(self, work: Callable[[JobContext], None]) -> Job[None]:
        return Job(work=work, on_done=self._kept, on_error=partial(self._failed, Doing.KEEPING))

    # -- workers' side: no state here ---------------------------------------------------------

    def _open(self, reader: str, double: bool, context: JobContext) -> Opened:
        said = database.prepare(self._path)
        return Opened(
            said=said,
            text=store.kept(self._path, _FILTER),
            declined=frozenset(store.kept_paths(self._path, _DECLINED)),
            found=self._list(reader, double, context),
        )

    def _list(self, reader: str, double: bool, context: JobContext) -> Searchable:
        listing = store.read_listing(self._path)
        try:
            readings = readings_of(self._reads, reader, double=double)
        except ReviewError as error:  # the studies can be opened all the same
            listing = replace(listing, problem=str(error))
            readings = {}
        studies = tuple(
            replace(study, reading=readings.get(study.key, Reading.UNREAD))
            for study in listing.studies
        )
        return replace(listing, studies=studies), tuple(map(haystack, studies))

    def _keep(self, text: str, context: JobContext) -> None:
        store.keep(self._path, _FILTER, text)

    def _keep_declined(self, paths: tuple[Path, ...], context: JobContext) -> None:
        declined = dict.fromkeys((*store.kept_paths(self._path, _DECLINED), *paths))
        store.keep_paths(self._path, _DECLINED, [*declined][-_DECLINED_KEPT:])

    def _set_aside(
        self, keys: tuple[str, ...], aside: bool, context: JobContext
    ) -> tuple[str, ...]:
        store.set_aside(self._path, keys, aside)
        return keys

    def _remove(self, root: Path, reader: str, double: bool, context: JobContext) -> Searchable:
        store.remove_root(self._path, root)
        return self._list(reader, double, context)

    def _import(self, paths: tuple[Path, ...], context: JobContext) -> Imported:
        database.prepare(self._path)

        def progress(done: int, total: int) -> None:
            context.report(partial(self._progress, done, total))

        return import_paths(
            self._path, paths, on_progress=seldom(progress), cancelled=context.cancelled
        )

    def _draw(self, key: str, context: JobContext) -> Picture | None:
        images = [image for image in store.images_for(self._path, key) if image.study_key == key]
        return thumbnails.strip(images, self._pictures, cancelled=context.cancelled)

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _started(self, rescan: bool, opened: Opened) -> None:
        declined = self._state.declined | opened.declined
        self._change(text=opened.text, declined=declined)
        self._went(Doing.MENDING, opened.said)
        self._take(opened.found)
        if rescan and opened.found[0].roots:
            self.import_paths(())

    def _progress(self, done: int, total: int) -> None:
        title, unit = QT_TRANSLATE_NOOP("Task", "Importing"), QT_TRANSLATE_NOOP("Task", "files")
        self._change(task=Task(title=title, unit=unit, done=done, total=total))
        if (now := time.monotonic()) > self._listed + _LIST_S:
            self._listed = now
            self.refresh()

    def _imported(self, done: Imported) -> None:
        self._change(task=None, message=import_text(done))
        self._went(Doing.IMPORTING)
        self.refresh()

    def _take(self, found: Searchable) -> None:
        listing, haystacks = found
        listing = self._with_unwritten(listing)
        self._change(listing=listing, haystacks=haystacks, ready=True)
        self._went(Doing.LISTING, listing.problem)
        self._arrange()

    def _removed(self, found: Searchable) -> None:
        self._went(Doing.KEEPING)
        self._take(found)

    def _kept(self, _: None) -> None:
        self._went(Doing.KEEPING)

    def _went(self, doing: Doing, trouble: str = "") -> None:
        """Remember how something went: a trouble that is over must not stay on the screen."""
        others = tuple(told for told in self._state.troubles if told[0] is not doing)
        troubles = (*others, (doing, trouble)) if trouble else others
        if troubles != self._state.troubles:
            self._change(troubles=troubles)

    def _failed(self, doing: Doing, error: MammoviewError) -> None:
        _log.warning("worklist, %s: %s", doing, type(error).__name__)
        self._went(doing, str(error))
        self._change(ready=True)  # by now it is known why there is nothing: the window shows it

    def _import_failed(self, error: MammoviewError) -> None:
        self._change(task=None)
        self._failed(Doing.IMPORTING, error)

    def _with_unwritten(self, listing: Listing) -> Listing:
        """Return a list with what was put aside since it was read."""
        if not self._unwritten:
            return listing
        studies = tuple(
            replace(study, aside=self._unwritten.get(study.key, study.aside))
            for study in listing.studies
        )
        return replace(listing, studies=studies)

    def _written(self, aside: bool, keys: tuple[str, ...]) -> None:
        self._went(Doing.KEEPING)
        for key in keys:
            if self._unwritten.get(key) is aside:
                del self._unwritten[key]

    def _not_written(self, keys: tuple[str, ...], error: MammoviewError) -> None:
        for key in keys:
            self._unwritten.pop(key, None)
        self._failed(Doing.KEEPING, error)
        self.refresh()

    def _arrange(self) -> None:
        state = self._state
        shown = arrange(state.listing.studies, state.haystacks, text=state.text, sort=state.sort)
        self._change(shown=shown)


def import_text(done: Imported) -> str:
    """Return how an import ended, in words; no path, for a path may hold a name."""
    files, read, refused, removed = done.files, done.read, done.refused, done.removed
    away = len(done.not_reachable)
    counts = (
        translate("Worklist", "%n file(s) met", "", COUNTED, files),
        translate("Worklist", "%n new or changed", "", COUNTED, read),
        translate("Worklist", "%n refused", "", COUNTED, refused) if refused else "",
        translate("Worklist", "%n gone", "", COUNTED, removed) if removed else "",
        translate("Worklist", "%n folder(s) not reachable", "", COUNTED, away) if away else "",
    )
    return ", ".join(filter(None, counts))


def readings_of(path: Path | None, reader: str, *, double: bool) -> dict[str, Reading]:
    """Return how far each examination of a read log is to a reader; blocks.

    Raises
    ------
    ReviewError
        If the log cannot be read.
    """
    if path is None or not is_there(path):
        return {}
    with closing(ReadLog(path)) as log:
        standings = log.standings()
    by_exam: defaultdict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        by_exam[standing.exam_key].append(standing)
    return {key: reading_for(of, reader, double=double) for key, of in by_exam.items()}


def _not_drawn(error: MammoviewError) -> None:
    """Leave a picture out: its reason is told when the study is opened."""
    level = logging.WARNING if isinstance(error, WorklistError) else logging.INFO
    _log.log(level, "no thumbnail: %s", type(error).__name__)
