"""Why a mark of the computer is dismissed: reasons to pick from, and the reader's own words.

The file is ``resources/assessment/dismissals.toml``.  An answer holds the code of a reason, or, for
any other, the words that the reader typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mammoview.app import resources
from mammoview.app.assessment.files import check_once, read_file
from mammoview.words import translate


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissalReasons:
    """``(code, words)`` pairs in the order in which they are offered."""

    reasons: tuple[tuple[str, str], ...]

    def text(self, reason: str) -> str:
        """Return an answer's reason in words: those of its code, or the reader's own."""
        words = dict(self.reasons).get(reason)
        return translate("Assessment", words) if words else reason


def load_dismissals(path: Path) -> DismissalReasons:
    """Read the reasons.

    Raises
    ------
    SettingsError
        If the file is damaged.
    """
    found = read_file(path, DismissalReasons)
    check_once(path, "reason", tuple(code for code, _ in found.reasons))
    check_once(path, "text", tuple(words for _, words in found.reasons))
    return found


@cache
def shipped_dismissals() -> DismissalReasons:
    """Return the reasons that ship with the program.

    Raises
    ------
    SettingsError
        If their file is damaged.
    """
    return load_dismissals(resources.assessment("dismissals"))
