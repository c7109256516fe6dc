"""The files that were not opened, each with its reason."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mammoview.domain.study import ExamIndex
from mammoview.ui.dialogs.text_table import TextTable


def refused_files(index: ExamIndex, parent: QWidget) -> TextTable:
    """Return the dialog."""
    count = len(index.refused)
    return TextTable(
        name="refusedFiles",
        title="Refused files",
        intro=f"{count} file{'s were' if count != 1 else ' was'} not opened. The others are.",
        columns=("File", "Reason"),
        rows=[(refusal.name, refusal.reason) for refusal in index.refused],
        parent=parent,
    )
