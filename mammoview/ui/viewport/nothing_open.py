"""What stands in the place of the images while no examination is open: what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from mammoview.app.workspace import Workspace
from mammoview.ui.actions.keyboard import key_map, native_text
from mammoview.words import COUNTED, translate


class NothingOpen(QLabel):
    """Words over the empty surface, which takes drops and keys as ever."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("nothingOpen")
        self.setAccessibleName(translate("Images", "No examination is open"))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setProperty("role", "faint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def render(self, ws: Workspace) -> None:  # type: ignore[override]
        """Show what the state calls for; doing it twice changes nothing."""
        said = nothing_open_text(ws)
        self.setText(said)
        self.setVisible(bool(said))


def nothing_open_text(ws: Workspace) -> str:
    """Return what to do; empty while an examination is open or on its way."""
    if ws.exam_key is not None or ws.index.examinations or ws.task is not None:
        return ""
    keys = key_map(ws.keys)
    refused = len(ws.index.refused)
    if refused:
        none = translate("Images", "None of %n file(s) could be shown.", "", COUNTED, refused)
        return (
            none
            + "\n\n"
            + translate("Images", "Refused files… ({key}) tells why of each.").format(
                key=native_text(keys.of("refused-files"))
            )
        )
    return translate(
        "Images",
        "No examination is open.\n\n"
        "Open folder… ({folder}), or a drop here, shows folders, zip archives and DICOMDIRs.\n"
        "The worklist ({list}) has what was imported, to be read one study after the other.",
    ).format(folder=native_text(keys.of("open-folder")), list=native_text(keys.of("worklist")))
