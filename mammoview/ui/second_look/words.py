"""Numbers of the second look as they are said: never surer than they are."""

from __future__ import annotations

from collections.abc import Iterator

from mammoview.app.second_look.counts import FEW, Seconds, Share, Summary
from mammoview.words import COUNTED, translate

Row = tuple[str, str, str]
"""What it is, the number, and how sure it is."""


def rows(summary: Summary) -> tuple[Row, ...]:
    """Return the lines of the table."""
    return tuple(_rows(summary)) if summary.reads else ()


def note_text(summary: Summary, *, busy: bool) -> str:
    """Return what stands above the numbers: what they are not, and whether they are too few."""
    if busy:
        return translate("SecondLook", "Counting…")
    if not summary.reads:
        return translate(
            "SecondLook",
            "No finished second read that you may see. Reads of others are counted once you cannot"
            " be their second reader or arbitrator any more.",
        )
    said = translate(
        "SecondLook",
        "Whether a woman had cancer is not known here: nothing on this page is a sensitivity or a"
        " specificity. Intervals are 95 % (Wilson).",
    )
    if not summary.few:
        return said
    n = summary.reads
    few = translate("SecondLook", "%n read(s): too few to compare", "", COUNTED, n)
    return f"{said}  {few} ({translate('SecondLook', 'fewer than {few}').format(few=FEW)})."


def percent(share: Share) -> str:
    """Return a share with its counts: ``3 of 12 (25 %)``."""
    if share.value is None:
        return "–"
    said = translate("SecondLook", "{count} of {of} ({percent} %)")
    return said.format(count=share.count, of=share.of, percent=round(100 * share.value))


def interval(share: Share) -> str:
    """Return how sure a share is: ``9 to 53 %``."""
    if share.value is None:
        return ""
    said = translate("SecondLook", "{low} to {high} %")
    return said.format(low=round(100 * share.low), high=round(100 * share.high))


def _rows(s: Summary) -> Iterator[Row]:
    yield translate("SecondLook", "Finished second reads"), str(s.reads), ""
    if s.without_result:
        yield (
            translate("SecondLook", "… without a result of the computer"),
            str(s.without_result),
            "",
        )
    yield (
        translate("SecondLook", "Recalled by the unaided opinion"),
        percent(s.recall_before),
        interval(s.recall_before),
    )
    yield (
        translate("SecondLook", "Recalled by the final opinion"),
        percent(s.recall_after),
        interval(s.recall_after),
    )
    yield translate("SecondLook", "Recalled after the reveal alone"), str(s.gained), ""
    yield translate("SecondLook", "Recalled before the reveal alone"), str(s.lost), ""
    yield (
        translate("SecondLook", "Reads with a changed opinion"),
        percent(s.changed),
        interval(s.changed),
    )
    yield translate("SecondLook", "Findings added after the reveal"), str(s.findings_added), ""
    per_read = translate("SecondLook", "{n:.2f} a read").format(n=s.shown / s.reads)
    yield translate("SecondLook", "Marks shown"), str(s.shown), per_read
    for title, share in (
        (translate("SecondLook", "… agreed to"), s.agreed),
        (translate("SecondLook", "… found unaided before"), s.duplicates),
        (translate("SecondLook", "… dismissed"), s.dismissed),
    ):
        yield title, percent(share), interval(share)
    for reason, count in s.reasons:
        yield translate("SecondLook", "     for: {reason}").format(reason=reason), str(count), ""
    for title, seconds in (
        (translate("SecondLook", "Seconds a read (median; quartiles)"), s.total),
        (translate("SecondLook", "… before the lock"), s.unaided),
        (translate("SecondLook", "… after it"), s.aided),
    ):
        yield _times(title, seconds)
    for step, seconds in s.steps:
        yield _times(translate("SecondLook", "     at {step}").format(step=step), seconds)


def _times(title: str, seconds: Seconds | None) -> Row:
    if seconds is None:
        return title, "–", ""
    spread = translate("SecondLook", "{low:.0f} to {high:.0f} s, {n} reads")
    return (
        title,
        f"{seconds.median:.0f}",
        spread.format(low=seconds.low, high=seconds.high, n=seconds.reads),
    )
