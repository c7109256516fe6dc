"""Tomosynthesis volumes with headers as devices write them, and synthetic 2D views.

Every frame carries its number in its pixels (see `number_in`), so that a test can tell which frame
it got.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID, RLELossless

from tests.builders.dicom import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    NATIVE_SYNTAXES,
    RLE,
    build_mg,
    code,
    compressed,
    data_set,
    override,
    set_pixels,
    to_stored,
    upright_phantom,
)

TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
PROJECTIONS = "1.2.840.10008.5.1.4.1.1.13.1.4"
BITS = 10
_VIEW_CODES = {"CC": "399162004", "MLO": "399368009"}
_DIRECTIONS = {
    ("R", "CC"): ("P", "L"),
    ("L", "CC"): ("A", "R"),
    ("R", "MLO"): ("P", "FL"),
    ("L", "MLO"): ("A", "FR"),
}


def volume_frames(
    laterality: str, view: str, *, frames: int, rows: int, cols: int
) -> NDArray[np.uint16]:
    """Return stored values ``(frames, rows, cols)``: the breast, brighter from slice to slice."""
    picture = upright_phantom(laterality, view, rows, cols)
    stored = to_stored(picture * 0.5, bits=BITS, signed=False, inverse=False).astype(np.uint16)
    stack = np.repeat(stored[np.newaxis], frames, axis=0)
    wall = slice(cols - 8, cols) if laterality == "R" else slice(0, 8)
    for number in range(1, frames + 1):
        stack[number - 1, rows // 2 - 4 : rows // 2 + 4, wall] = 400 + number
    return stack


def number_in(stored: NDArray[np.generic]) -> int:
    """Return the number that a frame carries: it is written at the chest wall, at mid-height."""
    rows = stored.shape[0]
    found = {int(stored[rows // 2, col]) - 400 for col in (2, -3)}
    (number,) = (value for value in found if 1 <= value < 300)
    return number


def build_tomo(
    path: Path,
    *,
    laterality: str = "R",
    view: str = "CC",
    frames: int = 9,
    rows: int = 120,
    cols: int = 90,
    thickness_mm: float = 1.0,
    spacing_mm: float = 0.1,
    transfer_syntax: str = EXPLICIT_LITTLE,
    fragments: int = 1,
    offset_table: bool = True,
    person: str = "Phantom^One",
    study: str = "1",
    stack: NDArray[np.uint16] | None = None,
    elements: Mapping[str, object] | None = None,
) -> Path:
    """Write a Breast Tomosynthesis Image: side, spacing, windows and places in functional groups.

    Parameters
    ----------
    path : Path
        File to write.
    frames, rows, cols : int
        Size of the volume, unless ``stack`` gives it.
    thickness_mm, spacing_mm : float
        Distance between slices; size of a pixel.
    fragments : int
        Fragments of each compressed frame.
    offset_table : bool
        Whether the basic offset table is filled.
    stack : ndarray of uint16 (frames, rows, cols), optional
        Stored values instead of the phantom.
    elements : mapping, optional
        Any other elements by keyword, set last; None takes an element away.
    """
    if stack is None:
        stack = volume_frames(laterality, view, frames=frames, rows=rows, cols=cols)
    ds = data_set(path, TOMOSYNTHESIS, person=person, study=study)
    ds.ImageType = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.VolumetricProperties = "VOLUME"
    ds.AcquisitionDateTime = "20240102101112"
    ds.ViewCodeSequence = [code("SCT", _VIEW_CODES[view])]
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = []
    ds.PatientOrientation = list(_DIRECTIONS[laterality, view])
    ds.BreastImplantPresent = "NO"
    ds.NumberOfFrames = len(stack)
    ds.SharedFunctionalGroupsSequence = [_shared(laterality, spacing_mm, thickness_mm)]
    ds.PerFrameFunctionalGroupsSequence = [
        _per_frame(number, thickness_mm) for number in range(len(stack))
    ]
    set_pixels(ds, stack[0], photometric="MONOCHROME2", bits=BITS, signed=False)
    del ds.PresentationLUTShape
    override(ds, elements)
    return write_frames(
        ds, path, stack, transfer_syntax, fragments=fragments, offset_table=offset_table
    )


def build_tomo_exam(folder: Path, **volume: object) -> list[Path]:
    """Write four 2D views and the volumes of both CC views, the left one of other depth."""
    folder.mkdir(parents=True, exist_ok=True)
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    paths = [
        build_mg(folder / f"{side}{view}.dcm", laterality=side, view=view) for side, view in views
    ]
    for side, frames in (("R", 9), ("L", 17)):
        given = {"laterality": side, "frames": frames, **volume}
        paths.append(build_tomo(folder / f"{side}CC-tomo.dcm", **given))  # type: ignore[arg-type]
    return paths


def build_synthetic_2d(path: Path, *, image_type: Sequence[str] = (), **changes: object) -> Path:
    """Write a synthetic 2D view, as made from a volume."""
    given = list(image_type) or ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "GENERATED_2D"]
    elements = {"ImageType": given, **dict(changes.pop("elements", {}))}  # type: ignore[call-overload]
    return build_mg(path, elements=elements, **changes)  # type: ignore[arg-type]


def write_frames(
    ds: FileDataset,
    path: Path,
    stack: NDArray[np.uint16],
    transfer_syntax: str,
    *,
    fragments: int = 1,
    offset_table: bool = True,
) -> Path:
    """Write a data set with the frames as its pixels."""
    ds.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
    if transfer_syntax in NATIVE_SYNTAXES:
        order = ">u2" if transfer_syntax == EXPLICIT_BIG else "<u2"
        ds.PixelData = stack.astype(order).tobytes()
        ds["PixelData"].VR = "OW"
    else:
        coded = [_coded(frame, transfer_syntax) for frame in stack]
        ds.PixelData = encapsulate(coded, fragments_per_frame=fragments, has_bot=offset_table)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def add_extended_table(path: Path) -> None:
    """Give a compressed file the extended offset table instead of the basic one."""
    from pydicom import dcmread
    from pydicom.encaps import encapsulate_extended, generate_frames

    ds = dcmread(path)
    frames = list(generate_frames(ds.PixelData, number_of_frames=int(ds.NumberOfFrames)))
    ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(
        frames
    )
    ds["PixelData"].VR = "OB"
    dcmwrite(path, ds)


def spoil_offset_table(path: Path) -> None:
    """Write impossible places into the basic offset table."""
    raw = path.read_bytes()
    at = raw.rindex(b"\xe0\x7f\x10\x00OB") + 12
    tag, length = struct.unpack_from("<4sL", raw, at)
    assert tag == b"\xfe\xff\x00\xe0"
    assert length > 0
    table = b"".join(struct.pack("<L", 3 + 7 * n) for n in range(length // 4))
    path.write_bytes(raw[: at + 8] + table + raw[at + 8 + length :])


def _coded(frame: NDArray[np.uint16], transfer_syntax: str) -> bytes:
    if transfer_syntax != RLE:
        return compressed(frame, BITS, transfer_syntax)
    rows, cols = frame.shape
    coded: bytes = get_encoder(RLELossless).encode(
        frame.tobytes(),
        rows=rows,
        columns=cols,
        samples_per_pixel=1,
        number_of_frames=1,
        bits_allocated=16,
        bits_stored=BITS,
        photometric_interpretation="MONOCHROME2",
        pixel_representation=0,
    )
    return coded


def _shared(laterality: str, spacing_mm: float, thickness_mm: float) -> Dataset:
    group, measures, anatomy = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [spacing_mm, spacing_mm]
    measures.SliceThickness = thickness_mm
    anatomy.FrameLaterality = laterality
    anatomy.AnatomicRegionSequence = [code("SCT", "76752008")]
    orientation, voi, values, kind = Dataset(), Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [0, 1, 0, 1, 0, 0]
    voi.WindowCenter, voi.WindowWidth = "512", "1024"
    voi.VOILUTFunction = "LINEAR"
    values.RescaleIntercept, values.RescaleSlope, values.RescaleType = "0", "1", "US"
    kind.FrameType = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]
    group.PixelMeasuresSequence = [measures]
    group.FrameAnatomySequence = [anatomy]
    group.PlaneOrientationSequence = [orientation]
    group.FrameVOILUTSequence = [voi]
    group.PixelValueTransformationSequence = [values]
    group.XRay3DFrameTypeSequence = [kind]
    return group


def _per_frame(number: int, thickness_mm: float) -> Dataset:
    group, content, position = Dataset(), Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber = "1", number + 1
    position.ImagePositionPatient = [10.0, -20.0, 5.0 + thickness_mm * number]
    group.FrameContentSequence = [content]
    group.PlanePositionSequence = [position]
    return group
