"""The views of one examination through the model, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.prediction import AnalysisStatus, ExamPrediction, ViewPrediction
from mammoview.domain.study import Mammogram
from mammoview.errors import MammoviewError
from mammoview.inference.predictor import not_analysed, predict_view, thresholds, unforeseen
from mammoview.inference.session import Session

logger = logging.getLogger(__name__)

Decode = Callable[[], NDArray[np.generic]]


def predict_exam(
    session: Session,
    items: Iterable[tuple[Mammogram, Decode]],
    *,
    operating_point: str | None = None,
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
    on_view : callable or None
        Told each view as it is done, with how many are done of how many.
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
            view = not_analysed(mammogram, AnalysisStatus.FAILED, "cancelled")
        else:
            view = _predict(session, mammogram, decode, operating_point)
        views.append(view)
        if on_view is not None:
            on_view(view, done, len(work))
    return ExamPrediction(
        model=session.identity,
        device=session.device,
        operating_point=operating_point or session.manifest.default_operating_point,
        views=tuple(views),
    )


def _predict(
    session: Session, mammogram: Mammogram, decode: Decode, operating_point: str | None
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
    )
