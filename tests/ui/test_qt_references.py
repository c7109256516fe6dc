"""A guard against a Qt binding that loses references, which ends the process in the long run.

PySide6 6.12.0 returns True from ``Signal.emit`` without taking a reference; on Python 3.11 True is
a counted object, and the interpreter aborts when its last reference has gone.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

_TIMES = 1000


class _Emitter(QObject):
    fired = Signal(object)

    def seen(self, value: object) -> None:
        """Take the signal."""


def test_signals_lose_no_references() -> None:
    emitter = _Emitter()
    emitter.fired.connect(emitter.seen)
    before = [sys.getrefcount(value) for value in (True, False, None)]
    for _ in range(_TIMES):
        emitter.fired.emit(None)
    after = [sys.getrefcount(value) for value in (True, False, None)]
    lost = [first - second for first, second in zip(before, after, strict=True)]
    assert max(lost) < _TIMES // 10
