"""Who sits at the desk: signing in and out, locking, and the profiles, kept in the background.

A site that keeps no profiles has one local reader without a PIN, and the screen says so.  Where
there are profiles, nothing is shown before somebody has signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.settings import (
    Settings,
)
from mammoview.app.told_state import ToldState
from mammoview.domain.reading import ReaderIdentity
from mammoview.errors import MammoviewError
from mammoview.review.readers import LOCAL_READER, Cost, Profile, ReaderBook
from mammoview.review.sql import is_there
from mammoview.words import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """How a site reads: see `app.settings.Settings` for what each says."""

    double_reading: bool
    arbitration: str
    lock_minutes: int


def rules_of(settings: Settings) -> SiteRules:
    """Return how a site reads, by its settings."""
    return SiteRules(
        double_reading=settings.double_reading,
        arbitration=settings.arbitration,
        lock_minutes=settings.lock_minutes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderState:
    """Everything that the screen says of readers.

    Attributes
    ----------
    ready : bool
        Whether the profiles are known; before that nobody sits here.
    profiles : tuple of Profile
        All readers, those switched off too.
    reader : ReaderIdentity or None
        Who is signed in; the local reader where there are no profiles.
    locked : bool
        Whether the screen is locked until that reader's PIN.
    busy : bool
        Whether a PIN is being looked at.
    message : str
        What became of the last wish; empty where there is nothing to say.
    problem : str
        Why the profiles cannot be used at all.
    rules : SiteRules
        How examinations are read here.
    """

    ready: bool = False
    profiles: tuple[Profile, ...] = ()
    reader: ReaderIdentity | None = None
    locked: bool = False
    busy: bool = False
    message: str = ""
    problem: str = ""
    rules: SiteRules

    @property
    def closed(self) -> bool:
        """Whether the screen must hide everything: nobody is signed in, or it is locked."""
        return self.reader is None or self.locked

    @property
    def has_pin(self) -> bool:
        """Whether who sits here has shown it by a PIN."""
        return bool(self.profiles)

    @property
    def active(self) -> tuple[Profile, ...]:
        """Readers who can sign in."""
        return tuple(profile for profile in self.profiles if profile.active)


class ReaderDesk(ToldState[ReaderState]):
    """The readers of this machine, and who of them is at the desk.

    Parameters
    ----------
    path : Path
        The file of profiles; made with the first one.
    deliver : callable
        As that of `Lanes`.
    rules : SiteRules or None
        How examinations are read here.
    cost : Cost or None
        Of new hashes; None: that of the day.
    """

    def __init__(
        self,
        path: Path,
        *,
        deliver: Deliver,
        rules: SiteRules | None = None,
        cost: Cost | None = None,
    ) -> None:
        self._path, self._cost = path, cost
        self._lanes = Lanes(name="readers", workers=1, deliver=deliver)
        super().__init__(ReaderState(rules=rules or rules_of(Settings())))

    def start(self) -> None:
        """Read the profiles; where there is no file of them, the local reader sits down at once."""
        try:
            kept = is_there(self._path)
        except MammoviewError as error:
            self._unusable(error)
            return
        if not kept:
            self._started(())
            return
        job = Job(work=self._profiles, on_done=self._started, on_error=self._unusable)
        self._lanes.submit("readers", job)

    def sign_in(self, reader_id: str, pin: str) -> None:
        """Let a reader sit down, or unlock the screen, where the PIN is theirs."""
        self._ask(partial(self._sign_in, reader_id, pin), self._signed_in)

    def add(self, name: str, pin: str) -> None:
        """Add a reader; the first one is at the desk then."""
        self._ask(partial(self._add, name, pin), self._added)

    def change_pin(self, old: str, new: str) -> None:
        """Give the reader at the desk another PIN."""
        reader = self._state.reader
        if reader is not None and self._state.has_pin:
            self._ask(partial(self._change_pin, reader.id, old, new), self._pin_changed)

    def set_active(self, reader_id: str, active: bool) -> None:
        """Switch another reader off, or on again."""
        if self._state.closed:
            return
        reader = self._state.reader
        if reader is not None and reader.id == reader_id and not active:
            said = translate("Readers", "You are signed in: another reader can switch you off")
            self._change(message=said)
            return
        self._ask(partial(self._set_active, reader_id, active), self._listed)

    def lock(self) -> None:
        """Hide everything until this reader's PIN; without a PIN there is nothing to lock."""
        if self._state.has_pin and self._state.reader is not None:
            self._change(locked=True, message="")

    def sign_out(self) -> None:
        """Leave the desk; without profiles the local reader stays."""
        if self._state.has_pin:
            self._change(reader=None, locked=False, message="")

    def set_rules(self, rules: SiteRules) -> None:
        """Read by other rules from now on."""
        if not self._state.closed:
            self._change(rules=rules)

    def shutdown(self) -> None:
        """Wait until nothing runs any more."""
        self._lanes.shutdown()
        self._tell_nobody()

    # -- workers' side: no state here ---------------------------------------------------------

    def _profiles(self, context: JobContext) -> tuple[Profile, ...]:
        with closing(ReaderBook(self._path, cost=self._cost)) as book:
            return book.profiles()

    def _sign_in(self, reader_id: str, pin: str, context: JobContext) -> Profile:
        with closing(ReaderBook(self._path, cost=self._cost)) as book:
            return book.sign_in(reader_id, pin)

    def _add(self, name: str, pin: str, context: JobContext) -> tuple[Profile, tuple[Profile, ...]]:
        with closing(ReaderBook(self._path, cost=self._cost)) as book:
            return book.add(name, pin), book.profiles()

    def _change_pin(self, reader_id: str, old: str, new: str, context: JobContext) -> None:
        with closing(ReaderBook(self._path, cost=self._cost)) as book:
            book.change_pin(reader_id, old, new)

    def _set_active(self, reader_id: str, active: bool, context: JobContext) -> tuple[Profile, ...]:
        with closing(ReaderBook(self._path, cost=self._cost)) as book:
            book.set_active(reader_id, active)
            return book.profiles()

    # -- answers, on the desk's own thread ----------------------------------------------------

    def _started(self, profiles: tuple[Profile, ...]) -> None:
        self._change(ready=True, profiles=profiles, reader=None if profiles else LOCAL_READER)

    def _unusable(self, error: MammoviewError) -> None:
        """Nobody may sit down as somebody whom nothing vouches for: it stays closed."""
        self._change(ready=True, problem=str(error))

    def _signed_in(self, profile: Profile) -> None:
        self._change(busy=False, reader=profile.identity, locked=False, message="")

    def _added(self, added: tuple[Profile, tuple[Profile, ...]]) -> None:
        profile, profiles = added
        first = len(profiles) == 1
        reader = profile.identity if first else self._state.reader
        said = translate("Readers", "Added: {name}").format(name=profile.name)
        self._change(busy=False, profiles=profiles, reader=reader, message=said)

    def _pin_changed(self, nothing: None) -> None:
        self._change(busy=False, message=translate("Readers", "Your PIN is another one now"))

    def _listed(self, profiles: tuple[Profile, ...]) -> None:
        self._change(busy=False, profiles=profiles, message="")

    def _refused(self, error: MammoviewError) -> None:
        self._change(busy=False, message=str(error))

    def _ask(self, work: Callable[[JobContext], object], done: Callable[..., None]) -> None:
        if self._state.busy:
            return
        self._change(busy=True, message="")
        self._lanes.submit("readers", Job(work=work, on_done=done, on_error=self._refused))
