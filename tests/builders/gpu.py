"""A stand-in where a GPU would be, on a machine that has none."""

from __future__ import annotations

from typing import Any

import pytest

from mammoview.inference import session
from mammoview.inference.engines import CPU, Engine
from mammoview.modelkit.bundle import Bundle


def pretend_gpu(monkeypatch: pytest.MonkeyPatch, engine: Engine | None = None) -> None:
    """Let ``NVIDIA Test`` run an engine; None: the CPU under that name."""
    load = session._load

    def instead(bundle: Bundle, providers: list[Any], threads: int) -> Engine:
        if engine is None or providers == [CPU]:
            return load(bundle, [CPU], threads)
        return engine

    monkeypatch.setattr(session, "_cuda_device", lambda: "NVIDIA Test")
    monkeypatch.setattr(session, "_load", instead)
