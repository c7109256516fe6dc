"""What the header says of grey values: rescale, windows, LUTs, polarity, padding.

Source: PS3.3 C.11.1, C.11.2 (VOI), C.7.5.1.1.2 (padding), C.8.11.3 (PresentationLUTShape).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mammoview.dicom.header import Header
from mammoview.dicom.layout import PixelLayout
from mammoview.domain.study import PixelFormat, VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.grayscale import share_of_greys
from mammoview.words import translate

# A window that gives an image less of the greys than this was made for other values: of an image
# of 12 bits before another program made it one of 8.
_LEAST_GREYS = 0.1


def read_pixel_format(header: Header, layout: PixelLayout, warnings: list[str]) -> PixelFormat:
    """Return how stored values are to be shown.

    Parameters
    ----------
    header : Header
        The image's header.
    layout : PixelLayout
        Bits and sign of the pixels.
    warnings : list of str
        Grows by what is not understood.
    """
    slope, intercept = _rescale(header, warnings)
    photometric = header.text("PhotometricInterpretation").upper()
    lowest = -(1 << (layout.bits_stored - 1)) if layout.is_signed else 0
    ends = [slope * v + intercept for v in (lowest, lowest + (1 << layout.bits_stored) - 1)]
    holders = (*header.functional_groups("FrameVOILUTSequence"), header)
    return PixelFormat(
        bits_stored=layout.bits_stored,
        is_signed=layout.is_signed,
        photometric_interpretation=photometric,
        inverse=photometric == "MONOCHROME1"
        or header.text("PresentationLUTShape").upper() == "INVERSE",
        padding=_padding(header, layout, warnings),
        rescale_slope=slope,
        rescale_intercept=intercept,
        windows=tuple(w for h in holders for w in _windows(h, (min(ends), max(ends)), warnings)),
        luts=_luts(header, (min(ends), max(ends)), signed_input=ends[0] < 0, warnings=warnings),
    )


def _rescale(header: Header, warnings: list[str]) -> tuple[float, float]:
    if header.has("ModalityLUTSequence"):
        warnings.append(translate("Files", "ModalityLUTSequence is not applied"))
    for holder in (*header.functional_groups("PixelValueTransformationSequence"), header):
        slope = holder.number("RescaleSlope")
        intercept = holder.number("RescaleIntercept")
        if slope is not None or intercept is not None:
            slope = 1.0 if slope is None else slope
            intercept = intercept or 0.0
            if slope != 0 and math.isfinite(slope) and math.isfinite(intercept):
                return slope, intercept
            warnings.append(
                translate("Files", "RescaleSlope or RescaleIntercept is impossible and not used")
            )
    return 1.0, 0.0


def _windows(
    header: Header, values: tuple[float, float], warnings: list[str]
) -> tuple[VoiWindow, ...]:
    """Return the windows that can be used on an image of such lowest and highest values."""
    centres, widths = header.numbers("WindowCenter"), header.numbers("WindowWidth")
    names = header.texts("WindowCenterWidthExplanation")
    function = _function(header.text("VOILUTFunction").upper(), warnings)
    smallest = 1.0 if function is VoiFunction.LINEAR else 0.0
    if len(centres) != len(widths):
        warnings.append(translate("Files", "WindowCenter and WindowWidth differ in number"))
    found = []
    for i, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        wide = width >= smallest if smallest else width > 0
        if not (math.isfinite(centre) and math.isfinite(width) and wide):
            warnings.append(
                translate(
                    "Files", "window {i} has an impossible width or centre and is not used"
                ).format(i=i + 1)
            )
            continue
        name = names[i] if i < len(names) else ""
        window = VoiWindow(centre=centre, width=width, function=function, explanation=name)
        if share_of_greys(window, *values) < _LEAST_GREYS:
            warnings.append(
                translate(
                    "Files", "window {i} lies outside the values of the image and is not used"
                ).format(i=i + 1)
            )
            continue
        found.append(window)
    return tuple(found)


def _function(text: str, warnings: list[str]) -> VoiFunction:
    if text in VoiFunction.__members__:
        return VoiFunction(text)
    if text:
        warnings.append(translate("Files", "VOILUTFunction is not a known function: LINEAR used"))
    return VoiFunction.LINEAR


def _luts(
    header: Header, values: tuple[float, float], *, signed_input: bool, warnings: list[str]
) -> tuple[VoiLut, ...]:
    found = []
    for item in header.items("VOILUTSequence"):
        lut = _lut(item, signed_input=signed_input)
        if lut is None:
            warnings.append(translate("Files", "a VOI LUT is damaged and not used"))
        elif share_of_greys(lut, *values) < _LEAST_GREYS:
            warnings.append(
                translate("Files", "a VOI LUT lies outside the values of the image and is not used")
            )
        else:
            found.append(lut)
    return tuple(found)


def _lut(item: Header, *, signed_input: bool) -> VoiLut | None:
    """Return one VOI LUT, or None if descriptor and data do not fit (PS3.3 C.11.2.1.1)."""
    descriptor = [int(v) & 0xFFFF for v in item.numbers("LUTDescriptor")]
    if len(descriptor) != 3 or not 1 <= descriptor[2] <= 16:
        return None
    count = descriptor[0] or 65536
    # The VR (US or SS) is often written wrong; the sign follows the values that are mapped.
    first = descriptor[1]
    if signed_input and first >= 0x8000:
        first -= 0x10000
    entries = _lut_entries(item, count)
    if entries is None:
        return None
    # Some writers state fewer bits than their entries use; the entries are then right.
    bits = max(descriptor[2], int(entries.max()).bit_length())
    entries.setflags(write=False)
    return VoiLut(
        entries=entries, first_mapped=first, bits=bits, explanation=item.text("LUTExplanation")
    )


def _lut_entries(item: Header, count: int) -> NDArray[np.uint16] | None:
    """Return LUTData, written as US, as OW, or as bytes two to a word; None if too short."""
    data = item.binary("LUTData")
    if data is None:
        numbers = item.numbers("LUTData")
        entries = np.array([int(v) & 0xFFFF for v in numbers], np.uint16)
    elif len(data) < 2 * count:
        entries = np.frombuffer(data, np.uint8).astype(np.uint16)
    else:
        entries = np.frombuffer(data, "<u2" if item.little_endian else ">u2", count=count).astype(
            np.uint16
        )
    return entries[:count].copy() if len(entries) >= count else None


def _padding(header: Header, layout: PixelLayout, warnings: list[str]) -> tuple[int, int] | None:
    value = _as_stored(header.integer("PixelPaddingValue"), layout)
    if value is None:
        return None
    limit = _as_stored(header.integer("PixelPaddingRangeLimit"), layout)
    if limit is None:
        limit = value
    first, last = min(value, limit), max(value, limit)
    if last - first >= 1 << (layout.bits_stored - 1):  # the picture would be black
        warnings.append(
            translate("Files", "padding of more than half of the grey values is not used")
        )
        return None
    return first, last


def _as_stored(value: int | None, layout: PixelLayout) -> int | None:
    """Give a value written as US or SS the sign of the pixels."""
    if value is None:
        return None
    pattern = value & 0xFFFF
    return pattern - 0x10000 if layout.is_signed and pattern >= 0x8000 else pattern
