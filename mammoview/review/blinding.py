"""Who may see the computer's result, and when: the one gate that every consumer asks.

Before the unaided read is locked nothing of the computer's result reaches a screen, a file or a
log, unless the site reads in a mode that says otherwise, which is recorded in every read.
"""

from __future__ import annotations

from enum import StrEnum

from mammoview.domain.reading import ReadingMode
from mammoview.review.states import AFTER_REVEAL, ReadState


class Visibility(StrEnum):
    """How much of the computer's result may be seen."""

    NOTHING = "nothing"
    ASKED_SPOTS = "asked-spots"
    ALL = "all"


def visibility(mode: ReadingMode, state: ReadState | None) -> Visibility:
    """Tell how much of the computer's result may reach a screen, a file or a log.

    Parameters
    ----------
    mode : ReadingMode
        Mode of the read, or of a window outside any read.
    state : ReadState or None
        Where the read stands; None outside a read.

    Returns
    -------
    Visibility
        Concurrent reading shows all and says so in a lasting badge.  Any other mode is closed until
        the reveal; "ask about this spot" answers for the asked spots alone.  What is unknown is
        closed.
    """
    if mode is ReadingMode.CONCURRENT or (isinstance(mode, ReadingMode) and state in AFTER_REVEAL):
        return Visibility.ALL
    if mode is ReadingMode.ASK_SPOT and state is ReadState.UNAIDED:
        return Visibility.ASKED_SPOTS
    return Visibility.NOTHING


def may_see_results(mode: ReadingMode, state: ReadState | None = None) -> bool:
    """Tell whether the computer's whole result may reach a screen, a file or a log."""
    return visibility(mode, state) is Visibility.ALL


def may_see_other_reads(state: ReadState, *, arbitrates: bool) -> bool:
    """Tell whether a reader may see what the others said of an examination.

    First and second reader are blind to each other until their own read is final; an arbitrator
    sees both from the start.
    """
    return arbitrates or state in {ReadState.FINAL, ReadState.ARBITRATION, ReadState.SIGNED}
