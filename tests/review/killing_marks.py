"""Adds marks until it is killed, and tells each one that is kept: run as a process of its own.

``python -m tests.review.killing_marks FILE NAME``: prints the id of a mark once it is on the disk.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from mammoview.review.marks import MarkAction, MarkEvent, MarkStore
from tests.builders.marks import length_mark


def main(path: Path, name: str) -> None:
    """Add marks for ever."""
    store = MarkStore(path, wait_s=30.0)
    for number in count():
        mark = length_mark(f"{name}-{number}", uid="1.2.3")
        store.append([MarkEvent(utc="2026-01-01T00:00:00", action=MarkAction.ADD, mark=mark)])
        print(mark.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
