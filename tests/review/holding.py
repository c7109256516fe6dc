"""Holds an examination as a program of its own: ``python holding.py FILE EXAM READER``.

Takes it, says so, and renews it at each line of input, saying whether it still has it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mammoview.review.leases import BeingReadError, LeaseBook


def main(path: Path, exam_key: str, reader: str) -> None:
    """Hold until the input ends."""
    book = LeaseBook(path)
    try:
        book.take(exam_key, reader)
    except BeingReadError as error:
        print("by", error.by, flush=True)
        return
    print("taken", flush=True)
    for _ in sys.stdin:
        print("kept" if book.renew(exam_key) else "lost", flush=True)
    book.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
