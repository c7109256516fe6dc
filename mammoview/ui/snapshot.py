"""What the window would show, drawn offscreen by the same widgets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mammoview.app import analysis, commands, steps
from mammoview.app.reading import ReadingDesk
from mammoview.app.resolve import load_image
from mammoview.app.settings import Settings
from mammoview.app.workspace import ModelSummary, OverlayMode, Step
from mammoview.domain.prediction import ExamPrediction
from mammoview.domain.study import ExamIndex
from mammoview.errors import DicomError, MammoviewError, MissingPartError, UsageError
from mammoview.ui.platform_check import require_libraries


def snapshot(
    index: ExamIndex,
    *,
    out: Path,
    prediction: ExamPrediction | None = None,
    model: ModelSummary | None = None,
    size: tuple[int, int] = (1920, 1080),
    mode: OverlayMode = OverlayMode.OFF,
    kinds: tuple[str, ...] | None = None,
    exam_key: str | None = None,
    badge: str | None = None,
    protocol: str | None = None,
    step: str | None = None,
) -> None:
    """Write a PNG of the window with one examination.

    Parameters
    ----------
    index : ExamIndex
        What is open; headers only, the pixels are decoded here.
    out : Path
        The PNG file to write.
    prediction, model
        The computer's reading, if there is one; it passes the blinding gate as in the window.
    size : (int, int)
        Width and height of the whole window, pixels.
    mode : OverlayMode
        What is drawn over the images.
    kinds : tuple of str or None
        Classes shown; None: all of the model.
    exam_key : str or None
        Which examination; None: the first.
    badge : str or None
        Lasting note in the status strip.
    protocol : str or None
        Name of the hanging protocol; None: the one of a fresh machine.
    step : str or None
        Id (``cc-pair``) or number (from 1) of the step; None: the first.

    Raises
    ------
    UsageError
        If there is no examination or step to show, or the size is no size.
    MissingPartError
        If Qt cannot be loaded here.
    MammoviewError
        If the file cannot be written.
    """
    if not index.examinations:
        raise _nothing("no examination to show")
    if min(size) < 1:
        raise _nothing(f"size {size[0]}x{size[1]}")
    settings = Settings() if protocol is None else Settings(hanging=protocol)
    desk = ReadingDesk(deliver=_now, analyst=None, settings=settings)
    try:
        desk.do(commands.with_index, index)
        desk.do(commands.select_exam, exam_key or index.examinations[0].key)
        if step is not None:
            desk.do(steps.go_to, _step_id(desk.workspace.hanging.steps, step))
        _load_panes(desk)
        _show_result(desk, prediction, model, kinds)
        desk.do(commands.set_overlay, mode)
        _draw(desk, out, size, badge)
    finally:
        desk.shutdown()


def _now(call: object) -> None:
    raise AssertionError("a snapshot has no background work")


def _step_id(known: tuple[Step, ...], wanted: str) -> str:
    ids = [step.id for step in known]
    if wanted in ids:
        return wanted
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(ids):
        return ids[int(wanted) - 1]
    raise UsageError(
        f"this examination has no step {wanted!r}",
        expected=f"1 to {len(ids)}, or one of {', '.join(ids)}",
        todo="choose one, or leave the step away for the first",
    )


def _load_panes(desk: ReadingDesk) -> None:
    for pane in desk.workspace.panes:
        if pane.mammogram is None:
            continue
        try:
            view, image = load_image(pane.mammogram)
        except DicomError as error:
            desk.do(commands.view_failed, pane.mammogram, str(error))
        else:
            desk.do(commands.view_loaded, view, image)


def _show_result(
    desk: ReadingDesk,
    prediction: ExamPrediction | None,
    model: ModelSummary | None,
    kinds: tuple[str, ...] | None,
) -> None:
    if model is not None:
        desk.do(analysis.model_opened, model)
    if prediction is not None:
        desk.do(analysis.set_operating_point, prediction.operating_point)
        desk.do(commands.show_kinds, kinds or prediction_kinds(prediction))
        desk.do(analysis.finished, prediction)


def _draw(desk: ReadingDesk, out: Path, size: tuple[int, int], badge: str | None) -> None:
    if "PySide6.QtWidgets" not in sys.modules:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    require_libraries("offscreen")
    try:
        from PySide6.QtWidgets import QApplication

        from mammoview.ui import theme
        from mammoview.ui.main_window import MainWindow
    except ImportError as error:
        raise MissingPartError(
            f"Qt cannot be loaded: {error}",
            expected="PySide6-Essentials with its system libraries",
            todo="sudo apt install libegl1 libgl1 libxkbcommon0, or see mammoview doctor",
        ) from error
    application = QApplication.instance() or QApplication(["mammoview"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    window = MainWindow(desk, badge=badge)
    window.setMinimumSize(1, 1)
    window.resize(*size)
    window.show()
    application.processEvents()
    picture = window.grab().toImage()
    window.close()
    window.deleteLater()
    out.parent.mkdir(parents=True, exist_ok=True)
    if not picture.save(str(out)):
        raise MammoviewError(
            f"the picture {out.name} could not be written",
            expected="a PNG file in a folder with write access",
            todo="choose another --out",
        )


def prediction_kinds(prediction: ExamPrediction) -> tuple[str, ...]:
    """Return the classes that a prediction has scores of, in order."""
    return tuple(dict.fromkeys(kind for view in prediction.views for kind, _ in view.scores))


def _nothing(met: str) -> UsageError:
    return UsageError(
        met,
        expected="at least one mammogram and a size like 1920x1080",
        todo="see mammoview inspect for what was found",
    )
