"""What the second look does to reading here: numbers of finished reads, and how sure they are.

Whether a woman had cancer is not known to this program, so nothing here is a sensitivity or a
specificity: only what was shown, what readers made of it, and what they changed.  Every share
carries its 95 % interval, for a site of one month has few reads.

Source: Wilson, J Am Stat Assoc 22 (1927), the score interval; it holds for few and for none.
"""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from mammoview.domain.assessment import Consequence, Scheme, Statement
from mammoview.domain.reading import AnalysisOutcome, Disposition, ReadingMode
from mammoview.review.events import Event, StepRecorded
from mammoview.review.read import Read, replay
from mammoview.review.standing import Reading, Standing, reading_for
from mammoview.review.states import Action

FEW = 20
"""Fewer reads than this are said to be too few to compare."""

_Z95 = 1.959964


class Axis(StrEnum):
    """By what reads are told apart."""

    READER = "reader"
    MODEL = "model"
    OPERATING_POINT = "operating point"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One finished second read in numbers; nothing in it leads to an examination.

    Attributes
    ----------
    reader, model, operating_point, month : str
        Id of the profile; name and version; name; ``YYYY-MM`` of the lock, UTC.
    with_result : bool
        Whether there was a result of the computer to reveal.
    agreed, duplicates : int
        Marks that the reader agreed to, and those on what they had found unaided.
    dismissed : tuple of str
        The reason of each mark that was dismissed.
    recalled_before, recalled_after : bool
        Whether the unaided and the final opinion recall, be it one breast.
    changed : int
        Breasts with another opinion after the reveal.
    findings_added : int
        Findings of the final read that the unaided one lacks.
    unaided_s, aided_s : float
        Seconds of looking before the lock, and after it.
    steps : tuple of (str, float)
        Seconds at each step of the hanging.
    """

    reader: str
    model: str
    operating_point: str
    month: str
    with_result: bool
    agreed: int
    duplicates: int
    dismissed: tuple[str, ...]
    recalled_before: bool
    recalled_after: bool
    changed: int
    findings_added: int
    unaided_s: float
    aided_s: float
    steps: tuple[tuple[str, float], ...]

    @property
    def shown(self) -> int:
        """Marks that were shown: in a final read every one is answered."""
        return self.agreed + self.duplicates + len(self.dismissed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many; ``low`` and ``high`` are the 95 % interval of the share, 0..1."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float | None:
        """The share, 0..1; None of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """Times of some reads: how many were measured, the median and the quartiles beside it."""

    reads: int
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Some reads together.

    ``gained`` and ``lost`` are reads that recall after the reveal alone, and before it alone;
    ``reasons`` are those of dismissals, the most frequent first.
    """

    reads: int
    without_result: int
    shown: int
    agreed: Share
    duplicates: Share
    dismissed: Share
    reasons: tuple[tuple[str, int], ...]
    recall_before: Share
    recall_after: Share
    gained: int
    lost: int
    changed: Share
    findings_added: int
    total: Seconds | None
    unaided: Seconds | None
    aided: Seconds | None
    steps: tuple[tuple[str, Seconds], ...]

    @property
    def few(self) -> bool:
        """Whether they are too few to compare."""
        return self.reads < FEW


# -- from the log -------------------------------------------------------------------------------


def looks_of(
    events: Iterable[Event],
    standings: Sequence[Standing],
    schemes: Mapping[str, Scheme],
    *,
    reader: str,
    double: bool,
) -> tuple[Look, ...]:
    """Return the finished second reads that a reader may see, in numbers.

    Parameters
    ----------
    events : iterable of Event
        The whole log.
    standings : sequence of Standing
        Where its reads stand.
    schemes : mapping of str to Scheme
        Those that reads name; reads of others are left out.
    reader : str
        Who asks: another's read counts once one's own of that examination is done, or once
        nothing of it is left to read.
    double : bool
        Whether two readers read each examination.
    """
    seen = visible_reads(standings, reader=reader, double=double)
    of_read: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.read_id in seen:
            of_read[event.read_id].append(event)
    found = (_look(replay(those), those, schemes) for those in of_read.values())
    return tuple(look for look in found if look is not None)


def visible_reads(standings: Sequence[Standing], *, reader: str, double: bool) -> frozenset[str]:
    """Return the finished reads whose numbers a reader may see."""
    by_exam = sorted(standings, key=lambda s: s.exam_key)  # stable: as they were opened
    seen: set[str] = set()
    for _, group in groupby(by_exam, key=lambda s: s.exam_key):
        reads = list(group)
        own = [s for s in reads if s.reader == reader]
        complete = reading_for(reads, reader, double=double) is Reading.SIGNED
        open_to = complete or (own and all(s.done for s in own))
        seen |= {s.read_id for s in reads if s.done and (open_to or s.reader == reader)}
    return frozenset(seen)


def _look(read: Read, events: Sequence[Event], schemes: Mapping[str, Scheme]) -> Look | None:
    scheme, cad = schemes.get(read.opened.scheme), read.revealed
    if read.opened.mode is ReadingMode.CONCURRENT or scheme is None:
        return None  # nothing was said before the marks were seen, or nobody knows what it means
    if read.unaided is None or cad is None:
        return None
    answers = Counter(answer.disposition for answer in read.disposed)
    before, after = _seconds(events)
    return Look(
        reader=read.reader,
        model=f"{cad.model.name} {cad.model.version}".strip(),
        operating_point=cad.operating_point,
        month=read.locked_at[:7],
        with_result=cad.outcome is AnalysisOutcome.DONE,
        agreed=answers[Disposition.AGREE],
        duplicates=answers[Disposition.DUPLICATE],
        dismissed=tuple(a.reason for a in read.disposed if a.disposition is Disposition.DISMISS),
        recalled_before=_recalls(read.unaided, scheme),
        recalled_after=_recalls(read.now, scheme),
        changed=len(read.changed),
        findings_added=sum(read.unaided.finding(f.id) is None for f in read.now.findings),
        unaided_s=sum(seconds for _, seconds in before),
        aided_s=sum(seconds for _, seconds in after),
        steps=_by_step((*before, *after)),
    )


def _recalls(statement: Statement, scheme: Scheme) -> bool:
    categories = [scheme.category(opinion.category) for opinion in statement.opinions]
    return any(c is not None and c.consequence is Consequence.RECALL for c in categories)


_Steps = list[tuple[str, float]]


def _seconds(events: Sequence[Event]) -> tuple[_Steps, _Steps]:
    """Return step and seconds of each look before the lock, and of each after it, to the end."""
    before: _Steps = []
    after: _Steps = []
    now = before
    for event in events:
        if event.action is Action.LOCK:
            now = after
        elif event.action is Action.FINALIZE:
            break
        elif isinstance(event.content, StepRecorded):
            now.append((event.content.step, event.content.seconds))
    return before, after


def _by_step(looks: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    found: defaultdict[str, float] = defaultdict(float)
    for step, seconds in looks:
        found[step] += seconds
    return tuple(found.items())


# -- in numbers ---------------------------------------------------------------------------------


def share(count: int, of: int) -> Share:
    """Return a share with its 95 % interval by Wilson; of nothing it is anything."""
    if not of:
        return Share(count=0, of=0, low=0.0, high=1.0)
    p, z2 = count / of, _Z95**2
    middle = p + z2 / (2 * of)
    half = _Z95 * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of))
    low = 0.0 if count == 0 else (middle - half) / (1 + z2 / of)
    high = 1.0 if count == of else (middle + half) / (1 + z2 / of)
    return Share(count=count, of=of, low=max(0.0, low), high=min(1.0, high))


def summary(looks: Sequence[Look]) -> Summary:
    """Return some reads together."""
    reads, shown = len(looks), sum(look.shown for look in looks)
    reasons = Counter(reason for look in looks for reason in look.dismissed)
    return Summary(
        reads=reads,
        without_result=sum(not look.with_result for look in looks),
        shown=shown,
        agreed=share(sum(look.agreed for look in looks), shown),
        duplicates=share(sum(look.duplicates for look in looks), shown),
        dismissed=share(sum(len(look.dismissed) for look in looks), shown),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        recall_before=share(sum(look.recalled_before for look in looks), reads),
        recall_after=share(sum(look.recalled_after for look in looks), reads),
        gained=sum(look.recalled_after and not look.recalled_before for look in looks),
        lost=sum(look.recalled_before and not look.recalled_after for look in looks),
        changed=share(sum(look.changed > 0 for look in looks), reads),
        findings_added=sum(look.findings_added for look in looks),
        total=_times(look.unaided_s + look.aided_s for look in looks),
        unaided=_times(look.unaided_s for look in looks),
        aided=_times(look.aided_s for look in looks),
        steps=_step_times(looks),
    )


def _times(seconds: Iterable[float]) -> Seconds | None:
    """Return the times of those reads that have one."""
    found = sorted(s for s in seconds if s > 0)
    if not found:
        return None
    if len(found) == 1:
        return Seconds(reads=1, median=found[0], low=found[0], high=found[0])
    low, median, high = statistics.quantiles(found, n=4, method="inclusive")
    return Seconds(reads=len(found), median=median, low=low, high=high)


def _step_times(looks: Sequence[Look]) -> tuple[tuple[str, Seconds], ...]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for look in looks:
        for step, seconds in look.steps:
            found[step].append(seconds)
    times = ((step, _times(seconds)) for step, seconds in found.items())
    return tuple((step, known) for step, known in times if known is not None)


_OF: Mapping[Axis, Callable[[Look], str]] = {
    Axis.READER: lambda look: look.reader,
    Axis.MODEL: lambda look: look.model,
    Axis.OPERATING_POINT: lambda look: look.operating_point,
    Axis.MONTH: lambda look: look.month,
}


def value_of(look: Look, axis: Axis) -> str:
    """Return where a read stands on an axis."""
    return _OF[axis](look)


def values(looks: Sequence[Look], axis: Axis) -> tuple[str, ...]:
    """Return what there is on an axis, sorted."""
    return tuple(sorted({value_of(look, axis) for look in looks}))


def chosen(looks: Sequence[Look], wanted: Mapping[Axis, str]) -> tuple[Look, ...]:
    """Return the reads that have the wanted values; an axis that is not named is free."""
    return tuple(
        look for look in looks if all(value_of(look, axis) == v for axis, v in wanted.items())
    )


def grouped(looks: Sequence[Look], axis: Axis) -> tuple[tuple[str, Summary], ...]:
    """Return a summary for each value of an axis."""
    return tuple((v, summary(chosen(looks, {axis: v}))) for v in values(looks, axis))


# -- to keep ------------------------------------------------------------------------------------

_COLUMNS: tuple[tuple[str, Callable[[Summary], object]], ...] = (
    ("reads", lambda s: s.reads),
    ("reads_without_result", lambda s: s.without_result),
    ("marks_shown", lambda s: s.shown),
    ("marks_agreed", lambda s: s.agreed.count),
    ("marks_duplicate", lambda s: s.duplicates.count),
    ("marks_dismissed", lambda s: s.dismissed.count),
    ("recalled_before", lambda s: s.recall_before.count),
    ("recalled_before_low95", lambda s: round(s.recall_before.low, 4)),
    ("recalled_before_high95", lambda s: round(s.recall_before.high, 4)),
    ("recalled_after", lambda s: s.recall_after.count),
    ("recalled_after_low95", lambda s: round(s.recall_after.low, 4)),
    ("recalled_after_high95", lambda s: round(s.recall_after.high, 4)),
    ("recall_gained", lambda s: s.gained),
    ("recall_lost", lambda s: s.lost),
    ("reads_with_changed_opinion", lambda s: s.changed.count),
    ("findings_added", lambda s: s.findings_added),
    ("median_total_s", lambda s: round(s.total.median, 1) if s.total else ""),
    ("median_unaided_s", lambda s: round(s.unaided.median, 1) if s.unaided else ""),
    ("median_aided_s", lambda s: round(s.aided.median, 1) if s.aided else ""),
)


def csv_text(looks: Sequence[Look]) -> str:
    """Return a line for each reader, model, operating point and month; readers by their ids.

    No line leads to an examination, and none to a patient.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(axis.replace(" ", "_") for axis in Axis), *(name for name, _ in _COLUMNS)])

    def key(look: Look) -> tuple[str, ...]:
        return tuple(value_of(look, axis) for axis in Axis)

    for where, group in groupby(sorted(looks, key=key), key=key):
        numbers = summary(tuple(group))
        writer.writerow([*where, *(of(numbers) for _, of in _COLUMNS)])
    return text.getvalue()
