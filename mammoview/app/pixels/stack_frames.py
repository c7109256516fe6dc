"""Decoded frames of multi-frame images: a bounded store that workers fill.

A volume is never decoded as a whole: what was wanted longest ago goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mammoview.app.pixels.resolve import settle
from mammoview.app.state.hung_views import LoadedImage
from mammoview.domain.study import Mammogram

if TYPE_CHECKING:
    from mammoview.dicom.frames import FrameSource

# Some 40 slices of 5 megapixels: those round the current one of two volumes, or of four.
KEPT_BYTES = 400 << 20
# Volumes in an archive are held there whole, compressed as they are: those of one step's pair.
_HELD_SOURCES = 2
_TURNS = 16

Loaded = tuple[Mammogram, LoadedImage]
_Key = tuple[str, int]


class StackFrames:
    """Frames by image and number; safe to use from several threads.

    Parameters
    ----------
    kept_bytes : int
        Most bytes of pixels that are kept.
    """

    def __init__(self, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        # Whoever decodes a frame holds its turn, so that a second who wants it waits for the first.
        self._turns = tuple(threading.Lock() for _ in range(_TURNS))
        self._kept: OrderedDict[_Key, LoadedImage] = OrderedDict()
        self._sources: OrderedDict[str, FrameSource] = OrderedDict()
        self._settled: dict[str, Loaded] = {}

    @property
    def bytes_kept(self) -> int:
        """Bytes of the pixels that are kept."""
        with self._lock:
            return _size(self._kept)

    def find(self, uid: str, frame: int) -> Loaded | None:
        """Return a frame that is kept, or None."""
        with self._lock:
            image = self._kept.get((uid, frame))
            if image is None:
                return None
            self._kept.move_to_end((uid, frame))
            return self._settled[uid][0], image

    def load(self, mammogram: Mammogram, frame: int) -> Loaded:
        """Return a frame, decoded if it is not kept; blocks, so call it in a worker.

        How the image lies and where its breast is are settled by the first frame that is loaded,
        and are the same for all others.

        Raises
        ------
        DicomError
            If it cannot be decoded.
        """
        uid = mammogram.sop_instance_uid
        with self._turns[hash((uid, frame)) % _TURNS]:
            return self.find(uid, frame) or self._decoded(mammogram, frame)

    @property
    def uids(self) -> frozenset[str]:
        """The images that a frame was decoded of, by SOPInstanceUID."""
        with self._lock:
            return frozenset(self._settled)

    def clear(self) -> None:
        """Let everything go."""
        with self._lock:
            self._kept.clear()
            self._sources.clear()
            self._settled.clear()

    def _decoded(self, mammogram: Mammogram, frame: int) -> Loaded:
        from mammoview.dicom.frames import read_frame

        uid = mammogram.sop_instance_uid
        stored = read_frame(self._source(mammogram), frame)
        with self._lock:
            first = self._settled.get(uid)
        view, like = first or settle(mammogram, stored, frame=frame)
        # The smaller sizes are those of the first frame alone: drawn with another, they would show
        # the wrong slice.
        image = replace(like, stored=stored, frame=frame)
        with self._lock:
            # Without its pixels: what is kept for good must be small, and hold for every frame.
            small = replace(like, stored=np.empty((0, 0), stored.dtype), smaller=())
            self._settled.setdefault(uid, (view, small))
            self._kept[uid, frame] = image
            while _size(self._kept) > self._kept_bytes and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return view, image

    def _source(self, mammogram: Mammogram) -> FrameSource:
        uid = mammogram.sop_instance_uid
        with self._lock:
            source = self._sources.get(uid)
        if source is None:
            # Heavy: the window is there before the first slice is decoded.
            from mammoview.dicom.frames import open_frames

            source = open_frames(mammogram)
        with self._lock:
            self._sources[uid] = source
            self._sources.move_to_end(uid)
            held = [key for key, other in self._sources.items() if other.held is not None]
            for key in held[:-_HELD_SOURCES]:
                del self._sources[key]
        return source


def _size(kept: OrderedDict[_Key, LoadedImage]) -> int:
    return sum(image.stored.nbytes for image in kept.values())
