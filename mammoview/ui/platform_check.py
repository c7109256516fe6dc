"""Can a window open here?  Asked before Qt is, because Qt ends the process where it cannot.

``ui.probe`` tries Qt in a process of its own, for ``doctor``; this is the quick look at each start.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping

from mammoview.errors import MissingPartError
from mammoview.ui.probe import install_line

# What Qt links to on every Linux platform, and what its xcb platform plugin loads besides.
_COMMON = ("libEGL.so.1", "libGL.so.1")
_XCB = (
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxkbcommon-x11.so.0",
)


def platform_name(environment: Mapping[str, str]) -> str:
    """Return the Qt platform that will be used (``xcb``, ``wayland``, ``offscreen``).

    Empty on Linux without a display.
    """
    chosen = environment.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if chosen or not sys.platform.startswith("linux"):
        return chosen or sys.platform
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else ""


def missing_libraries(
    platform: str, *, loads: Callable[[str], object] = ctypes.CDLL
) -> tuple[str, ...]:
    """Return the system libraries that Qt needs for a platform and cannot load here."""
    if not sys.platform.startswith("linux"):
        return ()
    missing = []
    for file in (*_COMMON, *_XCB) if platform == "xcb" else _COMMON:
        try:
            loads(file)
        except OSError:
            missing.append(file)
    return tuple(missing)


def require_window(environment: Mapping[str, str] | None = None) -> None:
    """Make sure that a window can open.

    Raises
    ------
    MissingPartError
        If there is no display, or a library is missing; names the Debian packages.
    """
    platform = platform_name(os.environ if environment is None else environment)
    if not platform:
        raise MissingPartError(
            "no display",
            expected="an X or Wayland session (DISPLAY or WAYLAND_DISPLAY)",
            todo="start it on a desktop, or use mammoview snapshot, which needs no display",
        )
    require_libraries(platform)


def require_libraries(platform: str, *, loads: Callable[[str], object] = ctypes.CDLL) -> None:
    """Raise MissingPartError, naming Debian packages, where Qt could not load on a platform."""
    missing = missing_libraries(platform, loads=loads)
    if missing:
        raise MissingPartError(
            "missing system libraries: " + ", ".join(missing),
            expected=f"what Qt needs for the platform {platform}",
            todo=install_line(missing),
        )
