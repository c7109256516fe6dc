"""``mammoview analyze``: the computer reader without a window."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mammoview.app.analysis import Analyst
from mammoview.app.workspace import ModelSummary
from mammoview.cli.arguments import add_json, add_model, add_paths
from mammoview.cli.inspect import refused_items
from mammoview.cli.output import emit, note, note_refused, on_one_line, progress_bar
from mammoview.cli.reading import read_index
from mammoview.cli.results import RESULTS, AnalysedView, ResultFolder, analyze_document
from mammoview.dicom.decode import decode_pixels
from mammoview.domain.prediction import AnalysisStatus, ExamPrediction, ViewPrediction
from mammoview.domain.study import Examination, Refusal
from mammoview.errors import ExitCode, ReviewError, UsageError
from mammoview.inference.passes import Passes
from mammoview.review.open_reads import require_none_blinded
from mammoview.review.store import reads_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the paths, ``--out``, ``--json`` and the model's options."""
    add_paths(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of results")
    add_json(parser)
    add_model(parser)
    parser.add_argument(
        "--passes",
        choices=[way.value for way in Passes],
        default=Passes.ONE.value,
        help="how often each view goes through the network; thresholds were set on one pass "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--views",
        metavar="FILE",
        type=Path,
        help="rules by which the views change each other's scores (mammoview-train views); "
        "default: each view stands alone",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Analyse every examination under the paths and write the results into a folder."""
    analyst = Analyst(bundle=args.model, device=args.device)
    with ThreadPoolExecutor(1, thread_name_prefix="mammoview-model") as beside:
        opening = beside.submit(analyst.open)  # one core loads the model, the other reads headers
        index = read_index(args.paths)
        note_refused(index.refused)
        if not index.examinations:
            note("nothing to analyse: no mammogram under these paths")
        model = opening.result()
    point = choose_operating_point(model, args.operating_point)
    way = Passes(args.passes).text
    note(f"{model.identity.name} {model.identity.version} on {model.device}, {point}, {way}")
    folder = ResultFolder(args.out)
    done = _analyse(analyst, index.examinations, point, folder, args)
    note_refused(done.refused)
    refused = (*index.refused, *done.refused)
    said, views = done.last, done.views
    document = analyze_document(
        model=replace(model, device=said.device) if said else model,
        operating_point=point,
        passes=args.passes,
        views_together=said.views_together if said else "",
        views=views,
        refused=refused_items(refused),
    )
    folder.finish(document)
    _tell(args, views)
    if args.json:
        emit(args, document)
    failed = any(view.prediction.status is AnalysisStatus.FAILED for view in views)
    return ExitCode.REFUSED if refused or failed or not views else ExitCode.DONE


def require_open_results(exam: Examination) -> None:
    """Ask the read log of this user before anything of a result is computed, and before it is told.

    Raises
    ------
    ReviewError
        If a read of one of these images is still blinded, or the log cannot tell.
    """
    require_none_blinded(reads_path(), [m.sop_instance_uid for m in exam.mammograms])


def choose_operating_point(model: ModelSummary, wanted: str) -> str:
    """Return the wanted operating point, or the model's default where none is wanted.

    Raises
    ------
    UsageError
        If the model has none of that name.
    """
    names = [point.name for point in model.operating_points]
    if wanted and wanted not in names:
        raise UsageError(
            f"unknown operating point {wanted!r}",
            expected=f"one of {', '.join(dict.fromkeys(names))}",
            todo="choose one, or leave --operating-point away",
        )
    return wanted or model.default_operating_point


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """Views of all examinations, those refused, and the last reading for what all share."""

    views: list[AnalysedView]
    refused: list[Refusal]
    last: ExamPrediction | None


def _analyse(
    analyst: Analyst,
    examinations: tuple[Examination, ...],
    operating_point: str,
    folder: ResultFolder,
    args: argparse.Namespace,
) -> _Done:
    """Analyse each examination; one whose blinded read is open before or after it is refused."""
    views: list[AnalysedView] = []
    refused: list[Refusal] = []
    last = None
    total = sum(len(exam.mammograms) for exam in examinations)
    with progress_bar("views", unit="view", total=total) as bar:

        def seen(_: ViewPrediction) -> None:
            bar.update()

        for exam in examinations:
            try:
                require_open_results(exam)
                prediction = analyst.read(
                    [(m, partial(decode_pixels, m)) for m in exam.mammograms],
                    operating_point=operating_point,
                    on_view=seen,
                    passes=args.passes,
                    views=args.views,
                )
                require_open_results(exam)  # a read may have been opened meanwhile
            except ReviewError as error:
                refused += [Refusal(file=m.file, reason=str(error)) for m in exam.mammograms]
                continue
            last = prediction
            pairs = zip(exam.mammograms, prediction.views, strict=True)
            views += [folder.add(mammogram, view) for mammogram, view in pairs]
    return _Done(views=views, refused=refused, last=last)


def _tell(args: argparse.Namespace, views: list[AnalysedView]) -> None:
    for view in views:
        prediction = view.prediction
        said = f"{view.mammogram.label:6} {prediction.status}"
        if prediction.status is AnalysisStatus.ANALYZED:
            marks = sum(region.flagged for region in prediction.regions)
            scores = ", ".join(f"{kind} {score:.2f}" for kind, score in prediction.scores)
            said += f": {marks} flagged, best {scores}"
            if prediction.outside_range:
                said += f"; unlike the training images: {', '.join(prediction.outside_range)}"
        else:
            said += f": {prediction.reason} ({on_one_line(view.mammogram.file)})"
        note(said)
    note(f"results in {args.out / RESULTS}")
