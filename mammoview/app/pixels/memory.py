"""Memory that nobody uses any more goes back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Hand freed memory back to the system; blocks for some 20 ms, so call it in a worker.

    glibc keeps what was freed between blocks still in use: after ten analysed examinations a
    quarter of the process (malloc_trim(3)).  Other systems' allocators map large blocks one by
    one and need no asking.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
