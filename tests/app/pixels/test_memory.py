"""Freed memory goes back to the system, and workers do it."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mammoview.app.pixels import memory, resolve
from mammoview.app.reading import ReadingDesk
from mammoview.dicom import decode
from tests.builders.desk import Mailbox, QuickAnalyst, exam, image, index

_BLOCKS, _BLOCK_BYTES = 1500, 64 << 10


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_freed_between_blocks_in_use_goes_back() -> None:
    blocks = [np.ones(_BLOCK_BYTES, np.uint8) for _ in range(_BLOCKS)]
    in_use = blocks[::50]
    del blocks
    is_glibc = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")
    before = _resident_bytes() if is_glibc else 0
    memory.give_back()
    if is_glibc:
        assert before - _resident_bytes() > _BLOCKS * _BLOCK_BYTES // 2
    assert all(block.all() for block in in_use)


def test_an_analysis_and_decoding_ahead_give_back_in_their_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(
        memory, "give_back", lambda: threads.append(threading.current_thread().name)
    )
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    monkeypatch.setattr(decode, "decode_pixels", lambda view: image().stored)
    mailbox = Mailbox()
    desk = ReadingDesk(deliver=mailbox.post, analyst=QuickAnalyst())
    desk.open_index(index(exam("a"), exam("b")))
    mailbox.run_until(lambda: desk.at_rest and desk.workspace.prediction is not None)
    assert [name.rpartition("_")[0] for name in threads] == [
        "mammoview-analysis",
        "mammoview-ahead",
        "mammoview-analysis",  # of the next examination
    ]
    desk.shutdown()
