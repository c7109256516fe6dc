"""Centre and width in numbers: typed for one image, followed by the others in proportion."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.study import PixelFormat
from mammoview.errors import UsageError
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import paragraph
from mammoview.ui.viewport.windowing import change_to, value_range, voi_text, window_in_use
from mammoview.words import translate

_NARROWEST_PX = 400


class WindowEntry(TitledDialog):
    """Takes centre and width of the window that an image is shown with.

    The image's VOI function stays, and every other image is changed as much in widths of its own.

    Parameters
    ----------
    desk : ReadingDesk
        Whose state is shown and changed.
    pane : Pane
        The image that the numbers are for.
    """

    def __init__(self, desk: ReadingDesk, pane: Pane, parent: QWidget | None = None) -> None:
        super().__init__(
            "windowEntry", translate("WindowValues", "Window centre and width"), parent
        )
        assert pane.mammogram is not None
        self._desk = desk
        self._fmt: PixelFormat = pane.mammogram.pixel_format
        self.centre = self._field("windowCentre", translate("WindowValues", "Centre"))
        self.width_ = self._field("windowWidth", translate("WindowValues", "Width"))
        self._which = paragraph("windowOf", translate("WindowValues", "Whose window"), self)
        self._wrong = paragraph(
            "windowProblem", translate("WindowValues", "What is wrong"), self, role="caution"
        )
        ok, cancel = QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel
        self._buttons = QDialogButtonBox(ok | cancel, self)
        self._which.setText(_words(pane.label, self._fmt, desk.workspace))
        self.setMinimumWidth(_NARROWEST_PX)
        self._lay_out()
        self._connect()
        self.centre.selectAll()
        self.centre.setFocus()

    def _field(self, name: str, accessible: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.setAccessibleName(accessible)
        return field

    def _lay_out(self) -> None:
        now = window_in_use(self._fmt, self._desk.workspace.gray)
        self.centre.setText(QLocale().toString(now.centre, "g", 6))
        self.width_.setText(QLocale().toString(now.width, "g", 6))
        form = QFormLayout()
        form.addRow(translate("WindowValues", "&Centre"), self.centre)
        form.addRow(translate("WindowValues", "&Width"), self.width_)
        layout = QVBoxLayout(self)
        layout.addWidget(self._which)
        layout.addLayout(form)
        layout.addWidget(self._wrong)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._buttons.accepted.connect(self._take)
        self._buttons.rejected.connect(self.reject)
        self.centre.textEdited.connect(self._forgive)
        self.width_.textEdited.connect(self._forgive)

    def _take(self) -> None:
        """Show the window, or say what is wrong and let the reader go on typing."""
        for field in (self.centre, self.width_):
            if _number(field) is None:
                said = translate("WindowValues", "“{typed}” is no number")
                self._refuse(field, said.format(typed=field.text().strip()))
                return
        centre, width = _number(self.centre), _number(self.width_)
        assert centre is not None
        assert width is not None
        try:
            change = change_to(self._fmt, self._desk.workspace.gray, centre=centre, width=width)
        except UsageError as error:
            self._refuse(self.width_, str(error))
            return
        self._desk.do(commands.change_window, change)
        self.accept()

    def _refuse(self, field: QLineEdit, why: str) -> None:
        self._wrong.setText(why)
        field.setAccessibleDescription(why)
        field.setFocus()
        field.selectAll()

    def _forgive(self) -> None:
        self._wrong.setText("")


def entry_pane(ws: Workspace) -> Pane | None:
    """Return the image that numbers are typed for: the one pointed at, else the first."""
    there = [pane for pane in ws.panes if pane.mammogram is not None and pane.image is not None]
    pointed = [pane for pane in there if pane.key == ws.active]
    return next(iter(pointed or there), None)


def _words(label: str, fmt: PixelFormat, ws: Workspace) -> str:
    low, high = value_range(fmt)
    shown = translate(
        "WindowValues", "{view} is shown with {window}; its values run {low} to {high}."
    )
    line = shown.format(view=label, window=voi_text(fmt, ws.gray), low=f"{low:g}", high=f"{high:g}")
    others = translate("WindowValues", "The other images change in proportion.")
    return f"{line}\n{others}" if len(ws.panes) > 1 else line


def _number(field: QLineEdit) -> float | None:
    """Return what was typed, as the reader's language or as a program writes numbers."""
    typed = field.text().strip()
    for locale in (QLocale(), QLocale.c()):
        value, sound = locale.toDouble(typed)
        if sound:
            return float(value)
    return None
