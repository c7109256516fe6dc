"""A list of examinations that are opened one after another, each when its turn comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mammoview.app.workspace import QueuePlace
from mammoview.domain.study import ExamIndex


class Order(Protocol):
    """What the desk asks of a list."""

    def neighbour(self, key: str, step: int) -> str | None:
        """Return the examination ``step`` places on; None past the ends or for an unknown key."""
        ...

    def place(self, key: str) -> QueuePlace | None:
        """Return where an examination stands; None where it does not."""
        ...

    def load(self, key: str, cancelled: Callable[[], bool]) -> ExamIndex:
        """Read the headers of an examination and of its priors; blocks, so call it in a worker.

        Raises
        ------
        MammoviewError
            If the list cannot tell where the files are.
        """
        ...
