"""A line beside a mark to type its words into: each letter is kept as it is typed."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from mammoview.app.marks import marking
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import Annotation
from mammoview.ui.own_keys import OWN_KEYS, OwnKeysLine
from mammoview.words import translate

_WIDTH_PX = 220
_GAP_PX = 14


class LabelEditor(OwnKeysLine):
    """Return or the loss of the keyboard ends it; Esc brings the old words back.

    Signals
    -------
    commanded(callable)
        A command ``Workspace -> Workspace`` that gives the mark the words as they are now.
    """

    commanded = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("markLabel")
        self.setAccessibleName(translate("Marks", "Words of the mark"))
        self.setPlaceholderText(translate("Marks", "Words of the mark"))
        self.setMaxLength(200)
        self.setFixedWidth(_WIDTH_PX)
        self.hide()
        self._images = parent
        self._mark_id = ""
        self._before = ""
        self._connect()

    def _connect(self) -> None:
        self.textEdited.connect(self._typed)

    def edit(self, mark: Annotation, at: QPointF) -> None:
        """Ask for the words of a mark beside a place in the parent."""
        self._mark_id, self._before = mark.id, mark.label
        self.setText(mark.label)
        self.selectAll()
        room = self._images.rect()
        x = min(max(0, round(at.x()) + _GAP_PX), room.width() - self.width())
        y = min(max(0, round(at.y()) + _GAP_PX), room.height() - self.sizeHint().height())
        self.move(x, y)
        self.show()
        self.raise_()
        self.setFocus()

    def render(self, new: Workspace) -> None:  # type: ignore[override]
        """Go away with the mark, and with its image: the words are of nobody else's."""
        if self.isHidden():
            return
        mark = new.marks.by_id(self._mark_id)
        shown = {pane.mammogram.sop_instance_uid for pane in new.panes if pane.mammogram}
        if mark is None or mark.sop_instance_uid not in shown:
            if self.hasFocus():
                self._images.setFocus()
            self.hide()

    def _typed(self, text: str) -> None:
        self.commanded.emit(partial(marking.relabel, mark_id=self._mark_id, label=text))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End on Return; end with the old words on Esc."""
        if event.key() not in OWN_KEYS:
            super().keyPressEvent(event)
            return
        if event.key() == Qt.Key.Key_Escape:
            self._typed(self._before)
        self._images.setFocus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Go away: what was typed is kept already."""
        super().focusOutEvent(event)
        self.hide()
