"""What the header says of grey values reaches the display table unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.study import Mammogram, PixelFormat, VoiFunction
from mammoview.imaging.grayscale import default_voi, display_table, to_display
from tests.builders.dicom import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, build_mg, lut


def only(path: Path) -> Mammogram:
    index = index_paths([path])
    assert index.refused == ()
    return index.examinations[0].mammograms[0]


def grey(
    tmp_path: Path, *, signed: bool = False, bits: int = 12, **elements: object
) -> PixelFormat:
    path = build_mg(tmp_path / "x", signed=signed, bits=bits, elements=elements)
    return only(path).pixel_format


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
def test_windows_keep_their_function_and_names(tmp_path: Path, function: str | None) -> None:
    elements: dict[str, Any] = {
        "WindowCenter": [2000.5, 2100, 2200],
        "WindowWidth": [900, 800, 700],
        "WindowCenterWidthExplanation": ["NORMAL", "HARDER", "SOFTER"],
    }
    if function:
        elements["VOILUTFunction"] = function
    fmt = grey(tmp_path, **elements)
    assert [w.function for w in fmt.windows] == [VoiFunction(function or "LINEAR")] * 3
    assert [(w.centre, w.width) for w in fmt.windows] == [(2000.5, 900), (2100, 800), (2200, 700)]
    assert [w.explanation for w in fmt.windows] == ["NORMAL", "HARDER", "SOFTER"]


def test_windows_without_names(tmp_path: Path) -> None:
    fmt = grey(tmp_path, WindowCenter=5, WindowWidth=6)
    (window,) = fmt.windows
    assert (window.centre, window.width, window.explanation) == (5, 6, "")


@pytest.mark.parametrize(
    ("width", "function", "kept"),
    [(0.5, "LINEAR", 0), (1, "LINEAR", 1), (0.5, "LINEAR_EXACT", 1), (0, "SIGMOID", 0)],
)
def test_an_impossible_width_is_not_used(
    tmp_path: Path, width: float, function: str, kept: int
) -> None:
    elements = {"WindowCenter": 9, "WindowWidth": width, "VOILUTFunction": function}
    mammogram = only(build_mg(tmp_path / "x", elements=elements))
    assert len(mammogram.pixel_format.windows) == kept
    assert len(mammogram.warnings) == 1 - kept


def test_unknown_function_is_said(tmp_path: Path) -> None:
    elements = {"WindowCenter": 9, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}
    mammogram = only(build_mg(tmp_path / "x", elements=elements))
    assert mammogram.pixel_format.windows[0].function is VoiFunction.LINEAR
    assert mammogram.warnings == ("VOILUTFunction is not a known function: LINEAR used",)


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
@pytest.mark.parametrize("as_words", [True, False])
@pytest.mark.parametrize(("signed", "first"), [(False, 0), (False, 300), (True, -2000)])
def test_voi_lut(tmp_path: Path, syntax: str, as_words: bool, signed: bool, first: int) -> None:
    entries = [i * 16 % 1024 for i in range(500)]
    item = lut(entries, first=first, bits=10, explanation="NORMAL", as_words=as_words)
    path = build_mg(
        tmp_path / "x", signed=signed, transfer_syntax=syntax, elements={"VOILUTSequence": [item]}
    )
    (found,) = only(path).pixel_format.luts
    assert found.entries.tolist() == entries
    assert (found.first_mapped, found.bits, found.explanation) == (first, 10, "NORMAL")
    assert not found.entries.flags.writeable


def test_voi_lut_of_65536_entries_is_coded_as_0(tmp_path: Path) -> None:
    entries = [i >> 4 for i in range(65536)]
    item = lut(entries, first=0, bits=12)
    assert list(item.LUTDescriptor) == [0, 0, 12]
    (found,) = grey(tmp_path, bits=16, VOILUTSequence=[item]).luts
    assert np.array_equal(found.entries, entries)


def test_voi_lut_in_big_endian_words(tmp_path: Path) -> None:
    item = lut([1, 2, 700], first=5, bits=10)
    item["LUTData"].value = np.array([1, 2, 700], ">u2").tobytes()
    path = build_mg(
        tmp_path / "x", transfer_syntax=EXPLICIT_BIG, elements={"VOILUTSequence": [item]}
    )
    (found,) = only(path).pixel_format.luts
    assert found.entries.tolist() == [1, 2, 700]


def test_first_mapped_value_follows_the_sign_of_what_is_mapped(tmp_path: Path) -> None:
    written_as_us = lut([0, 1], first=65436, bits=8)
    assert written_as_us["LUTDescriptor"].VR == "US"
    signed = grey(tmp_path, signed=True, VOILUTSequence=[written_as_us]).luts[0]
    rescaled = grey(tmp_path, RescaleIntercept=-1024, VOILUTSequence=[written_as_us]).luts[0]
    unsigned = grey(tmp_path, bits=16, VOILUTSequence=[written_as_us]).luts[0]
    assert (signed.first_mapped, rescaled.first_mapped, unsigned.first_mapped) == (
        -100,
        -100,
        65436,
    )


def test_lut_of_8_bits_packed_in_bytes(tmp_path: Path) -> None:
    item = lut([0] * 4, first=0, bits=8)
    item["LUTData"].value = bytes([1, 2, 3, 4])
    (found,) = grey(tmp_path, VOILUTSequence=[item]).luts
    assert found.entries.tolist() == [1, 2, 3, 4]


def test_lut_with_more_bits_than_it_says(tmp_path: Path) -> None:
    (found,) = grey(tmp_path, VOILUTSequence=[lut([0, 4095], first=0, bits=8)]).luts
    assert found.bits == 12


def test_damaged_lut_is_said(tmp_path: Path) -> None:
    item = lut([0, 1, 2, 3], first=0, bits=8)
    item.LUTDescriptor = [400, 0, 8]
    mammogram = only(build_mg(tmp_path / "x", elements={"VOILUTSequence": [item]}))
    assert mammogram.pixel_format.luts == ()
    assert mammogram.warnings == ("a VOI LUT is damaged and not used",)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverse"),
    [
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "INVERSE", True),
    ],
)
def test_polarity_is_resolved_once(
    tmp_path: Path, photometric: str, shape: str | None, inverse: bool
) -> None:
    path = build_mg(
        tmp_path / "x", photometric=photometric, elements={"PresentationLUTShape": shape}
    )
    mammogram = only(path)
    assert mammogram.pixel_format.inverse is inverse
    assert mammogram.pixel_format.photometric_interpretation == photometric


def test_rescale(tmp_path: Path) -> None:
    fmt = grey(tmp_path, RescaleSlope=0.5, RescaleIntercept=-20)
    assert (fmt.rescale_slope, fmt.rescale_intercept) == (0.5, -20)


def test_rescale_and_window_of_an_enhanced_image(tmp_path: Path) -> None:
    group, values, voi = Dataset(), Dataset(), Dataset()
    values.RescaleSlope, values.RescaleIntercept = 2, 3
    voi.WindowCenter, voi.WindowWidth = 40, 50
    group.PixelValueTransformationSequence = Sequence([values])
    group.FrameVOILUTSequence = Sequence([voi])
    fmt = grey(tmp_path, SharedFunctionalGroupsSequence=Sequence([group]))
    assert (fmt.rescale_slope, fmt.rescale_intercept) == (2, 3)
    assert [(w.centre, w.width) for w in fmt.windows] == [(40, 50)]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("signed", "padding"), [(False, (0, 30)), (False, (3044, 3044)), (True, (-2048, -2000))]
)
@pytest.mark.parametrize("invert", [False, True])
def test_padding_is_black_on_the_screen(
    tmp_path: Path, photometric: str, signed: bool, padding: tuple[int, int], invert: bool
) -> None:
    path = build_mg(tmp_path / "x", photometric=photometric, signed=signed, padding=padding)
    mammogram = only(path)
    fmt = mammogram.pixel_format
    assert fmt.padding == padding
    stored = decode_pixels(mammogram)
    shown = to_display(stored, display_table(fmt, default_voi(fmt), invert=invert), fmt)
    assert shown[60, 0] == 0, "air is padding"
    assert shown[60, -1] > 80


@pytest.mark.parametrize(("kind", "value"), [("US", 63536), ("SS", -2000)])
def test_padding_is_read_with_the_sign_of_the_pixels(tmp_path: Path, kind: str, value: int) -> None:
    path = build_mg(tmp_path / "x", signed=True)
    raw = path.read_bytes()
    assert b"PixelPadding" not in raw
    element = b"\x28\x00\x20\x01" + kind.encode() + b"\x02\x00" + (63536).to_bytes(2, "little")
    at = raw.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(raw[:at] + element + raw[at:])
    assert only(path).pixel_format.padding == (-2000, -2000)


@pytest.mark.parametrize(
    ("bits", "elements", "kept"),
    [
        (12, {"WindowCenter": 40000, "WindowWidth": 500}, False),
        (12, {"WindowCenter": -3000, "WindowWidth": 500}, False),
        (8, {"WindowCenter": 2000, "WindowWidth": 4000}, False),  # of the 12 bits it had once
        (8, {"WindowCenter": 2000, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"}, False),
        (12, {"WindowCenter": 4500, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"}, True),
        (12, {"WindowCenter": 3900, "WindowWidth": 500}, True),
        (12, {"WindowCenter": 2000, "WindowWidth": 30000}, True),
        (
            12,
            {
                "WindowCenter": 1000,
                "WindowWidth": 500,
                "RescaleIntercept": -4095,
                "RescaleSlope": 1,
            },
            False,
        ),
    ],
)
def test_a_window_made_for_other_values_is_not_used(
    tmp_path: Path, bits: int, elements: dict[str, object], kept: bool
) -> None:
    mammogram = only(build_mg(tmp_path / "x", bits=bits, elements=elements))
    said = "window 1 lies outside the values of the image and is not used"
    assert (bool(mammogram.pixel_format.windows), said in mammogram.warnings) == (kept, not kept)


@pytest.mark.parametrize(("bits", "kept"), [(8, 0), (12, 1)])
def test_a_lut_made_for_other_values_is_not_used(tmp_path: Path, bits: int, kept: int) -> None:
    table = lut(list(range(0, 4096, 2)), first=1000, bits=12)
    mammogram = only(build_mg(tmp_path / "x", bits=bits, elements={"VOILUTSequence": [table]}))
    assert len(mammogram.pixel_format.luts) == kept
    assert any("VOI LUT lies outside" in warning for warning in mammogram.warnings) != bool(kept)


@pytest.mark.parametrize(
    ("last", "padding"), [(490, (0, 490)), (2047, (0, 2047)), (2048, None), (4095, None)]
)
def test_padding_that_would_blacken_the_breast_is_not_used(
    tmp_path: Path, last: int, padding: tuple[int, int] | None
) -> None:
    mammogram = only(build_mg(tmp_path / "x", padding=(0, last)))
    assert mammogram.pixel_format.padding == padding
    assert any("padding" in warning for warning in mammogram.warnings) == (padding is None)
