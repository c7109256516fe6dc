"""Calcifications: simulated clusters on real backgrounds, and real pictures, always apart.

Simulated clusters (``trainer.simulated``) have boxes and known size, number and contrast, so they
give sensitivity.  The same mammograms as they were, without a known calcification, give the false
marks that a reader would see.  Mammograms that the official tables list under calcification hold
real ones, whose place is not known here: they give the area under the image-level ROC alone.

The same boxes are looked at in the pictures as they were: what is "found" there without a cluster
is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import ImagePoint
from mammoview.errors import DataError
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import DRAWS, SEED, Estimate, interval, numbered, person_weights, ratio
from trainer.calcifications.groups import ClusterGroup, FoundCluster, cluster_groups
from trainer.detect import DetectedImage, best_hit, detect, lesions_of, scored
from trainer.evaluate import RuleResult, by_rules
from trainer.froc import Froc, Mark, ScoredImage, score_froc
from trainer.labelled import LabelledImage, SimulatedCluster, digests, people_of, plain_name
from trainer.recipe import DataRecipe

KIND = "calcification"
_OUTSIDE = ImagePoint(col=-1.0, row=-1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalcificationPictures:
    """What is looked at; ``simulated`` and ``without`` are the same mammograms in one order.

    Attributes
    ----------
    simulated : tuple of LabelledImage
        With a simulated cluster each.
    without : tuple of LabelledImage
        As they were: no known calcification.
    real : tuple of LabelledImage
        With real calcifications, their place not known.
    """

    simulated: tuple[LabelledImage, ...]
    without: tuple[LabelledImage, ...]
    real: tuple[LabelledImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalcificationRegions:
    """The regions found in each picture of :class:`CalcificationPictures`."""

    simulated: tuple[DetectedImage, ...]
    without: tuple[DetectedImage, ...]
    real: tuple[DetectedImage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFigures:
    """What one operating point gives.

    Attributes
    ----------
    found_simulated : Estimate
        Share of the simulated clusters that are hit.
    found_without : Estimate
        The same boxes in the same mammograms without their clusters: chance.
    false_simulated, false_without : Estimate
        Marks an image beside the clusters, and in real pictures without known calcifications.
    in_masses : Estimate
        Share of the latter that lie in the box of a mass.
    flagged_real, flagged_without : Estimate
        Share of the pictures with a mark: with real calcifications, and without known ones.
    """

    name: str
    threshold: float
    found_simulated: Estimate
    found_without: Estimate
    false_simulated: Estimate
    false_without: Estimate
    in_masses: Estimate
    flagged_real: Estimate
    flagged_without: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAreas:
    """Areas under the image-level ROC; an image's score is that of its best mark.

    Attributes
    ----------
    real : Estimate
        Pictures with real calcifications against those without known ones.
    real_by_others : tuple of (str, Estimate)
        The same pictures told apart by the other classes' scores: what tells without seeing
        calcifications.
    simulated : Estimate
        Pictures with a simulated cluster against the same ones without it.
    """

    real: Estimate
    real_by_others: tuple[tuple[str, Estimate], ...]
    simulated: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class RealPicture:
    """A picture with real calcifications and the score of its best mark."""

    mammogram: str
    score: float
    flagged_at: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalcificationEvaluation:
    """A model on calcifications.

    Attributes
    ----------
    pictures : tuple of (str, int, int)
        Source, images and people.
    picture_mm : tuple of float
        Height and width of a pixel of the first simulated picture.
    rules : tuple of RuleResult
        Simulated clusters against false marks in the same, simulated pictures.
    froc_real : Froc
        Simulated clusters against false marks in the real pictures without known calcifications,
        by the first hit rule.
    with_mass : int
        Real pictures without known calcifications that have a mass.
    people_known : int or None
        People whom the model was trained or tuned on; None where that was not looked up.
    """

    manifest: Manifest
    pictures: tuple[tuple[str, int, int], ...]
    picture_mm: tuple[float, float]
    with_mass: int
    people_known: int | None
    rules: tuple[RuleResult, ...]
    froc_real: Froc
    points: tuple[PointFigures, ...]
    groups: tuple[ClusterGroup, ...]
    clusters: tuple[FoundCluster, ...]
    areas: ImageAreas
    real: tuple[RealPicture, ...]


def choose_pictures(
    simulated: Sequence[LabelledImage],
    untouched: Sequence[LabelledImage],
    calcified: Collection[str],
    *,
    people: Collection[str] | None = None,
) -> CalcificationPictures:
    """Sort the pictures out.

    Parameters
    ----------
    simulated : sequence of LabelledImage
        As ``mammoview-train simulate`` wrote them; those that are not among ``untouched`` are
        left out.
    untouched : sequence of LabelledImage
        Held-out mammograms as they were.
    calcified : collection of str
        Names of the mammograms with real calcifications (``simulated.exclusions``).
    people : collection of str, optional
        These people alone, by their plain names.

    Raises
    ------
    DataError
        If a picture of ``simulated`` holds no simulated cluster, or no mammogram is in both.
    """
    kept = [i for i in untouched if people is None or plain_name(i.person) in people]
    real, bare = (
        [i for i in kept if _has_real(i, calcified) is wanted] for wanted in (True, False)
    )
    drawn = {plain_name(i.mammogram): i for i in simulated}
    bare = [i for i in bare if plain_name(i.mammogram) in drawn]
    pairs = [drawn[plain_name(i.mammogram)] for i in bare]
    if lacking := [i.file.name for i in pairs if not any(x.simulated for x in i.lesions)]:
        raise _wrong(f"{len(lacking)} pictures without a simulated cluster ({lacking[0]}, ...)")
    if not pairs:
        raise _wrong("no mammogram is in the simulated set and the untouched one")
    return CalcificationPictures(simulated=tuple(pairs), without=tuple(bare), real=tuple(real))


def held_out_people(described: dict[str, Any]) -> frozenset[str]:
    """Return the people of a run's validation lesions whom it never trained on."""
    return people_of(described["validation"]) - people_of(described["training"])


def known_people(described: dict[str, Any], images: Iterable[LabelledImage]) -> int:
    """Count the people in some pictures whom a run, or one before it, was trained or tuned on."""
    from trainer.held_out import known_to  # with torch, as whoever has read a run has

    return len(digests(image.person for image in images) & known_to(described))


def find_calcifications(
    session: Session, pictures: CalcificationPictures, data: DataRecipe
) -> CalcificationRegions:
    """Read all pictures with a model.

    Raises
    ------
    DataError
        If pictures cannot be decoded.
    """
    found = detect(session, [*pictures.simulated, *pictures.without, *pictures.real], data)
    first, second = len(pictures.simulated), len(pictures.simulated) + len(pictures.without)
    return CalcificationRegions(
        simulated=found[:first], without=found[first:second], real=found[second:]
    )


def require_class(manifest: Manifest) -> None:
    """Refuse a model that knows no calcifications.

    Raises
    ------
    DataError
        If it does not.
    """
    if KIND not in manifest.findings:
        raise DataError(
            f"{manifest.name} {manifest.version} knows {', '.join(manifest.findings)} alone",
            expected=f"a model with the class {KIND}",
            todo="name another bundle",
        )


def evaluate_calcifications(
    found: CalcificationRegions, manifest: Manifest, *, people_known: int | None = None
) -> CalcificationEvaluation:
    """Measure a model on pictures that it has read."""
    points = [(p.name, p.threshold) for p in manifest.operating_points if p.kind == KIND]
    simulated = scored(found.simulated, KIND)
    clusters = found_clusters(found)
    return CalcificationEvaluation(
        manifest=manifest,
        pictures=tuple(
            (name, len(items), len({item.image.person for item in items}))
            for name, items in (
                ("simulated", found.simulated),
                ("without", found.without),
                ("real", found.real),
            )
        ),
        picture_mm=(found.simulated[0].spacing.row_mm, found.simulated[0].spacing.col_mm),
        with_mass=sum(bool(lesions_of(item, "mass")) for item in found.without),
        people_known=people_known,
        rules=by_rules(simulated),
        froc_real=score_froc(against_real(found)),
        points=tuple(_point(found, clusters, name, at) for name, at in points),
        groups=cluster_groups(clusters, points),
        clusters=clusters,
        areas=_areas(found, manifest.findings),
        real=tuple(
            RealPicture(
                mammogram=plain_name(item.image.mammogram),
                score=best_score(item),
                flagged_at=tuple(name for name, at in points if best_score(item) >= at),
            )
            for item in found.real
        ),
    )


def found_clusters(found: CalcificationRegions) -> tuple[FoundCluster, ...]:
    """Return each simulated cluster with the best mark in its box, drawn and not drawn."""
    clusters = []
    for item, bare in zip(found.simulated, found.without, strict=True):
        for lesion in lesions_of(item, KIND):
            if lesion.simulated is None:
                continue
            hit, chance = best_hit(item, lesion, KIND), best_hit(bare, lesion, KIND)
            clusters.append(
                FoundCluster(
                    lesion_id=lesion.lesion_id,
                    person=item.image.person,
                    cluster=lesion.simulated,
                    score=hit.score if hit else -np.inf,
                    score_without=chance.score if chance else -np.inf,
                )
            )
    return tuple(clusters)


def against_real(
    found: CalcificationRegions, wanted: Callable[[SimulatedCluster], bool] = lambda _: True
) -> tuple[ScoredImage, ...]:
    """Return the hits in the simulated pictures with the false marks of the real ones.

    One entry a mammogram.  A mark of the real picture is false wherever it lies, since there is
    no cluster there; its peak is put outside the picture for the scorer.

    Parameters
    ----------
    wanted : callable
        Which clusters count; all of them if left out.
    """
    images = []
    for drawn, bare in zip(found.simulated, scored(found.without, KIND), strict=True):
        boxes = [x.box for x in lesions_of(drawn, KIND) if x.simulated and wanted(x.simulated)]
        (all_marks,) = (image.marks for image in scored([drawn], KIND))
        hits = [m for m in all_marks if any(box.contains(m.peak) for box in boxes)]
        false = [replace(mark, peak=_OUTSIDE) for mark in bare.marks]
        images.append(ScoredImage(person=bare.person, marks=(*hits, *false), boxes=tuple(boxes)))
    return tuple(images)


def best_score(item: DetectedImage, kind: str = KIND) -> float:
    """Return the score of the best mark of a class; 0 without marks."""
    return max((r.score for r in item.regions if r.kind == kind), default=0.0)


def area_under_roc(
    positive: Sequence[tuple[str, float]],
    negative: Sequence[tuple[str, float]],
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Return the area under the ROC of ``(person, score)`` pairs, equal scores counting a half.

    Mann and Whitney (1947), Ann Math Stat 18:50.  The interval draws people, who may have
    pictures on both sides.
    """
    if not positive or not negative:
        return Estimate(value=np.nan, low=np.nan, high=np.nan)
    number, count = numbered([person for person, _ in (*positive, *negative)])
    above, below = (np.array([score for _, score in side]) for side in (positive, negative))
    won = (above[:, None] > below) + 0.5 * (above[:, None] == below)
    weights = np.concatenate([np.ones((1, count)), person_weights(count, draws=draws, seed=seed)])
    at_positive, at_negative = weights[:, number[: len(above)]], weights[:, number[len(above) :]]
    pairs = at_positive.sum(axis=1) * at_negative.sum(axis=1)
    with np.errstate(invalid="ignore"):  # draws without anybody of one side say nothing
        areas: NDArray[np.float64] = ((at_positive @ won) * at_negative).sum(axis=1) / pairs
    return interval(float(areas[0]), areas[1:])


def _point(
    found: CalcificationRegions, clusters: Sequence[FoundCluster], name: str, at: float
) -> PointFigures:
    people = [cluster.person for cluster in clusters]
    ones = np.ones(len(clusters))
    bare = scored(found.without, KIND)
    false = [_marks(image, at) for image in bare]
    in_masses = [
        sum(
            any(x.kind == "mass" and x.box.contains(m.peak) for x in item.image.lesions) for m in ms
        )
        for item, ms in zip(found.without, false, strict=True)
    ]
    counts = [len(marks) for marks in false]
    owners = [image.person for image in bare]
    beside = [
        sum(not any(box.contains(m.peak) for box in image.boxes) for m in _marks(image, at))
        for image in scored(found.simulated, KIND)
    ]
    return PointFigures(
        name=name,
        threshold=at,
        found_simulated=ratio(people, [c.score >= at for c in clusters], ones),
        found_without=ratio(people, [c.score_without >= at for c in clusters], ones),
        false_simulated=ratio(owners, beside, np.ones(len(owners))),
        false_without=ratio(owners, counts, np.ones(len(owners))),
        in_masses=ratio(owners, in_masses, counts),
        flagged_real=_flagged(found.real, at),
        flagged_without=_flagged(found.without, at),
    )


def _marks(image: ScoredImage, at: float) -> list[Mark]:
    return [mark for mark in image.marks if mark.score >= at]


def _flagged(items: Sequence[DetectedImage], at: float) -> Estimate:
    people = [item.image.person for item in items]
    return ratio(people, [best_score(item) >= at for item in items], np.ones(len(items)))


def _areas(found: CalcificationRegions, kinds: Sequence[str]) -> ImageAreas:
    def of(items: Sequence[DetectedImage], kind: str) -> list[tuple[str, float]]:
        return [(item.image.person, best_score(item, kind)) for item in items]

    return ImageAreas(
        real=area_under_roc(of(found.real, KIND), of(found.without, KIND)),
        real_by_others=tuple(
            (kind, area_under_roc(of(found.real, kind), of(found.without, kind)))
            for kind in kinds
            if kind != KIND
        ),
        simulated=area_under_roc(of(found.simulated, KIND), of(found.without, KIND)),
    )


def _has_real(image: LabelledImage, calcified: Collection[str]) -> bool:
    """Whether the tables, or boxes of the picture itself, tell of real calcifications."""
    return plain_name(image.mammogram) in calcified or any(
        x.kind == KIND and x.simulated is None for x in image.lesions
    )


def _wrong(met: str) -> DataError:
    return DataError(
        met,
        expected="the untouched pictures that the simulated ones were made from",
        todo="make them with: mammoview-train simulate DATA --calcification-csv FOLDER --out SET",
    )
