"""The worklist at work: one frozen state, commands on it, and the work behind it.

As `ReadingDesk`: all methods belong to one thread, workers hand their answers over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes, seldom
from mammoview.app.worklist import database, store, thumbnails
from mammoview.app.worklist.arrange import NEWEST_FIRST, Column, Sort, arrange, clicked, haystack
from mammoview.app.worklist.importing import import_paths
from mammoview.app.worklist.values import Imported, Listing, ReadState, Study
from mammoview.app.workspace import QueuePlace, Task
from mammoview.domain.study import ExamIndex
from mammoview.errors import MammoviewError, WorklistError
from mammoview.words import QT_TRANSLATE_NOOP

_LIST_S = 2.0  # while an import runs, the list grows so often
_FILTER = "filter"
_log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
Searchable = tuple[Listing, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorklistState:
    """Everything that the worklist shows.

    ``shown`` are the studies that match ``text``, in the order of ``sort``; ``ready`` is False
    until the list was read for the first time; ``problem`` is what lastingly went wrong.
    """

    listing: Listing = field(default_factory=Listing)
    haystacks: tuple[str, ...] = ()
    text: str = ""
    sort: Sort = NEWEST_FIRST
    shown: tuple[Study, ...] = ()
    task: Task | None = None
    message: str = ""
    problem: str = ""
    ready: bool = False

    @property
    def unread(self) -> int:
        """How many of those shown are unread."""
        return sum(study.state is ReadState.UNREAD for study in self.shown)


Listener = Callable[[WorklistState, WorklistState], None]


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
        from mammoview.dicom.index import index_images  # heavy: the window comes first

        return index_images(places, cancelled=cancelled)


class Worklist:
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
    """

    def __init__(
        self,
        *,
        deliver: Deliver,
        path: Path | None = None,
        pictures: Path | None = None,
        sort: Sort = NEWEST_FIRST,
    ) -> None:
        self._path = path or database.database_path()
        self._pictures = pictures or thumbnails.cache_folder()
        self._writing = Lanes(name="import", workers=1, deliver=deliver)
        self._reading = Lanes(name="worklist", workers=1, deliver=deliver)
        self._drawing = Lanes(name="thumbnails", workers=1, deliver=deliver)
        self._listeners: list[Listener] = []
        self._state = WorklistState(sort=sort)
        self._listed = 0.0
        self._unwritten: dict[str, ReadState] = {}

    @property
    def state(self) -> WorklistState:
        """The current state."""
        return self._state

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener(old, new)`` after every change."""
        self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Tell a listener no more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    # -- the list -----------------------------------------------------------------------------

    def start(self, *, rescan: bool = True) -> None:
        """Read the list, mend it where it is damaged, then look what changed on the disk."""
        done = partial(self._started, rescan)
        self._reading.submit("start", Job(work=self._open, on_done=done, on_error=self._failed))

    def refresh(self) -> None:
        """Read the list again: another program may have changed it."""
        job = Job(work=self._list, on_done=self._take, on_error=self._failed)
        self._reading.submit("list", job)

    def filter(self, text: str) -> None:
        """Show what matches; the text is kept in the database, for it may be a name."""
        if text == self._state.text:
            return
        self._change(text=text)
        self._arrange()
        job = Job(work=partial(self._keep, text), on_done=_nothing, on_error=self._failed)
        self._writing.submit("keep", job)

    def sort_by(self, column: Column) -> None:
        """Sort by a column, and by the ones before it where it is equal."""
        self._change(sort=clicked(self._state.sort, column))
        self._arrange()

    def order(self) -> WorklistOrder:
        """Return what is shown, as an order to read in."""
        return WorklistOrder(self._path, [study.key for study in self._state.shown])

    def next_unread(self, after: str | None) -> Study | None:
        """Return the next unread study shown after one, round the end to the first."""
        shown = self._state.shown
        keys = [study.key for study in shown]
        at = keys.index(after) + 1 if after in keys else 0
        round_the_end = (*shown[at:], *shown[:at])
        return next((s for s in round_the_end if s.state is ReadState.UNREAD), None)

    def study(self, key: str | None) -> Study | None:
        """Return a study of the list."""
        return next((s for s in self._state.listing.studies if s.key == key), None)

    def say(self, message: str) -> None:
        """Show a message."""
        self._change(message=message)

    # -- read states --------------------------------------------------------------------------

    def opened(self, key: str) -> None:
        """Note that a study was opened: an unread one is in progress now."""
        study = self.study(key)
        if study is not None and study.state is ReadState.UNREAD:
            self.mark([key], ReadState.IN_PROGRESS)

    def toggle_read(self, keys: Sequence[str]) -> ReadState | None:
        """Mark studies as read, or, where all are read, as unread; None: none is in the list."""
        studies = [study for study in map(self.study, keys) if study is not None]
        if not studies:
            return None
        all_read = all(study.state is ReadState.READ for study in studies)
        state = ReadState.UNREAD if all_read else ReadState.READ
        self.mark([study.key for study in studies], state)
        return state

    def mark(self, keys: Sequence[str], state: ReadState) -> None:
        """Set how far the reading of studies is; shown at once, and taken back if not written."""
        self._unwritten |= dict.fromkeys(keys, state)
        self._change(listing=self._with_unwritten(self._state.listing))
        self._arrange()
        work = partial(self._set_states, tuple(keys), state)
        job = Job(
            work=work,
            on_done=partial(self._written, state),
            on_error=partial(self._not_written, tuple(keys)),
        )
        self._reading.submit(f"mark {time.monotonic_ns()}", job)

    # -- import -------------------------------------------------------------------------------

    def import_paths(self, paths: Sequence[Path]) -> None:
        """Add folders, archives or DICOMDIRs; without any, look what changed in all."""
        self._change(task=Task(title=QT_TRANSLATE_NOOP("Task", "Importing")), message="")
        work = partial(self._import, tuple(paths))
        self._writing.submit(
            "import", Job(work=work, on_done=self._imported, on_error=self._failed)
        )

    def cancel(self) -> bool:
        """Stop the import; what was read stays.  Tell whether there was one."""
        if self._state.task is None:
            return False
        self._writing.cancel("import")
        self._change(task=None, message="Import cancelled: Rescan goes on with it")
        self.refresh()
        return True

    def remove_root(self, root: Path) -> None:
        """Take a folder out of the list; its files and the read states stay."""
        work = partial(self._remove, root)
        self._writing.submit("remove", Job(work=work, on_done=self._take, on_error=self._failed))

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
        self._listeners.clear()

    # -- workers' side: no state here ---------------------------------------------------------

    def _open(self, context: JobContext) -> tuple[str, str, Searchable]:
        said = database.prepare(self._path)
        return said, store.kept(self._path, _FILTER), self._list(context)

    def _list(self, context: JobContext) -> Searchable:
        listing = store.read_listing(self._path)
        return listing, tuple(map(haystack, listing.studies))

    def _keep(self, text: str, context: JobContext) -> None:
        store.keep(self._path, _FILTER, text)

    def _set_states(
        self, keys: tuple[str, ...], state: ReadState, context: JobContext
    ) -> tuple[str, ...]:
        store.set_states(self._path, keys, state)
        return keys

    def _remove(self, root: Path, context: JobContext) -> Searchable:
        store.remove_root(self._path, root)
        return self._list(context)

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

    def _started(self, rescan: bool, opened: tuple[str, str, Searchable]) -> None:
        said, text, found = opened
        self._change(problem=said, text=text, ready=True)
        self._take(found)
        if rescan and found[0].roots:
            self.import_paths(())

    def _progress(self, done: int, total: int) -> None:
        title, unit = QT_TRANSLATE_NOOP("Task", "Importing"), QT_TRANSLATE_NOOP("Task", "files")
        self._change(task=Task(title=title, unit=unit, done=done, total=total))
        if (now := time.monotonic()) > self._listed + _LIST_S:
            self._listed = now
            self.refresh()

    def _imported(self, done: Imported) -> None:
        self._change(task=None, message=import_text(done))
        self.refresh()

    def _take(self, found: Searchable) -> None:
        listing, haystacks = found
        self._change(listing=self._with_unwritten(listing), haystacks=haystacks, ready=True)
        self._arrange()

    def _failed(self, error: MammoviewError) -> None:
        _log.warning("worklist: %s", type(error).__name__)
        self._change(task=None, problem=str(error), ready=True)

    def _with_unwritten(self, listing: Listing) -> Listing:
        """Return a list with the read states that were set since it was read."""
        if not self._unwritten:
            return listing
        studies = tuple(
            replace(study, state=self._unwritten.get(study.key, study.state))
            for study in listing.studies
        )
        return replace(listing, studies=studies)

    def _written(self, state: ReadState, keys: tuple[str, ...]) -> None:
        for key in keys:
            if self._unwritten.get(key) is state:
                del self._unwritten[key]

    def _not_written(self, keys: tuple[str, ...], error: MammoviewError) -> None:
        for key in keys:
            self._unwritten.pop(key, None)
        self._failed(error)
        self.refresh()

    def _arrange(self) -> None:
        state = self._state
        shown = arrange(state.listing.studies, state.haystacks, text=state.text, sort=state.sort)
        self._change(shown=shown)

    def _change(self, **changes: object) -> None:
        old, self._state = self._state, replace(self._state, **changes)  # type: ignore[arg-type]
        for listener in tuple(self._listeners):
            listener(old, self._state)


def import_text(done: Imported) -> str:
    """Return how an import ended, in words; no path, for a path may hold a name."""
    said = f"{done.files} files met, {done.read} read"
    said += f", {done.refused} refused" if done.refused else ""
    said += f", {done.removed} gone" if done.removed else ""
    away = len(done.not_reachable)
    return said + (f"; {away} folder{'s' if away > 1 else ''} not reachable" if away else "")


def _nothing(_result: None) -> None:
    """Take an answer that says nothing."""


def _not_drawn(error: MammoviewError) -> None:
    """Leave a picture out: its reason is told when the study is opened."""
    level = logging.WARNING if isinstance(error, WorklistError) else logging.INFO
    _log.log(level, "no thumbnail: %s", type(error).__name__)
