"""Headers of the named paths, with a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mammoview.cli.output import progress_bar
from mammoview.dicom.index import index_paths
from mammoview.domain.study import ExamIndex


def read_index(paths: Sequence[Path]) -> ExamIndex:
    """Read the headers under ``paths`` (see ``dicom.index.index_paths``)."""
    with progress_bar("headers", unit="file") as bar:

        def seen(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return index_paths(paths, on_progress=seen)
