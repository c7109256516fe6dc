"""Domain values without files, a quick analyst, and a mailbox instead of a GUI thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mammoview.app.analysis import Analyst, Item
from mammoview.app.jobs import CancelToken
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import ModelSummary, QueuePlace
from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, Pose
from mammoview.domain.prediction import (
    AnalysisStatus,
    ExamPrediction,
    Heatmap,
    ModelIdentity,
    Region,
    StageSeconds,
    ViewPrediction,
)
from mammoview.domain.study import (
    Examination,
    ExamIndex,
    Mammogram,
    PatientIdentity,
    PixelFormat,
    Refusal,
    VoiFunction,
    VoiWindow,
)
from mammoview.domain.views import Slot, SourcedLaterality, SourcedView
from mammoview.errors import ModelError
from mammoview.modelkit.manifest import OperatingPoint

IDENTITY = ModelIdentity(name="quick", version="1", sha256="ab" * 32)
POINTS = (
    OperatingPoint(name="balanced", kind="mass", threshold=0.5, false_marks_per_image=1.0),
    OperatingPoint(name="strict", kind="mass", threshold=0.9, false_marks_per_image=0.1),
)
SUMMARY = ModelSummary(
    identity=IDENTITY,
    device="CPU (test)",
    findings=("mass",),
    operating_points=POINTS,
    default_operating_point="balanced",
    intended_use="research use only",
)


def grey_format(*, names: tuple[str, ...] = ("NORMAL", "SOFTER")) -> PixelFormat:
    """Return a 12-bit format with one window for each name."""
    windows = tuple(
        VoiWindow(centre=2048.0, width=4096.0 + 10 * at, function=VoiFunction.LINEAR, explanation=n)
        for at, n in enumerate(names)
    )
    return PixelFormat(
        bits_stored=12,
        is_signed=False,
        photometric_interpretation="MONOCHROME2",
        inverse=False,
        padding=None,
        rescale_slope=1.0,
        rescale_intercept=0.0,
        windows=windows,
        luts=(),
    )


def mammogram(
    slot: Slot | None,
    *,
    uid: str = "",
    acquired: str = "120000",
    date: str = "20200101",
    study: str = "exam-1",
    names: tuple[str, ...] = ("NORMAL", "SOFTER"),
    **changes: Any,
) -> Mammogram:
    """Return the header of a view; ``slot`` None makes an extra view; ``changes`` come last."""
    place = slot or Slot.RCC
    plain = Mammogram(
        file=Path("nowhere.dcm"),
        sop_instance_uid=uid or f"1.2.3.{place}",
        study_key=study,
        identity=PatientIdentity(name="Phantom^One", patient_id="ID-1", birth_date="19500101"),
        study_date=date,
        acquired=acquired,
        rows=40,
        cols=30,
        laterality=SourcedLaterality(value=place.laterality, source="test"),
        view=SourcedView(value=place.projection, modifiers=(), source="test"),
        pose=Pose(flip_horizontal=False, rotate_degrees=0, source="test"),
        spacing=None,
        slot=slot,
        pixel_format=grey_format(names=names),
        unsupported=None,
        is_cbis_ddsm=False,
        warnings=(),
    )
    return replace(plain, **changes)


def exam(key: str = "exam-1", views: Iterable[Mammogram] | None = None) -> Examination:
    """Return an examination; the four standard views unless told."""
    hung = tuple(views) if views is not None else tuple(mammogram(s, study=key) for s in Slot)
    there = {view.slot for view in hung}
    missing = tuple(slot for slot in Slot if slot not in there)
    return Examination(key=key, mammograms=hung, missing_slots=missing)


def index(*exams: Examination, refused: tuple[str, ...] = ()) -> ExamIndex:
    """Return an index of examinations and of refused files by name."""
    return ExamIndex(
        examinations=exams or (exam(),),
        refused=tuple(Refusal(file=Path(name), reason="no DICOM file") for name in refused),
    )


def image() -> LoadedImage:
    """Return small read-only pixels."""
    stored = np.arange(1200, dtype=np.uint16).reshape(40, 30)
    stored.setflags(write=False)
    pose = Pose(flip_horizontal=False, rotate_degrees=0, source="test")
    return LoadedImage(stored=stored, breast=np.ones((8, 6), np.bool_), pose=pose)


def view_prediction(
    uid: str, *, score: float = 0.7, status: AnalysisStatus = AnalysisStatus.ANALYZED
) -> ViewPrediction:
    """Return one mass with a score, flagged from 0.5 on."""
    values = np.full((4, 3), score, np.float32)
    values.setflags(write=False)
    box = ImageBox(col0=5.0, row0=5.0, col1=15.0, row1=15.0)
    corners = ((5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0))
    region = Region(
        kind="mass",
        score=score,
        peak=ImagePoint(col=10.0, row=10.0),
        box=box,
        outline=tuple(ImagePoint(col=c, row=r) for c, r in corners),
        flagged=score >= 0.5,
    )
    to_image = Affine2D.scale_translate(col_scale=10.0, row_scale=10.0, col0=0.0, row0=0.0)
    ran = status is AnalysisStatus.ANALYZED
    return ViewPrediction(
        sop_instance_uid=uid,
        status=status,
        reason="" if ran else "because of the test",
        scores=(("mass", score),) if ran else (),
        heatmaps=(Heatmap(kind="mass", values=values, to_image=to_image),) if ran else (),
        regions=(region,) if ran else (),
        seconds=StageSeconds(decode=0.0, prepare=0.0, network=0.0, regions=0.0),
        notes=("scale assumed",),
    )


def prediction(*views: ViewPrediction) -> ExamPrediction:
    """Return an examination's result."""
    return ExamPrediction(
        model=IDENTITY, device="CPU (test)", operating_point="balanced", views=views
    )


class QuickAnalyst(Analyst):
    """Reads at once; ``gate`` holds it before each view, ``broken`` makes the model unusable.

    What other analysts of tests do otherwise they say in `before`, `see` and `after`.
    """

    def __init__(self, *, gate: threading.Event | None = None, broken: bool = False) -> None:
        super().__init__()
        self.gate = gate
        self.broken = broken
        self.device = "CPU (test)"
        self.read_exams = 0
        self.threads: set[int] = set()

    def open(self) -> ModelSummary:
        self.threads.add(threading.get_ident())
        if self.broken:
            raise ModelError("a broken model", expected="a sound one", todo="install it again")
        return SUMMARY

    def before(self, view: Mammogram, number: int, cancel: CancelToken) -> None:
        """Do what comes before a view is read, the first of its examination is number 0."""
        while self.gate is not None and not self.gate.wait(0.01) and not cancel.cancelled():
            continue

    def see(self, view: Mammogram, number: int) -> ViewPrediction:
        """Return what is seen in a view."""
        return view_prediction(view.sop_instance_uid)

    def after(self, *, whole: bool) -> None:
        """Do what comes after the reading, be it of all views."""

    def read(
        self,
        items: Iterable[Item],
        *,
        on_view: Callable[[ViewPrediction], None],
        cancel: CancelToken | None = None,
        operating_point: str = "",
        passes: str = "one",
        views: Path | None = None,
    ) -> ExamPrediction:
        self.open()
        self.read_exams += 1
        if operating_point not in ("", *(point.name for point in POINTS)):
            raise ModelError(f"no {operating_point}", expected="a known one", todo="choose one")
        cancel = cancel or CancelToken()
        done: list[ViewPrediction] = []
        for number, (view, pixels) in enumerate(items):
            self.before(view, number, cancel)
            if cancel.cancelled():
                self.after(whole=False)
                break
            pixels()
            done.append(self.see(view, number))
            on_view(done[-1])
        else:
            self.after(whole=True)
        return replace(prediction(*done), device=self.device)


class ListOf:
    """A worklist; its examinations may have grown when they are asked for once more."""

    def __init__(self, *examinations: Examination) -> None:
        self.examinations = examinations
        self.keys = [each.key for each in examinations]

    def neighbour(self, key: str, step: int) -> str | None:
        at = self.keys.index(key) + step
        return self.keys[at] if 0 <= at < len(self.keys) else None

    def place(self, key: str) -> QueuePlace | None:
        return QueuePlace(at=self.keys.index(key), total=len(self.keys))

    def load(self, key: str, cancelled: Callable[[], bool]) -> ExamIndex:
        return index(self.examinations[self.keys.index(key)])


class Mailbox:
    """Collects what workers post, and runs it on the test's own thread."""

    def __init__(self) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()

    def post(self, call: Callable[[], None]) -> None:
        """Take a callable from any thread."""
        self._posted.put(call)

    def run_until(self, condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
        """Run what is posted until the condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition never came true"
            try:
                self._posted.get(timeout=0.02)()
            except queue.Empty:
                continue

    def run_posted(self) -> int:
        """Run everything that waits, and return how much it was."""
        count = 0
        while not self._posted.empty():
            self._posted.get()()
            count += 1
        return count
