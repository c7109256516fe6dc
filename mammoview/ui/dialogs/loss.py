"""What would be lost when the window closes, and whether it may."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from mammoview.words import COUNTED, translate


def loss_accepted(parent: QWidget, marks: int, entries: int) -> bool:
    """Ask whether to close although changes of marks or of a read could not be written."""
    unsaved = [
        translate("Marks", "%n change(s) of marks could not be saved.", "", COUNTED, marks),
        translate("Marks", "%n change(s) of a read could not be saved.", "", COUNTED, entries),
    ]
    said = [text for text, n in zip(unsaved, (marks, entries), strict=True) if n]
    lost = translate("Marks", "What is not saved is lost when the window closes.")
    title = translate("Marks", "Marks are not saved")
    asked = QMessageBox.warning(
        parent,
        translate("Marks", "The read is not saved") if entries else title,
        " ".join((*said, lost)),
        QMessageBox.StandardButton.Cancel | QMessageBox.StandardButton.Close,
        QMessageBox.StandardButton.Cancel,
    )
    return asked is QMessageBox.StandardButton.Close
