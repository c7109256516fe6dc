"""Does Qt really start here?  Importing this module loads no Qt.

Qt aborts the whole process where its platform plugin cannot be loaded, so the trial runs in a
process of its own; see ``platform_check`` for the libraries that it needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

_TRIAL = """
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
label = QLabel("trial")
label.grab()
print(application.platformName())
"""
_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a trial of Qt ended.

    ``platform`` is the name of Qt's platform where it started, else None; ``complaint`` what Qt
    said when it did not start.
    """

    platform: str | None
    complaint: str


def try_platform(name: str | None = None) -> Trial:
    """Start Qt in a process of its own and draw a widget there.

    Parameters
    ----------
    name : str or None
        Qt's platform, as in ``QT_QPA_PLATFORM``; None: what the window would take.
    """
    environment = dict(os.environ)
    if name is not None:
        environment["QT_QPA_PLATFORM"] = name
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Trial(platform=None, complaint=f"Qt did not start within {_SECONDS} s")
    if done.returncode == 0:
        return Trial(platform=done.stdout.strip(), complaint="")
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return Trial(platform=None, complaint=lines[0] if lines else "Qt did not start")
