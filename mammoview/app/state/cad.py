"""Whose marks are shown: those of the model here, or those of a CAD report beside the images."""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.domain.cad_report import CadReportFile


@dataclass(frozen=True, slots=True, kw_only=True)
class CadSource:
    """The reader's choice for the hung examination.

    Attributes
    ----------
    report : CadReportFile or None
        The report; None: the model here.
    level, highest : int
        CAD operating point in use, and the highest of the report.
    loading : bool
        Whether the report is still read.
    """

    report: CadReportFile | None = None
    level: int = 0
    highest: int = 0
    loading: bool = False


MODEL_HERE = CadSource()
