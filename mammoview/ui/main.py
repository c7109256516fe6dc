"""The door to the window: checks the platform first, because Qt could only abort the process."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

from mammoview.errors import MissingPartError
from mammoview.ui.platform_check import require_window


def run(
    paths: Sequence[Path],
    *,
    badge: str | None = None,
    bundle: Path | None = None,
    device: str | None = None,
) -> int:
    """Open the window on some paths and return the exit code when it is closed.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders to open; none: an empty window.
    badge : str or None
        Lasting note in the status strip ("Demo: CBIS-DDSM P_00820").
    bundle : Path or None
        Model bundle; None: the one that is active on this machine.
    device : str or None
        ``auto``, ``cpu`` or ``cuda``; None: what the settings say.

    Raises
    ------
    MissingPartError
        If no window can open here; names what is missing.
    """
    require_window()
    gc.disable()  # what is imported stays: looking for garbage in it took a tenth of the start
    try:
        from mammoview.ui.boot import boot
    except ImportError as error:
        raise MissingPartError(
            f"Qt cannot be loaded: {error}",
            expected="PySide6-Essentials with its system libraries",
            todo="sudo apt install libegl1 libgl1 libxkbcommon0, or see mammoview doctor",
        ) from error
    finally:
        gc.freeze()
        gc.enable()
    return boot(tuple(paths), badge=badge, bundle=bundle, device=device)
