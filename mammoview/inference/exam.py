"""The views of one examination through the model, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    Region,
    ViewPrediction,
)
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError
from mammoview.inference.passes import Passes
from mammoview.inference.predictor import (
    CANCELLED,
    best_scores,
    not_analysed,
    predict_view,
    thresholds,
    unforeseen,
)
from mammoview.inference.session import Session
from mammoview.inference.views import ExamView, ViewsTogether, rescored
from mammoview.words import translate

logger = logging.getLogger(__name__)

Decode = Callable[[], NDArray[np.generic]]


def predict_exam(
    session: Session,
    items: Iterable[tuple[Mammogram, Decode]],
    *,
    operating_point: str | None = None,
    passes: Passes = Passes.ONE,
    together: ViewsTogether | None = None,
    on_view: Callable[[ViewPrediction, int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExamPrediction:
    """Analyse the views of an examination; a view that fails does not stop the others.

    Parameters
    ----------
    session : Session
        The model.
    items : iterable of (Mammogram, callable)
        Each view with what decodes its stored values; pixels are let go after each view.
    operating_point : str or None
        None for the manifest's default.
    passes : Passes
        How often each view goes through the network.
    together : ViewsTogether or None
        Rules by which the views change each other's scores once all are read; None: each view
        stands alone.  Heatmaps stay those of one view.
    on_view : callable or None
        Told each view as it is done, before the views are taken together, with how many are done
        of how many.
    cancelled : callable or None
        Asked before each view; the views left over are marked as failed, "cancelled".

    Raises
    ------
    UsageError
        If the model has no such operating point.
    """
    thresholds(session.manifest, operating_point)
    work = tuple(items)
    views: list[ViewPrediction] = []
    for done, (mammogram, decode) in enumerate(work, start=1):
        if cancelled is not None and cancelled():
            view = not_analysed(mammogram, AnalysisStatus.FAILED, CANCELLED)
        else:
            view = _predict(session, mammogram, decode, operating_point, passes)
        views.append(view)
        if on_view is not None:
            on_view(view, done, len(work))
    if together is not None:
        limits = thresholds(session.manifest, operating_point)
        views = _together([mammogram for mammogram, _ in work], views, together, limits)
    return ExamPrediction(
        model=session.identity,
        device=session.device,
        operating_point=operating_point or session.manifest.default_operating_point,
        views=tuple(views),
        passes=passes.value,
        views_together=together.fitted_on if together is not None else "",
    )


def _together(
    mammograms: Sequence[Mammogram],
    views: Sequence[ViewPrediction],
    together: ViewsTogether,
    limits: dict[str, float],
) -> list[ViewPrediction]:
    """Return the views with their regions rescored; what changed stands in their notes."""
    exam = [
        ExamView(
            laterality=mammogram.laterality.value or "",
            projection=mammogram.view.value or "",
            to_breast_mm=view.to_breast_mm,
            regions=view.regions,
        )
        for mammogram, view in zip(mammograms, views, strict=True)
    ]
    found = rescored(exam, together, limits)
    return [_with(view, regions) for view, regions in zip(views, found, strict=True)]


def _with(view: ViewPrediction, regions: tuple[Region, ...]) -> ViewPrediction:
    """Return a view with rescored regions; a mark never comes or goes without a word."""
    before, after = (sum(r.flagged for r in those) for those in (view.regions, regions))
    if all(region.score_one_view is None for region in regions):
        return view
    said = translate(
        "Network", "scores changed by the other views: {before} marks before, {after} after"
    ).format(before=before, after=after)
    return replace(
        view,
        regions=regions,
        scores=best_scores(regions, [kind for kind, _ in view.scores]),
        notes=(*view.notes, said),
    )


def _predict(
    session: Session,
    mammogram: Mammogram,
    decode: Decode,
    operating_point: str | None,
    passes: Passes,
) -> ViewPrediction:
    if mammogram.unsupported is not None:
        return not_analysed(mammogram, AnalysisStatus.NOT_SUPPORTED, mammogram.unsupported)
    started = perf_counter()
    try:
        stored = decode()
    except MammoviewError as error:
        logger.warning("a view was not decoded: %s", type(error).__name__)
        return not_analysed(mammogram, AnalysisStatus.FAILED, str(error))
    except Exception as error:  # the other views of the examination have to go on
        return not_analysed(mammogram, AnalysisStatus.FAILED, unforeseen(error))
    return predict_view(
        session,
        mammogram,
        stored,
        operating_point=operating_point,
        decode_seconds=perf_counter() - started,
        passes=passes,
    )
