"""A list of words of which several may hold: a button with a menu of ticks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from mammoview.ui.elided import ElidedButton
from mammoview.words import translate


class TermsChoice(ElidedButton):
    """Shows the words that hold; Space drops the menu down.

    Signals
    -------
    chosen(tuple of str)
        The reader has ticked or unticked one: the ids of all that hold now.
    """

    chosen = Signal(tuple)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "terms")
        # Many words may hold: they are cut, and in full in the tooltip.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._menu = QMenu(self)
        self._menu.setObjectName(f"{name}Menu")
        self.setMenu(self._menu)
        self._actions: list[QAction] = []
        self._connect()

    def _connect(self) -> None:
        self._menu.triggered.connect(self._ticked)

    def offer(self, terms: Sequence[tuple[str, str]], held: Sequence[str]) -> None:
        """Take words, ``(id, words)`` each, and which of them hold; emits no change by itself."""
        if [action.data() for action in self._actions] != [term for term, _ in terms]:
            self._menu.clear()
            self._actions = [self._menu.addAction(words) for _, words in terms]
            for action, (term, _) in zip(self._actions, terms, strict=True):
                action.setData(term)
                action.setCheckable(True)
        for action in self._actions:
            action.setChecked(action.data() in held)
        names = [action.text() for action in self._actions if action.isChecked()]
        self.setText(", ".join(names) or translate("Findings", "none"))
        self.setToolTip(self.text())

    def _ticked(self) -> None:
        self.chosen.emit(tuple(str(a.data()) for a in self._actions if a.isChecked()))
