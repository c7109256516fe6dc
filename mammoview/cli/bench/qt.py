"""Qt for the benches that need a window: on the display, or offscreen where there is none."""

from __future__ import annotations

import os


def prepare_qt() -> str:
    """Make sure that Qt can start, and return the name of the platform that it will start on.

    Raises
    ------
    MissingPartError
        If a system library is missing.
    """
    from mammoview.ui.platform_check import platform_name, require_libraries

    if not platform_name():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    require_libraries(platform_name())
    return platform_name()
