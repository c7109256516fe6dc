"""Reading a labelled picture as the viewer reads a mammogram: grey 0..1 and a spacing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mammoview.domain.geometry import PixelSpacing
from mammoview.errors import DataError, DicomError
from trainer.labelled import LabelledImage
from trainer.recipe import DataRecipe

_DICOM_SUFFIXES = (".dcm", ".dicom", "")
# So far (0..1) a lossy codec may part the channels of what was grey.
_GREY_WITHIN = 1 / 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """Grey ``values`` float32 (rows, cols) in 0..1, tissue bright, and their spacing if known."""

    values: NDArray[np.float32]
    spacing: PixelSpacing | None


def read_picture(file: Path, data: DataRecipe) -> Picture:
    """Read a picture (8 or 16 bit grey, spacing assumed as the recipe says) or a DICOM image.

    Raises
    ------
    DataError
        If the file cannot be decoded.
    """
    if file.suffix.lower() in _DICOM_SUFFIXES:
        return _read_dicom(file)
    values = _read_pixels(file)
    return Picture(values=values, spacing=assumed_spacing(values.shape, data))


def read_labelled_picture(image: LabelledImage, data: DataRecipe) -> Picture:
    """Read the picture of a labelled mammogram, with the spacing that its source knows, if any.

    Raises
    ------
    DataError
        If the file cannot be decoded.
    """
    picture = read_picture(image.file, data)
    return picture if image.spacing is None else replace(picture, spacing=image.spacing)


def each_picture(
    images: Sequence[LabelledImage], data: DataRecipe, *, said: str
) -> Iterator[tuple[LabelledImage, Picture]]:
    """Yield labelled mammograms with their pictures, with progress under a name.

    Once one could not be read the others are only tried, since nothing else is still of use.

    Raises
    ------
    DataError
        After the last, if pictures cannot be decoded; see :func:`require_all_read`.
    """
    refused: list[str] = []
    for image in tqdm(images, said, unit="picture"):
        try:
            picture = read_labelled_picture(image, data)
        except DataError as error:
            refused.append(error.met)
            continue
        if not refused:
            yield image, picture
    require_all_read(refused, len(images))


def require_all_read(refused: Sequence[str], pictures: int) -> None:
    """Refuse to go on where pictures could not be read: all of them are named.

    Figures over the others would not be those of the data.

    Parameters
    ----------
    refused : sequence of str
        What was met with each of them.
    pictures : int
        How many there are.

    Raises
    ------
    DataError
        If there is one.
    """
    if refused:
        raise DataError(
            f"{len(refused)} of {pictures} pictures: " + ", ".join(refused),
            expected="every annotated picture, since figures over a part of them mislead",
            todo="copy them again from their source, or take them out of the annotations",
        )


def assumed_spacing(shape: tuple[int, ...], data: DataRecipe) -> PixelSpacing:
    """Return the spacing of a picture that carries none, as the recipe assumes it."""
    return PixelSpacing(
        row_mm=data.assumed_height_mm / shape[0],
        col_mm=data.assumed_width_mm / shape[1],
        source="assumed by the recipe",
    )


def _read_dicom(file: Path) -> Picture:
    """Read a DICOM image through the viewer's own index and decoder."""
    from mammoview.dicom.decode import decode_pixels
    from mammoview.dicom.index import index_paths
    from mammoview.imaging.grayscale import unit_values

    found = index_paths([file])
    mammograms = [view for exam in found.examinations for view in exam.mammograms]
    if not mammograms:
        reason = found.refused[0].reason if found.refused else "not a mammogram"
        raise _undecodable(file, reason, "a DICOM mammogram")
    try:
        stored = decode_pixels(mammograms[0])
    except DicomError as error:
        raise _undecodable(file, error.met, "a DICOM mammogram") from error
    values = unit_values(stored, mammograms[0].pixel_format)
    return Picture(values=values, spacing=mammograms[0].spacing)


def decode_file(file: Path) -> NDArray[np.generic]:
    """Return the pixels of a picture file as they are stored: (rows, cols), or with channels.

    Raises
    ------
    ValueError
        In words, if it cannot be decoded or is a JPEG that was cut short.
    """
    import imagecodecs

    try:
        content = file.read_bytes()
        pixels = np.asarray(imagecodecs.imread(file)) if content else None
    except Exception as error:  # imagecodecs raises one class a codec
        raise ValueError(type(error).__name__) from error
    if pixels is None:
        raise ValueError("the file is empty")
    if _is_cut_short(content):
        raise ValueError("the file is cut short")
    return pixels


def _is_cut_short(content: bytes) -> bool:
    """Tell whether a JPEG lacks its end, which libjpeg makes up as grey without an error.

    The last scan of a whole JPEG (SOS, FFDA) is followed by the end of the image (EOI, FFD9); a
    thumbnail's own end stands before the scan, and neither marker can stand in coded data
    (ITU-T T.81, B.1.1.5).
    """
    is_jpeg = content.startswith(b"\xff\xd8")
    return is_jpeg and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda")


def _read_pixels(file: Path) -> NDArray[np.float32]:
    try:
        pixels = decode_file(file)
    except ValueError as error:
        raise _undecodable(file, str(error), "a JPEG or PNG picture") from error
    if pixels.dtype.kind != "u" or pixels.ndim not in (2, 3):
        met = f"{pixels.dtype} of shape {pixels.shape}"
        raise _undecodable(file, met, "8 or 16 bit grey")
    grey = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype.name).max)
    return grey if grey.ndim == 2 else _without_colour(grey, file)


def _without_colour(channels: NDArray[np.float32], file: Path) -> NDArray[np.float32]:
    """Return grey that is stored as colour, as grey and alpha, or as colour and alpha.

    Raises
    ------
    DataError
        If there is colour in it: something is drawn into it, or it is no mammogram.
    """
    colours = channels[..., : 3 if channels.shape[2] > 2 else 1]
    if float(np.ptp(colours, axis=2).max()) > _GREY_WITHIN:
        raise _undecodable(file, "there is colour in it", "grey")
    return np.ascontiguousarray(colours[..., 0])


def _undecodable(file: Path, reason: str, expected: str) -> DataError:
    return DataError(
        f"picture {file} cannot be decoded ({reason})",
        expected=expected,
        todo="copy it again from its source",
    )
