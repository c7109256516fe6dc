"""``mammoview snapshot``: a picture of what the window would show, drawn without a screen."""

from __future__ import annotations

import argparse
import re
from functools import partial
from pathlib import Path

from mammoview.app.analysis import Analyst
from mammoview.app.resources import hangings
from mammoview.app.workspace import ModelSummary, OverlayMode
from mammoview.cli.analyze import choose_operating_point, require_open_results
from mammoview.cli.arguments import add_model, add_paths
from mammoview.cli.output import note, note_refused, progress_bar
from mammoview.cli.reading import read_index
from mammoview.dicom.decode import decode_pixels
from mammoview.domain.prediction import ExamPrediction, ViewPrediction
from mammoview.domain.study import Examination
from mammoview.errors import ExitCode, UsageError
from mammoview.review.blinding import ReadingMode

_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the paths, the picture and what is drawn over the images."""
    add_paths(parser)
    parser.add_argument("--out", metavar="FILE.png", type=_png, required=True, help="the picture")
    parser.add_argument(
        "--size", metavar="WxH", type=_size, default=(1920, 1080), help="pixels (1920x1080)"
    )
    parser.add_argument(
        "--layout", metavar="NAME", help="hanging protocol (default: the one of a fresh install)"
    )
    parser.add_argument(
        "--step", metavar="STEP", help="step of the protocol: cc-pair, or 2 (default: the first)"
    )
    parser.add_argument(
        "--overlay",
        choices=[mode.value for mode in OverlayMode],
        default=OverlayMode.OFF.value,
        help="drawn over the images; all but off run the analysis (default: %(default)s)",
    )
    parser.add_argument(
        "--class", metavar="NAME", dest="kind", help="one class of findings (default: all)"
    )
    parser.add_argument("--study", metavar="KEY", help="which study (default: the first)")
    add_model(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Hang one examination, analyse it where an overlay is wanted, and write the picture."""
    from mammoview.ui.snapshot import snapshot

    if args.layout is not None:
        _check_layout(args.layout)
    index = read_index(args.paths)
    note_refused(index.refused)
    if not index.examinations:
        note("nothing to show: no mammogram under these paths")
        return ExitCode.REFUSED
    exam = _chosen(index.examinations, args.study)
    mode = OverlayMode(args.overlay)
    model, prediction = (None, None) if mode is OverlayMode.OFF else _read(args, exam)
    snapshot(
        index,
        out=args.out,
        prediction=prediction,
        model=model,
        size=args.size,
        mode=mode,
        kinds=(args.kind,) if args.kind else None,
        exam_key=exam.key,
        protocol=args.layout,
        step=args.step,
    )
    note(f"study {exam.key} in {args.out}")
    return ExitCode.REFUSED if index.refused else ExitCode.DONE


def _check_layout(name: str) -> None:
    known = hangings()
    if name not in known:
        raise UsageError(
            f"unknown layout {name!r}",
            expected=f"one of {', '.join(known)}",
            todo="choose one, or leave --layout away",
        )


def _chosen(examinations: tuple[Examination, ...], key: str | None) -> Examination:
    if key is None:
        return examinations[0]
    for exam in examinations:
        if exam.key == key:
            return exam
    raise UsageError(
        f"no study {key!r} under these paths",
        expected=f"one of {', '.join(exam.key for exam in examinations)}",
        todo="choose one, or leave --study away for the first",
    )


def _read(args: argparse.Namespace, exam: Examination) -> tuple[ModelSummary, ExamPrediction]:
    require_open_results(ReadingMode.CONCURRENT)
    analyst = Analyst(bundle=args.model, device=args.device)
    model = analyst.open()
    if args.kind and args.kind not in model.findings:
        raise UsageError(
            f"the model knows no class {args.kind!r}",
            expected=f"one of {', '.join(model.findings)}",
            todo="choose one, or leave --class away for all",
        )
    hung = [m for m in exam.mammograms if m.slot is not None]
    with progress_bar("views", unit="view", total=len(hung)) as bar:

        def seen(_: ViewPrediction) -> None:
            bar.update()

        prediction = analyst.read(
            [(m, partial(decode_pixels, m)) for m in hung],
            operating_point=choose_operating_point(model, args.operating_point),
            on_view=seen,
            cancelled=lambda: False,
        )
    return model, prediction


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 1920x1080")
    return int(match[1]), int(match[2])


def _png(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a .png file")
    return path
