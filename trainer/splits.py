"""Splits of lesions into training and held-out parts, by protocol, with their leak counted.

Three protocols (Xi, Shu and Goubran 2018 do not say which theirs was):

``grouped``
    Five folds over both sets of CBIS-DDSM, every abnormality a row, every person in one fold,
    alike in kind and pathology.  The headline.
``official-purged``
    The official training and test sets, without the people who stand in both: they leave training.
``paper``, ``paper-85-15``
    One patch a distinct mammogram and class, five folds or 85 / 15 (the counts of the paper's
    Table I), without regard to persons.  Its leak is part of the result.

Numpy and the standard library alone at import, so that a bare GPU machine can train from a split.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from mammoview.errors import DataError, UsageError
from mammoview.modelkit.codec import CodecError, Pairs, decode
from trainer.documents import write_json
from trainer.labelled import LabelledImage

if TYPE_CHECKING:
    from trainer.cbis.tables import CaseRow

FOLDS = 5
HELD_OUT_SHARE = 0.15
# With this seed the five grouped folds of CBIS-DDSM hold 713 or 714 rows; others may give 715.
SEED = 1
TRAIN = "train"
_FORMAT: Literal["mammoview-split/1"] = "mammoview-split/1"
_ABNORMALITY = "abnormality"
_MAMMOGRAM_AND_CLASS = "mammogram and class: the abnormality with the lowest id (assumed)"

Parts = tuple[tuple[str, tuple[str, ...]], ...]


class Protocol(StrEnum):
    """How lesions are parted; see the module."""

    GROUPED = "grouped"
    OFFICIAL_PURGED = "official-purged"
    PAPER = "paper"
    PAPER_85_15 = "paper-85-15"

    @property
    def parts_people(self) -> bool:
        """Whether nobody may stand in two parts."""
        return self in (Protocol.GROUPED, Protocol.OFFICIAL_PURGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitItem:
    """One lesion as a split sees it.

    Attributes
    ----------
    id : str
        See :func:`trainer.labelled.lesion_id`; ends in the abnormality's number.
    official : str
        ``train``, ``test``, or empty where it is not known.
    """

    id: str
    person: str
    mammogram: str
    kind: str
    pathology: str
    official: str

    @property
    def number(self) -> int:
        """The abnormality's number in its mammogram and kind."""
        return int(self.id.rpartition("_")[2])

    @property
    def same_lesion(self) -> tuple[str, str, int]:
        """What the two views of one lesion share: person and side, kind, number."""
        return self.mammogram.rpartition("_")[0], self.kind, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Lesions in named parts: ``fold-1`` to ``fold-5``, or ``train`` and one held-out part.

    Attributes
    ----------
    unit : str
        What one row is.
    parts : tuple of (str, tuple of str)
        Part and the ids in it.
    sha256 : str
        Over parts and ids.
    """

    protocol: Protocol
    unit: str
    seed: int
    parts: Parts
    sha256: str

    @classmethod
    def of(cls, *, protocol: Protocol, unit: str, seed: int, parts: Parts) -> Split:
        """Return a split with the hash of its parts."""
        return cls(protocol=protocol, unit=unit, seed=seed, parts=parts, sha256=_digest(parts))

    @property
    def held_out_parts(self) -> tuple[str, ...]:
        """The parts that a network is judged on, one run each."""
        return tuple(name for name, _ in self.parts if name != TRAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What training knows of the held-out rows, pooled over the held-out parts.

    Attributes
    ----------
    same_person : float
        Share of rows whose person is in training.
    same_lesion : float
        Share of rows whose lesion is in training in the other view: same person, side, kind and
        abnormality id.
    """

    rows: int
    same_person: float
    same_lesion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    format: Literal["mammoview-split/1"]
    protocol: Literal["grouped", "official-purged", "paper", "paper-85-15"]
    unit: str
    seed: int
    sha256: str
    parts: Parts


def items_from_tables(rows: Iterable[CaseRow]) -> tuple[SplitItem, ...]:
    """Return the rows of the official CSVs as lesions to split."""
    return _distinct(
        SplitItem(
            id=row.lesion_id,
            person=row.person,
            mammogram=row.mammogram,
            kind=row.kind,
            pathology=row.pathology,
            official=row.official.rpartition("-")[2],
        )
        for row in rows
    )


def items_from_images(images: Iterable[LabelledImage]) -> tuple[SplitItem, ...]:
    """Return the lesions of labelled mammograms."""
    return _distinct(
        SplitItem(
            id=lesion.lesion_id,
            person=image.person,
            mammogram=image.mammogram,
            kind=lesion.kind,
            pathology=lesion.pathology,
            official=_official(image.official, lesion.kind),
        )
        for image in images
        for lesion in image.lesions
    )


def make_split(items: Sequence[SplitItem], protocol: Protocol, *, seed: int = SEED) -> Split:
    """Split lesions by a protocol.

    Raises
    ------
    DataError
        If a part would be empty or lack a class, or the protocol needs to know official sets
        that are not known.
    """
    unit = _ABNORMALITY if protocol.parts_people else _MAMMOGRAM_AND_CLASS
    if not protocol.parts_people:
        items = one_a_mammogram(items)
    _check_kinds(items)
    match protocol:
        case Protocol.GROUPED:
            parts = _grouped_folds(items, seed)
        case Protocol.OFFICIAL_PURGED:
            parts = _official_purged(items)
        case Protocol.PAPER:
            parts = folds_without_groups(items, seed)
        case Protocol.PAPER_85_15:
            parts = _shares_without_groups(items, seed)
    _check_parts(parts, items)
    return Split.of(protocol=protocol, unit=unit, seed=seed, parts=parts)


def held_out(split: Split, part: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids to train on and the ids to judge on when a part is held out.

    Raises
    ------
    UsageError
        If the split has no such part to hold out.
    """
    if part not in split.held_out_parts:
        raise UsageError(
            f"part {part!r}",
            expected=f"one of {', '.join(split.held_out_parts)}",
            todo="name a part of this split",
        )
    parts = dict(split.parts)
    rest = [ids for name, ids in split.parts if name != part]
    return frozenset().union(*rest), frozenset(parts[part])


def leak_of(items: Iterable[SplitItem], parts: Parts) -> Leak:
    """Count what training knows of the held-out rows."""
    by_id = {item.id: item for item in items}
    rows = person = lesion = 0
    for part, ids in parts:
        if part == TRAIN:
            continue
        rest = [by_id[i] for name, others in parts if name != part for i in others]
        people, lesions = {i.person for i in rest}, {i.same_lesion for i in rest}
        rows += len(ids)
        person += sum(by_id[i].person in people for i in ids)
        lesion += sum(by_id[i].same_lesion in lesions for i in ids)
    return Leak(rows=rows, same_person=person / rows, same_lesion=lesion / rows)


def count_by_kind(
    items: Iterable[SplitItem], parts: Parts
) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Return the paper's Table I: for each class, how many rows each part has."""
    kind_of = {item.id: item.kind for item in items}
    counted = [(part, Counter(kind_of[i] for i in ids)) for part, ids in parts]
    kinds = sorted({kind for _, counts in counted for kind in counts})
    return tuple((kind, tuple((part, counts[kind]) for part, counts in counted)) for kind in kinds)


def write_split(split: Split, file: Path) -> None:
    """Write a split file."""
    document = {
        "format": _FORMAT,
        "protocol": split.protocol.value,
        "unit": split.unit,
        "seed": split.seed,
        "sha256": split.sha256,
        "parts": {name: list(ids) for name, ids in split.parts},
    }
    write_json(document, file)


def read_split(file: Path) -> Split:
    """Read a split file; its hash is checked.

    Raises
    ------
    DataError
        If the file is no split, holds an unknown key, or was changed by hand.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=Pairs)
        stored = decode(_File, values)
    except (OSError, ValueError, CodecError) as error:
        raise DataError(
            f"split {file} cannot be read ({type(error).__name__}: {error})",
            expected=f"a file of format {_FORMAT}",
            todo="make it with: mammoview-train splits SOURCE --protocol grouped --out FILE",
        ) from error
    if _digest(stored.parts) != stored.sha256:
        raise DataError(
            f"split {file} does not match its hash",
            expected="the ids that it was written with",
            todo="make it again with: mammoview-train splits",
        )
    return Split(
        protocol=Protocol(stored.protocol),
        unit=stored.unit,
        seed=stored.seed,
        parts=stored.parts,
        sha256=stored.sha256,
    )


def validation_people(people: Iterable[str], *, share: float, seed: int) -> frozenset[str]:
    """Choose people for validation by hash: the same people whatever the order or the others.

    Parameters
    ----------
    people : iterable of str
        Person keys; duplicates do not matter.
    share : float
        Expected share of people, 0..1.
    seed : int
        Another seed chooses other people.
    """
    return frozenset(p for p in people if _unit_hash(f"{seed}:{p}") < share)


def one_a_mammogram(items: Iterable[SplitItem]) -> tuple[SplitItem, ...]:
    """Keep one lesion a mammogram and class, that with the lowest abnormality id.

    1,511 and 1,592 in CBIS-DDSM: the paper's totals.  Which one it took is not written there.
    """
    kept: dict[tuple[str, str], SplitItem] = {}
    for item in items:
        key = item.mammogram, item.kind
        if key not in kept or item.number < kept[key].number:
            kept[key] = item
    return tuple(kept[key] for key in sorted(kept))


def folds_without_groups(items: Sequence[SplitItem], seed: int) -> Parts:
    """Return five folds alike in kind, whoever the rows belong to: what leaks."""
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    kinds = [item.kind for item in items]
    _check_kinds(items)
    return _parts((held for _, held in folds.split(kinds, kinds)), items)


def _grouped_folds(items: Sequence[SplitItem], seed: int) -> Parts:
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    strata = [f"{item.kind} {item.pathology}" for item in items]
    with warnings.catch_warnings():  # a rare pathology: what counts is checked on the parts
        warnings.filterwarnings("ignore", "The least populated class in y", UserWarning)
        found = list(folds.split(strata, strata, [item.person for item in items]))
    return _parts((held for _, held in found), items)


def _official_purged(items: Sequence[SplitItem]) -> Parts:
    if any(not item.official for item in items):
        raise DataError(
            "pictures whose official set is not known",
            expected="the official CSVs of CBIS-DDSM or an index made with them",
            todo="use --protocol grouped",
        )
    tested = {item.person for item in items if item.official == "test"}
    train = [i.id for i in items if i.official == TRAIN and i.person not in tested]
    test = [i.id for i in items if i.official == "test"]
    return (TRAIN, tuple(sorted(train))), ("test", tuple(sorted(test)))


def _shares_without_groups(items: Sequence[SplitItem], seed: int) -> Parts:
    of_kind: dict[str, list[str]] = defaultdict(list)
    for item in items:
        of_kind[item.kind].append(item.id)
    rng = np.random.default_rng(seed)
    train: list[str] = []
    validation: list[str] = []
    for kind in sorted(of_kind):
        ids = sorted(of_kind[kind])
        order = rng.permutation(len(ids))
        kept = round(HELD_OUT_SHARE * len(ids))
        validation += [ids[i] for i in order[:kept]]
        train += [ids[i] for i in order[kept:]]
    return (TRAIN, tuple(sorted(train))), ("validation", tuple(sorted(validation)))


def _parts(folds: Iterable[Iterable[int]], items: Sequence[SplitItem]) -> Parts:
    return tuple(
        (f"fold-{number}", tuple(sorted(items[i].id for i in held)))
        for number, held in enumerate(folds, start=1)
    )


def _check_kinds(items: Sequence[SplitItem]) -> None:
    """Refuse data that no five folds of two classes can be made of."""
    people: dict[str, set[str]] = defaultdict(set)
    for item in items:
        people[item.kind].add(item.person)
    few = [f"{len(of)} people with {kind}" for kind, of in people.items() if len(of) < FOLDS]
    if len(people) < 2 or few:
        met = ", ".join(few) or f"lesions of {len(people)} class ({', '.join(people) or 'none'})"
        raise DataError(
            met,
            expected=f"two classes, each in at least {FOLDS} people",
            todo="add the other class's pictures or tables",
        )


def _check_parts(parts: Parts, items: Sequence[SplitItem]) -> None:
    kinds = {item.kind for item in items}
    kind_of = {item.id: item.kind for item in items}
    for name, ids in parts:
        lacking = kinds - {kind_of[i] for i in ids}
        if lacking:
            raise DataError(
                f"part {name} of the split holds no {' and no '.join(sorted(lacking))}",
                expected="every class in every part",
                todo="use another --seed, or add pictures of that class",
            )


def _distinct(items: Iterable[SplitItem]) -> tuple[SplitItem, ...]:
    found = tuple(items)
    twice = [name for name, count in Counter(i.id for i in found).items() if count > 1]
    if twice:
        raise DataError(
            f"lesion {twice[0]} stands there {'twice' if len(twice) == 1 else 'more than once'}",
            expected="every lesion once",
            todo="take the duplicate rows or pictures out of the source",
        )
    return found


def _official(sets: Collection[str], kind: str) -> str:
    """Return ``train`` or ``test`` of the set that a kind's row stands in."""
    prefix = "calc" if kind == "calcification" else kind
    found = {name.rpartition("-")[2] for name in sets if name.startswith(f"{prefix}-")}
    return found.pop() if len(found) == 1 else ""


def _digest(parts: Parts) -> str:
    text = "".join(f"{name}\t{i}\n" for name, ids in parts for i in ids)
    return hashlib.sha256(text.encode()).hexdigest()


def _unit_hash(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2.0**64
