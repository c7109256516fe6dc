"""What the doctor says of the screens."""

from __future__ import annotations

from datetime import datetime

from mammoview.app.display.display_check import QUESTIONS, DisplayChecks, records_path
from mammoview.cli.doctor import Health, _display


def test_the_doctor_tells_when_each_screen_was_looked_at() -> None:
    """The folders of users are the test's own."""
    (unchecked,) = tuple(_display())
    assert (unchecked.health, unchecked.seen) == (Health.DEGRADED, "no screen was checked")
    assert "Ctrl+D" in unchecked.todo
    checks = DisplayChecks(records_path(), now=lambda: datetime(2026, 3, 1, 8, 30))
    good = {question.id: True for question in QUESTIONS}
    checks.save("left", good)
    checks.save("right", good | {"ramp": False})
    left, right = tuple(_display())
    assert (left.health, left.seen) == (Health.OK, "left: passed on 2026-03-01 08:30")
    assert (right.health, right.seen) == (
        Health.DEGRADED,
        "right: failed on 2026-03-01 08:30 (ramp)",
    )
