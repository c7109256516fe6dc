"""A coarse picture of an image whose encoding holds one: there long before the whole is decoded.

JPEG 2000 stores an image as a small one and the details from size to size.  Without the last two
sizes 4688 x 2592 pixels of 16 bits take 80 ms on one core instead of 1080.

Source: ITU-T T.800 A.5.1 (SIZ), B.5 (resolution levels).
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.decode import stored_bits
from mammoview.dicom.layout import check_pixels, read_layout
from mammoview.dicom.source import open_again, read_spans
from mammoview.dicom.syntaxes import Codec
from mammoview.domain.study import Mammogram

# Sizes left out: a quarter of the rows and columns stays.
LEFT_OUT = 2
_MARKERS = b"\xff\x4f\xff\x51"  # SOC, SIZ
_SSIZ_AT = 42


def holds_coarse(codec: Codec) -> bool:
    """Tell whether an encoding is worth it; HTJ2K is decoded whole in the time of a glance."""
    return codec is Codec.JPEG_2000


def decode_coarse(mammogram: Mammogram) -> NDArray[np.generic] | None:
    """Read the stored values of an image of one frame at a quarter of its size.

    Parameters
    ----------
    mammogram : Mammogram
        An image of the index whose ``holds_coarse`` is set; its file is read again.

    Returns
    -------
    ndarray of uint8 or uint16, (ceil(rows / 4), ceil(cols / 4)), or None
        None where it cannot be had: whoever decodes the whole says what is the matter.

    Raises
    ------
    DicomError
        If the file has gone or changed.
    """
    with open_again(mammogram) as file:
        layout = read_layout(file.header, file.transfer_syntax)
        if not holds_coarse(layout.codec) or layout.is_signed or layout.frames > 1:
            return None
        pixels = file.find_pixels()
        check_pixels(layout, pixels)
        data = read_spans(file.stream, pixels.spans)
    small = _small(data)
    shape = tuple(-(-size // (1 << LEFT_OUT)) for size in (layout.rows, layout.cols))
    if small is None or small.shape != shape:
        return None
    stored = stored_bits(small, layout)
    stored.setflags(write=False)
    return stored


def _small(data: bytes) -> NDArray[np.generic] | None:
    """Decode a codestream of one unsigned component without its last sizes."""
    if not data.startswith(_MARKERS) or len(data) <= _SSIZ_AT or data[_SSIZ_AT] & 0x80:
        return None
    from PIL import Image, Jpeg2KImagePlugin

    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG2000",))
        assert isinstance(picture, Jpeg2KImagePlugin.Jpeg2KImageFile)
        picture.reduce = LEFT_OUT
        raw = np.asarray(picture)
    except Exception:  # each decoder has its own errors, and the whole is decoded after this
        return None
    if raw.ndim != 2 or raw.dtype not in (np.uint8, np.uint16):
        return None
    # Pillow shifts the values up until they fill their type.
    spare = raw.dtype.itemsize * 8 - ((data[_SSIZ_AT] & 0x7F) + 1)
    return np.asarray(raw >> raw.dtype.type(spare))
