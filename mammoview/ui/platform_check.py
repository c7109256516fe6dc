"""Can a window open here?  Asked before Qt is, because Qt ends the process where it cannot.

``ui.probe`` tries Qt in a process of its own, for ``doctor``; this is the quick look at each start.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mammoview.errors import MissingPartError

# What Qt's xcb platform plugin loads, and the Debian packages that hold it.
_COMMON = (
    ("libEGL.so.1", "libegl1"),
    ("libGL.so.1", "libgl1"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
)
_XCB = (
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
)
PACKAGE_OF_LIBRARY = dict((*_COMMON, *_XCB))
SYSTEM_PACKAGES = tuple(PACKAGE_OF_LIBRARY.values())
"""Debian's names of everything that a bare machine needs for a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLibrary:
    """A library that this machine lacks, and the Debian package that brings it."""

    file: str
    package: str


def platform_name(environment: Mapping[str, str] | None = None) -> str:
    """Return the Qt platform that will be used (``xcb``, ``wayland``, ``offscreen``).

    Empty on Linux without a display.
    """
    environment = os.environ if environment is None else environment
    chosen = environment.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if chosen or not sys.platform.startswith("linux"):
        return chosen or sys.platform
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else ""


def missing_libraries(
    platform: str, *, loads: Callable[[str], object] = ctypes.CDLL
) -> tuple[MissingLibrary, ...]:
    """Return the system libraries that Qt needs for a platform and cannot load here."""
    if not sys.platform.startswith("linux"):
        return ()
    wanted = (*_COMMON, *_XCB) if platform == "xcb" else _COMMON
    missing = []
    for file, package in wanted:
        try:
            loads(file)
        except OSError:
            missing.append(MissingLibrary(file=file, package=package))
    return tuple(missing)


def require_window(environment: Mapping[str, str] | None = None) -> None:
    """Make sure that a window can open.

    Raises
    ------
    MissingPartError
        If there is no display, or a library is missing; names the Debian packages.
    """
    platform = platform_name(environment)
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
            "missing system libraries: " + ", ".join(library.file for library in missing),
            expected=f"what Qt needs for the platform {platform}",
            todo="sudo apt-get install " + " ".join(library.package for library in missing),
        )
