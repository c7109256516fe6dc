"""Can Qt show a window here, and if not, what is missing?  Importing this module loads no Qt.

Qt aborts the whole process where its platform plugin cannot be loaded, so the trial runs in a
process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mammoview.ui.platform_check import PACKAGE_OF_LIBRARY, SYSTEM_PACKAGES

_LINKED = ("QtGui.abi3.so", "QtWidgets.abi3.so")
_XCB_PLUGIN = "Qt/plugins/platforms/libqxcb.so"
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


def linked_but_missing(platform: str) -> tuple[str, ...]:
    """Return the shared libraries that Qt needs for a platform and this machine lacks.

    The dynamic linker is asked, so the list is complete.  Empty where nothing is missing, and
    where that cannot be told (no ``ldd``, no Linux).
    """
    spec = find_spec("PySide6")
    ldd = shutil.which("ldd")
    if spec is None or not spec.submodule_search_locations or ldd is None:
        return ()
    folder = Path(spec.submodule_search_locations[0])
    missing: set[str] = set()
    for name in (*_LINKED, _XCB_PLUGIN) if platform == "xcb" else _LINKED:
        done = subprocess.run(
            [ldd, str(folder / name)], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        missing |= {
            line.split()[0] for line in done.stdout.splitlines() if line.endswith("=> not found")
        }
    return tuple(sorted(missing))


def install_line(libraries: tuple[str, ...]) -> str:
    """Return the command that installs what a Debian or Ubuntu machine lacks; for none, all."""
    packages = [PACKAGE_OF_LIBRARY[name] for name in libraries if name in PACKAGE_OF_LIBRARY]
    unknown = [name for name in libraries if name not in PACKAGE_OF_LIBRARY]
    line = f"sudo apt-get install {' '.join(packages or SYSTEM_PACKAGES)}"
    return f"{line}, and what holds {', '.join(unknown)}" if unknown else line
