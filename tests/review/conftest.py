"""A log of reads of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mammoview.review.store import ReadLog
from tests.builders.reads import log_at


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ReadLog]:
    """Return an empty log, closed at the end."""
    log = log_at(tmp_path)
    yield log
    log.close()
