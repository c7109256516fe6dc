"""What is known to be wrong with CBIS-DDSM, counted on this copy.

Every line says how often an error is known to occur in the whole collection, how often it is found
here and what is done about it.  A line off its known count is a state that nobody has looked at.
Source of the counts: reference "CBIS-DDSM as it really is", and the four official tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mammoview.dicom.cbis_files import CbisKind
from trainer.cbis.index import CbisIndex
from trainer.cbis.join import Fit, IndexedRow, Role, Why
from trainer.cbis.tables import OFFICIAL_SETS, PATHOLOGIES, CaseRow, RowFlag

# Their masks are known not to lie on their images (Calc-Test_P_00353, Mass-Test_P_00699 ...).
_KNOWN_MISFITS = frozenset({"P_00145", "P_00353", "P_00379", "P_00381", "P_00699"})
_SET_ASIDE = "row set aside"

Cases = Sequence[str]


class State(StrEnum):
    """Whether a line is as the whole collection is known to be."""

    KNOWN = "ok"
    UNKNOWN = "NOT KNOWN"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One line of the table.

    Attributes
    ----------
    error, done : str
        What may be met, and what is done about it.
    least, most : int or None
        How often the whole collection is known to hold it; None where that is not known.
    cases : tuple of str or None
        Where it was met: rows, files, mammograms or people; None where it was not checked.
    """

    error: str
    done: str
    least: int | None
    most: int | None
    cases: tuple[str, ...] | None

    @property
    def found(self) -> int | None:
        """How often it was met; None where it was not checked."""
        return None if self.cases is None else len(self.cases)

    @property
    def state(self) -> State:
        """Whether that is what is known."""
        if self.cases is None:
            return State.NOT_CHECKED
        too_few = self.least is not None and len(self.cases) < self.least
        too_many = self.most is not None and len(self.cases) > self.most
        return State.UNKNOWN if too_few or too_many else State.KNOWN

    @property
    def is_listed(self) -> bool:
        """Whether its cases are worth naming: what should not be, and rows set aside."""
        return bool(self.cases) and (self.most == 0 or self.done == _SET_ASIDE)

    @property
    def expected(self) -> str:
        """The known count in words."""
        if self.least is None and self.most is None:
            return "any"
        if self.most is None:
            return f"{self.least} or more"
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _TableCheck:
    error: str
    done: str
    known: int
    find: Callable[[Sequence[CaseRow]], Cases]


@dataclass(frozen=True, slots=True, kw_only=True)
class _IndexCheck:
    error: str
    done: str
    least: int | None
    most: int | None
    find: Callable[[CbisIndex], Cases | None]


def check_tables(cases: Sequence[CaseRow]) -> tuple[CheckLine, ...]:
    """Return the lines that the four tables alone can tell."""
    return tuple(
        CheckLine(
            error=check.error,
            done=check.done,
            least=check.known,
            most=check.known,
            cases=tuple(check.find(cases)),
        )
        for check in _TABLE_CHECKS
    )


def check_files(index: CbisIndex | None) -> tuple[CheckLine, ...]:
    """Return the lines that need the files; without an index they stand there as not checked."""
    lines = []
    for check in _INDEX_CHECKS:
        found = None if index is None else check.find(index)
        lines.append(
            CheckLine(
                error=check.error,
                done=check.done,
                least=check.least,
                most=check.most,
                cases=None if found is None else tuple(found),
            )
        )
    return tuple(lines)


def is_known(lines: Iterable[CheckLine]) -> bool:
    """Tell whether no checked line is off what is known."""
    return all(line.state is not State.UNKNOWN for line in lines)


# ------------------------------------------------------------------------------------- the tables


def _of_set(name: str) -> Callable[[Sequence[CaseRow]], Cases]:
    return lambda cases: [case.lesion_id for case in cases if case.official == name]


def _of_pathology(name: str) -> Callable[[Sequence[CaseRow]], Cases]:
    return lambda cases: [case.lesion_id for case in cases if case.pathology == name]


def _flagged(flag: RowFlag) -> Callable[[Sequence[CaseRow]], Cases]:
    return lambda cases: [case.lesion_id for case in cases if flag.value in case.flags]


def _grouped(
    cases: Iterable[CaseRow], key: Callable[[CaseRow], str], value: Callable[[CaseRow], str]
) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        groups[key(case)].add(value(case))
    return groups


def _mammogram(case: CaseRow) -> str:
    return case.mammogram


def _person(case: CaseRow) -> str:
    return case.person


def _part(case: CaseRow) -> str:
    return case.official.split("-")[1]


def _in_both_sets(cases: Sequence[CaseRow]) -> list[str]:
    kinds = _grouped(cases, _mammogram, lambda case: case.kind)
    return [name for name, found in kinds.items() if len(found) == 2]


def _across_the_split(cases: Sequence[CaseRow]) -> list[str]:
    both, parts = set(_in_both_sets(cases)), _grouped(cases, _mammogram, _part)
    return [name for name, found in parts.items() if len(found) == 2 and name in both]


def _people_across(cases: Sequence[CaseRow]) -> list[str]:
    return [name for name, found in _grouped(cases, _person, _part).items() if len(found) == 2]


def _four_views(cases: Sequence[CaseRow]) -> list[str]:
    views = _grouped(cases, _person, lambda case: case.laterality + case.view)
    return [name for name, found in views.items() if len(found) == 4]


def _one_breast(cases: Sequence[CaseRow]) -> list[str]:
    sides = _grouped(cases, _person, lambda case: case.laterality)
    return [name for name, found in sides.items() if len(found) == 1]


def _named_together(cases: Sequence[CaseRow]) -> list[str]:
    return [c.lesion_id for c in cases if c.crop_series_uid == c.mask_series_uid]


def _named_apart(cases: Sequence[CaseRow]) -> list[str]:
    return [c.lesion_id for c in cases if c.crop_series_uid != c.mask_series_uid]


def _table(
    error: str, done: str, known: int, find: Callable[[Sequence[CaseRow]], Cases]
) -> _TableCheck:
    return _TableCheck(error=error, done=done, known=known, find=find)


_ROWS_OF = dict(zip(OFFICIAL_SETS, (1318, 378, 1546, 326), strict=True))
_OF_PATHOLOGY = dict(zip(PATHOLOGIES, (1457, 1429, 682), strict=True))
_TABLE_CHECKS = (
    *(_table(f"rows of {name}", "read", n, _of_set(name)) for name, n in _ROWS_OF.items()),
    *(
        _table(f"rows of pathology {name}", "read", n, _of_pathology(name))
        for name, n in _OF_PATHOLOGY.items()
    ),
    _table("people", "grouped by P_ number", 1566, lambda c: sorted({case.person for case in c})),
    _table(
        "distinct mammograms",
        "one image record each",
        3032,
        lambda c: sorted({case.mammogram for case in c}),
    ),
    _table(
        "same mammogram in mass and calc sets", "one record, union of lesions", 71, _in_both_sets
    ),
    _table(
        "... of which on both sides of the official split",
        "an official-purged split",
        29,
        _across_the_split,
    ),
    _table("people in train and test", "an official-purged split", 31, _people_across),
    _table("people with all four views", "said", 105, _four_views),
    _table("people with one breast only", "said", 1424, _one_breast),
    _table("rows naming one series for crop and mask", "told by file", 3464, _named_together),
    _table("rows naming two series for crop and mask", "both joined", 104, _named_apart),
    _table("density 0", "kept, flagged", 2, _flagged(RowFlag.DENSITY_UNKNOWN)),
    _table("subtlety 0", "kept, flagged", 2, _flagged(RowFlag.SUBTLETY_UNKNOWN)),
    _table("assessment 0", "kept, flagged", 238, _flagged(RowFlag.ASSESSMENT_INCOMPLETE)),
    _table(
        "BI-RADS 1-2 but malignant", "kept, flagged", 5, _flagged(RowFlag.MALIGNANT_CALLED_BENIGN)
    ),
)


# -------------------------------------------------------------------------------------- the files


def _in_role(*roles: Role) -> Callable[[CbisIndex], Cases]:
    names = {role.value for role in roles}
    return lambda index: [
        f"{item.file.path}{': ' + item.note if item.note else ''}"
        for item in index.files
        if item.role in names
    ]


def _why(*whys: Why) -> Callable[[CbisIndex], Cases]:
    names = {why.value for why in whys}
    return lambda index: [
        row.case.lesion_id
        for row in index.rows
        if any(reason.why in names for reason in row.set_aside)
    ]


def _whole(index: CbisIndex) -> list[str]:
    return [r.case.lesion_id for r in index.rows if r.image and r.mask and r.crop]


def _shared_series(index: CbisIndex) -> list[str]:
    roles: dict[str, set[str]] = defaultdict(set)
    for item in index.files:
        roles[item.file.series_uid].add(item.role)
    return [uid for uid, found in roles.items() if {Role.MASK.value, Role.CROP.value} <= found]


def _misnamed(index: CbisIndex) -> list[str]:
    """Return crops that SeriesDescription calls a mask, and masks that it calls a crop."""
    wrong = {Role.CROP.value: CbisKind.MASK, Role.MASK.value: CbisKind.CROP}
    return [i.file.path for i in index.files if i.file.described == wrong.get(i.role)]


def _undescribed(index: CbisIndex) -> list[str]:
    return [
        item.file.path
        for item in index.files
        if item.file.is_image and item.file.described == CbisKind.UNKNOWN
    ]


def _swapped(index: CbisIndex) -> list[str] | None:
    """Return the rows that swap crop and mask; None where no file has the tables' names."""
    rows = [row for row in index.rows if row.mask and row.case.mask_file != row.case.crop_file]
    names = {name for row in rows for name in (row.case.mask_file, row.case.crop_file)}
    if not any(Path(row.mask).name in names for row in rows):
        return None
    return [
        row.case.lesion_id
        for row in rows
        if Path(row.mask).name == row.case.crop_file and Path(row.crop).name == row.case.mask_file
    ]


def _misfits(fits: set[Fit], known: bool | None) -> Callable[[CbisIndex], Cases]:
    def is_met(row: IndexedRow) -> bool:
        is_known_person = row.case.person in _KNOWN_MISFITS
        return row.mask_fit in fits and known in (None, is_known_person)

    return lambda index: [row.case.lesion_id for row in index.rows if is_met(row)]


def _unlike_twins(index: CbisIndex) -> list[str]:
    """Return mammograms whose files in two sets differ in size."""
    sizes: dict[str, set[tuple[int, int]]] = defaultdict(set)
    of_lesion = {row.case.lesion_id: row.case.mammogram for row in index.rows}
    for item in index.files:
        if item.role == Role.IMAGE:
            sizes[of_lesion[item.lesions[0]]].add((item.file.rows, item.file.cols))
    return [name for name, found in sizes.items() if len(found) > 1]


def _of_unknown_kind(index: CbisIndex) -> list[str]:
    return [
        f"{item.file.path}: {item.file.reason}"
        for item in index.files
        if item.file.kind == CbisKind.UNKNOWN and item.role in (Role.UNPLACED, Role.STRAY)
    ]


def _unplaced(index: CbisIndex) -> list[str]:
    unknown = CbisKind.UNKNOWN
    return [
        f"{i.file.path}: {i.note}"
        for i in index.files
        if i.role == Role.UNPLACED and i.file.kind != unknown
    ]


def _unlike_duplicates(index: CbisIndex) -> list[str]:
    return [
        f"{item.file.path}: {item.note}"
        for item in index.files
        if item.role == Role.DUPLICATE and "differs" in item.note
    ]


def _gone(index: CbisIndex) -> list[str] | None:
    """Return files that are no longer there; None where the data folder itself is not."""
    root = Path(index.root)
    if not root.is_dir():
        return None
    taken = (Role.IMAGE, Role.MASK, Role.CROP)
    return [
        i.file.path for i in index.files if i.role in taken and not (root / i.file.path).is_file()
    ]


def _index(
    error: str,
    done: str,
    known: tuple[int | None, int | None],
    find: Callable[[CbisIndex], Cases | None],
) -> _IndexCheck:
    return _IndexCheck(error=error, done=done, least=known[0], most=known[1], find=find)


_MISFITS = {Fit.SCALED, Fit.ANISOTROPIC, Fit.UNKNOWN_RATIO}
_INDEX_CHECKS = (
    _index("full mammograms", "joined by series", (3103, 3103), _in_role(Role.IMAGE)),
    _index("masks", "joined by series", (3568, 3568), _in_role(Role.MASK)),
    _index("crops", "joined by series", (3568, 3568), _in_role(Role.CROP)),
    _index(
        "files of the collection",
        "joined by series",
        (10239, 10239),
        _in_role(Role.IMAGE, Role.MASK, Role.CROP),
    ),
    _index("rows with image, mask and crop", "used, but for the next", (3568, 3568), _whole),
    _index("crop and mask in one series", "told by file", (3461, 3464), _shared_series),
    _index(
        "crop named as mask, or mask as crop, by SeriesDescription",
        "told by bits and values",
        (None, None),
        _misnamed,
    ),
    _index(
        "headers without SeriesDescription", "told by PatientID, bits", (None, None), _undescribed
    ),
    _index("tables swap the files of crop and mask", "told by file", (None, None), _swapped),
    _index("mask and image of different size", "see below", (8, None), _misfits(_MISFITS, None)),
    _index(
        "... by 50/43.5 in both axes",
        "mask resized nearest: box scaled",
        (5, None),
        _misfits({Fit.SCALED}, None),
    ),
    _index(
        "... by anything else, in people known for it",
        _SET_ASIDE,
        (1, None),
        _misfits(_MISFITS - {Fit.SCALED}, True),
    ),
    _index(
        "... by anything else, in others",
        _SET_ASIDE,
        (0, 0),
        _misfits(_MISFITS - {Fit.SCALED}, False),
    ),
    _index("two files of one mammogram differ in size", "the first is used", (0, 0), _unlike_twins),
    _index("rows without image", _SET_ASIDE, (0, 0), _why(Why.IMAGE_MISSING)),
    _index("rows without mask", _SET_ASIDE, (0, 0), _why(Why.MASK_MISSING)),
    _index("rows without crop", _SET_ASIDE, (0, 0), _why(Why.CROP_MISSING)),
    _index("rows with several files for one place", _SET_ASIDE, (0, 0), _why(Why.SEVERAL)),
    _index("empty masks", _SET_ASIDE, (0, 0), _why(Why.MASK_EMPTY)),
    _index("files of unknown kind", "left out", (0, 0), _of_unknown_kind),
    _index("PatientID contradicts the tables", "left out", (0, 0), _in_role(Role.CONTRADICTED)),
    _index("files that fit nowhere in their series", "left out", (0, 0), _unplaced),
    _index("images that no row names", "left out", (0, 0), _in_role(Role.STRAY)),
    _index("files that cannot be read", "left out", (0, 0), _in_role(Role.UNREADABLE)),
    _index("copies of a file", "left out", (None, None), _in_role(Role.DUPLICATE)),
    _index("... that differ from it", "left out", (0, 0), _unlike_duplicates),
    _index("other files", "left out", (None, None), _in_role(Role.NOT_DICOM)),
    _index("files gone since the index was made", "index again", (0, 0), _gone),
)
