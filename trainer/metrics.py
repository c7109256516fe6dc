"""Figures of patch classifiers: accuracy by class, intervals by person, paired comparisons.

Accuracy of a class is its recall, as in the paper's Table II (Xi, Shu and Goubran 2018): of the
patches of that class, the share whose highest probability is that class.  *Overall* is the plain
mean of the classes.  A figure over folds is the mean of the folds' figures.

Intervals hold 95 % and come from a bootstrap over people (``trainer.bootstrap``).  Two networks are
compared on the same draws.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mammoview.errors import DataError
from trainer.bootstrap import SEED, Estimate, interval, numbered, person_weights
from trainer.predictions import PatchPrediction, Predictions

# A p of 0.001 is the smallest that so many draws can tell.
DRAWS = 2000
OVERALL = "overall"
FEW_PEOPLE = 10
UNKNOWN = "unknown"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Accuracy, 0..1, of each class and overall (their plain mean), and what it was counted on."""

    classes: tuple[tuple[str, Estimate], ...]
    overall: Estimate
    overall_by_fold: tuple[tuple[str, float], ...]
    rows: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Overall accuracy of ``first`` minus that of ``second``, on the same people and rows.

    Attributes
    ----------
    p : float
        Two-sided, from the share of draws on the other side of zero; not corrected for the number
        of comparisons.
    """

    first: str
    second: str
    difference: Estimate
    p: float
    rows: int

    @property
    def is_ranked(self) -> bool:
        """Whether one is better: the interval leaves zero out."""
        return self.difference.low > 0.0 or self.difference.high < 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often a class (row) was taken for a class (column), all folds together."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """Accuracy of one class, or overall, in one subgroup, all folds together.

    Attributes
    ----------
    accuracy : Estimate or None
        None where fewer than ``FEW_PEOPLE`` people make it up: too few to say.
    """

    attribute: str
    group: str
    name: str
    rows: int
    people: int
    accuracy: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tally:
    """Rows that are right and rows at all, each (people, folds, classes)."""

    right: Floats
    count: Floats


def judged_classes(folds: Sequence[Predictions], background: str) -> tuple[str, ...]:
    """Return the classes that lesions have; each fold must hold each of them.

    Raises
    ------
    DataError
        If there is nothing to judge, the folds have other classes, or a fold lacks a class.
    """
    if not folds or any(fold.classes != folds[0].classes for fold in folds):
        raise DataError(
            "predictions of different classes" if folds else "no predictions",
            expected="at least one finished fold, all of one recipe",
            todo="run mammoview-train crossval into a new folder",
        )
    judged = tuple(name for name in folds[0].classes if name != background)
    for fold in folds:
        lacking = set(judged) - {row.label for row in fold.rows}
        if lacking:
            raise DataError(
                f"predictions of {fold.part} hold no {' and no '.join(sorted(lacking))}",
                expected="every class in every held-out part",
                todo="make the split again with: mammoview-train splits",
            )
    return judged


def accuracy(
    folds: Sequence[Predictions], judged: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> Accuracy:
    """Return the accuracy of each judged class and overall: means over the folds."""
    people = _people(folds)
    tally = _tally(folds, judged, people)
    once = _means(np.ones((1, len(people))), tally)[0]
    drawn = _means(person_weights(len(people), draws=draws, seed=seed), tally)
    by_class = [interval(once[n], drawn[:, n]) for n in range(len(judged))]
    by_fold = [
        _means(np.ones((1, len(people))), _tally([fold], judged, people))[0].mean()
        for fold in folds
    ]
    return Accuracy(
        classes=tuple(zip(judged, by_class, strict=True)),
        overall=interval(once.mean(), drawn.mean(axis=1)),
        overall_by_fold=tuple(
            (fold.part, float(value)) for fold, value in zip(folds, by_fold, strict=True)
        ),
        rows=sum(len(fold.rows) for fold in folds),
        people=len(people),
    )


def compare_paired(
    first: tuple[str, Sequence[Predictions]],
    second: tuple[str, Sequence[Predictions]],
    judged: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Paired:
    """Compare two networks on the same rows by the same draws of people.

    Parameters
    ----------
    first, second : (str, sequence of Predictions)
        Name and folds of each.

    Raises
    ------
    DataError
        If the two were not judged on the same rows in the same folds.
    """
    for one, other in zip(first[1], second[1], strict=False):
        if _labels(one) != _labels(other):
            raise DataError(
                f"{first[0]} and {second[0]} were judged on different rows of {one.part}",
                expected="the same split for all networks of a comparison",
                todo="run compare into a new folder",
            )
    if len(first[1]) != len(second[1]):
        raise DataError(
            f"{first[0]} has {len(first[1])} folds and {second[0]} {len(second[1])}",
            expected="the same folds",
            todo="finish the folds first",
        )
    people = _people(first[1])
    tallies = [_tally(folds, judged, people) for _, folds in (first, second)]
    weights = person_weights(len(people), draws=draws, seed=seed)
    drawn = [_means(weights, tally).mean(axis=1) for tally in tallies]
    once = [_means(np.ones((1, len(people))), tally).mean() for tally in tallies]
    gaps = drawn[0] - drawn[1]
    gaps = gaps[~np.isnan(gaps)]
    beyond = min(int((gaps <= 0).sum()), int((gaps >= 0).sum()))
    return Paired(
        first=first[0],
        second=second[0],
        difference=interval(once[0] - once[1], gaps),
        p=min(1.0, 2.0 * (beyond + 1) / (len(gaps) + 1)),
        rows=sum(len(fold.rows) for fold in first[1]),
    )


def confusion(folds: Sequence[Predictions], judged: Sequence[str]) -> Confusion:
    """Count how often each judged class was taken for each class."""
    from sklearn.metrics import confusion_matrix

    columns = folds[0].classes
    rows = _all_rows(folds)
    right = [row.label for row in rows]
    counts = confusion_matrix(right, [predicted(row, columns) for row in rows], labels=columns)
    kept = [columns.index(name) for name in judged]
    return Confusion(
        rows=tuple(judged),
        columns=columns,
        counts=tuple(tuple(int(n) for n in counts[i]) for i in kept),
    )


def subgroups(
    folds: Sequence[Predictions], judged: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> tuple[Subgroup, ...]:
    """Return accuracy by pathology, density, subtlety and view, all folds together."""
    found: list[Subgroup] = []
    rows = _all_rows(folds)
    for attribute in ("pathology", "density", "subtlety", "view"):
        groups: dict[str, list[PatchPrediction]] = defaultdict(list)
        for row in rows:
            groups[str(getattr(row, attribute) or UNKNOWN)].append(row)
        for group in sorted(groups):
            part = Predictions(part=group, classes=folds[0].classes, rows=tuple(groups[group]))
            found += _of_group(attribute, part, judged, draws, seed)
    return tuple(found)


def predicted(row: PatchPrediction, classes: Sequence[str]) -> str:
    """Return the class of the highest probability; the first of equals."""
    return classes[int(np.argmax(row.probabilities))]


def draw_rows(rows: Sequence[PatchPrediction], *, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Return how often each row comes in each draw of people, (draws, rows)."""
    numbers, people = numbered([row.person for row in rows])
    return person_weights(people, draws=draws, seed=seed)[:, numbers].astype(np.float64)


def _of_group(
    attribute: str, part: Predictions, judged: Sequence[str], draws: int, seed: int
) -> list[Subgroup]:
    """One row a class, and overall where every class is there."""
    present = [name for name in judged if any(row.label == name for row in part.rows)]
    found = accuracy([part], present, draws=draws, seed=seed)
    figures = dict(found.classes)
    if len(judged) > 1 and len(present) == len(judged):
        figures[OVERALL] = found.overall
    result = []
    for name, figure in figures.items():
        rows = [row for row in part.rows if name in (OVERALL, row.label)]
        people = len({row.person for row in rows})
        result.append(
            Subgroup(
                attribute=attribute,
                group=part.part,
                name=name,
                rows=len(rows),
                people=people,
                accuracy=figure if people >= FEW_PEOPLE else None,
            )
        )
    return result


def _tally(folds: Sequence[Predictions], judged: Sequence[str], people: Sequence[str]) -> _Tally:
    at_person = {person: n for n, person in enumerate(people)}
    at_class = {name: n for n, name in enumerate(judged)}
    right = np.zeros((len(people), len(folds), len(judged)))
    count = np.zeros_like(right)
    for fold_number, fold in enumerate(folds):
        for row in fold.rows:
            where = at_person[row.person], fold_number, at_class[row.label]
            count[where] += 1
            right[where] += predicted(row, fold.classes) == row.label
    return _Tally(right=right, count=count)


def _means(weights: Floats | NDArray[np.int64], tally: _Tally) -> Floats:
    """Return the accuracy (draws, classes), the mean over the folds, under weights of people.

    A draw in which a fold has nobody of a class counts the folds that have.
    """
    people, folds, classes = tally.right.shape
    right, count = (weights @ part.reshape(people, -1) for part in (tally.right, tally.count))
    with np.errstate(invalid="ignore"):
        share = (right / count).reshape(-1, folds, classes)
    there = ~np.isnan(share)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(there, share, 0.0).sum(axis=1) / there.sum(axis=1)
    return means


def _people(folds: Iterable[Predictions]) -> list[str]:
    return sorted({row.person for fold in folds for row in fold.rows})


def _all_rows(folds: Iterable[Predictions]) -> tuple[PatchPrediction, ...]:
    return tuple(row for fold in folds for row in fold.rows)


def _labels(fold: Predictions) -> dict[str, tuple[str, str]]:
    return {row.lesion_id: (row.person, row.label) for row in fold.rows}
