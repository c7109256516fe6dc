"""Small pictures of the four views of a study, hung as they are read; made once and kept.

They lie in the user's cache folder under names that are made from image numbers alone, 0600; the
oldest go when there are too many.  They show what the file shows, windowed as its header says.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import imagecodecs
import numpy as np
import platformdirs
from numpy.typing import NDArray

from mammoview.app import hanging
from mammoview.app.pixels import resolve
from mammoview.app.worklist.importing import stamp_of
from mammoview.app.worklist.values import ImageFile
from mammoview.domain.geometry import ImageBox
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality, Place, Slot
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import default_voi, display_table, to_display
from mammoview.imaging.orientation import apply_pose
from mammoview.imaging.resample import resample
from mammoview.whole_file import write_whole

CELL_ROWS, CELL_COLS = 64, 42
"""Size of a view in the list, logical pixels of the screen."""
_FINE = 2  # so many pixels of the picture to one of these: sharp on dense screens too
_ORDER = (Slot.RCC, Slot.LCC, Slot.RMLO, Slot.LMLO)
_VERSION = "2"
_MOST_BYTES = 64 << 20
_EMPTY = 24  # a missing view is a little less black than black


def cache_folder() -> Path:
    """Return where the small pictures of this user are kept."""
    return platformdirs.user_cache_path("mammoview", appauthor=False) / "thumbnails"


def strip(
    images: Sequence[ImageFile], folder: Path, *, cancelled: Callable[[], bool]
) -> NDArray[np.uint8] | None:
    """Return R CC, L CC, R MLO and L MLO side by side; blocks, so call it in a worker.

    Parameters
    ----------
    images : sequence of ImageFile
        The images of one study.
    folder : Path
        The cache.

    Returns
    -------
    ndarray of uint8, (128, 336), or None
        Chest walls together in pairs, two pixels to a logical one of the screen; a missing view is
        dark grey.  None when it was cancelled.
    """
    kept = folder / f"{_name(images)}.png"
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        found = np.asarray(imagecodecs.png_decode(kept.read_bytes()), np.uint8)
        if found.shape == (_FINE * CELL_ROWS, _FINE * CELL_COLS * len(_ORDER)):
            os.utime(kept)
            return found
    made = _make(images, cancelled)
    if made is not None:
        _keep(made, kept)
    return made


def _make(images: Sequence[ImageFile], cancelled: Callable[[], bool]) -> NDArray[np.uint8] | None:
    from mammoview.dicom.index import index_images  # heavy: the window comes first

    index = index_images([(image.file, image.archive) for image in images], cancelled=cancelled)
    views = {
        slot: view
        for exam in index.examinations
        for slot in _ORDER
        if (view := hanging.best_in(Place(slot=slot), exam)) is not None
    }
    cells = []
    for slot in _ORDER:
        if cancelled():
            return None
        cells.append(_cell(views.get(slot), slot))
    return np.hstack(cells)


def _cell(view: Mammogram | None, slot: Slot) -> NDArray[np.uint8]:
    cell = np.full((_FINE * CELL_ROWS, _FINE * CELL_COLS), _EMPTY, np.uint8)
    if view is None:
        return cell
    try:
        view, image = resolve.load_image(view)
    except MammoviewError:
        return cell
    stored = image.smaller[-1] if image.smaller else image.stored
    table = display_table(view.pixel_format, default_voi(view.pixel_format), invert=False)
    grey, _ = apply_pose(to_display(stored, table, view.pixel_format), image.pose)
    small = _within(grey, cell.shape)
    cell[:] = 0
    top = (cell.shape[0] - small.shape[0]) // 2
    left = cell.shape[1] - small.shape[1] if slot.laterality is Laterality.RIGHT else 0
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell


def _within(grey: NDArray[np.uint8], room: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return an image that is no larger than the room, each pixel a mean of what it stands for."""
    rows, cols = grey.shape
    step = max(rows / room[0], cols / room[1], 1.0)
    whole = ImageBox(col0=0.0, row0=0.0, col1=float(cols), row1=float(rows))
    fits = (max(1, int(rows / step)), max(1, int(cols / step)))
    small, _ = resample(grey.astype(np.float32), box=whole, out_shape=fits)
    return small.round().astype(np.uint8)


def _name(images: Sequence[ImageFile]) -> str:
    """Return a name that changes when an image does, and tells nothing of the patient."""
    said = hashlib.sha256(_VERSION.encode())
    for image in sorted(images, key=lambda image: image.sop_instance_uid):
        stamp = stamp_of(image.archive or image.file)
        said.update(f"{image.sop_instance_uid} {stamp.size} {stamp.mtime_ns}\n".encode())
    return said.hexdigest()


def _keep(picture: NDArray[np.uint8], path: Path) -> None:
    """Write atomically; a full disk costs the next run time and nothing else."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(bytes(imagecodecs.png_encode(picture)), path)
        _shrink(path.parent)


def _shrink(folder: Path) -> None:
    """Delete the pictures that were not wanted for longest, once there are too many."""
    with os.scandir(folder) as entries:
        files = [(entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries]
    size = sum(part for _, part, _ in files)
    for _, part, path in sorted(files):
        if size <= _MOST_BYTES:
            return
        Path(path).unlink(missing_ok=True)
        size -= part
