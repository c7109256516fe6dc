"""Which processors can run the network here."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def physical_cores() -> int:
    """Return the number of physical cores this process may use; 0 where that is unknown.

    Two threads of one core share its arithmetic units, so more threads than cores only wait for
    each other.
    """
    if not sys.platform.startswith("linux"):
        return 0
    allowed = os.sched_getaffinity(0)
    try:
        return len({Path(_SIBLINGS.format(cpu)).read_text().strip() for cpu in allowed})
    except OSError:
        return len(allowed)


def cuda_device_name() -> str | None:
    """Return the name of the first CUDA device, asked of the driver; None where there is none.

    ONNX Runtime lists its CUDA provider wherever it was built in, GPU or not, so the driver is
    asked (CUDA Driver API: ``cuInit``, ``cuDeviceGetCount``, ``cuDeviceGetName``).
    """
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count, device, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(256)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return None
    if count.value == 0 or driver.cuDeviceGet(ctypes.byref(device), 0) != 0:
        return None
    if driver.cuDeviceGetName(name, len(name), device) != 0:
        return None
    return name.value.decode(errors="replace")
