"""A read as the program keeps it: its log, its heatmaps and the reader's marks, in the user's data.

Made from the report that it is to give, so that what is exported can be compared with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mammoview.dicom.index import index_paths
from mammoview.domain.assessment import Opinion
from mammoview.domain.reading import ReadingMode, ReadReport, Role
from mammoview.domain.study import Examination
from mammoview.domain.views import Laterality
from mammoview.review.events import (
    Content,
    DensitySet,
    FindingSet,
    Locked,
    Nothing,
    Opened,
    OpinionSet,
    ViewsChecked,
)
from mammoview.review.heatmaps import heatmaps_path, write_heatmaps
from mammoview.review.marks import MarkAction, MarkEvent, MarkStore, marks_path
from mammoview.review.read import Read, digest
from mammoview.review.readers import LOCAL_READER
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.builders.reads import open_read
from tests.builders.reports import report

_ORDER = (
    ReadState.VIEWS_CHECKED,
    ReadState.UNAIDED,
    ReadState.UNAIDED_LOCKED,
    ReadState.AI_REVEALED,
    ReadState.FINAL,
    ReadState.SIGNED,
)


def examination(folder: Path) -> Examination:
    """Return the one examination of a folder."""
    (found,) = index_paths([folder]).examinations
    return found


def keep_read(
    folder: Path,
    until: ReadState = ReadState.SIGNED,
    *,
    mode: ReadingMode = ReadingMode.SECOND_READ,
    role: Role = Role.FIRST,
    reader: str = LOCAL_READER.id,
) -> Read:
    """Read the examination of a folder as `tests.builders.reports` says, up to a state."""
    exam = examination(folder)
    told = report(exam.mammograms)
    log = ReadLog(reads_path())
    try:
        read = open_read(
            log,
            reader,
            Opened(
                exam_key=exam.key,
                images=tuple(image.sop_instance_uid for image in exam.mammograms),
                sides=(Laterality.RIGHT, Laterality.LEFT),
                role=role,
                mode=mode,
                scheme="birads",
                software="0.0",
            ),
        )
        for state in _ORDER[: _ORDER.index(until) + 1]:
            for action, content in _steps(state, told, read):
                read = log.append(read.read_id, reader, action, content)
            assert read.state is state
    finally:
        log.close()
    keep_marks(told)
    return read


def keep_marks(told: ReadReport) -> None:
    """Keep what the reader drew."""
    events = [
        MarkEvent(utc="2026-01-02T08:01:00+00:00", action=MarkAction.ADD, mark=mark)
        for mark in told.annotations
    ]
    MarkStore(marks_path()).append(events)


def _steps(state: ReadState, told: ReadReport, read: Read) -> Sequence[tuple[Action, Content]]:
    """Return what leads to a state from the one before it."""
    if state is ReadState.UNAIDED_LOCKED:
        said = told.unaided
        assert said is not None
        before: list[tuple[Action, Content]] = [
            *((Action.SET_OPINION, _opinion(opinion)) for opinion in said.opinions),
            (Action.SET_DENSITY, DensitySet(density=said.density, reason="")),
        ]
        return [*before, (Action.LOCK, Locked(sha256=digest(replace(said, findings=()))))]
    if state is ReadState.AI_REVEALED:
        assert told.cad is not None
        sha256 = write_heatmaps(heatmaps_path(reads_path(), read.read_id), told.heatmaps)
        return [(Action.REVEAL, replace(told.cad, heatmaps_sha256=sha256))]
    if state is ReadState.FINAL:
        return [
            *((Action.SET_FINDING, FindingSet(finding=f)) for f in told.final.findings),
            *((Action.SET_OPINION, _opinion(opinion)) for opinion in told.final.opinions),
            *((Action.DISPOSE_MARK, answer) for answer in told.answers),
            (Action.FINALIZE, Nothing()),
        ]
    single: dict[ReadState, tuple[Action, Content]] = {
        ReadState.VIEWS_CHECKED: (Action.CHECK_VIEWS, ViewsChecked(missing=(), reason="")),
        ReadState.UNAIDED: (Action.BEGIN, Nothing()),
        ReadState.SIGNED: (Action.SIGN, Nothing()),
    }
    return [single[state]]


def _opinion(opinion: Opinion) -> OpinionSet:
    return OpinionSet(
        laterality=opinion.laterality, category=opinion.category, reason=opinion.reason
    )
