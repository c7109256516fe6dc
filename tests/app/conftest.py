"""A desk without an analyst, whose answers wait in a mailbox for the test's own thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mammoview.app.reading import ReadingDesk
from tests.builders.desk import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def desk(mailbox: Mailbox) -> Iterator[ReadingDesk]:
    desk = ReadingDesk(deliver=mailbox.post, analyst=None)
    yield desk
    desk.shutdown()
