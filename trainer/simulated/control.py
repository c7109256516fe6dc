"""The control: the classes, told by blur, size or JPEG traces without the lesion.

If they can, a network may do so too, and its accuracy on simulated calcifications would mean
nothing.  A logistic regression and boosted trees see each group of traces alone and all together,
in five folds parted by person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.errors import DataError
from trainer.bootstrap import Estimate, ratio
from trainer.documents import markdown_table
from trainer.labelled import LabelledImage, require_kinds
from trainer.pictures import require_all_read
from trainer.pool import process_pool
from trainer.recipe import DataRecipe
from trainer.simulated.traces import HIDDEN_MM, RING_MM, TraceGroup, Traces, traces_of

KINDS = ("mass", "calcification")
FOLDS = 5
EVERY_TRACE = "all traces"
_HANDLING = (TraceGroup.SIZE, TraceGroup.BLUR, TraceGroup.JPEG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one classifier makes of some traces: mean recall of the two classes; 0.5 is chance."""

    traces: str
    classifier: str
    features: int
    accuracy: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The control's outcome and what it was counted on."""

    masses: int
    calcifications: int
    people: int
    judged: tuple[Judged, ...]


def measure(
    images: Sequence[LabelledImage], *, data: DataRecipe, workers: int | None = None
) -> tuple[Traces, ...]:
    """Return the traces around all lesions, in the order of the pictures.

    Raises
    ------
    DataError
        If a lesion is of another kind, or pictures are no grey JPEGs: all of them are named.
    """
    require_kinds(images, KINDS)
    refused: list[str] = []
    found: list[Traces] = []
    with process_pool(workers, items=len(images)) as each:
        answers = each(partial(_measure_one, data=data), images)
        for answer in tqdm(answers, "traces", total=len(images)):
            if isinstance(answer, str):
                refused.append(answer)
            else:
                found += answer
    require_all_read(refused, len(images))
    return tuple(found)


def _measure_one(image: LabelledImage, *, data: DataRecipe) -> tuple[Traces, ...] | str:
    """Return the traces in a picture, or what was met instead of a picture."""
    try:
        return traces_of(image, data=data)
    except DataError as error:
        return error.met


def judge(traces: Sequence[Traces], *, seed: int = 1) -> Control:
    """Run both classifiers on every group of traces.

    ``all traces`` are size, blur and JPEG together; the place is judged alone, since it is no
    trace of how the pictures were made.

    Raises
    ------
    DataError
        If there are fewer people with one of the classes than folds.
    """
    labels = np.array([KINDS.index(t.kind) for t in traces], np.int64)
    people = [t.person for t in traces]
    counts = np.bincount(labels, minlength=2)
    of_kind = [len({t.person for t in traces if t.kind == kind}) for kind in KINDS]
    if min(of_kind) < FOLDS:
        raise DataError(
            f"{counts[0]} masses of {of_kind[0]} people and {counts[1]} calcifications of "
            f"{of_kind[1]}, with enough breast around them",
            expected=f"each class in at least {FOLDS} people, for {FOLDS} folds",
            todo="give a set that 'simulate' made, of more people",
        )
    groups = {str(g): (g,) for g in TraceGroup} | {EVERY_TRACE: _HANDLING}
    judged = [
        _judge_one(name, classifier, _table(traces, members), labels, people, seed)
        for name, members in groups.items()
        for classifier in ("logistic regression", "boosted trees")
    ]
    return Control(
        masses=int(counts[0]),
        calcifications=int(counts[1]),
        people=len(set(people)),
        judged=tuple(judged),
    )


def as_document(control: Control, *, source: str) -> dict[str, Any]:
    """Return the outcome as a JSON document."""
    return {
        "what": "mass against simulated calcification, told by traces around the lesion alone",
        "source": source,
        "chance": 0.5,
        "hidden": f"the lesion's box and {HIDDEN_MM:g} mm around it",
        "seen": f"a ring of {RING_MM:g} mm",
        "masses": control.masses,
        "simulated_calcifications": control.calcifications,
        "people": control.people,
        "folds": FOLDS,
        "interval": "95 %, bootstrap over people",
        "accuracy": [
            {
                "traces": j.traces,
                "classifier": j.classifier,
                "features": j.features,
                "value": j.accuracy.value,
                "low": j.accuracy.low,
                "high": j.accuracy.high,
            }
            for j in control.judged
        ],
    }


def as_markdown(control: Control) -> str:
    """Return the outcome as a table with what must be known to read it."""
    rows = [
        [
            f"{j.traces}, {j.classifier}",
            f"{100 * j.accuracy.value:.1f} %",
            f"{100 * j.accuracy.low:.1f}–{100 * j.accuracy.high:.1f} %",
        ]
        for j in control.judged
    ]
    return "\n".join(
        [
            "# Control: masses against simulated calcifications without the lesion",
            "",
            f"{control.masses} masses and {control.calcifications} simulated clusters of "
            f"{control.people} people. The lesion's box and {HIDDEN_MM:g} mm around it are hidden; "
            f"a ring of {RING_MM:g} mm is seen. Accuracy is the mean of the two classes' recalls "
            f"(chance 50 %), {FOLDS} folds by person, 95 % bootstrap over people.",
            "",
            markdown_table(("Traces and classifier", "Accuracy", "95 %"), rows),
            "",
        ]
    )


def _table(traces: Sequence[Traces], groups: Sequence[TraceGroup]) -> NDArray[np.float64]:
    return np.array([[v for g in groups for v in t.of(g)] for t in traces], np.float64)


def _judge_one(
    name: str,
    classifier: str,
    table: NDArray[np.float64],
    labels: NDArray[np.int64],
    people: Sequence[str],
    seed: int,
) -> Judged:
    from sklearn.model_selection import StratifiedGroupKFold
    from threadpoolctl import threadpool_limits

    told = np.zeros(len(labels), np.int64)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with threadpool_limits(1):  # on some thousand rows threads wait for each other, and longer
        for train, test in folds.split(table, labels, people):
            model = _model(classifier, seed)
            model.fit(table[train], labels[train])
            told[test] = model.predict(table[test])
    weight = 1.0 / np.bincount(labels)[labels]
    return Judged(
        traces=name,
        classifier=classifier,
        features=table.shape[1],
        accuracy=ratio(people, weight * (told == labels), weight),
    )


def _model(classifier: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if classifier == "boosted trees":
        return HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.1, class_weight="balanced", random_state=seed
        )
    return make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced")
    )
