"""What the worklist holds and tells: values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mammoview.app.patient_words import person_name
from mammoview.domain.views import Slot
from mammoview.review.standing import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One line of the worklist.

    Attributes
    ----------
    key : str
        The study's key, as in `Examination`; no patient's name.
    name, patient_id, birth_date, date, accession : str
        From the first image; dates ``YYYYMMDD``, empty where the header has none.
    slots : frozenset of Slot
        Standard views that are there.
    extra : tuple of str
        Other images, by side and view (``R ML``, ``L CC M``).
    images : int
        Different images.
    aside : bool
        Whether somebody put it aside as one that is not to be read here.
    source : str
        The imported folders or archives that hold it.
    reachable : bool
        Whether all of them could be reached at the last look.
    cbis : bool
        Whether it is of CBIS-DDSM, whose patient ID names a view and whose key names the person.
    reading : Reading
        How far its reading is to the reader at the desk, by the read log.
    """

    key: str
    name: str
    patient_id: str
    birth_date: str
    date: str
    accession: str
    slots: frozenset[Slot]
    extra: tuple[str, ...]
    images: int
    aside: bool
    source: str
    reachable: bool
    cbis: bool = False
    reading: Reading = Reading.UNREAD

    @property
    def to_read(self) -> bool:
        """Whether this reader is to read it, as the first or the second."""
        return not self.aside and self.reading in (Reading.UNREAD, Reading.WAITS_FOR_SECOND)

    @property
    def missing(self) -> tuple[Slot, ...]:
        """Standard views that are not there."""
        return tuple(slot for slot in Slot if slot not in self.slots)

    @property
    def who(self) -> str:
        """The patient in words, for the screen only."""
        return self.key if self.cbis else person_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """An imported folder, archive or DICOMDIR.

    ``scanned`` is when it was last looked through whole (ISO 8601, UTC), empty: never.
    ``reachable`` tells whether it was there the last time.
    """

    path: Path
    scanned: str
    reachable: bool
    studies: int
    images: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """Where an image lies, and how its file was when its header was read."""

    file: Path
    archive: Path | None
    sop_instance_uid: str
    study_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file that was imported and could not be read, with the reason."""

    file: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How a look through the imported folders ended."""

    files: int = 0
    read: int = 0
    refused: int = 0
    removed: int = 0
    not_reachable: tuple[str, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything that the list shows; ``problem`` is why nothing is known of how far reads are."""

    studies: tuple[Study, ...] = ()
    roots: tuple[Root, ...] = ()
    refused: tuple[Unread, ...] = ()
    problem: str = ""
