"""Digital mammograms whose findings name calcifications: few, so a list and no more.

The findings of CDD-CESM are words about a picture; outlines mix lesions.  Pictures with other
findings alone stand beside them: what tells those from normal breasts is no calcification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mammoview.modelkit.manifest import Manifest
from trainer.bootstrap import Estimate
from trainer.calcifications.evaluation import KIND, area_under_roc, best_score
from trainer.detect import DetectedImage
from trainer.digital.cesm import CesmImage

# In the words of ``digital.cesm.named_in``; macrocalcifications are benign ones of 1 mm and more.
_NAMED = ("calcification", "macrocalcification")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalPicture:
    """A picture whose findings name calcifications.

    Attributes
    ----------
    named : tuple of str
        Which: ``calcification``, ``macrocalcification``.
    score : float
        Of the best mark.
    flagged_at : tuple of str
        Operating points that mark the picture.
    marked_at : tuple of str
        Operating points that put a mark in the box of an outline, whatever it is of.
    """

    file: str
    findings: str
    named: tuple[str, ...]
    score: float
    flagged_at: tuple[str, ...]
    marked_at: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalCalcifications:
    """The anecdote.

    Attributes
    ----------
    area, area_of_others : Estimate
        Under the image-level ROC against normal breasts: pictures whose findings name
        calcifications, and pictures with other findings alone.
    flagged_normals : tuple of (str, int)
        Normal pictures with a mark, by operating point.
    """

    pictures: tuple[DigitalPicture, ...]
    others: int
    normals: int
    area: Estimate
    area_of_others: Estimate
    flagged_normals: tuple[tuple[str, int], ...]


def evaluate_digital(
    pictures: Sequence[CesmImage], detected: Sequence[DetectedImage], manifest: Manifest
) -> DigitalCalcifications:
    """Sort the pictures by their findings, and list those that name calcifications.

    Parameters
    ----------
    detected : sequence of DetectedImage
        The pictures' regions, in the same order.
    """
    points = [(p.name, p.threshold) for p in manifest.operating_points if p.kind == KIND]
    pairs = list(zip(pictures, detected, strict=True))
    with_some = [(p, d) for p, d in pairs if set(p.named) & set(_NAMED)]
    normals = [d for p, d in pairs if p.is_normal]
    others = [d for p, d in pairs if not p.is_normal and not set(p.named) & set(_NAMED)]
    return DigitalCalcifications(
        pictures=tuple(_picture(p, d, points) for p, d in with_some),
        others=len(others),
        normals=len(normals),
        area=area_under_roc(_scores([d for _, d in with_some]), _scores(normals)),
        area_of_others=area_under_roc(_scores(others), _scores(normals)),
        flagged_normals=tuple(
            (name, sum(best_score(d) >= at for d in normals)) for name, at in points
        ),
    )


def _picture(
    picture: CesmImage, detected: DetectedImage, points: Sequence[tuple[str, float]]
) -> DigitalPicture:
    inside = [
        region.score
        for region in detected.regions
        if region.kind == KIND
        and any(lesion.box.contains(region.peak) for lesion in picture.image.lesions)
    ]
    return DigitalPicture(
        file=picture.image.file.name,
        findings=picture.findings,
        named=tuple(name for name in _NAMED if name in picture.named),
        score=best_score(detected),
        flagged_at=tuple(name for name, at in points if best_score(detected) >= at),
        marked_at=tuple(name for name, at in points if max(inside, default=-1.0) >= at),
    )


def _scores(items: Sequence[DetectedImage]) -> list[tuple[str, float]]:
    return [(item.image.person, best_score(item)) for item in items]
