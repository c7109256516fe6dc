"""Who may see the computer's result, and when: the one gate that every consumer asks.

A later issue puts the second-read workflow behind this function; nothing else has to change then.
"""

from __future__ import annotations

from enum import StrEnum


class ReadingMode(StrEnum):
    """How the reader meets the computer's result (house rule: the mode is always on screen)."""

    CONCURRENT = "concurrent"


def may_see_results(mode: ReadingMode) -> bool:
    """Tell whether the computer's result may reach a screen, a file or a log.

    Concurrent reading shows the result at once and says so in a lasting badge.  Any other mode
    is closed: a mode has to be let in here by name.
    """
    return mode is ReadingMode.CONCURRENT
