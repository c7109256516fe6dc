"""From the log to all that leaves the program of one read: whose, of what, and what was said.

Results are made from the log alone, so that what is exported can be found again in it; the window's
state adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mammoview.app.assessment.schemes import shipped_scheme
from mammoview.domain.annotation import Annotation
from mammoview.domain.assessment import Scheme
from mammoview.domain.prediction import Heatmap
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import ExamIndex, Mammogram
from mammoview.errors import MammoviewError, ReviewError
from mammoview.review import blinding
from mammoview.review.events import Event
from mammoview.review.heatmaps import heatmaps_path, read_heatmaps
from mammoview.review.marks import MarkStore
from mammoview.review.read import Read, replay
from mammoview.review.readers import LOCAL_READER, ReaderBook
from mammoview.review.sql import is_there
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog

# They say nothing of the woman, and may come after the signature.
_SAYS_NOTHING = frozenset({Action.RECORD_EXPORT, Action.RECORD_STEP, Action.REOPEN})
_OPENED_ONLY = frozenset({ReadState.OPENED, ReadState.VIEWS_CHECKED, ReadState.UNAIDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a read is kept: its log, the profiles of readers, and what they drew."""

    log: Path
    readers: Path
    marks: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """A report, and why there are no heatmaps in it though some were shown; empty: no reason."""

    report: ReadReport
    no_heatmaps: str = ""


def why_not(read: Read) -> str:
    """Return why nothing of a read may leave the program; empty where it may.

    The gate decides (`review.blinding`); besides, there must be something of the computer to tell:
    a concurrent read is exported after its reveal too.
    """
    shown = blinding.may_see_results(read.opened.mode, read.state)
    if shown and read.revealed is not None:
        return ""
    stage = "is not locked" if read.state in _OPENED_ONLY else "is locked, and not revealed"
    return f"the unaided read {stage}"


def gather(read_id: str, index: ExamIndex, places: Places) -> Gathered:
    """Return the report of one read; blocks, so call it in a worker.

    Parameters
    ----------
    read_id : str
        The read.
    index : ExamIndex
        Where its images are.
    places : Places
        Where it is kept.

    Raises
    ------
    ReviewError
        If the read is not revealed yet, the log is damaged, or an image is not there.
    """
    with closing(ReadLog(places.log)) as log:
        events = log.events(read_id)
    read = replay(events)
    images = images_of(read, index)
    uids = [image.sop_instance_uid for image in images]
    heatmaps, problem = _heatmaps(read, places.log)
    report = report_of(
        events,
        images=images,
        names=reader_names(places.readers),
        heatmaps=heatmaps,
        annotations=MarkStore(places.marks).read(uids, read.reader).items,
    )
    return Gathered(report=report, no_heatmaps=problem)


def report_of(
    events: Sequence[Event],
    *,
    images: Sequence[Mammogram],
    names: Mapping[str, str],
    heatmaps: Sequence[tuple[str, tuple[Heatmap, ...]]] = (),
    annotations: Sequence[Annotation] = (),
) -> ReadReport:
    """Return the report that the events of one read tell.

    Parameters
    ----------
    events : sequence of Event
        Of the read, in order.
    images : sequence of Mammogram
        All that were read.
    names : mapping
        The name of each reader's id; an id without one stands for itself.
    heatmaps, annotations : sequence
        What was shown and drawn.

    Raises
    ------
    ReviewError
        If the read is not revealed yet.
    """
    read = replay(events)
    reason = why_not(read)
    if reason:
        raise ReviewError(
            f"a read that must not leave the program: {reason}",
            expected="a read whose marks are revealed",
            todo="lock the unaided opinion and look at the marks, then export",
        )
    last = [event for event in events if event.action not in _SAYS_NOTHING][-1]
    views = read.views
    return ReadReport(
        read_id=read.read_id,
        reader=names.get(read.reader, read.reader),
        role=read.opened.role,
        mode=read.opened.mode,
        scheme=scheme_of(read.opened.scheme),
        software=read.opened.software,
        opened_at=events[0].at,
        locked_at=read.locked_at,
        signed_at=read.signed_at,
        signed_by=names.get(read.signed_by, read.signed_by),
        images=tuple(images),
        missing=views.missing if views else (),
        missing_reason=views.reason if views else "",
        unaided=read.unaided,
        final=read.now,
        cad=read.revealed,
        shown=read.shown,
        answers=read.disposed,
        decisions=tuple((names.get(who, who), said) for who, said in read.decisions),
        heatmaps=tuple(heatmaps),
        annotations=tuple(annotations),
        event_sha256=last.sha256,
        event_at=last.at,
    )


def images_of(read: Read, index: ExamIndex) -> tuple[Mammogram, ...]:
    """Return the images of a read, in its order.

    Raises
    ------
    ReviewError
        If one of them is not in the index: a report of the others would look complete.
    """
    known = {m.sop_instance_uid: m for exam in index.examinations for m in exam.mammograms}
    lacking = sum(uid not in known for uid in read.opened.images)
    if lacking:
        raise ReviewError(
            f"{lacking} of the {len(read.opened.images)} images of the read are not there",
            expected="all images that were read",
            todo="name the folder that holds them all",
        )
    return tuple(known[uid] for uid in read.opened.images)


def reader_names(path: Path) -> dict[str, str]:
    """Return the name of every reader of this machine by its id."""
    names = {LOCAL_READER.id: LOCAL_READER.name}
    if is_there(path):
        with closing(ReaderBook(path)) as book:
            names |= {profile.id: profile.name for profile in book.profiles()}
    return names


def scheme_of(name: str) -> Scheme:
    """Return the scheme of a read; one that does not ship any more has its codes alone."""
    try:
        return shipped_scheme(name).scheme
    except MammoviewError:
        return Scheme(id=name, title=name, categories=(), densities=())


def _heatmaps(read: Read, log: Path) -> tuple[tuple[tuple[str, tuple[Heatmap, ...]], ...], str]:
    if read.revealed is None or not read.revealed.heatmaps_sha256:
        return (), "no heatmaps were kept with this read"
    try:
        path = heatmaps_path(log, read.read_id)
        return read_heatmaps(path, read.revealed.heatmaps_sha256), ""
    except ReviewError as error:
        return (), str(error)
