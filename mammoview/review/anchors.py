"""Hashes of a log that are kept outside it: who rewrites the whole log is found by them alone.

An anchor is a number and a hash on a line, in a text that can be printed and typed in again.  It is
signed by nobody: what it is worth is where it was kept.  A second file beside the log, the witness,
takes an anchor after each event by itself.  It finds what happens by accident: a log that was
put back from an older copy, copied without its ``-wal`` file, or begun anew.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mammoview.errors import ReviewError
from mammoview.review.events import FIRST_HASH

_LINE = re.compile(r"(\d{1,18})((?:\s+[0-9a-fA-F]+)+)")
_TITLE = "# mammoview read log: anchors"
_DIGITS, _GROUP = 64, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The hash of one event, written down outside the log."""

    number: int
    sha256: str


NO_EVENT = Anchor(number=0, sha256=FIRST_HASH)


def anchors_text(anchor: Anchor, *, made: str, software: str) -> str:
    """Return the end of a log as a text to print and keep elsewhere; ``made`` is UTC."""
    groups = [anchor.sha256[at : at + _GROUP] for at in range(0, _DIGITS, _GROUP)]
    return (
        f"{_TITLE}\n"
        f"# made {made} by mammoview {software}; signed by nobody: keep it away from this machine\n"
        f"# the number of the last event, and its SHA-256, which stands for all before it\n"
        f"{anchor.number} {' '.join(groups)}\n"
    )


def parse_anchors(text: str) -> tuple[Anchor, ...]:
    """Return the anchors of one or more such texts, one after another.

    Raises
    ------
    ReviewError
        If a line is no anchor, or there is none.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    anchors = [_anchor(line) for line in lines]
    known = tuple(anchor for anchor in anchors if anchor is not None)
    if not lines or len(known) < len(lines):
        raise ReviewError(
            "a text without anchors" if not lines else "a line that is no anchor",
            expected=f"a number and a SHA-256 of {_DIGITS} digits in each line",
            todo="compare it with the printed one, or name the file that audit export wrote",
        )
    return known


def _anchor(line: str) -> Anchor | None:
    match = _LINE.fullmatch(line)
    sha256 = "".join(match[2].split()).lower() if match else ""
    return Anchor(number=int(line.split()[0]), sha256=sha256) if len(sha256) == _DIGITS else None


# -- the witness beside the log -----------------------------------------------------------------


def witness_path(log: Path) -> Path:
    """Return the file that takes an anchor after each event."""
    return log.with_name(f"{log.name}.anchors")


def bear_witness(log: Path, anchor: Anchor) -> None:
    """Add an anchor.

    Called after the event is on the disk, so that the witness may lag behind the log and never
    runs ahead of it.  One that cannot be written stops no read: the event itself is kept.
    """
    with contextlib.suppress(OSError):
        handle = os.open(witness_path(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{anchor.number} {anchor.sha256}\n".encode("ascii"))
        finally:
            os.close(handle)


def witnessed(log: Path) -> tuple[Anchor, ...]:
    """Return what the witness has seen; a line that a kill cut short is left out.

    Raises
    ------
    ReviewError
        If the file cannot be read.
    """
    try:
        text = witness_path(log).read_text("ascii", errors="replace")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ReviewError(
            "a file of anchors beside the read log that cannot be read",
            expected="read access",
            todo="give this user read access",
        ) from error
    anchors = (_anchor(line) for line in text.splitlines())
    return tuple(anchor for anchor in anchors if anchor is not None)


def lost(known: dict[int, str], anchors: Iterable[Anchor]) -> tuple[int, ...]:
    """Return the numbers whose event is not (or no longer) the anchored one, each once."""
    missing = {a.number for a in anchors if a.number and known.get(a.number) != a.sha256}
    return tuple(sorted(missing))
