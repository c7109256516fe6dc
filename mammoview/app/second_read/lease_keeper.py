"""Holds the examination that is being read, so that no other program reads it at the same time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.errors import MammoviewError, ReviewError
from mammoview.review.leases import BEAT_S, LeaseBook

_log = logging.getLogger(__name__)
_LANE = "lease"


class LeaseKeeper:
    """Holds one examination at most; belongs to the desk's thread.

    Parameters
    ----------
    path : Path
        The file of leases.
    deliver : callable
        As that of `Lanes`.
    beat_s : float
        How often a lease is renewed, seconds.
    """

    def __init__(self, path: Path, *, deliver: Deliver, beat_s: float = BEAT_S) -> None:
        self._path, self._beat_s = path, beat_s
        self._lanes = Lanes(name="lease", workers=1, deliver=deliver)

    def hold(
        self,
        exam_key: str,
        reader: str,
        *,
        reason: str = "",
        on_held: Callable[[], None],
        on_refused: Callable[[MammoviewError], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Hold an examination, and let go what was held before.

        Parameters
        ----------
        exam_key, reader : str
            What, and for whom.
        reason : str
            Why it is taken from another who holds it; empty: it is not.
        on_held, on_refused, on_lost : callable
            Told that it is held, why it is not (`BeingReadError`: by whom), or that another has
            taken it over since.
        """
        work = partial(self._hold, exam_key, reader, reason, on_held, on_lost)
        self._lanes.submit(_LANE, Job(work=work, on_done=_nothing, on_error=on_refused))

    def let_go(self) -> None:
        """Hold nothing."""
        self._lanes.cancel(_LANE)

    def shutdown(self) -> None:
        """Give back what is held, and wait until that is done."""
        self._lanes.shutdown()

    def _hold(
        self,
        exam_key: str,
        reader: str,
        reason: str,
        on_held: Callable[[], None],
        on_lost: Callable[[], None],
        context: JobContext,
    ) -> None:
        with closing(LeaseBook(self._path)) as book:
            book.take(exam_key, reader, reason=reason)
            context.report(on_held)
            while not context.cancelled():
                context.wait(self._beat_s)
                if not context.cancelled() and not _renewed(book, exam_key):
                    context.report(on_lost)
                    return


def _renewed(book: LeaseBook, exam_key: str) -> bool:
    """Renew; a file that cannot be written now may be at the next beat, and is not lost yet."""
    try:
        return book.renew(exam_key)
    except ReviewError as error:
        _log.warning("lease not renewed: %s", type(error).__name__)
        return True


def _nothing(_result: None) -> None:
    """Take an answer that says nothing."""
