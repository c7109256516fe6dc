"""``mammoview snapshot``: a picture of what the window would show, drawn without a screen."""

from __future__ import annotations

import argparse
import re
from functools import partial
from pathlib import Path

from mammoview.app.analysis import Analyst
from mammoview.app.resources import hangings
from mammoview.app.workspace import FitMode, OverlayMode
from mammoview.cli.analyze import choose_operating_point, require_open_results
from mammoview.cli.arguments import add_model, add_paths
from mammoview.cli.output import note, note_refused, progress_bar
from mammoview.cli.reading import read_index
from mammoview.dicom.decode import decode_pixels
from mammoview.domain.prediction import ViewPrediction
from mammoview.domain.study import Examination
from mammoview.errors import ExitCode, UsageError
from mammoview.ui.snapshot import EVERY_STEP, Look, Reading, snapshot

_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the paths, the picture and what is drawn over the images."""
    add_paths(parser)
    _add_picture(parser)
    parser.add_argument(
        "--overlay",
        choices=[mode.value for mode in OverlayMode],
        default=OverlayMode.OFF.value,
        help="drawn over the images; all but off run the analysis (default: %(default)s)",
    )
    parser.add_argument(
        "--class", metavar="NAME", dest="kind", help="one class of findings (default: all)"
    )
    add_model(parser)


def _add_picture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        metavar="FILE.png",
        type=Path,
        required=True,
        help="the picture; with --step all a folder, one picture a step",
    )
    parser.add_argument(
        "--size", metavar="WxH", type=_size, default=(1920, 1080), help="pixels (1920x1080)"
    )
    parser.add_argument("--study", metavar="KEY", help="which study (default: the first)")
    parser.add_argument(
        "--layout", metavar="NAME", help="hanging protocol (default: the one of a fresh install)"
    )
    parser.add_argument(
        "--step", metavar="STEP", help="step of the protocol: cc-pair, 2, or all (default: 1)"
    )
    parser.add_argument(
        "--fit",
        choices=[fit.value for fit in FitMode if fit is not FitMode.TRUE_SIZE],
        default=FitMode.BREAST.value,
        help="how the images are scaled (default: %(default)s)",
    )
    parser.add_argument("--voi", metavar="NAME", help="window or LUT of that name in the images")
    parser.add_argument("--invert", action="store_true", help="swap black and white")
    parser.add_argument(
        "--own-marks", action="store_true", help="draw the marks that you have made in the window"
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Hang one examination, analyse it where an overlay is wanted, and write the picture."""
    _check_out(args.out, folder=args.step == EVERY_STEP)
    if args.layout is not None:
        _check_layout(args.layout)
    index = read_index(args.paths)
    note_refused(index.refused)
    if not index.examinations:
        note("nothing to show: no mammogram under these paths")
        return ExitCode.REFUSED
    exam = _chosen(index.examinations, args.study)
    reading = None if args.overlay == OverlayMode.OFF else _read(args, exam)
    written = snapshot(index, out=args.out, look=_look(args, exam), reading=reading, step=args.step)
    for file in written:
        note(f"study {exam.key} in {file}")
    return ExitCode.REFUSED if index.refused else ExitCode.DONE


def _look(args: argparse.Namespace, exam: Examination) -> Look:
    return Look(
        size=args.size,
        exam_key=exam.key,
        protocol=args.layout,
        fit=FitMode(args.fit),
        voi=args.voi,
        invert=args.invert,
        mode=OverlayMode(args.overlay),
        kinds=(args.kind,) if args.kind else None,
        own_marks=args.own_marks,
    )


def _check_out(out: Path, *, folder: bool) -> None:
    is_png = out.suffix.lower() == ".png"
    if folder and (is_png or out.is_file()):
        raise UsageError(
            f"--out {out.name} with --step all",
            expected="a folder: every step has a picture of its own",
            todo="name a folder, or one step",
        )
    if not folder and not is_png:
        raise UsageError(
            f"--out {out.name} is no name of a .png file",
            expected="a file that ends in .png",
            todo="name one, or ask for --step all",
        )


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


def _read(args: argparse.Namespace, exam: Examination) -> Reading:
    require_open_results(exam)
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
        )
    require_open_results(exam)  # a read may have been opened meanwhile
    return Reading(model=model, prediction=prediction)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 1920x1080")
    return int(match[1]), int(match[2])
