"""The examination that a bench measures on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mammoview.cli.demo import demo_exam
from mammoview.cli.output import note


@contextmanager
def exam_or_demo(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give the named paths, else the demo exam."""
    if paths:
        yield paths
        return
    with demo_exam(None) as exam:
        note(exam.said)
        yield exam.paths
