"""What this program is, and what it is not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from mammoview import __version__
from mammoview.app.workspace import Workspace
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.reading_panel import model_text
from mammoview.words import translate


def about_text(workspace: Workspace) -> str:
    """Return version, intended use and model."""
    use = workspace.model.intended_use if workspace.model else ""
    model = "\n".join(filter(None, [model_text(workspace), use]))
    return "\n".join(
        (
            f"mammoview {__version__}",
            "",
            translate(
                "About", "Research use only. Not a medical device: no reading may rest on it."
            ),
            translate(
                "About", "Marks and heat show kinds of finding; they are no probability of cancer."
            ),
            "",
            translate("About", "Model: {model}").format(model=model),
        )
    )


class About(TitledDialog):
    """Version, intended use and the open model."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("about", translate("About", "About mammoview"), parent)
        self._text = QLabel(about_text(workspace), self)
        self._text.setObjectName("aboutText")
        self._text.setAccessibleName(translate("About", "Version, intended use and model"))
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setMinimumWidth(460)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(self._buttons)
        self._connect()

    def _connect(self) -> None:
        self._buttons.rejected.connect(self.reject)
