"""The states of a read and what leads from one to the next: a table, and nothing else.

A read goes from the opened examination to a signed result; the computer's marks come in the
middle, after the reader's own opinion is locked.  What a transition demands besides the state
(a reason, a complete opinion, another reader) stands in `review.read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ReadState(StrEnum):
    """Where a read stands."""

    OPENED = "opened"
    VIEWS_CHECKED = "views-checked"
    UNAIDED = "unaided"
    UNAIDED_LOCKED = "unaided-locked"
    AI_REVEALED = "ai-revealed"
    FINAL = "final"
    ARBITRATION = "arbitration"
    SIGNED = "signed"


class Action(StrEnum):
    """What can be done in a read; each is one event of the log."""

    OPEN = "open"
    REOPEN = "reopen"
    CHECK_VIEWS = "check-views"
    BEGIN = "begin"
    SET_FINDING = "set-finding"
    REMOVE_FINDING = "remove-finding"
    SET_OPINION = "set-opinion"
    SET_DENSITY = "set-density"
    ASK_SPOT = "ask-spot"
    LOCK = "lock"
    REVEAL = "reveal"
    SET_OPERATING_POINT = "set-operating-point"
    DISPOSE_MARK = "dispose-mark"
    FINALIZE = "finalize"
    REQUEST_ARBITRATION = "request-arbitration"
    ARBITRATE = "arbitrate"
    SIGN = "sign"
    RECORD_STEP = "record-step"
    RECORD_EXPORT = "record-export"


_UNAIDED_DRAFT = (
    Action.SET_FINDING,
    Action.REMOVE_FINDING,
    Action.SET_OPINION,
    Action.SET_DENSITY,
    Action.ASK_SPOT,
)
_AIDED_DRAFT = (
    Action.SET_FINDING,
    Action.REMOVE_FINDING,
    Action.SET_OPINION,
    Action.SET_DENSITY,
    Action.SET_OPERATING_POINT,
    Action.DISPOSE_MARK,
)
# A result may leave before the signature, marked as preliminary; never without a trace in the log.
AFTER_REVEAL = (
    ReadState.AI_REVEALED,
    ReadState.FINAL,
    ReadState.ARBITRATION,
    ReadState.SIGNED,
)
# Looking, coming back and noting what was shown change nothing, whatever the state.
_ALWAYS = (Action.REOPEN, Action.RECORD_STEP)

TRANSITIONS: Mapping[tuple[ReadState, Action], ReadState] = MappingProxyType(
    {
        (ReadState.OPENED, Action.CHECK_VIEWS): ReadState.VIEWS_CHECKED,
        (ReadState.VIEWS_CHECKED, Action.BEGIN): ReadState.UNAIDED,
        **{(ReadState.UNAIDED, draft): ReadState.UNAIDED for draft in _UNAIDED_DRAFT},
        (ReadState.UNAIDED, Action.LOCK): ReadState.UNAIDED_LOCKED,
        (ReadState.UNAIDED_LOCKED, Action.REVEAL): ReadState.AI_REVEALED,
        **{(ReadState.AI_REVEALED, draft): ReadState.AI_REVEALED for draft in _AIDED_DRAFT},
        (ReadState.AI_REVEALED, Action.FINALIZE): ReadState.FINAL,
        (ReadState.FINAL, Action.REQUEST_ARBITRATION): ReadState.ARBITRATION,
        (ReadState.FINAL, Action.SIGN): ReadState.SIGNED,
        (ReadState.ARBITRATION, Action.ARBITRATE): ReadState.ARBITRATION,
        (ReadState.ARBITRATION, Action.SIGN): ReadState.SIGNED,
        **{(state, Action.RECORD_EXPORT): state for state in AFTER_REVEAL},
        **{(state, action): state for state in ReadState for action in _ALWAYS},
    }
)


def next_state(state: ReadState, action: Action) -> ReadState | None:
    """Return the state after an action; None where the table forbids it."""
    return TRANSITIONS.get((state, action))
