"""The heatmaps that were revealed, in a file beside the log that the log holds the digest of.

A model is replaced in time; what a reader was shown is not.  ``<read id>.npz`` holds the maps as
they came from the network, and the event of the reveal the SHA-256 of the file.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Affine2D
from mammoview.domain.prediction import Heatmap
from mammoview.errors import ReviewError
from mammoview.whole_file import write_whole

OfImages = tuple[tuple[str, tuple[Heatmap, ...]], ...]
"""For each SOPInstanceUID its heatmaps."""

_NAMES = "names"


def heatmaps_path(log: Path, read_id: str) -> Path:
    """Return the file of a read's heatmaps, beside the log."""
    return log.with_name(f"{read_id}.npz")


def write_heatmaps(path: Path, heatmaps: OfImages) -> str:
    """Write heatmaps whole or not at all, for this user alone, and return their SHA-256.

    Raises
    ------
    ReviewError
        If they cannot be written; what was there before stays.
    """
    content = _encoded(heatmaps)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(content, path)
    except OSError as error:
        raise ReviewError(
            f"heatmaps that cannot be written ({os.strerror(error.errno or 0)})",
            expected="room and write access beside the read log",
            todo="free some space or give this user write access; it is tried again",
        ) from error
    return hashlib.sha256(content).hexdigest()


def read_heatmaps(path: Path, sha256: str) -> OfImages:
    """Return the heatmaps of a read.

    Raises
    ------
    ReviewError
        If the file is gone, or is not the one that was written at the reveal.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unlike("no file of the heatmaps that were shown") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _unlike("heatmaps that are not those that were shown")
    try:
        return _decoded(content)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise _unlike("heatmaps that cannot be read") from error


def _encoded(heatmaps: OfImages) -> bytes:
    arrays: dict[str, NDArray[np.generic]] = {}
    names: list[tuple[str, str]] = []
    for uid, maps in heatmaps:
        for heatmap in maps:
            number = len(names)
            names.append((uid, heatmap.kind))
            arrays[f"values{number}"] = heatmap.values
            arrays[f"to_image{number}"] = heatmap.to_image.matrix()
    arrays[_NAMES] = np.array(names, np.str_).reshape(-1, 2)
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **arrays)
    return written.getvalue()


def _decoded(content: bytes) -> OfImages:
    found: dict[str, list[Heatmap]] = {}
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        for number, (uid, kind) in enumerate(stored[_NAMES]):
            values = np.asarray(stored[f"values{number}"], np.float32)
            values.setflags(write=False)
            to_image = Affine2D.from_matrix(stored[f"to_image{number}"])
            found.setdefault(str(uid), []).append(
                Heatmap(kind=str(kind), values=values, to_image=to_image)
            )
    return tuple((uid, tuple(maps)) for uid, maps in found.items())


def _unlike(met: str) -> ReviewError:
    return ReviewError(
        met,
        expected="the file whose digest the read log holds",
        todo="restore it from a copy of the folder of reads; the marks are shown all the same",
    )
