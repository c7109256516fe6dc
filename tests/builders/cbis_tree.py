"""A small CBIS-DDSM: its four tables and its files, in each layout, with every known error.

Nothing here uses the code under test.  Mammograms are small (300 x 200 unless told), 16 bit, as
MATLAB wrote them: Secondary Capture, the view in PatientOrientation, no spacing.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.builders.dicom import SECONDARY_CAPTURE, upright_phantom

LAYOUTS = ("nbia", "nbia-old", "uid")
_ROOT_UID = "1.3.6.1.4.1.9590.100.1.2."
_SETS = ("mass-train", "calc-train", "mass-test", "calc-test")
_PATHOLOGIES = ("MALIGNANT", "BENIGN", "BENIGN_WITHOUT_CALLBACK")
_TABLES = {
    name: f"{name.split('-')[0]}_case_description_{name.split('-')[1]}_set.csv" for name in _SETS
}
_DESCRIPTIONS = {
    "image": "full mammogram images",
    "mask": "ROI mask images",
    "crop": "cropped images",
}


@dataclass(slots=True)
class Abnormality:
    """One row of a table, as the builder knows it: what was planned and where it was written.

    ``box`` is ``(col0, row0, col1, row1)`` in pixels of the mammogram, end exclusive, before any
    quirk of the mask; ``mask_ratio`` is mask pixels per image pixel (rows, cols).
    """

    person: str
    side: str
    view: str
    official: str
    number: int
    pathology: str
    box: tuple[int, int, int, int]
    density: int = 2
    subtlety: int = 4
    assessment: int = 4
    mask_ratio: tuple[float, float] = (1.0, 1.0)
    shares_series: bool = True
    is_swapped: bool = False
    is_bare: bool = False
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "mass" if self.official.startswith("mass") else "calcification"

    @property
    def mammogram(self) -> str:
        return f"{self.person}_{self.side}_{self.view}"

    @property
    def lesion_id(self) -> str:
        return f"{self.mammogram}_{self.kind}_{self.number}"

    @property
    def image_patient(self) -> str:
        kind, part = self.official.split("-")
        return f"{kind.title()}-{'Training' if part == 'train' else 'Test'}_{self.mammogram}"

    @property
    def roi_patient(self) -> str:
        return f"{self.image_patient}_{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CbisTree:
    """What was built.

    Attributes
    ----------
    folder : Path
        Everything: pass it to ``index``.
    data, csv : Path
        The images, and the four tables.
    abnormalities : tuple of Abnormality
        Every row, with the files of its ``image``, ``mask`` and ``crop``.
    """

    folder: Path
    data: Path
    csv: Path
    abnormalities: tuple[Abnormality, ...]

    def abnormality(self, lesion_id: str) -> Abnormality:
        """Return a row by the name of its lesion."""
        return next(a for a in self.abnormalities if a.lesion_id == lesion_id)


def build_cbis_tree(
    folder: Path,
    *,
    layout: str = "nbia",
    people: int = 12,
    quirks: bool = True,
    rows: int = 300,
    cols: int = 200,
) -> CbisTree:
    """Build a CBIS-DDSM-shaped download with its tables.

    Person by person the sets go round (mass train, calc train, mass test, calc test); each person
    has one breast in CC and MLO with one lesion, every third a second one.  Masses are soft bright
    discs, calcifications clusters of bright dots.  With ``quirks`` there are also, whatever the
    number of people:

    ======== =====================================================================================
    P_00016  mass test: file numbers of crop and mask swapped in the table (CC)
    P_00145  mass test: mask 50/43.5 times as large as the image (CC), as small (MLO)
    P_00353  calc test: mask of another shape than the image
    P_00474  calc train: crop and mask in two series
    P_00090  the same mammogram in mass train and calc train
    P_00091  the same mammogram in mass train and calc test: on both sides of the official split
    P_00092  one breast in mass train, the other in mass test
    P_00093  density, subtlety and assessment 0; headers without SeriesDescription and Laterality
    P_00094  BI-RADS 2 but malignant
    ======== =====================================================================================

    Parameters
    ----------
    folder : Path
        Folder to build in.
    layout : {"nbia", "nbia-old", "uid"}
        Folders by patient, date and series with ``1-1.dcm``; the same with ``000000.dcm``; or
        folders named by study and series UID.
    people : int
        People without any quirk; four at least where there are no others.
    quirks : bool
        False for a tree that holds nothing odd but the shared series of crop and mask.
    rows, cols : int
        Size of the mammograms, pixels.
    """
    if people < 4 and not quirks:
        raise ValueError("four people at least, so that every table has rows")
    planned = _plain(people, rows, cols) + (_odd(rows, cols) if quirks else [])
    data = folder / {"nbia": "manifest-1600709154662/CBIS-DDSM"}.get(layout, "CBIS-DDSM")
    for name in dict.fromkeys(a.mammogram for a in planned):
        _write_mammogram(data, layout, [a for a in planned if a.mammogram == name], rows, cols)
    _write_tables(folder / "csv", planned)
    return CbisTree(folder=folder, data=data, csv=folder / "csv", abnormalities=tuple(planned))


def uid_of(*parts: str) -> str:
    """Return a UID in the collection's style, always the same for the same parts."""
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()
    return _ROOT_UID + str(int(digest, 16))[:38]


def change_header(path: Path, **elements: object) -> Path:
    """Set elements of a file by keyword, or take them away with None."""
    ds = dcmread(path)
    for keyword, value in elements.items():
        if value is None:
            if keyword in ds:
                del ds[keyword]
        else:
            setattr(ds, keyword, value)
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def change_pixels(path: Path, stored: NDArray[np.uint16] | NDArray[np.uint8]) -> Path:
    """Put other pixels, of any size, into a file."""
    ds = dcmread(path)
    _set_pixels(ds, stored)
    dcmwrite(path, ds, enforce_file_format=True)
    return path


# ---------------------------------------------------------------------------------------- planning


def _plain(people: int, rows: int, cols: int) -> list[Abnormality]:
    return [
        _plain_one(i, view, number, rows, cols)
        for i in range(people)
        for view in ("CC", "MLO")
        for number in range(1, 3 if i % 3 == 0 else 2)
    ]


def _plain_one(i: int, view: str, number: int, rows: int, cols: int) -> Abnormality:
    side = ("LEFT", "RIGHT")[i // 4 % 2]
    pathology = _PATHOLOGIES[(i // 4 + i) % 3]
    return Abnormality(
        person=f"P_{i + 1001:05d}",
        side=side,
        view=view,
        official=_SETS[i % 4],
        number=number,
        pathology=pathology,
        box=_place(rows, cols, i, number, side),
        density=1 + i % 4,
        subtlety=1 + i % 5,
        assessment=4 + i % 2 if pathology == "MALIGNANT" else 2 + i % 2,
    )


def _place(rows: int, cols: int, seed: int, number: int, side: str) -> tuple[int, int, int, int]:
    """Return a box inside the breast; the second lesion lies below the first."""
    draw = np.random.default_rng([seed, number])
    height, width = (int(share * rows) for share in draw.uniform(0.09, 0.14, 2))
    middle_row = int(rows * ((0.34 if number == 1 else 0.62) + draw.uniform(-0.04, 0.04)))
    depth = 0.34 + draw.uniform(-0.06, 0.06)
    middle_col = int(cols * (depth if side == "LEFT" else 1 - depth))
    col0, row0 = middle_col - width // 2, middle_row - height // 2
    return col0, row0, col0 + width, row0 + height


def _odd(rows: int, cols: int) -> list[Abnormality]:
    ratio = 50 / 43.5

    def one(
        person: str, official: str, view: str = "CC", *, side: str = "LEFT", number: int = 1
    ) -> Abnormality:
        seed = int(person[2:])
        box = _place(rows, cols, seed, number if official.startswith("mass") else 3 - number, side)
        return Abnormality(
            person=person,
            side=side,
            view=view,
            official=official,
            number=number,
            pathology=_PATHOLOGIES[seed % 2],
            box=box,
        )

    swapped = one("P_00016", "mass-test")
    swapped.is_swapped = True
    larger, smaller = one("P_00145", "mass-test"), one("P_00145", "mass-test", "MLO")
    larger.mask_ratio, smaller.mask_ratio = (ratio, ratio), (1 / ratio, 1 / ratio)
    bent = one("P_00353", "calc-test", number=2)
    bent.mask_ratio = (1.014, 0.99)
    apart = one("P_00474", "calc-train", "MLO")
    apart.shares_series = False
    unknown = one("P_00093", "mass-train")
    unknown.density = unknown.subtlety = unknown.assessment = 0
    unknown.is_bare = True
    called_benign = one("P_00094", "mass-train")
    called_benign.assessment, called_benign.pathology = 2, "MALIGNANT"
    return [
        swapped,
        larger,
        smaller,
        one("P_00353", "calc-test"),
        bent,
        apart,
        one("P_00090", "mass-train"),
        one("P_00090", "calc-train"),
        one("P_00091", "mass-train", "MLO"),
        one("P_00091", "calc-test", "MLO"),
        one("P_00092", "mass-train"),
        one("P_00092", "mass-test", side="RIGHT"),
        unknown,
        called_benign,
    ]


# ----------------------------------------------------------------------------------------- writing


def _write_mammogram(
    data: Path, layout: str, found: Sequence[Abnormality], rows: int, cols: int
) -> None:
    """Write a mammogram, once for each set it stands in, and crop and mask of each lesion."""
    first = found[0]
    picture = upright_phantom("L" if first.side == "LEFT" else "R", first.view, rows, cols) * 0.8
    masks = [_add_lesion(picture, abnormality) for abnormality in found]
    stored = np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)
    for abnormality, mask in zip(found, masks, strict=True):
        abnormality.files["image"] = _write(
            data, layout, abnormality.image_patient, "image", "image", stored, 0, abnormality
        )
        _write_roi(data, layout, abnormality, stored, mask)


def _add_lesion(picture: NDArray[np.float64], lesion: Abnormality) -> NDArray[np.uint8]:
    """Draw a lesion into the picture and return its mask."""
    col0, row0, col1, row1 = lesion.box
    height, width = row1 - row0, col1 - col0
    row, col = np.mgrid[0:height, 0:width]
    away = np.hypot((row - (height - 1) / 2) / (height / 2), (col - (width - 1) / 2) / (width / 2))
    inside = away < 1
    inside[height // 2, [0, -1]] = inside[[0, -1], width // 2] = True  # the box is tight
    part = picture[row0:row1, col0:col1]
    if lesion.kind == "mass":
        part += np.where(inside, 0.35 * np.clip(1.4 - away, 0, 1), 0)
    else:
        draw = np.random.default_rng([int(lesion.person[2:]), lesion.number])
        dots = draw.choice(np.argwhere(away < 0.85), size=14, replace=False)
        part[tuple(dots.T)] = 0.95
    mask = np.zeros(picture.shape, np.uint8)
    mask[row0:row1, col0:col1][inside] = 255
    return mask


def _write_roi(
    data: Path,
    layout: str,
    lesion: Abnormality,
    image: NDArray[np.uint16],
    mask: NDArray[np.uint8],
) -> None:
    col0, row0, col1, row1 = lesion.box
    crop = image[max(row0 - 4, 0) : row1 + 4, max(col0 - 4, 0) : col1 + 4]
    shape = [round(n * by) for n, by in zip(mask.shape, lesion.mask_ratio, strict=True)]
    taken = [np.arange(n) * m // n for n, m in zip(shape, mask.shape, strict=True)]
    mask = mask[np.ix_(*taken)]
    # Mass tables put the crop first, calc tables the mask; a swapped pair is the other way round.
    crop_number = int((lesion.kind == "mass") == lesion.is_swapped)
    numbers = {"crop": crop_number, "mask": 1 - crop_number}
    for role, stored in (("crop", crop), ("mask", mask)):
        series = "mask" if lesion.shares_series else role
        number = numbers[role] if lesion.shares_series else 0
        lesion.files[role] = _write(
            data, layout, lesion.roi_patient, role, series, stored, number, lesion
        )


def _write(
    data: Path,
    layout: str,
    patient: str,
    role: str,
    series: str,
    stored: NDArray[np.uint16] | NDArray[np.uint8],
    number: int,
    lesion: Abnormality,
) -> Path:
    study = series if not lesion.shares_series else "study"
    study_uid, series_uid = uid_of(patient, study), uid_of(patient, study, series)
    path = data / _path(layout, patient, study_uid, series_uid, series, number, role)
    path.parent.mkdir(parents=True, exist_ok=True)
    ds = _header(patient, study_uid, series_uid, uid_of(patient, role), lesion)
    if not lesion.is_bare:
        ds.SeriesDescription = _DESCRIPTIONS[series]
        ds.Laterality = lesion.side[0]
    _set_pixels(ds, stored)
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def _path(
    layout: str, patient: str, study: str, series: str, role: str, number: int, file_role: str
) -> Path:
    if layout == "uid":
        return Path(study) / series / f"{uid_of(patient, file_role)}.dcm"
    described = _DESCRIPTIONS[role]
    if layout == "nbia-old":
        folder = Path(patient) / f"10-04-2016-DDSM-{study[-5:]}"
        return folder / f"1-{described}-{series[-5:]}" / f"{number:06d}.dcm"
    folder = Path(patient) / f"08-29-2017-DDSM-NA-{study[-5:]}"
    return folder / f"1.000000-{described}-{series[-5:]}" / f"1-{number + 1}.dcm"


def _header(patient: str, study: str, series: str, sop: str, lesion: Abnormality) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(SECONDARY_CAPTURE)
    meta.MediaStorageSOPInstanceUID = UID(sop)
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = SECONDARY_CAPTURE
    ds.SOPInstanceUID = sop
    ds.StudyDate = "20161004"
    ds.Modality = "MG"
    ds.ConversionType = "WSD"
    ds.SecondaryCaptureDeviceManufacturer = "MathWorks"
    ds.SecondaryCaptureDeviceManufacturerModelName = "MATLAB"
    ds.PatientName = ds.PatientID = patient
    ds.BodyPartExamined = "BREAST"
    ds.StudyInstanceUID = study
    ds.SeriesInstanceUID = series
    ds.StudyID = "DDSM"
    ds.InstanceNumber = 1
    ds.PatientOrientation = lesion.view
    return ds


def _set_pixels(ds: FileDataset, stored: NDArray[np.uint16] | NDArray[np.uint8]) -> None:
    bits = 8 * stored.dtype.itemsize
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = 0
    native = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    ds.PixelData = native + b"\0" * (len(native) % 2)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"


def _write_tables(folder: Path, planned: Sequence[Abnormality]) -> None:
    """Write the four tables, a newline inside the last or last but one path as in the real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for official, name in _TABLES.items():
        is_mass = official.startswith("mass")
        described = (
            ("mass shape", "mass margins") if is_mass else ("calc type", "calc distribution")
        )
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(
                [
                    "patient_id",
                    "breast_density" if is_mass else "breast density",
                    "left or right breast",
                    "image view",
                    "abnormality id",
                    "abnormality type",
                    *described,
                    "assessment",
                    "pathology",
                    "subtlety",
                    "image file path",
                    "cropped image file path",
                    "ROI mask file path",
                ]
            )
            writer.writerows(_cells(a) for a in planned if a.official == official)


def _cells(a: Abnormality) -> list[object]:
    is_mass = a.kind == "mass"
    series = {role: "mask" if a.shares_series else role for role in ("crop", "mask")}
    study = {role: "study" if a.shares_series else role for role in ("crop", "mask")}
    first = {True: "000000.dcm", False: "000001.dcm"}
    names = {
        "crop": first[is_mass or not a.shares_series],
        "mask": first[not is_mass or not a.shares_series],
    }
    image_study = "study" if a.shares_series else "image"
    image = "/".join(
        (
            a.image_patient,
            uid_of(a.image_patient, image_study),
            uid_of(a.image_patient, image_study, "image"),
            "000000.dcm",
        )
    )
    crop, mask = (
        "/".join(
            (
                a.roi_patient,
                uid_of(a.roi_patient, study[role]),
                uid_of(a.roi_patient, study[role], series[role]),
                names[role],
            )
        )
        for role in ("crop", "mask")
    )
    return [
        a.person,
        a.density,
        a.side,
        a.view,
        a.number,
        a.kind,
        *(("IRREGULAR", "SPICULATED") if is_mass else ("PLEOMORPHIC", "CLUSTERED")),
        a.assessment,
        a.pathology,
        a.subtlety,
        image,
        crop + ("" if is_mass else "\n"),
        mask + ("\n" if is_mass else ""),
    ]
