"""Ends a read as a program of its own: ``python -m tests.review.ending FILE READ READER``.

Waits for a line of input, so that two of them end at the same moment; then compares the read with
the other one, and says in which state it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mammoview.review.arbitration import settle
from mammoview.review.store import ReadLog
from tests.builders.pairs import POLICY, SCHEMES


def main(path: Path, read_id: str, reader: str) -> None:
    """Settle one read."""
    log = ReadLog(path)
    print("ready", flush=True)
    sys.stdin.readline()
    read = settle(log, read_id, reader, policy=POLICY, schemes=SCHEMES, double=True)
    print(read.state, flush=True)
    log.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
