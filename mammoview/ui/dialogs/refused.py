"""The files that were not opened, each with its reason."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mammoview.domain.study import ExamIndex
from mammoview.ui.dialogs.text_table import TextTable
from mammoview.words import COUNTED, translate


def refused_files(index: ExamIndex, parent: QWidget) -> TextTable:
    """Return the dialog."""
    count = len(index.refused)
    return TextTable(
        name="refusedFiles",
        title=translate("Refused", "Refused files"),
        intro=translate(
            "Refused", "%n file(s) could not be opened. The others are.", "", COUNTED, count
        ),
        columns=(translate("Refused", "File"), translate("Refused", "Reason")),
        rows=[(refusal.name, refusal.reason) for refusal in index.refused],
        parent=parent,
    )
