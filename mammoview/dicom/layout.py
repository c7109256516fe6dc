"""How the pixels of an image are laid out and packed, and what this program can unpack.

Source: PS3.3 C.7.6.3 (Image Pixel Module), PS3.5 8 and A.4 (encodings).
"""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.dicom.header import Header
from mammoview.dicom.source import PixelBytes
from mammoview.dicom.syntaxes import Codec, find_syntax
from mammoview.errors import DicomError
from mammoview.words import translate

_PHOTOMETRICS = frozenset(
    {
        "MONOCHROME1",
        "MONOCHROME2",
        "PALETTE COLOR",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_ICT",
        "YBR_PARTIAL_420",
        "YBR_RCT",
    }
)
# OverlayBitPosition of each of the sixteen groups (PS3.3 C.9.2, 2004): not 0 for bits among pixels.
_OVERLAY_BITS = tuple(f"60{group:02X}0102" for group in range(0, 0x20, 2))
# Ten times the thickest breast in slices of a millimetre.
_MOST_FRAMES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """Size, bits and encoding of a grey image of one frame or several.

    ``shift`` is the position of the lowest stored bit: HighBit + 1 - BitsStored.
    ``has_overlay_bits`` is True where bits beside the stored ones are said to be overlays.
    """

    codec: Codec
    rows: int
    cols: int
    bits_allocated: int
    bits_stored: int
    shift: int
    is_signed: bool
    little_endian: bool
    frames: int = 1
    has_overlay_bits: bool = False

    @property
    def native_length(self) -> int:
        """Bytes of one uncompressed frame."""
        return self.rows * self.cols * self.bits_allocated // 8


def read_layout(header: Header, transfer_syntax: str) -> PixelLayout:
    """Read the layout and refuse by name what cannot be shown.

    Raises
    ------
    DicomError
        If the transfer syntax is not read, or the image is in colour or has impossible sizes or
        bits.
    """
    _check_grey(header)
    rows, cols = header.integer("Rows") or 0, header.integer("Columns") or 0
    if rows <= 0 or cols <= 0:
        raise _refused(
            translate("Files", "an image without Rows and Columns"),
            translate("Files", "its size in pixels"),
        )
    allocated, stored, shift = _bits(header)
    return PixelLayout(
        codec=find_syntax(transfer_syntax).codec,
        rows=rows,
        cols=cols,
        bits_allocated=allocated,
        bits_stored=stored,
        shift=shift,
        is_signed=header.integer("PixelRepresentation") == 1,
        little_endian=header.little_endian,
        frames=_frames(header),
        has_overlay_bits=any(header.has(tag) and header.integer(tag) for tag in _OVERLAY_BITS),
    )


def _bits(header: Header) -> tuple[int, int, int]:
    """Return the bits of a value that are allocated and stored, and those below the lowest."""
    allocated = header.integer("BitsAllocated") or 0
    stored = header.integer("BitsStored") or allocated
    high = header.integer("HighBit")
    shift = 0 if high is None else high + 1 - stored
    if allocated not in (8, 16) or not 8 <= stored <= allocated:
        raise _refused(
            translate("Files", "{stored} bits stored in {allocated}").format(
                stored=stored, allocated=allocated
            ),
            translate("Files", "8 to 16 bits in 8 or 16"),
        )
    if shift < 0 or shift + stored > allocated:
        raise _refused(
            translate("Files", "HighBit {high} with {stored} of {allocated} bits").format(
                high=high, stored=stored, allocated=allocated
            ),
            translate("Files", "bits that fit"),
        )
    return allocated, stored, shift


def _frames(header: Header) -> int:
    frames = header.integer("NumberOfFrames")
    if frames is not None and not 1 <= frames <= _MOST_FRAMES:
        raise _refused(
            translate("Files", "NumberOfFrames {frames}").format(frames=frames),
            translate("Files", "1 to {most_frames} frames").format(most_frames=_MOST_FRAMES),
        )
    return frames or 1


def check_pixels(layout: PixelLayout, pixels: PixelBytes) -> None:
    """Refuse pixel bytes that cannot fill the image and all its frames.

    Raises
    ------
    DicomError
        If there are fewer bytes than the image needs, or the packing contradicts the
        transfer syntax.
    """
    if pixels.encapsulated == (layout.codec is Codec.NATIVE):
        met = "encapsulated" if pixels.encapsulated else "native"
        raise _refused(
            translate("Files", "{met} pixel data in transfer syntax {codec}").format(
                met=met, codec=layout.codec
            ),
            translate("Files", "them to agree"),
        )
    whole = layout.frames * layout.native_length
    if layout.codec is Codec.NATIVE and pixels.length < whole:
        raise _refused(
            translate("Files", "{length} bytes of pixel data, cut short").format(
                length=pixels.length
            ),
            translate("Files", "{whole} bytes").format(whole=whole),
        )
    if pixels.length == 0:
        raise _refused(translate("Files", "empty pixel data"), translate("Files", "an image"))


def _check_grey(header: Header) -> None:
    photometric = header.text("PhotometricInterpretation").upper()
    samples = header.integer("SamplesPerPixel") or 1
    if photometric not in _PHOTOMETRICS:  # not quoted: a broken header may hold a name there
        raise _refused(
            translate("Files", "an image whose PhotometricInterpretation is missing or unknown"),
            translate("Files", "MONOCHROME1 or MONOCHROME2"),
        )
    if samples != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise _refused(
            translate("Files", "a colour image ({known}, {samples} samples per pixel)").format(
                known=photometric, samples=samples
            ),
            translate("Files", "MONOCHROME1 or MONOCHROME2"),
        )


def _refused(met: str, expected: str) -> DicomError:
    return DicomError(
        met,
        expected=expected,
        todo=translate("Files", "export the image again from its source, or leave it out"),
    )
