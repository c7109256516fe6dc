"""A synthetic four-view examination, for a demo where no real one is installed.

The pictures are made from smooth noise inside a breast-shaped outline, with one round mass in the
left breast.  They are plausible enough to try the program on, and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from mammoview.domain.views import Projection, Slot

_MG_FOR_PRESENTATION = UID("1.2.840.10008.5.1.4.1.1.1.2")
_ROWS, _COLS = 1600, 1100
_SPACING_MM = 0.14
_BITS = 12
_TOP = 2**_BITS - 1
_DATE = "20200101"
# Canonical Patient Orientation of each view as it is stored here: chest wall on the side where
# it hangs, so no pose is needed (PS3.3 C.7.6.1.1.1).
_ORIENTATION = {
    Slot.RCC: ["P", "L"],
    Slot.LCC: ["A", "R"],
    Slot.RMLO: ["P", "FL"],
    Slot.LMLO: ["A", "FR"],
}
_VIEW_CODES = {
    Projection.CC: ("399162004", "cranio-caudal"),
    Projection.MLO: ("399368009", "medio-lateral oblique"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mass:
    """A round lesion: place as shares of width (from the chest wall) and height, radius in mm."""

    depth: float
    height: float
    radius_mm: float


_MASSES = {
    Slot.LCC: _Mass(depth=0.34, height=0.40, radius_mm=8.0),
    Slot.LMLO: _Mass(depth=0.33, height=0.52, radius_mm=8.0),
}


def write_synthetic_exam(folder: Path) -> list[Path]:
    """Write four synthetic views as uncompressed Digital Mammography For Presentation images.

    Parameters
    ----------
    folder : Path
        Where to write; made if it is not there.

    Returns
    -------
    list of Path
        RCC, LCC, RMLO and LMLO, each 1600 x 1100 pixels of 0.14 mm, 12 bit, MONOCHROME2.
    """
    folder.mkdir(parents=True, exist_ok=True)
    study, series = generate_uid(), generate_uid()
    paths = []
    for number, slot in enumerate(Slot, start=1):
        dataset = _dataset(slot, number, study, series)
        path = folder / f"synthetic-{slot.lower()}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _dataset(slot: Slot, number: int, study: UID, series: UID) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _MG_FOR_PRESENTATION
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = _MG_FOR_PRESENTATION
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.Modality = "MG"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PatientName, dataset.PatientID = "Synthetic^Demo", "SYNTHETIC"
    dataset.PatientBirthDate, dataset.PatientSex = "", "F"
    dataset.StudyDate = dataset.ContentDate = dataset.AcquisitionDate = _DATE
    dataset.StudyTime = dataset.ContentTime = dataset.AcquisitionTime = f"12000{number}"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, number
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "", ""
    dataset.Manufacturer = "mammoview, synthetic"
    dataset.BurnedInAnnotation = "NO"
    _describe_view(dataset, slot)
    _describe_pixels(dataset)
    dataset.PixelData = _picture(slot, seed=number).tobytes()
    return dataset


def _describe_view(dataset: Dataset, slot: Slot) -> None:
    """Write side, view and orientation (PS3.3 C.8.11.7)."""
    dataset.ImageLaterality = slot.laterality.value
    dataset.ViewPosition = slot.projection.value
    dataset.PatientOrientation = _ORIENTATION[slot]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    value, meaning = _VIEW_CODES[slot.projection]
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "SCT", meaning
    code.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [code]
    dataset.BodyPartExamined = "BREAST"


def _describe_pixels(dataset: Dataset) -> None:
    """Write the Image Pixel Module and a window over the whole range (PS3.3 C.7.6.3, C.11.2)."""
    dataset.Rows, dataset.Columns = _ROWS, _COLS
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, _BITS, _BITS - 1
    dataset.PixelRepresentation = 0
    dataset.ImagerPixelSpacing = [_SPACING_MM, _SPACING_MM]
    dataset.PixelPaddingValue = 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    dataset.VOILUTFunction = "LINEAR"


def _picture(slot: Slot, *, seed: int) -> NDArray[np.uint16]:
    """Return stored values (rows, cols): chest wall at the left for a left breast, else right."""
    random = np.random.default_rng(seed)
    row, col = np.mgrid[0:_ROWS, 0:_COLS].astype(np.float32)
    depth = col / _COLS
    height = row / _ROWS
    oblique = slot.projection is Projection.MLO
    edge = _outline(height, oblique)
    inside = np.clip((edge - depth) * 9.0, 0.0, 1.0) ** 0.6
    low = height - 0.5 - 0.08 * oblique
    gland = np.exp(-(((depth - 0.34) / 0.22) ** 2) - (low / 0.24) ** 2)
    texture = _smooth_noise(random, 6) * 0.5 + _smooth_noise(random, 24) * 0.35
    texture += _smooth_noise(random, 90) * 0.15
    tissue = 0.22 + gland * (0.06 + 0.50 * texture) + 0.06 * texture
    if oblique:
        muscle = np.clip((0.36 - depth - 0.62 * height) * 14.0, 0.0, 1.0)
        tissue = tissue + muscle * (0.26 + 0.05 * texture - 0.4 * gland)
    mass = _MASSES.get(slot)
    if mass is not None:
        tissue = tissue + _lesion(col, row, mass)
    grain = random.normal(0.0, 0.006, tissue.shape).astype(np.float32)
    values = np.clip((tissue + grain) * inside, 0.0, 1.0) * (_TOP - 1) + 1
    stored = np.where(inside > 0.0, np.rint(values), 0).astype("<u2")
    return np.ascontiguousarray(stored if slot.value[0] == "L" else stored[:, ::-1])


def _outline(height: NDArray[np.float32], oblique: bool) -> NDArray[np.float32]:
    """Return how far the skin lies from the chest wall (share of the width), for each height."""
    middle, half = (0.58, 0.40) if oblique else (0.5, 0.46)
    away = np.clip(np.abs(height - middle) / half, 0.0, 1.0)
    skin = 0.66 * (1.0 - away**2.2) ** 0.62
    nipple = 0.045 * np.exp(-(((height - middle - 0.03 * oblique) / 0.020) ** 2))
    if oblique:
        arm = 0.50 - 0.40 * height + 0.10 * np.clip(height - 0.3, 0.0, None)
        arm = np.where(height < middle, arm, 0.0)
        skin = (skin**4 + arm**4) ** 0.25
    return np.asarray(skin + nipple, np.float32)


def _lesion(col: NDArray[np.float32], row: NDArray[np.float32], mass: _Mass) -> NDArray[np.float32]:
    radius = mass.radius_mm / _SPACING_MM
    across, down = col - mass.depth * _COLS, row - mass.height * _ROWS
    angle = np.arctan2(down, across)
    rim = radius * (1.0 + 0.05 * np.sin(3 * angle) + 0.03 * np.sin(7 * angle + 1.0))
    out = np.clip((np.hypot(across, down) - rim) / (0.16 * radius), -30.0, 30.0)
    return np.asarray(0.24 / (1.0 + np.exp(out)), np.float32)


def _smooth_noise(random: np.random.Generator, cells: int) -> NDArray[np.float32]:
    """Return noise 0..1 over the image, linear between ``cells`` random values a side."""
    coarse = random.random((cells + 1, cells + 1)).astype(np.float32)
    at_row = np.linspace(0, cells, _ROWS, endpoint=False)
    at_col = np.linspace(0, cells, _COLS, endpoint=False)
    by_row = _interpolate(coarse, at_row)
    return _interpolate(by_row.T, at_col).T


def _interpolate(values: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    first = at.astype(np.intp)
    share = (at - first)[:, None]
    share = (share * share * (3.0 - 2.0 * share)).astype(np.float32)
    mixed = values[first] * (1.0 - share) + values[first + 1] * share
    return np.asarray(mixed, np.float32)
