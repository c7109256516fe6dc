"""Pixels of one mammogram as stored values, whatever their encoding.

Rescale, VOI and polarity are not applied here; see ``imaging.grayscale``.
None of the compressed formats has a checksum.  A stream that was cut is refused in all of them; of
200 streams with one flipped bit JPEG-LS notices 191, RLE 23, HTJ2K 20, JPEG 2 and JPEG 2000 none,
and the others give a picture that is wrong there or from there on.

Source: PS3.5 8 (native), A.4 and G (encapsulated, RLE), PS3.3 C.7.6.3.1 (bits).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.layout import PixelLayout, check_pixels, read_layout
from mammoview.dicom.source import DicomFile, open_again, read_spans
from mammoview.dicom.syntaxes import Codec
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError
from mammoview.words import translate

# One image alone uses both cores; of several at once each has its share of them.
_THREADS = min(4, os.cpu_count() or 1)
_FEW = 64  # pixels from one that is looked at first to the next
_MAY_OVERSHOOT = (Codec.JPEG, Codec.JPEG_LS, Codec.JPEG_2000, Codec.HTJ2K)
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"  # SOS and EOI


def decode_pixels(mammogram: Mammogram) -> NDArray[np.generic]:
    """Read the stored values of an image of one frame; see ``dicom.frames`` for more.

    Parameters
    ----------
    mammogram : Mammogram
        An image of the index; its file is read again.

    Returns
    -------
    ndarray of uint8, uint16, int8 or int16, (rows, cols), read-only
        Stored values; bits above and below the stored ones (overlays) are taken off.

    Raises
    ------
    DicomError
        If the file has gone or changed, or its pixels cannot be decoded or are empty.
    """
    with open_again(mammogram) as file:
        stored = decode_open(file)
    if _is_empty(stored):  # some archives write zeros where they cannot decode
        raise DicomError(
            translate("Files", "an empty image: all its pixels have one value"),
            expected=translate("Files", "a picture"),
            todo=translate("Files", "export the image again from its source"),
        )
    return stored


def _is_empty(stored: NDArray[np.generic]) -> bool:
    """Tell whether all pixels have one value; a few of them tell of nearly every image."""
    few = stored[..., ::_FEW, ::_FEW]
    return bool(few.min() == few.max() and stored.min() == stored.max())


def decode_open(file: DicomFile) -> NDArray[np.generic]:
    """Read the stored values of any grey single-frame image; as `decode_pixels`.

    Parameters
    ----------
    file : DicomFile
        An open file; it need not be a mammogram.

    Raises
    ------
    DicomError
        If it has several frames, or its pixels cannot be decoded.
    """
    layout = read_layout(file.header, file.transfer_syntax)
    if layout.frames > 1:
        raise DicomError(
            translate("Files", "an image of {frames} frames").format(frames=layout.frames),
            expected=translate("Files", "an image of one frame"),
            todo=translate("Files", "open it in the window, which shows one frame after the other"),
        )
    pixels = file.find_pixels()
    check_pixels(layout, pixels)
    return decode_bytes(read_spans(file.stream, pixels.spans), layout, is_words=pixels.is_words)


def decode_bytes(data: bytes, layout: PixelLayout, *, is_words: bool) -> NDArray[np.generic]:
    """Decode the bytes of one frame to read-only stored values ``(rows, cols)``.

    Raises
    ------
    DicomError
        If they cannot be decoded.
    """
    if layout.codec is Codec.NATIVE:
        raw = _native(data, layout, is_words=is_words)
    else:
        raw = _decompressed(data, layout)
    stored = stored_bits(raw, layout)
    stored.setflags(write=False)
    return stored


def _native(data: bytes, layout: PixelLayout, *, is_words: bool) -> NDArray[np.generic]:
    """Return the raw words of uncompressed pixels, in the machine's byte order."""
    kind = np.dtype(f"{'<' if layout.little_endian else '>'}u{layout.bits_allocated // 8}")
    if layout.bits_allocated == 8 and is_words and not layout.little_endian:
        # Two pixels in each big-endian word.
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    count = layout.rows * layout.cols
    raw = np.frombuffer(data, kind, count=count).reshape(layout.rows, layout.cols)
    return raw.astype(kind.newbyteorder("="), copy=False)


def _decompressed(data: bytes, layout: PixelLayout) -> NDArray[np.generic]:
    """Decode one encapsulated frame to raw words."""
    try:
        raw = _DECODERS[layout.codec](data, layout)
    except Exception as error:  # each decoder has its own error classes
        raise _undecodable(layout, type(error).__name__) from None
    if raw.shape != (layout.rows, layout.cols):
        raise _undecodable(layout, f"frame of shape {raw.shape}")
    if raw.dtype.itemsize * 8 > layout.bits_allocated:
        raise _undecodable(layout, f"{raw.dtype} in {layout.bits_allocated} bits allocated")
    return raw


def stored_bits(raw: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.generic]:
    """Take the stored bits out of the allocated ones and give them their sign.

    Parameters
    ----------
    raw : ndarray of integer
        Decoded words, at any size.
    layout : PixelLayout
        Of the image that they are from.

    Raises
    ------
    DicomError
        If values need more bits than are stored.
    """
    bits = np.dtype(f"u{layout.bits_allocated // 8}")
    words = raw.view(bits) if raw.dtype.itemsize == bits.itemsize else raw.astype(bits)
    # Compressed samples are right-aligned by their codec; RLE packs the allocated words.
    shift = layout.shift if layout.codec in (Codec.NATIVE, Codec.RLE) else 0
    if shift:
        words = words >> bits.type(shift)
    mask = (1 << layout.bits_stored) - 1
    if layout.bits_stored < layout.bits_allocated:
        words = _fitting(words, layout) & bits.type(mask)
    if not layout.is_signed:
        return words
    spare = layout.bits_allocated - layout.bits_stored
    signed = (words << bits.type(spare)).view(np.dtype(f"i{bits.itemsize}"))
    extended: NDArray[np.generic] = signed >> signed.dtype.type(spare)
    return extended


def _fitting(words: NDArray[np.generic], layout: PixelLayout) -> NDArray[np.generic]:
    """Return words of which no value needs more bits than are stored.

    Without its highest bits a value would turn black where it is brightest.  Left alone are
    overlays, and signs that were drawn out over all bits; what a lossy encoding overshoots is cut.

    Raises
    ------
    DicomError
        If BitsStored is wrong.
    """
    most, largest = int(words.max()), (1 << layout.bits_stored) - 1
    if most <= largest or layout.has_overlay_bits or (layout.is_signed and layout.shift):
        return words
    if layout.is_signed:
        lowest = (1 << layout.bits_allocated) - (1 << (layout.bits_stored - 1))
        wide = words.astype(np.int64)
        if bool(((wide <= largest) | (wide >= lowest)).all()):
            return words
    elif layout.codec in _MAY_OVERSHOOT and most <= largest + largest // 16:
        cut: NDArray[np.generic] = np.minimum(words, words.dtype.type(largest))
        return cut
    raise DicomError(
        translate("Files", "pixel values that need more than the {bits} bits stored").format(
            bits=layout.bits_stored
        ),
        expected=translate("Files", "BitsStored that holds every value"),
        todo=translate("Files", "export the image again from its source"),
    )


def _rle(data: bytes, layout: PixelLayout) -> NDArray[np.generic]:
    kind = np.dtype(f"<u{layout.bits_allocated // 8}")
    # NumPy asks the system for large pages, a bytes object of 25 MB comes in 6,000 small ones.
    room = np.empty(layout.rows * layout.cols * kind.itemsize, np.uint8)
    flat = np.frombuffer(imagecodecs.dicomrle_decode(data, kind, out=room.data), kind)
    return flat.reshape(layout.rows, layout.cols)


def _jpeg(data: bytes, layout: PixelLayout) -> NDArray[np.generic]:
    """Decode with libjpeg-turbo, which fills up a stream that ends early without a word.

    Source: ITU-T T.81 B.1.1.
    """
    _check_end(data)
    return imagecodecs.jpeg8_decode(data)


def _jpeg_ls(data: bytes, layout: PixelLayout) -> NDArray[np.generic]:
    """Decode with CharLS, which may take minutes over a tiny stream that ends early (2.4.3).

    Source: ITU-T T.87 C.1 and A.1.
    """
    _check_end(data)
    return imagecodecs.jpegls_decode(data)


def _check_end(data: bytes) -> None:
    """Refuse a stream that ends early: FF is stuffed inside coded pixels, so FFD9 is the end."""
    if data.rfind(_JPEG_END) < data.find(_JPEG_SCAN):
        raise ValueError("the stream has no end")


def _jpeg_2000(data: bytes, layout: PixelLayout) -> NDArray[np.generic]:
    """Decode with OpenJPEG, whose threads share the blocks of one image.

    OpenJPH decodes HTJ2K three times as fast, but imagecodecs drops its errors: it gave a picture
    for a stream that lacks its half, and for 19 of 200 streams with a flipped bit of which OpenJPEG
    refused 20.
    """
    return imagecodecs.jpeg2k_decode(data, numthreads=_THREADS)


# The fastest of those that imagecodecs has, but never one that gives a picture for a stream that
# was cut.  Figures are CPU ms for 3000x4600 pixels of 12 bits.
_DECODERS: dict[Codec, Callable[[bytes, PixelLayout], NDArray[np.generic]]] = {
    Codec.RLE: _rle,  # 20 (pydicom: 210), on 4432x2864 pixels of 16 bits
    Codec.JPEG: _jpeg,  # 75
    Codec.JPEG_LOSSLESS: _jpeg,  # libjpeg-turbo 82..102, liblj92 115..127, jpg_0XC3 174..195
    Codec.JPEG_LS: _jpeg_ls,  # CharLS 150
    Codec.JPEG_2000: _jpeg_2000,  # OpenJPEG 700..1100
    Codec.HTJ2K: _jpeg_2000,  # OpenJPEG 157, OpenJPH 80
}


def _undecodable(layout: PixelLayout, what: str) -> DicomError:
    return DicomError(
        translate("Files", "{codec} pixel data that cannot be decoded ({what})").format(
            codec=layout.codec, what=what
        ),
        expected=translate("Files", "{rows} x {cols} grey pixels").format(
            rows=layout.rows, cols=layout.cols
        ),
        todo=translate("Files", "copy or export the file again from its source"),
    )
