"""An examination that is read is held: nobody else reads it meanwhile, on this file of leases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mammoview.app.second_read.lease_keeper import LeaseKeeper
from mammoview.app.second_read.part import with_part
from mammoview.app.state.read import Hold, Page, ReadPart
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import Role
from mammoview.errors import MammoviewError
from mammoview.review.leases import BeingReadError
from mammoview.review.states import ReadState
from mammoview.words import translate


class Holder:
    """Holds what the reader reads; all methods belong to the desk's thread.

    Parameters
    ----------
    leases : LeaseKeeper
        Who asks the file.
    state : callable
        Returns the desk's state.
    change : callable
        ``change(command, *args)`` changes it.
    """

    def __init__(
        self, leases: LeaseKeeper, *, state: Callable[[], Workspace], change: Callable[..., None]
    ) -> None:
        self._leases, self._state, self._change = leases, state, change

    def follow(self, old: Workspace, new: Workspace) -> None:
        """Let go what does not hang any more, or is somebody else's now."""
        before, after = (old.exam_key, old.read.reader), (new.exam_key, new.read.reader)
        if before != after:
            self._leases.let_go()

    def go_on(self) -> None:
        """Hold what is read, once it is known that it is."""
        part = self._state().read
        if part.hold is Hold.NONE and is_read(part):
            self.take("")

    def take(self, reason: str) -> None:
        """Ask for the hung examination; with a reason also from another who holds it."""
        ws = self._state()
        if ws.exam_key is None:
            return
        key, reader = ws.exam_key, ws.read.reader.id
        self._change(held, key, Hold.ASKED)
        self._leases.hold(
            key,
            reader,
            reason=reason,
            on_held=partial(self._change, held, key, Hold.HELD),
            on_refused=partial(self._refused, key, reader),
            on_lost=partial(self._change, held, key, Hold.LOST, lost_text()),
        )

    def shutdown(self) -> None:
        """Give back what is held."""
        self._leases.shutdown()

    def _refused(self, exam_key: str, reader: str, error: MammoviewError) -> None:
        if isinstance(error, BeingReadError):
            said = (
                translate("Read", "You are reading it in another window")
                if error.by == reader
                else translate("Read", "Being read by another")
            )
        else:
            said = str(error)
        self._change(held, exam_key, Hold.REFUSED, said)


def held(ws: Workspace, exam_key: str, hold: Hold, why: str = "") -> Workspace:
    """Take note whether the hung examination is held; an answer for another one is late."""
    if ws.exam_key != exam_key:
        return ws
    page = Page.READ if why else ws.read.page  # where it is said, and what can be done
    return with_part(ws, hold=hold, hold_reason=why, page=page)


def is_read(part: ReadPart) -> bool:
    """Tell whether something is, or is about to be, said in a read here."""
    if part.looking or not part.keeps:
        return False
    if part.read is None:
        return part.begins
    if part.role is Role.ARBITRATOR:
        return part.read.state is ReadState.ARBITRATION
    return part.read.state not in (ReadState.ARBITRATION, ReadState.SIGNED)


def lost_text() -> str:
    """Return what a reader is told whose examination another has taken over."""
    return translate(
        "Read", "Another has taken this examination over: what you said is kept, no more is taken"
    )
