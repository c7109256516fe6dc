"""The four views of an examination in several encodings, and how others read them: for a bench."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.exams_bench import rle_frame
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram
from mammoview.errors import UsageError

_VIEWS = 4
Encode = Callable[[NDArray[np.generic], int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedViews:
    """Four files of one encoding, and who reads them where this program does not."""

    name: str
    paths: tuple[Path, ...]
    reader: str
    read: Callable[[Path], NDArray[np.generic]]


def write_encoded(paths: Sequence[Path], folder: Path) -> tuple[EncodedViews, ...]:
    """Write the views of an examination as RLE, JPEG lossless and JPEG 2000 lossless.

    Parameters
    ----------
    paths : sequence of Path
        An examination of four standard views of 16 bits allocated.
    folder : Path
        Empty folder for the files.

    Raises
    ------
    UsageError
        If it is none.
    """
    views = [view for exam in index_paths(paths).examinations for view in exam.mammograms]
    if len(views) != _VIEWS or {view.slot for view in views} & {None} or _is_packed(views):
        raise UsageError(
            f"{len(views)} images", expected="the four views of one examination", todo="name one"
        )
    return tuple(
        _written(name, uid, encode, views, folder)
        for name, uid, encode in (
            ("RLE", RLELossless, lambda stored, _: rle_frame(stored.astype(np.uint16))),
            ("JPEG lossless", JPEGLosslessSV1, _jpeg),
            ("JPEG 2000", JPEG2000Lossless, _jpeg_2000),
        )
    )


def _is_packed(views: Sequence[Mammogram]) -> bool:
    return any(view.archive for view in views)


def _written(
    name: str, uid: UID, encode: Encode, views: Sequence[Mammogram], folder: Path
) -> EncodedViews:
    paths = []
    for number, view in enumerate(views):
        data = pydicom.dcmread(view.file)
        data.file_meta.TransferSyntaxUID = uid
        data.PixelData = encapsulate([encode(decode_pixels(view), int(data.BitsStored))])
        data["PixelData"].VR = "OB"
        path = folder / f"{uid}-{number}.dcm"
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    reader, read = _other_reader(paths[0])
    return EncodedViews(name=name, paths=tuple(paths), reader=reader, read=read)


def _jpeg(stored: NDArray[np.generic], bits: int) -> bytes:
    words = stored.astype(np.uint16)
    return bytes(imagecodecs.jpeg8_encode(words, lossless=True, predictor=1, bitspersample=bits))


def _jpeg_2000(stored: NDArray[np.generic], bits: int) -> bytes:
    words = stored.astype(np.uint16)
    return bytes(
        imagecodecs.jpeg2k_encode(words, codecformat="J2K", reversible=True, bitspersample=bits)
    )


def _other_reader(path: Path) -> tuple[str, Callable[[Path], NDArray[np.generic]]]:
    """Return pydicom where it can read a file here, else SimpleITK, with its name."""
    try:
        _with_pydicom(path)
    except RuntimeError:  # it has no decoder of that syntax here
        return "SimpleITK, for pydicom has no decoder of it here", _with_simpleitk
    return "pydicom", _with_pydicom


def _with_pydicom(path: Path) -> NDArray[np.generic]:
    return np.asarray(pydicom.dcmread(path).pixel_array)


def _with_simpleitk(path: Path) -> NDArray[np.generic]:
    volume: NDArray[np.generic] = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    return volume.reshape(volume.shape[-2:])
