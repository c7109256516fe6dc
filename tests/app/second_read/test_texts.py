"""What the badge says of a read, in every state, mode and role."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.app import commands
from mammoview.app.second_read import texts
from mammoview.domain.reading import ReadingMode, Role
from mammoview.review.states import ReadState
from tests.builders.desk import exam, index
from tests.builders.reads import log_at, read_in

_BLIND, _SEEN, _ASKED = ReadingMode.SECOND_READ, ReadingMode.CONCURRENT, ReadingMode.ASK_SPOT


@pytest.mark.parametrize(
    ("state", "mode", "role", "said"),
    [
        (ReadState.OPENED, _BLIND, Role.FIRST, "Second read · views to be checked"),
        (ReadState.UNAIDED, _BLIND, Role.SECOND, "Second reader · Second read · unaided"),
        (ReadState.UNAIDED, _SEEN, Role.FIRST, "Concurrent read — not blinded · reading"),
        (ReadState.UNAIDED_LOCKED, _BLIND, Role.FIRST, "Second read · unaided, locked"),
        (ReadState.UNAIDED_LOCKED, _ASKED, Role.FIRST, "Ask about a spot · opinion locked"),
        (ReadState.AI_REVEALED, _BLIND, Role.FIRST, "Second read · computer revealed"),
        (ReadState.AI_REVEALED, _ASKED, Role.FIRST, "Ask about a spot · computer revealed"),
        (
            ReadState.AI_REVEALED,
            _SEEN,
            Role.FIRST,
            "Concurrent read — not blinded · computer recorded",
        ),
        (ReadState.SIGNED, _BLIND, Role.ARBITRATOR, "Arbitrator · signed"),
    ],
)
def test_the_badge_names_role_mode_and_state(
    state: ReadState, mode: ReadingMode, role: Role, said: str, tmp_path: Path
) -> None:
    with closing(log_at(tmp_path)) as log:
        read = read_in(log, state, mode)
    ws = commands.select_exam(commands.with_index(commands.empty(), index(exam())), "exam-1")
    part = replace(ws.read, role=role, read=read, kept=read)
    assert texts.badge_text(replace(ws, reading_mode=mode, read=part)) == said
