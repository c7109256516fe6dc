"""Made-up examinations of real size for a bench: four RLE views of 3000x4600 pixels each."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

from mammoview.dicom.index import index_paths
from mammoview.dicom.synthetic import write_synthetic_exam
from mammoview.domain.study import Examination, ExamIndex

ROWS, COLS = 4600, 3000
_SPACING_MM = 0.05
_GRAIN = 6.0
_RUN = 128  # most bytes of one run (PS3.5 G.3.1)
_SEGMENT_WORDS = 15  # offsets in the header of a frame (PS3.5 G.5)


def write_large_exam(folder: Path) -> list[Path]:
    """Write four RLE views of 3000x4600 pixels, 16 bits allocated, with grain as a detector's."""
    paths = write_synthetic_exam(folder)
    for seed, path in enumerate(paths):
        data = pydicom.dcmread(path)
        stored = _enlarged(data.pixel_array, seed)
        data.Rows, data.Columns = ROWS, COLS
        data.ImagerPixelSpacing = [_SPACING_MM, _SPACING_MM]
        data.file_meta.TransferSyntaxUID = RLELossless
        data.PixelData = encapsulate([rle_frame(stored)])
        data["PixelData"].VR = "OB"
        data.save_as(path, enforce_file_format=True)
    return paths


def read_plainly(path: Path) -> NDArray[np.uint16]:
    """Return the pixels as pydicom alone reads them: the way that ours is compared with."""
    return np.asarray(pydicom.dcmread(path).pixel_array, np.uint16)


def repeated(paths: Sequence[Path], *, exams: int) -> ExamIndex:
    """Return an index of as many examinations, which share the pixels of the files of one.

    Every one has identifiers of its own, so that nothing takes them for the same.
    """
    (first,) = index_paths(paths).examinations
    return ExamIndex(
        examinations=tuple(_copy(first, number) for number in range(exams)), refused=()
    )


def rle_frame(stored: NDArray[np.uint16]) -> bytes:
    """Return a frame as RLE Lossless: the high bytes, then the low ones (PS3.5 G.2)."""
    planes = stored.astype(">u2").view(np.uint8).reshape(*stored.shape, 2)
    segments = [_packed(np.ascontiguousarray(planes[..., byte])) for byte in range(2)]
    start = 4 * (1 + _SEGMENT_WORDS)
    offsets = [start, start + len(segments[0])] + [0] * (_SEGMENT_WORDS - 2)
    return struct.pack(f"<{1 + _SEGMENT_WORDS}L", 2, *offsets) + b"".join(segments)


def _packed(plane: NDArray[np.uint8]) -> bytes:
    """Pack each row in blocks: one value repeated, or the bytes as they are (PS3.5 G.3.1)."""
    out = bytearray()
    for row in plane:
        even = row.tobytes()
        for at in range(0, len(even), _RUN):
            block = even[at : at + _RUN]
            if len(block) > 1 and block.count(block[:1]) == len(block):
                out += bytes((257 - len(block), block[0]))
            else:
                out.append(len(block) - 1)
                out += block
    return bytes(out) + b"\0" * (len(out) % 2)


def _enlarged(small: NDArray[np.uint16], seed: int) -> NDArray[np.uint16]:
    rows = np.arange(ROWS) * small.shape[0] // ROWS
    cols = np.arange(COLS) * small.shape[1] // COLS
    large = small[rows][:, cols]
    grain = np.random.default_rng(seed).normal(0.0, _GRAIN, large.shape)
    noisy = np.clip(np.rint(large + grain), 1, None)
    return np.asarray(np.where(large > 0, noisy, 0), np.uint16)


def _copy(exam: Examination, number: int) -> Examination:
    key = f"{exam.key}.{number}"
    views = tuple(
        replace(
            view,
            study_key=key,
            sop_instance_uid=f"{view.sop_instance_uid}.{number}",
            uid_in_file=view.sop_instance_uid,
        )
        for view in exam.mammograms
    )
    return replace(exam, key=key, mammograms=views)
