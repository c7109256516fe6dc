"""Whether what is said in the read of the window holds together, by the rules of the site."""

from __future__ import annotations

from mammoview.app.assessment.checks import Aided, issues_of
from mammoview.app.assessment.consistency import Issue, Severity, facts_of
from mammoview.app.assessment.schemes import DEFAULT_SCHEME, OpinionScheme, shipped_scheme
from mammoview.app.commands import exam_by_key
from mammoview.app.workspace import Workspace
from mammoview.domain.assessment import Opinion
from mammoview.errors import MammoviewError
from mammoview.review.states import ReadState


def scheme_of(ws: Workspace) -> OpinionScheme:
    """Return the scheme of the read, which it keeps whatever the site chooses later.

    Raises
    ------
    MammoviewError
        If neither it nor the default ships with the program.
    """
    read = ws.read.read
    return shipped_scheme(read.opened.scheme if read is not None else DEFAULT_SCHEME)


def issues(ws: Workspace) -> tuple[Issue, ...]:
    """Return what the rules find in the read while something can still be said in it."""
    read = ws.read.read
    if read is None or read.state not in (ReadState.UNAIDED, ReadState.AI_REVEALED):
        return ()
    exam = exam_by_key(ws, ws.exam_key)
    images = exam.mammograms if exam is not None else ()
    facts = facts_of(
        read.now,
        images=[image for image in images if image.sop_instance_uid in read.opened.images],
        sides=read.opened.sides,
        scheme=scheme_of(ws),
    )
    if read.unaided is None:
        return issues_of(facts)
    return issues_of(facts, Aided(unaided=read.unaided, shown=read.shown, answers=read.disposed))


def lacks_reason(ws: Workspace, opinion: Opinion) -> bool:
    """Tell whether an opinion is another one than the locked, without a reason of its own."""
    read = ws.read.read
    locked = read.unaided if read is not None else None
    if locked is None:
        return False
    before = locked.opinion(opinion.laterality)
    if before is None:
        return not opinion.reason.strip()
    # Words that were there before the reveal do not tell why it is changed after it.
    return before.answer != opinion.answer and opinion.reason.strip() in ("", before.reason.strip())


def errors(ws: Workspace) -> tuple[str, ...]:
    """Return what forbids to lock or to make final, in short, a line each."""
    return tuple(issue.short for issue in _found(ws, Severity.ERROR)) or _unknown(ws)


def hints(ws: Workspace) -> tuple[str, ...]:
    """Return what is only pointed at, in short, a line each."""
    return tuple(issue.short for issue in _found(ws, Severity.HINT))


def in_full(ws: Workspace, severity: Severity) -> str:
    """Return the issues of a severity in full, what is expected too, a line each."""
    return "\n".join(issue.text for issue in _found(ws, severity))


def _found(ws: Workspace, severity: Severity) -> tuple[Issue, ...]:
    if _unknown(ws):
        return ()
    return tuple(issue for issue in issues(ws) if issue.severity is severity)


def _unknown(ws: Workspace) -> tuple[str, ...]:
    """Return why there are no rules for this read: its scheme does not ship any more."""
    try:
        scheme_of(ws)
    except MammoviewError as error:
        return (str(error),)
    return ()
