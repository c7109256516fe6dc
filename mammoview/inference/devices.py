"""Which processors can run the network here."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
_MIB = 1 << 20


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
    driver = _cuda_driver()
    if driver is None:
        return None
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    if driver.cuDeviceGet(ctypes.byref(device), 0) != 0:
        return None
    if driver.cuDeviceGetName(name, len(name), device) != 0:
        return None
    return name.value.decode(errors="replace")


def cuda_memory_used_mib() -> float | None:
    """Return what all programs together use of the first CUDA device's memory; None: unknown.

    The question itself needs a context on the device, which is counted each time, so that the
    difference of two answers is what was taken in between (``cuMemGetInfo``).
    """
    driver = _cuda_driver()
    context, free, total = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t()
    if driver is None or driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) != 0:
        return None
    try:
        if driver.cuCtxPushCurrent_v2(context) != 0:
            return None
        told = driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total))
        driver.cuCtxPopCurrent_v2(ctypes.byref(context))
        return (total.value - free.value) / _MIB if told == 0 else None
    finally:
        driver.cuDevicePrimaryCtxRelease_v2(0)


def _cuda_driver() -> ctypes.CDLL | None:
    """Return the started CUDA driver; None where it is missing or sees no device."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count = ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return None
    return driver if count.value else None
