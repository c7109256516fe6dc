"""Counts the second look in the background, for the reader at the desk."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mammoview.app.assessment.schemes import shipped_schemes
from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.second_look.counts import Axis, Look, chosen, csv_text, looks_of
from mammoview.app.told_state import ToldState
from mammoview.errors import MammoviewError, ReviewError
from mammoview.review.sql import is_there
from mammoview.review.store import ReadLog
from mammoview.whole_file import write_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLookState:
    """What the page shows.

    ``looks`` are all reads that this reader may see in numbers, ``wanted`` which of them are
    shown; ``busy`` while they are counted; ``message`` is what went wrong, or was done.
    """

    looks: tuple[Look, ...] = ()
    wanted: tuple[tuple[Axis, str], ...] = ()
    busy: bool = False
    message: str = ""

    @property
    def shown(self) -> tuple[Look, ...]:
        """The reads that are wanted."""
        return chosen(self.looks, dict(self.wanted))


class SecondLookDesk(ToldState[SecondLookState]):
    """The page's state; belongs to one thread.

    Parameters
    ----------
    path : Path
        The read log.
    reader : str
        Who asks, by the id of the profile.
    double : bool
        Whether two readers read each examination.
    deliver : callable
        As that of `Lanes`.
    """

    def __init__(self, path: Path, *, reader: str, double: bool, deliver: Deliver) -> None:
        self._path, self._reader, self._double = path, reader, double
        self._lanes = Lanes(name="second-look", workers=1, deliver=deliver)
        super().__init__(SecondLookState())

    def count(self) -> None:
        """Go through the log."""
        self._change(busy=True, message="")
        job = Job(work=self._look, on_done=self._counted, on_error=self._failed)
        self._lanes.submit("count", job)

    def want(self, axis: Axis, value: str) -> None:
        """Show reads of one value alone; empty: of all."""
        rest = tuple((a, v) for a, v in self._state.wanted if a is not axis)
        self._change(wanted=(*rest, (axis, value)) if value else rest)

    def export(self, path: Path, done: str) -> None:
        """Write what is shown as CSV, and say ``done``."""
        work = partial(_write, path, csv_text(self._state.shown))
        job = Job(work=work, on_done=partial(self._exported, done), on_error=self._failed)
        self._lanes.submit("export", job)

    def shutdown(self) -> None:
        """Wait until nothing runs any more."""
        self._lanes.shutdown()
        self._tell_nobody()

    def _look(self, context: JobContext) -> tuple[Look, ...]:
        if not is_there(self._path):
            return ()
        with closing(ReadLog(self._path)) as log:
            events, standings = log.events(), log.standings()
        return looks_of(
            events, standings, shipped_schemes(), reader=self._reader, double=self._double
        )

    def _counted(self, looks: tuple[Look, ...]) -> None:
        self._change(looks=looks, busy=False)

    def _exported(self, done: str, nothing: None) -> None:
        self._change(message=done)

    def _failed(self, error: MammoviewError) -> None:
        self._change(busy=False, message=str(error))


def _write(path: Path, text: str, context: JobContext) -> None:
    try:
        write_lines(text.splitlines(), path)
    except OSError as error:
        raise ReviewError(
            f"a file that cannot be written ({type(error).__name__})",
            expected="a folder with write access and room",
            todo="choose another folder",
        ) from error
