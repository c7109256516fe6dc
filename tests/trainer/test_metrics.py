from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mammoview.errors import DataError
from trainer.curves import areas, drawn_classes, reliability, roc
from trainer.metrics import (
    OVERALL,
    accuracy,
    compare_paired,
    confusion,
    draw_rows,
    judged_classes,
    subgroups,
)
from trainer.predictions import (
    PatchPrediction,
    Predictions,
    read_predictions,
    write_predictions,
)

CLASSES = ("calcification", "mass")
CALC, MASS = CLASSES


def row(
    label: str, probability: float, *, person: str = "1", number: int = 1, **changes: object
) -> PatchPrediction:
    """One prediction; ``probability`` is that of calcification."""
    values: dict[str, object] = {
        "lesion_id": f"{person}_LEFT_CC_{label}_{number}",
        "person": person,
        "mammogram": f"{person}_LEFT_CC",
        "view": "CC",
        "kind": label,
        "label": label,
        "probabilities": (probability, 1.0 - probability),
        "pathology": "BENIGN",
        "density": 2,
        "subtlety": 0,
        "width_px": 30.5,
        "height_px": 41.0,
        "mean_grey": 0.1 + 0.2,
    }
    return PatchPrediction(**values | changes)  # type: ignore[arg-type]


def fold(rows: Sequence[PatchPrediction], part: str = "fold-1") -> Predictions:
    return Predictions(part=part, classes=CLASSES, rows=tuple(rows))


def many(share: float, *, people: int = 60, seed: int = 0) -> list[PatchPrediction]:
    """Two rows a person, one of each class, right with a probability."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(people):
        for label in CLASSES:
            right = rng.random() < share
            high = 0.9 if (label == CALC) == right else 0.1
            rows.append(row(label, high, person=f"{n:03d}"))
    return rows


def test_accuracy_by_hand() -> None:
    """Fold 1: 2 of 4 and 1 of 1; fold 2: 1 of 1 and 0 of 2; means 0.75 and 0.5."""
    first = [row(CALC, p, number=n) for n, p in enumerate((0.9, 0.6, 0.4, 0.2))]
    first.append(row(MASS, 0.3))
    second = [
        row(CALC, 0.8, person="2"),
        row(MASS, 0.8, person="2"),
        row(MASS, 0.7, person="2", number=2),
    ]
    found = accuracy([fold(first), fold(second, "fold-2")], CLASSES)
    assert dict(found.classes)[CALC].value == pytest.approx(0.75)
    assert dict(found.classes)[MASS].value == pytest.approx(0.5)
    assert found.overall.value == pytest.approx(0.625)
    assert dict(found.overall_by_fold) == {"fold-1": pytest.approx(0.75), "fold-2": 0.5}
    assert (found.rows, found.people) == (8, 2)


def test_the_interval_has_the_width_of_theory() -> None:
    """One row a person: the binomial's standard error."""
    rows = [row(MASS, 0.9 if n % 5 == 0 else 0.1, person=f"{n:03d}") for n in range(400)]
    found = dict(accuracy([fold(rows)], (MASS,)).classes)[MASS]
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert found.value == pytest.approx(0.8)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.08)


def test_rows_of_one_person_are_one_draw() -> None:
    """The same 80 people four times over: the interval does not shrink."""
    once = [row(MASS, 0.9 if n % 5 == 0 else 0.1, person=f"{n:03d}") for n in range(80)]
    again = [
        row(MASS, r.probabilities[0], person=r.person, number=k) for r in once for k in range(4)
    ]
    one, four = (dict(accuracy([fold(r)], (MASS,)).classes)[MASS] for r in (once, again))
    assert (four.low, four.high) == pytest.approx((one.low, one.high))


def test_the_same_seed_gives_the_same_interval() -> None:
    folds = [fold(many(0.8))]
    assert accuracy(folds, CLASSES) == accuracy(folds, CLASSES)
    assert accuracy(folds, CLASSES) != accuracy(folds, CLASSES, seed=7)


def test_paired_comparison_ranks_only_what_differs() -> None:
    good, alike, poor = (fold(many(s, seed=n)) for n, s in enumerate((0.9, 0.88, 0.55)))
    clear = compare_paired(("a", [good]), ("b", [poor]), CLASSES)
    assert clear.is_ranked
    assert clear.p < 0.05
    assert clear.difference.value == pytest.approx(
        accuracy([good], CLASSES).overall.value - accuracy([poor], CLASSES).overall.value
    )
    close = compare_paired(("a", [good]), ("b", [alike]), CLASSES)
    assert not close.is_ranked
    assert close.p > 0.05
    itself = compare_paired(("a", [good]), ("a", [good]), CLASSES)
    assert (itself.difference.value, itself.difference.low, itself.p) == (0.0, 0.0, 1.0)


def test_pairing_makes_the_interval_narrower() -> None:
    """The second network makes the first's mistakes and one more."""
    first = many(0.7)
    wrong = next(n for n, r in enumerate(first) if r.label == CALC and r.probabilities[0] > 0.5)
    second = list(first)
    second[wrong] = row(CALC, 0.1, person=first[wrong].person)
    paired = compare_paired(("a", [fold(first)]), ("b", [fold(second)]), CLASSES).difference
    alone = accuracy([fold(first)], CLASSES).overall
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_networks_judged_on_other_rows_are_not_compared() -> None:
    with pytest.raises(DataError, match="different rows of fold-1"):
        compare_paired(("a", [fold(many(0.9))]), ("b", [fold(many(0.9, people=59))]), CLASSES)
    two = [fold(many(0.9)), fold(many(0.9), "fold-2")]
    with pytest.raises(DataError, match="1 folds and b 2"):
        compare_paired(("a", two[:1]), ("b", two), CLASSES)


def test_confusion_counts_rows_by_class() -> None:
    rows = [row(CALC, 0.9), row(CALC, 0.2, number=2), row(MASS, 0.1), row(MASS, 0.3, number=2)]
    found = confusion([fold(rows)], CLASSES)
    assert found.counts == ((1, 1), (0, 2))


def test_a_class_that_no_row_has_is_refused() -> None:
    with pytest.raises(DataError, match="fold-1 hold no calcification"):
        judged_classes([fold([row(MASS, 0.2)])], "")
    with pytest.raises(DataError, match="no predictions"):
        judged_classes([], "")
    both = fold([row(MASS, 0.2), row(CALC, 0.2)])
    assert judged_classes([both], "") == CLASSES
    assert judged_classes([fold([row(MASS, 0.2)])], CALC) == (MASS,)


def test_small_subgroups_say_nothing() -> None:
    rows = [
        row(label, 0.9 if label == CALC else 0.1, person=f"{n:03d}", density=1 + (n >= 40))
        for n in range(44)
        for label in CLASSES
    ]
    found = {(s.attribute, s.group, s.name): s for s in subgroups([fold(rows)], CLASSES)}
    assert found["density", "1", OVERALL].accuracy is not None
    assert found["density", "1", OVERALL].rows == 80
    assert found["density", "2", CALC].accuracy is None
    assert (found["density", "2", CALC].rows, found["density", "2", CALC].people) == (4, 4)
    assert ("subtlety", "unknown", MASS) in found
    assert ("view", "CC", MASS) in found


def test_roc_by_hand() -> None:
    """Calcifications score 0.9, 0.6, 0.4; masses 0.5, 0.4: 4.5 of 6 pairs are in order."""
    scores = [(CALC, 0.9), (CALC, 0.6), (CALC, 0.4), (MASS, 0.5), (MASS, 0.4)]
    rows = [row(label, p, person=str(n)) for n, (label, p) in enumerate(scores)]
    found = roc([fold(rows)], CALC)
    assert found.area.value == pytest.approx(4.5 / 6)
    assert (found.false_rate[0], found.true_rate[0]) == (0.0, 0.0)
    assert (found.false_rate[-1], found.true_rate[-1]) == (1.0, 1.0)
    assert found.area.low < found.area.value < found.area.high
    assert drawn_classes([fold(rows)], CLASSES) == (CALC,)


def test_weighted_areas_are_those_of_repeated_rows() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    scores = rng.integers(0, 6, 30) / 6.0
    is_class = rng.random(30) < 0.4
    rows = [row(MASS, 0.5, person=str(n // 2)) for n in range(30)]
    weights = draw_rows(rows, draws=8)
    expected = [
        roc_auc_score(np.repeat(is_class, w.astype(int)), np.repeat(scores, w.astype(int)))
        for w in weights
    ]
    assert areas(scores, is_class, weights) == pytest.approx(expected)


def test_reliability_by_hand() -> None:
    """Bin 0.8-0.9: mean 0.85, share 1; bin 0.2-0.3: 0.25, half: (2 * 0.15 + 2 * 0.25) / 4."""
    rows = [
        row(CALC, 0.85),
        row(CALC, 0.85, number=2),
        row(CALC, 0.25, number=3),
        row(MASS, 0.25),
    ]
    found = reliability([fold(rows)], CALC)
    assert [(b.count, b.share.value) for b in found.bins] == [(2, 0.5), (2, 1.0)]
    assert found.error == pytest.approx(0.2)


def test_predictions_are_read_as_written(tmp_path: Path) -> None:
    rows = [row(CALC, 1 / 3, person="a,b"), row(MASS, 1e-17, pathology="")]
    write_predictions(fold(rows), tmp_path / "p.csv")
    assert read_predictions(tmp_path / "p.csv", part="fold-1") == fold(rows)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("density", "thickness"),
        ("0.25,0.75", "0.25,0.95"),
        ("0.25,0.75", "0.25"),
        (",2,", ",two,"),
        ("BENIGN", '"BENIGN'),
        ("calcification,calcification,", "calcification,cyst,"),
    ],
)
def test_broken_predictions_are_named(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "mine.csv"
    write_predictions(fold([row(CALC, 0.25)]), file)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(DataError, match=r"mine\.csv cannot be read"):
        read_predictions(file, part="fold-1")


def test_a_background_class_is_an_answer_but_not_judged() -> None:
    """Three columns; lesions are never background, but may be taken for it."""
    classes = ("background", *CLASSES)
    answers = [(0.1, 0.8, 0.1), (0.7, 0.2, 0.1), (0.2, 0.1, 0.7)]
    rows = tuple(
        row(label, 0.5, person=str(n), probabilities=answer)
        for n, (label, answer) in enumerate(zip((CALC, CALC, MASS), answers, strict=True))
    )
    folds = [Predictions(part="fold-1", classes=classes, rows=rows)]
    judged = judged_classes(folds, "background")
    assert judged == CLASSES
    found = accuracy(folds, judged)
    assert found.overall.value == pytest.approx(0.75)
    assert confusion(folds, judged).counts == ((1, 1, 0), (0, 0, 1))
    assert drawn_classes(folds, judged) == CLASSES
