"""Files under some paths, in a fixed order; whatever cannot be listed is refused, not fatal."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mammoview.domain.study import Refusal
from mammoview.errors import DicomError
from mammoview.words import translate


def list_files(
    paths: Sequence[Path], cancelled: Callable[[], bool]
) -> tuple[list[Path], list[Refusal]]:
    """Return every file once, sorted by name within its folder.

    Symbolic links are followed; a folder is entered once, so loops end.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    cancelled : callable
        Asked at each folder; True ends the walk.
    """
    files: dict[str, Path] = {}
    refused: list[Refusal] = []
    entered: set[str] = set()
    waiting = list(reversed(paths))
    while waiting and not cancelled():
        path = waiting.pop()
        real = os.path.realpath(path)
        # `Path.is_dir` raises where a name is too long or its folder may not be entered.
        if not os.path.isdir(path):  # noqa: PTH112
            files.setdefault(real, path)
        elif real not in entered:
            entered.add(real)
            try:
                waiting += sorted(path.iterdir(), reverse=True)
            except OSError as error:
                refused.append(Refusal(file=path, reason=str(_unlisted(error))))
    return list(files.values()), refused


def _unlisted(error: OSError) -> DicomError:
    # The error's own text holds the path, and the path may hold a name.
    return DicomError(
        translate("Files", "a folder that cannot be listed ({error})").format(
            error=error.strerror or type(error).__name__
        ),
        expected=translate("Files", "a readable folder"),
        todo=translate("Files", "check that you may read it"),
    )
