"""Which file belongs to which row: by SeriesInstanceUID, checked by PatientID, by known errors.

Nothing is dropped: a row that cannot be used says why, a file without a place says so.
Source of the rules: reference "CBIS-DDSM as it really is", known errors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mammoview.dicom.cbis_files import CbisKind
from mammoview.domain.geometry import ImageBox
from trainer.cbis.scan import NOT_DICOM, UNREADABLE, ScannedFile
from trainer.cbis.tables import CaseRow

# The pitches of two scanners, 50 and 43.5 µm: some masks have that of the other one.
_SCANNER_RATIO = 50 / 43.5
_RATIO_TOLERANCE = 0.01
# Beyond the rounding of a size to whole pixels.
_SHAPE_TOLERANCE = 0.001


class Role(StrEnum):
    """What a file is in the collection."""

    IMAGE = "image"
    MASK = "mask"
    CROP = "crop"
    DUPLICATE = "duplicate"
    STRAY = "stray"
    CONTRADICTED = "contradicted by its PatientID"
    UNPLACED = "unplaced"
    UNREADABLE = "unreadable"
    NOT_DICOM = "not DICOM"


class Why(StrEnum):
    """Why a row is set aside."""

    IMAGE_MISSING = "image missing"
    MASK_MISSING = "mask missing"
    CROP_MISSING = "crop missing"
    SEVERAL = "several files for one place"
    MASK_EMPTY = "mask empty"
    ANISOTROPIC = "mask and image differ in shape"
    UNKNOWN_RATIO = "mask and image differ in size by an unknown ratio"


class Fit(StrEnum):
    """How a mask lies on its mammogram."""

    SAME = "same size"
    SCALED = "scaled by 50/43.5"
    ANISOTROPIC = "anisotropic"
    UNKNOWN_RATIO = "unknown ratio"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Why a row is not used: a :class:`Why`, and what was found."""

    why: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedRow:
    """A row of the tables with its files.

    Attributes
    ----------
    case : CaseRow
        The row.
    image, mask, crop : str
        Paths below the data folder; empty where missing.  ``image`` is the one file that stands
        for this mammogram: of another row's set where the same mammogram is in both.
    mask_fit : str
        A :class:`Fit`; empty without mask or image.
    box : tuple of float
        ``col0, row0, col1, row1`` in pixels of ``image``, origin at the outer corner of the first
        pixel, end exclusive; empty for a row set aside.
    set_aside : tuple of SetAside
        Why the row is not used; empty for one that is.
    notes : tuple of str
        What is odd, and dealt with.
    """

    case: CaseRow
    image: str
    mask: str
    crop: str
    mask_fit: str
    box: tuple[float, ...]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]

    @property
    def is_used(self) -> bool:
        """Whether the lesion can be learned from."""
        return not self.set_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """A file with its place.

    Attributes
    ----------
    file : ScannedFile
        What it is by itself.
    role : str
        A :class:`Role`.
    lesions : tuple of str
        Names of the lesions whose rows name its series.
    note : str
        Why it has no place; of a duplicate, which file it repeats.
    """

    file: ScannedFile
    role: str
    lesions: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Every row and every file."""

    rows: tuple[IndexedRow, ...]
    files: tuple[IndexedFile, ...]


def join(cases: Sequence[CaseRow], files: Iterable[ScannedFile]) -> Joined:
    """Give every row its files and every file its place.

    Parameters
    ----------
    cases : sequence of CaseRow
        All rows of the tables.
    files : iterable of ScannedFile
        All files of the folder; the first of several with one SOPInstanceUID counts.
    """
    ordered = sorted(files, key=lambda file: file.path)
    places = _Places(cases, ordered)
    images = {case.lesion_id: places.take_image(case) for case in cases}
    chosen: dict[str, ScannedFile] = {}
    for case in cases:
        image = images[case.lesion_id].file
        if image is not None:
            chosen.setdefault(case.mammogram, image)
    rows = tuple(_row(case, images[case.lesion_id], chosen, places) for case in cases)
    return Joined(rows=rows, files=tuple(places.place(file) for file in ordered))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """The file of a place; None where there is none, or where ``several`` claim it."""

    file: ScannedFile | None
    several: tuple[ScannedFile, ...]


class _Places:
    """Files by series, and the roles they are given one after another."""

    def __init__(self, cases: Sequence[CaseRow], files: Sequence[ScannedFile]) -> None:
        self._series: dict[str, list[ScannedFile]] = defaultdict(list)
        self._lesions: dict[str, list[str]] = defaultdict(list)
        self._roles: dict[str, tuple[Role, str]] = {}
        for case in cases:
            for uid in {case.image_series_uid, case.crop_series_uid, case.mask_series_uid}:
                self._lesions[uid].append(case.lesion_id)
        first: dict[str, ScannedFile] = {}
        for file in files:
            if not file.is_image:
                continue
            original = first.setdefault(file.sop_uid, file) if file.sop_uid else file
            if original is file:
                self._series[file.series_uid].append(file)
            else:
                self._roles[file.path] = (Role.DUPLICATE, _repeats(file, original))

    def take_image(self, case: CaseRow) -> _Taken:
        """Return the mammogram's file of this row's set."""
        found = [
            file
            for file in self._series[case.image_series_uid]
            if self._is_of(file, (case.image_patient_id,)) and self._is_image(file)
        ]
        return self._take(found, Role.IMAGE)

    def take_roi(self, case: CaseRow, image: ScannedFile | None) -> tuple[_Taken, _Taken]:
        """Return the mask and the crop of a row, told apart by what the files are."""
        wanted = (case.roi_patient_id, case.image_patient_id)
        both = dict.fromkeys((case.crop_series_uid, case.mask_series_uid))
        files = [f for uid in both for f in self._series[uid] if self._is_of(f, wanted)]
        masks = [f for f in files if f.kind == CbisKind.MASK]
        crops = [f for f in files if f.kind != CbisKind.MASK and self._is_crop(f, image)]
        return self._take(masks, Role.MASK), self._take(crops, Role.CROP)

    def place(self, file: ScannedFile) -> IndexedFile:
        """Return a file with the role it was given, or why it got none."""
        lesions = tuple(self._lesions.get(file.series_uid, ())) if file.series_uid else ()
        if file.kind == UNREADABLE:
            role, note = Role.UNREADABLE, file.reason
        elif file.kind == NOT_DICOM:
            role, note = Role.NOT_DICOM, ""
        elif file.path in self._roles:
            role, note = self._roles[file.path]
        elif not lesions:
            met = "no row names its series" if file.series_uid else "no SeriesInstanceUID"
            role, note = Role.STRAY, met
        else:
            role, note = Role.UNPLACED, file.reason or f"a {file.kind} where no row wants one"
        return IndexedFile(file=file, role=role.value, lesions=lesions, note=note)

    def _take(self, found: Sequence[ScannedFile], role: Role) -> _Taken:
        """Give one file its role; of several none is right for sure, so none gets it."""
        if len(found) == 1:
            self._roles[found[0].path] = (role, "")
            return _Taken(file=found[0], several=())
        for file in found:
            self._roles[file.path] = (Role.UNPLACED, f"one of {len(found)} files for one {role}")
        return _Taken(file=None, several=tuple(found))

    def _is_of(self, file: ScannedFile, wanted: tuple[str, ...]) -> bool:
        """Check the header's PatientID; a missing one contradicts nothing."""
        if not file.has_patient_id or file.patient_id in wanted:
            return True
        is_said = file.patient_id or "not one of CBIS-DDSM"
        note = f"its PatientID is {is_said}, but the tables give its series to {wanted[0]}"
        self._roles.setdefault(file.path, (Role.CONTRADICTED, note))
        return False

    def _is_image(self, file: ScannedFile) -> bool:
        """Tell a full mammogram in the series of one: the series decides where no field does."""
        return file.kind == CbisKind.FULL or (file.kind == CbisKind.UNKNOWN and file.bits == 16)

    def _is_crop(self, file: ScannedFile, image: ScannedFile | None) -> bool:
        """Tell a crop in the series of one: 16 bits and smaller than its mammogram."""
        if file.bits != 16 or file.described == CbisKind.FULL:
            return False
        if image is not None and file.rows >= image.rows and file.cols >= image.cols:
            note = f"{_size(file)}: no crop, as large as its mammogram ({_size(image)})"
            self._roles.setdefault(file.path, (Role.UNPLACED, note))
            return False
        return True


def _row(case: CaseRow, own: _Taken, chosen: dict[str, ScannedFile], places: _Places) -> IndexedRow:
    image = chosen.get(case.mammogram)
    mask, crop = places.take_roi(case, image)
    fit = fit_of(mask.file, image) if mask.file is not None and image is not None else Fit.NONE
    set_aside = tuple(_reasons(own if image is None else None, mask, crop, image))
    box: tuple[float, ...] = ()
    if not set_aside and mask.file is not None and image is not None:
        box = _box_on(image, mask.file)
    return IndexedRow(
        case=case,
        image=image.path if image else "",
        mask=mask.file.path if mask.file else "",
        crop=crop.file.path if crop.file else "",
        mask_fit=fit.value,
        box=box,
        set_aside=set_aside,
        notes=tuple(_notes(case, own.file, image, mask.file, crop.file)),
    )


def fit_of(mask: ScannedFile, image: ScannedFile) -> Fit:
    """Tell how a mask lies on a mammogram of the same or another size.

    Equal ratios in both axes (within 1 %) and near 50/43.5, either way, are two scanners' pitches.
    """
    if (mask.rows, mask.cols) == (image.rows, image.cols):
        return Fit.SAME
    by_row, by_col = image.rows / mask.rows, image.cols / mask.cols
    if is_other_pitch(by_row, by_col):
        return Fit.SCALED
    rounding = 1 / min(mask.rows, mask.cols, image.rows, image.cols)
    is_same_shape = abs(by_row / by_col - 1) <= _SHAPE_TOLERANCE + rounding
    return Fit.UNKNOWN_RATIO if is_same_shape else Fit.ANISOTROPIC


def is_other_pitch(by_row: float, by_col: float) -> bool:
    """Tell whether a mask so many times as high and wide has the other scanner's pitch."""
    alike = abs(by_row / by_col - 1) <= _RATIO_TOLERANCE
    return alike and any(
        max(abs(by_row / ratio - 1), abs(by_col / ratio - 1)) <= _RATIO_TOLERANCE
        for ratio in (_SCANNER_RATIO, 1 / _SCANNER_RATIO)
    )


def _box_on(image: ScannedFile, mask: ScannedFile) -> tuple[float, ...]:
    """Return the mask's box in pixels of the mammogram: what nearest resizing does to it."""
    box: ImageBox | None = mask.box()
    if box is None:
        return ()
    by_row, by_col = image.rows / mask.rows, image.cols / mask.cols
    return box.col0 * by_col, box.row0 * by_row, box.col1 * by_col, box.row1 * by_row


def _reasons(
    own: _Taken | None, mask: _Taken, crop: _Taken, image: ScannedFile | None
) -> Iterable[SetAside]:
    """Tell everything that keeps a row from being used; ``own`` only where there is no image."""
    missing = ((Why.IMAGE_MISSING, own), (Why.MASK_MISSING, mask), (Why.CROP_MISSING, crop))
    for why, taken in missing:
        if taken is not None and taken.several:
            paths = ", ".join(file.path for file in taken.several)
            yield SetAside(why=Why.SEVERAL.value, found=paths)
        elif taken is not None and taken.file is None:
            yield SetAside(why=why.value, found="")
    if mask.file is None:
        return
    if not mask.file.mask_box:
        yield SetAside(why=Why.MASK_EMPTY.value, found=mask.file.path)
    misfits = {Fit.ANISOTROPIC: Why.ANISOTROPIC, Fit.UNKNOWN_RATIO: Why.UNKNOWN_RATIO}
    fit = fit_of(mask.file, image) if image is not None else Fit.NONE
    if fit in misfits and image is not None:
        yield SetAside(why=misfits[fit].value, found=_sizes(mask.file, image))


def _notes(
    case: CaseRow,
    own: ScannedFile | None,
    image: ScannedFile | None,
    mask: ScannedFile | None,
    crop: ScannedFile | None,
) -> Iterable[str]:
    if image is not None and own is not image:
        of = f"its own file is {own.path}" if own else "its own file is missing"
        yield f"the mammogram's file is that of another set; {of}"
    if own is not None and image is not None and _size(own) != _size(image):
        yield f"the two files of the mammogram differ in size ({_sizes(own, image)})"
    if mask is not None and image is not None and fit_of(mask, image) is Fit.SCALED:
        yield f"mask and image are of two pitches: the box is scaled ({_sizes(mask, image)})"
    if _is_swapped(case, mask, crop):
        yield "the table swaps the files of crop and mask"
    for file in (own, mask, crop):
        if file is not None and not file.has_patient_id:
            yield f"{file.path} has no PatientID"


def _is_swapped(case: CaseRow, mask: ScannedFile | None, crop: ScannedFile | None) -> bool:
    """Tell whether files that still have the tables' names stand the other way round."""
    if mask is None or crop is None or case.crop_file == case.mask_file:
        return False
    return (_name(mask), _name(crop)) == (case.crop_file, case.mask_file)


def _repeats(file: ScannedFile, original: ScannedFile) -> str:
    seen = ("series_uid", "patient_id", "kind", "bits", "rows", "cols", "mask_box", "mask_area_px")
    parts = [name for name in seen if getattr(file, name) != getattr(original, name)]
    differs = f", but differs in {', '.join(parts)}" if parts else ""
    return f"the same SOPInstanceUID as {original.path}{differs}"


def _name(file: ScannedFile) -> str:
    return file.path.rpartition("/")[2]


def _size(file: ScannedFile) -> str:
    return f"{file.rows} x {file.cols}"


def _sizes(first: ScannedFile, second: ScannedFile) -> str:
    return f"{_size(first)} on {_size(second)}"
