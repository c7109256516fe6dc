"""What a CAD report of another maker says: its images, its marks, and which are to be shown.

Source: PS3.16 TID 4000 (Mammography CAD Document Root) and 4020 (image library), PS3.4 O.2.2.1
(what a viewer is to draw).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.views import Laterality


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """What found something, as its maker names it."""

    name: str
    version: str

    @property
    def text(self) -> str:
        """Name and version as they stand on the screen."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedImage:
    """An image that a report is of, as its library describes it.

    Attributes
    ----------
    sop_instance_uid : str
        Often that of the For Processing image, which nobody looks at.
    rows, cols : int
        Its size; 0 where the report does not tell.
    directions : (str, str) or None
        Patient directions of its rows and columns, as in PatientOrientation.
    spacing_mm : (float, float) or None
        At the detector, row spacing first.
    side : Laterality or None
        The breast that it shows.
    status : AnalysisStatus
        Whether the algorithms ran on it.
    """

    sop_instance_uid: str
    rows: int = 0
    cols: int = 0
    directions: tuple[str, str] | None = None
    spacing_mm: tuple[float, float] | None = None
    side: Laterality | None = None
    status: AnalysisStatus = AnalysisStatus.NOT_SUPPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMark:
    """One finding in one image, pixels of that image.

    ``level`` is the CAD operating point from which on it is drawn: 0 for one that must be.
    ``certainty`` is 0..1, None where the report gives none.  ``frame`` counts from 1; 0 in an image
    of one frame.
    """

    id: str
    kind: str
    sop_instance_uid: str
    frame: int
    centre: ImagePoint
    outline: tuple[ImagePoint, ...]
    certainty: float | None
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CadReportFile:
    """A Mammography CAD SR that lies beside its images, without anything that it found.

    Attributes
    ----------
    file, archive : Path, Path or None
        As in `domain.study.Mammogram`.
    sop_instance_uid, study_key : str
        Its own UID and its study's.
    maker : str
        Manufacturer and model of what wrote it.
    made : str
        Date and time of its content, as sortable digits.
    algorithms : tuple of Algorithm
        What looked for anything, else what wrote the report: the same whatever was found, for it
        stands on the screen before a read is revealed.
    found_by : tuple of Algorithm
        These and every algorithm that a finding names; tells of findings, so it is shown with them.
    images : tuple of str
        SOPInstanceUIDs of the images that it is of.
    """

    file: Path
    sop_instance_uid: str
    study_key: str
    maker: str
    made: str
    algorithms: tuple[Algorithm, ...]
    images: tuple[str, ...]
    archive: Path | None = None
    found_by: tuple[Algorithm, ...] = ()

    @property
    def title(self) -> str:
        """Every algorithm that looked, by name and version: what a choice of reports names."""
        return " + ".join(a.text for a in self.algorithms) or self.maker

    @property
    def named(self) -> tuple[Algorithm, ...]:
        """Whose marks these are, once they may be seen."""
        return self.found_by or self.algorithms

    @property
    def key(self) -> tuple[object, ...]:
        """What a later report shares with the one that it replaces: algorithms and images."""
        names = frozenset(a.name for a in self.named) or frozenset({self.maker})
        return names, frozenset(self.images)


@dataclass(frozen=True, slots=True, kw_only=True)
class CadReport:
    """A Mammography CAD SR with what it found.

    Attributes
    ----------
    source : CadReportFile
        Which one.
    images, marks : tuple
        What it is of and what it found.
    highest, recommended : int
        Its highest CAD operating point, and the one that its maker recommends.
    notes : tuple of str
        What could not be understood or is not drawn, for the screen.
    """

    source: CadReportFile
    images: tuple[ReportedImage, ...]
    marks: tuple[ReportedMark, ...]
    highest: int = 0
    recommended: int = 0
    notes: tuple[str, ...] = ()
