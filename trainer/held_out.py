"""Whom a network has ever been trained on, over all runs that it came through.

A run that goes on from another's weights must not be judged, nor its scores and thresholds fitted,
on people whom that one was trained on.  So each run names all of them, as digests: the names are
the hospital's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mammoview.errors import DataError
from trainer.classifier import RUN
from trainer.labelled import digests, people_of

TRAINED_ON = "trained_on_people_sha256"


def trained_on(weights: str | None) -> frozenset[str]:
    """Return the digests of all people whom the network of some weights was trained on.

    Weights that stand beside no run's description, as ImageNet's, know nobody.

    Raises
    ------
    DataError
        If the weights are of a run that does not say whom it was trained on.
    """
    description = Path(weights).parent / RUN if weights else None
    if description is None or not description.is_file():
        return frozenset()
    try:
        return frozenset(map(str, json.loads(description.read_text("utf-8"))[TRAINED_ON]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{description} does not say whom {Path(weights or '').name} was trained on "
            f"({type(error).__name__}: {error})",
            expected="the run of a trainer that keeps the list, so that nobody known validates",
            todo="train that run again with this version",
        ) from error


def known_to(described: dict[str, Any]) -> frozenset[str]:
    """Return the digests of all people whom a run knows, by what ``fit`` wrote of it.

    Those that it was trained on, those that its thresholds are set on, and those that the runs
    were trained on whose weights it started from.
    """
    own = people_of([*described["training"], *described["validation"]])
    return digests(own) | frozenset(map(str, described.get(TRAINED_ON, ())))


def require_unknown(validation: Iterable[str], weights: str | None) -> None:
    """Refuse to validate on people whom the weights were trained on.

    Raises
    ------
    DataError
        If there is one, or the run of the weights does not say.
    """
    judged = digests(validation)
    if known := judged & trained_on(weights):
        raise DataError(
            f"{len(known)} of {len(judged)} people who validate were trained on by the run that "
            f"{weights} comes from",
            expected="the same people held out by every run that a network comes through",
            todo="use the seed and validation_share of that run's recipe, or one --split for both",
        )
