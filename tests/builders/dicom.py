"""Synthetic mammograms: a half-ellipse breast in dark air, in any pose, encoding and grey scale.

Nothing here uses the code under test, so that a fault there cannot cancel itself out.  The phantom
is drawn upright (chest wall at its side of the screen, axilla or lateral side up) and then laid
into the file the way a detector would have stored it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, RLELossless, generate_uid

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
HTJ2K_SYNTAXES = (
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
)
NATIVE_SYNTAXES = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)
TRANSFER_SYNTAXES = (  # those that `build_mg` writes without loss
    *NATIVE_SYNTAXES,
    RLE,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    JPEG_2000_LOSSLESS,
    JPEG_2000,
    *HTJ2K_SYNTAXES,
)
POSES = tuple((flip, degrees) for flip in (False, True) for degrees in (0, 90, 180, 270))
VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))

MG_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
MG_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

_Scalar = TypeVar("_Scalar", bound=np.generic)

_VIEW_CODES = {"CC": "399162004", "MLO": "399368009", "ML": "399260004", "LM": "399352003"}
_UPRIGHT = {
    ("R", "CC"): ("P", "L"),
    ("L", "CC"): ("A", "R"),
    ("R", "MLO"): ("P", "FL"),
    ("L", "MLO"): ("A", "FR"),
    ("R", "ML"): ("P", "F"),
    ("L", "ML"): ("A", "F"),
}
_OPPOSITE = str.maketrans("APRLHF", "PALRFH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A bright disc: centre in continuous ``(col, row)`` pixels of the stored image."""

    col: float
    row: float
    radius: float
    value: float = 0.95


def upright_phantom(laterality: str, view: str, rows: int, cols: int) -> NDArray[np.float64]:
    """Return the upright picture, 0..1, tissue bright, with markers that tell every corner.

    The markers lie away from the chest wall: a full one at the top (1.0), a half one at the
    bottom (0.6).  An MLO view has a pectoral muscle at the top of the chest wall.
    """
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    depth = 1 - col / cols if laterality == "R" else col / cols  # 0 at the chest wall
    height = row / rows
    inside = (depth / 0.78) ** 2 + ((height - 0.5) / 0.42) ** 2 < 1
    grain = np.random.default_rng(7).uniform(-0.02, 0.02, (rows, cols))
    picture = np.where(inside, 0.42 + 0.1 * np.cos(6 * depth) + grain, 0.02)
    if view == "MLO":
        picture[inside & (depth / 0.3 + height / 0.5 < 1)] = 0.7
    side = 0.06
    picture[(depth > 1 - side) & (height < side)] = 1.0
    picture[(depth > 1 - side) & (height > 1 - side / 2)] = 0.6
    return picture


def lay(picture: NDArray[_Scalar], pose: tuple[bool, int]) -> NDArray[_Scalar]:
    """Return the stored picture that ``pose`` (flip, then clockwise degrees) sets upright."""
    flip, degrees = pose
    turned = np.rot90(picture, k=degrees // 90)  # counter-clockwise
    return np.fliplr(turned) if flip else turned


def laid_directions(laterality: str, view: str, pose: tuple[bool, int]) -> tuple[str, str]:
    """Return the PatientOrientation of a picture laid into the file by `lay`."""
    flip, degrees = pose
    right, down = _UPRIGHT[laterality, view]
    for _ in range(degrees // 90):  # counter-clockwise: what was below comes to the right
        right, down = down, right.translate(_OPPOSITE)
    return (right.translate(_OPPOSITE) if flip else right), down


def stored_phantom(
    laterality: str,
    view: str,
    *,
    rows: int,
    cols: int,
    pose: tuple[bool, int] = (False, 0),
    blobs: Sequence[Blob] = (),
) -> NDArray[np.float64]:
    """Return the picture as it lies in the file, ``(rows, cols)``, 0..1, tissue bright."""
    upright = (cols, rows) if pose[1] in (90, 270) else (rows, cols)
    picture = lay(upright_phantom(laterality, view, *upright), pose).copy()
    row, col = np.mgrid[0:rows, 0:cols] + 0.5
    for blob in blobs:
        picture[np.hypot(col - blob.col, row - blob.row) <= blob.radius] = blob.value
    return picture


def build_mg(
    path: Path,
    *,
    laterality: str = "R",
    view: str = "CC",
    pose: tuple[bool, int] = (False, 0),
    rows: int = 120,
    cols: int = 90,
    photometric: str = "MONOCHROME2",
    bits: int = 12,
    signed: bool = False,
    transfer_syntax: str = EXPLICIT_LITTLE,
    modifiers: Sequence[tuple[str, str]] = (),
    padding: tuple[int, int] | None = None,
    spacing: tuple[float, float] | None = (0.1, 0.1),
    person: str = "Phantom^One",
    study: str = "1",
    blobs: Sequence[Blob] = (),
    stored: NDArray[np.integer] | None = None,
    elements: Mapping[str, object] | None = None,
) -> Path:
    """Write a digital mammogram.

    Parameters
    ----------
    path : Path
        File to write.
    pose : (bool, int)
        Flip and clockwise degrees that display must apply to set the picture upright.
    modifiers : sequence of (str, str)
        Designator and value of view modifier codes, nested in the view code.
    padding : (int, int), optional
        First and last stored padding value; the air is filled with them.
    spacing : (float, float), optional
        ImagerPixelSpacing [row, col], mm.
    blobs : sequence of Blob
        Bright discs in stored pixels.
    stored : ndarray of integer, optional
        Stored values instead of the phantom.
    elements : mapping, optional
        Any other elements by keyword, set last; None takes an element away.
    """
    if stored is None:
        picture = stored_phantom(laterality, view, rows=rows, cols=cols, pose=pose, blobs=blobs)
        stored = to_stored(picture, bits=bits, signed=signed, inverse=photometric == "MONOCHROME1")
        if padding is not None:
            air = np.flatnonzero(picture < 0.1)
            stored.flat[air] = padding[0] + np.arange(len(air)) % (padding[1] - padding[0] + 1)
    ds = data_set(path, MG_PRESENTATION, person=person, study=study)
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.ImageLaterality = laterality
    ds.ViewPosition = view
    ds.ViewCodeSequence = [code("SCT", _VIEW_CODES[view])] if view in _VIEW_CODES else []
    if modifiers:
        ds.ViewCodeSequence[0].ViewModifierCodeSequence = [code(*pair) for pair in modifiers]
    if (laterality, view) in _UPRIGHT:
        ds.PatientOrientation = list(laid_directions(laterality, view, pose))
    if spacing is not None:
        ds.ImagerPixelSpacing = list(spacing)
    set_pixels(ds, stored, photometric=photometric, bits=bits, signed=signed)
    if padding is not None:
        _set_padding(ds, padding)
    override(ds, elements)
    return _write(ds, path, stored, transfer_syntax)


def build_exam(folder: Path, *, person: str = "Phantom^One", study: str = "1") -> list[Path]:
    """Write the four views of one examination, each with a blob; return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        build_mg(
            folder / f"{side}{view}.dcm",
            laterality=side,
            view=view,
            person=person,
            study=study,
            blobs=[Blob(col=60 if side == "R" else 30, row=60, radius=6)],
        )
        for side, view in VIEWS
    ]


def build_cbis(
    path: Path,
    *,
    person: str = "P_00001",
    laterality: str = "R",
    view: str = "CC",
    collection: str = "Mass-Training",
    extract: str | None = None,
    rows: int = 120,
    cols: int = 90,
    transfer_syntax: str = EXPLICIT_LITTLE,
    blobs: Sequence[Blob] = (),
    elements: Mapping[str, object] | None = None,
) -> Path:
    """Write a file as CBIS-DDSM does: one view a patient, the view in PatientOrientation.

    Parameters
    ----------
    path : Path
        File to write.
    extract : {"mask", "crop"}, optional
        An ROI mask or a crop of abnormality 1 instead of the full mammogram.
    """
    side = {"R": "RIGHT", "L": "LEFT"}[laterality]
    patient_id = f"{collection}_{person}_{side}_{view}{'_1' if extract else ''}"
    picture = stored_phantom(laterality, view, rows=rows, cols=cols, blobs=blobs)
    bits = 8 if extract == "mask" else 16
    stored = to_stored(picture, bits=bits, signed=False, inverse=False)
    if extract == "mask":
        stored = np.where(stored > 100, 255, 0).astype(np.uint8)
    ds = data_set(path, SECONDARY_CAPTURE, person=patient_id, study=patient_id)
    ds.PatientOrientation = view
    ds.Laterality = laterality
    ds.SeriesDescription = "ROI mask images" if extract else "full mammogram images"
    set_pixels(ds, stored, photometric="MONOCHROME2", bits=bits, signed=False)
    override(ds, elements)
    return _write(ds, path, stored, transfer_syntax)


def build_cbis_exam(folder: Path, *, person: str = "P_00001") -> list[Path]:
    """Write the four views of a CBIS-DDSM person, each in its own folder; return their files."""
    paths = []
    for side, view in VIEWS:
        path = folder / f"{side}{view}" / "1-1.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.append(build_cbis(path, person=person, laterality=side, view=view))
    return paths


def code(designator: str, value: str) -> Dataset:
    """Return a code item."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = designator
    item.CodeMeaning = "meaning"
    return item


def lut(
    entries: Sequence[int], *, first: int, bits: int, explanation: str = "", as_words: bool = True
) -> Dataset:
    """Return an item of VOILUTSequence; ``first`` may be negative; 65536 entries are coded 0."""
    item = Dataset()
    count = len(entries) % 65536
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [count, first, bits])
    if as_words:
        item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    else:
        item.add_new("LUTData", "US", list(entries))
    if explanation:
        item.LUTExplanation = explanation
    return item


def to_stored(
    picture: NDArray[np.float64], *, bits: int, signed: bool, inverse: bool
) -> NDArray[np.integer]:
    """Return stored values of a picture of 0..1."""
    values = np.rint((1 - picture if inverse else picture) * ((1 << bits) - 1)).astype(np.int64)
    if signed:
        values -= 1 << (bits - 1)
    return values.astype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}")


def data_set(path: Path, sop_class: str, *, person: str, study: str) -> FileDataset:
    """Return a data set with the identifiers of person, study and file."""
    meta = FileMetaDataset()
    ds = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["study", person, study])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=["series", person, study])
    ds.Modality = "MG"
    ds.StudyDate = "20240102"
    ds.ContentDate = "20240102"
    ds.ContentTime = "101112"
    ds.PatientName = person
    ds.PatientID = person
    ds.PatientBirthDate = "19600101"
    return ds


def set_pixels(
    ds: Dataset, stored: NDArray[np.integer], *, photometric: str, bits: int, signed: bool
) -> None:
    """Describe the pixels of one frame."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = photometric
    ds.PresentationLUTShape = "INVERSE" if photometric == "MONOCHROME1" else "IDENTITY"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated = 8 * stored.dtype.itemsize
    ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = int(signed)


def _set_padding(ds: Dataset, padding: tuple[int, int]) -> None:
    kind = "SS" if ds.PixelRepresentation else "US"
    ds.add_new("PixelPaddingValue", kind, padding[0])
    if padding[1] != padding[0]:
        ds.add_new("PixelPaddingRangeLimit", kind, padding[1])


def override(ds: Dataset, elements: Mapping[str, object] | None) -> None:
    """Set elements by keyword; None takes one away."""
    with disable_value_validation():  # wrong headers are made on purpose
        for keyword, value in (elements or {}).items():
            if keyword in ds:
                del ds[keyword]  # an old element keeps validating
            if value is not None:
                setattr(ds, keyword, value)


def _write(ds: FileDataset, path: Path, stored: NDArray[np.integer], transfer_syntax: str) -> Path:
    ds.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
    big_endian = transfer_syntax == EXPLICIT_BIG
    native = stored.astype(stored.dtype.newbyteorder(">" if big_endian else "<")).tobytes()
    if transfer_syntax == RLE:
        ds.PixelData = native
        ds["PixelData"].VR = "OW"
        ds.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
        ds.compress(RLELossless, generate_instance_uid=False)
    elif transfer_syntax in NATIVE_SYNTAXES or not ds.file_meta.TransferSyntaxUID.is_encapsulated:
        ds.PixelData = native + b"\0" * (len(native) % 2)
        ds["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
    else:
        ds.PixelData = encapsulate([compressed(stored, int(ds.BitsStored), transfer_syntax)])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    with disable_value_validation():
        dcmwrite(path, ds, enforce_file_format=True)
    return path


def compressed(stored: NDArray[np.integer], bits: int, transfer_syntax: str) -> bytes:
    """Encode one frame; signed values go as their bit patterns, as most writers do."""
    unsigned = np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")
    words = unsigned & unsigned.dtype.type((1 << bits) - 1)
    if transfer_syntax in (JPEG_LOSSLESS, JPEG_LOSSLESS_SV1):
        return bytes(imagecodecs.ljpeg_encode(words, bitspersample=bits))
    if transfer_syntax in (JPEG_LS, JPEG_LS_NEAR):
        return bytes(imagecodecs.jpegls_encode(words))
    if transfer_syntax in HTJ2K_SYNTAXES:
        return bytes(imagecodecs.htj2k_encode(words, reversible=True))
    return bytes(
        imagecodecs.jpeg2k_encode(words, codecformat="J2K", reversible=True, bitspersample=bits)
    )
