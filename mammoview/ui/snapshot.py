"""What the window would show, drawn offscreen by the same widgets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.app import analysis, commands, steps
from mammoview.app.marks import marking
from mammoview.app.marks.keeper import images_of
from mammoview.app.pixels.resolve import load_image
from mammoview.app.reading import ReadingDesk
from mammoview.app.settings import Settings
from mammoview.app.workspace import FitMode, ModelSummary, OverlayMode, Step
from mammoview.domain.prediction import ExamPrediction
from mammoview.domain.study import ExamIndex
from mammoview.errors import DicomError, MammoviewError, MissingPartError, UsageError
from mammoview.review.marks import MarkStore, marks_path
from mammoview.ui.platform_check import require_libraries

if TYPE_CHECKING:
    from mammoview.ui.main_window import MainWindow

EVERY_STEP = "all"
"""The name of no step: a picture of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the window shows of an examination, and how.

    Attributes
    ----------
    size : (int, int)
        Width and height of the whole window, pixels.
    exam_key : str or None
        Which examination; None: the first.
    protocol : str or None
        Name of the hanging protocol; None: the one of a fresh machine.
    fit : FitMode
        How the images are scaled.
    voi : str or None
        Explanation of the images' own VOI to use; None: each image's default.
    invert : bool
        Whether black and white are swapped.
    mode : OverlayMode
        What is drawn over the images.
    kinds : tuple of str or None
        Classes shown; None: all of the model.
    badge : str or None
        Lasting note in the status strip.
    own_marks : bool
        Whether the marks are drawn that this user has kept of the images.
    """

    size: tuple[int, int] = (1920, 1080)
    exam_key: str | None = None
    protocol: str | None = None
    fit: FitMode = FitMode.BREAST
    voi: str | None = None
    invert: bool = False
    mode: OverlayMode = OverlayMode.OFF
    kinds: tuple[str, ...] | None = None
    badge: str | None = None
    own_marks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The computer's reading of the examination; it passes the blinding gate as in the window."""

    model: ModelSummary
    prediction: ExamPrediction | None = None


def snapshot(
    index: ExamIndex,
    *,
    out: Path,
    look: Look | None = None,
    reading: Reading | None = None,
    step: str | None = None,
) -> tuple[Path, ...]:
    """Write a PNG of the window with one examination, or one of every step of its hanging.

    Parameters
    ----------
    index : ExamIndex
        What is open; headers only, the pixels are decoded here.
    out : Path
        The PNG file; for every step the folder, whose files are named by number and id of the
        step (``02-cc-pair.png``).
    look : Look or None
        How it is shown; None: as on a fresh machine.
    reading : Reading or None
        What the computer says, if it was asked.
    step : str or None
        Id (``cc-pair``) or number (from 1) of the step, or ``all``; None: the first.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    UsageError
        If there is no examination, step or VOI to show, or the size is no size.
    MissingPartError
        If Qt cannot be loaded here.
    MammoviewError
        If a file cannot be written.
    """
    look = look or Look()
    if not index.examinations:
        raise _nothing("no examination to show")
    if min(look.size) < 1:
        raise _nothing(f"size {look.size[0]}x{look.size[1]}")
    with _opened(index, look) as desk:
        files = _files(desk.workspace.hanging.steps, step, out)
        _load_views(desk)
        if look.voi is not None:  # one may be found in the pixels
            _check_voi(look.voi, commands.voi_explanations(desk.workspace))
            desk.do(commands.show_voi, look.voi)
        _show_result(desk, reading, look)
        with _shown(desk, look) as window:
            for step_id, file in files.items():
                desk.do(steps.go_to, step_id)
                _save(window, file)
    return tuple(files.values())


@contextmanager
def _opened(index: ExamIndex, look: Look) -> Iterator[ReadingDesk]:
    """Hang the examination on a desk of its own; its pixels are still to come."""
    settings = Settings(fit=look.fit)
    if look.protocol is not None:
        settings = replace(settings, hanging=look.protocol)
    desk = ReadingDesk(deliver=_now, analyst=None, settings=settings)
    try:
        desk.do(commands.with_index, index)
        desk.do(commands.select_exam, look.exam_key or index.examinations[0].key)
        if look.own_marks:
            kept = MarkStore(marks_path()).read(images_of(desk.workspace))
            desk.do(marking.marks_read, kept.items)
        desk.do(commands.set_overlay, look.mode)
        if look.invert:
            desk.do(commands.invert)
        yield desk
    finally:
        desk.shutdown()


def _now(call: object) -> None:
    raise AssertionError("a snapshot has no background work")


def _check_voi(wanted: str, known: tuple[str, ...]) -> None:
    if wanted not in known:
        raise UsageError(
            f"these images name no VOI {wanted!r}",
            expected=f"one of {', '.join(known)}" if known else "images that name their VOIs",
            todo="choose one, or leave it away for each image's default",
        )


def _files(known: tuple[Step, ...], wanted: str | None, out: Path) -> dict[str, Path]:
    """Return the file of each wanted step; where nothing hangs, of the empty window."""
    ids = [step.id for step in known]
    if wanted == EVERY_STEP:
        return {name: out / f"{at:02}-{name}.png" for at, name in enumerate(ids, start=1)}
    if wanted is None:
        return {ids[0] if ids else "": out}
    if wanted in ids:
        return {wanted: out}
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(ids):
        return {ids[int(wanted) - 1]: out}
    raise UsageError(
        f"this examination has no step {wanted!r}",
        expected=f"1 to {len(ids)}, all, or one of {', '.join(ids)}",
        todo="choose one, or leave the step away for the first",
    )


def _load_views(desk: ReadingDesk) -> None:
    """Decode what hangs in any step: the window would not still be at it."""
    for view in [hung.mammogram for hung in desk.workspace.views if hung.waits]:
        try:
            settled, image = load_image(view)
        except DicomError as error:
            desk.do(commands.view_failed, view, str(error))
        else:
            desk.do(commands.view_loaded, settled, image)


def _show_result(desk: ReadingDesk, reading: Reading | None, look: Look) -> None:
    if reading is None:
        return
    desk.do(analysis.model_opened, reading.model)
    if reading.prediction is not None:
        known = dict.fromkeys(kind for v in reading.prediction.views for kind, _ in v.scores)
        desk.do(analysis.set_operating_point, reading.prediction.operating_point)
        desk.do(commands.show_kinds, look.kinds or tuple(known))
        desk.do(analysis.finished, reading.prediction)


@contextmanager
def _shown(desk: ReadingDesk, look: Look) -> Iterator[MainWindow]:
    """Give the program's own window on the desk, on a screen or on none."""
    window = _window_type()(desk, badge=look.badge)
    window.setMinimumSize(1, 1)
    window.resize(*look.size)
    window.show()
    try:
        yield window
    finally:
        window.close()
        window.deleteLater()


def _window_type() -> type[MainWindow]:
    """Load Qt, start it where nobody has yet, and return what the program shows."""
    if "PySide6.QtWidgets" not in sys.modules:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    require_libraries("offscreen")
    try:
        from mammoview.ui import theme
        from mammoview.ui.main_window import MainWindow
    except ImportError as error:
        raise MissingPartError(
            f"Qt cannot be loaded: {error}",
            expected="PySide6-Essentials with its system libraries",
            todo="sudo apt install libegl1 libgl1 libxkbcommon0, or see mammoview doctor",
        ) from error
    theme.application()
    return MainWindow


def _save(window: MainWindow, file: Path) -> None:
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()  # the layout follows the words of a step when it is asked to
    picture = window.grab().toImage()
    # Beside it first: a full disk leaves no half of a picture, and an old one as it was.
    beside = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        written = picture.save(str(beside))
        if written:
            beside.replace(file)
        beside.unlink(missing_ok=True)
    except OSError:
        written = False
    if not written:
        raise MammoviewError(
            f"the picture {file.name} could not be written",
            expected="a PNG file in a folder with write access",
            todo="choose another --out",
        )


def _nothing(met: str) -> UsageError:
    return UsageError(
        met,
        expected="at least one mammogram and a size like 1920x1080",
        todo="see mammoview inspect for what was found",
    )
