"""The transfer syntaxes that are read: one row each.

Decoders are in ``dicom.decode``, one for each `Codec`.  Source: PS3.5 A, PS3.6 A.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import pydicom.uid

from mammoview.errors import DicomError
from mammoview.words import translate


class Codec(StrEnum):
    """The families of pixel encodings that are read."""

    NATIVE = "uncompressed"
    RLE = "RLE"
    JPEG = "JPEG baseline or extended"
    JPEG_LOSSLESS = "JPEG lossless"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    HTJ2K = "High-Throughput JPEG 2000"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSyntax:
    """One transfer syntax.

    Attributes
    ----------
    uid : str
        Its UID.
    codec : Codec
        What unpacks its pixels.
    may_lose : bool
        Whether it can hold pixels that differ from those of the detector.
    """

    uid: str
    codec: Codec
    may_lose: bool


_ROWS = (
    ("1.2.840.10008.1.2", Codec.NATIVE, False),  # implicit VR little endian
    ("1.2.840.10008.1.2.1", Codec.NATIVE, False),  # explicit VR little endian
    ("1.2.840.10008.1.2.1.99", Codec.NATIVE, False),  # deflated
    ("1.2.840.10008.1.2.2", Codec.NATIVE, False),  # explicit VR big endian
    ("1.2.840.10008.1.2.5", Codec.RLE, False),
    ("1.2.840.10008.1.2.4.50", Codec.JPEG, True),  # process 1: 8 bit
    ("1.2.840.10008.1.2.4.51", Codec.JPEG, True),  # processes 2 and 4: 8 and 12 bit
    ("1.2.840.10008.1.2.4.57", Codec.JPEG_LOSSLESS, False),  # process 14, any predictor
    ("1.2.840.10008.1.2.4.70", Codec.JPEG_LOSSLESS, False),  # process 14, predictor 1
    ("1.2.840.10008.1.2.4.80", Codec.JPEG_LS, False),
    ("1.2.840.10008.1.2.4.81", Codec.JPEG_LS, True),  # near-lossless
    ("1.2.840.10008.1.2.4.90", Codec.JPEG_2000, False),
    ("1.2.840.10008.1.2.4.91", Codec.JPEG_2000, True),
    ("1.2.840.10008.1.2.4.201", Codec.HTJ2K, False),
    ("1.2.840.10008.1.2.4.202", Codec.HTJ2K, False),  # with a progression for previews
    ("1.2.840.10008.1.2.4.203", Codec.HTJ2K, True),
)
TRANSFER_SYNTAXES = MappingProxyType(
    {uid: TransferSyntax(uid=uid, codec=codec, may_lose=may_lose) for uid, codec, may_lose in _ROWS}
)


def find_syntax(uid: str) -> TransferSyntax:
    """Return a transfer syntax that is read.

    Raises
    ------
    DicomError
        If it is not, with its name in the standard.
    """
    known = TRANSFER_SYNTAXES.get(uid)
    if known is not None:
        return known
    named = pydicom.uid.UID(uid)
    codecs = list(dict.fromkeys(syntax.codec.value for syntax in TRANSFER_SYNTAXES.values()))
    raise DicomError(
        translate("Files", "transfer syntax {name} ({named})").format(name=named.name, named=named)
        if named.is_valid
        else translate("Files", "no known transfer syntax"),
        expected=f"{', '.join(codecs[:-1])} or {codecs[-1]}",
        todo=translate("Files", "have the archive send the image uncompressed"),
    )
