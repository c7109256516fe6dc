"""The daily look at the screen: patterns over the whole screen, a question for each thing on them.

Nothing is written before the last answer.  Where the answers cannot be kept, they stay here and can
be saved again.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QMargins, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.display.display_check import QUESTIONS, DisplayChecks
from mammoview.errors import SettingsError
from mammoview.ui.dialogs.pattern_view import PatternView
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.words import translate

_BAR = """QFrame#checkBar { background: #0e0f11; border: 1px solid #2a2d31; border-radius: 4px; }
QFrame#checkBar:focus { border-color: #5f93a3; }
QLabel { color: #e8e8e8; font-size: 11pt; }
QLabel#checkProgress { color: #7b8188; }
QLabel#checkError { color: #ff9d6e; }"""
# The ground of the patterns goes on where they leave room.
_GROUND = "QDialog#dailyCheck { background: #808080; }"
_EDGE_PX, _GAP_PX = 16, 8
_NARROWEST_PX, _WIDEST_PX, _STEP_PX = 220, 640, 20


class DailyCheck(TitledDialog):
    """Walks through all questions for one screen.

    ``Y`` and ``N`` answer, ``Backspace`` goes back, ``Space`` hides the question to see what is
    under it, ``Esc`` stops without keeping anything.

    Parameters
    ----------
    checks : DisplayChecks
        Where the answers go.
    screen : str
        The screen that is looked at.

    Signals
    -------
    saved()
        The answers are kept.
    """

    saved = Signal()

    def __init__(self, checks: DisplayChecks, screen: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "dailyCheck", translate("DisplayCheck", "Daily check of the display"), parent
        )
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setStyleSheet(_GROUND)
        self._checks, self._screen = checks, screen
        self._answers: dict[str, bool] = {}
        self._at = 0
        self.view = PatternView(self)
        self.bar = QFrame(self)
        self.bar.setObjectName("checkBar")
        self.bar.setStyleSheet(_BAR)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.setAccessibleName(translate("DisplayCheck", "Question; Y and N answer it"))
        self._progress = self._label("checkProgress", translate("DisplayCheck", "Progress"))
        self._question = self._label("checkQuestion", translate("DisplayCheck", "Question"))
        self._error = self._label("checkError", translate("DisplayCheck", "Problem"))
        self._yes = self._button("checkYes", translate("DisplayCheck", "Yes (Y)"))
        self._no = self._button("checkNo", translate("DisplayCheck", "No (N)"))
        self._back = self._button("checkBack", translate("DisplayCheck", "Back"))
        self._again = self._button("checkSave", translate("DisplayCheck", "Save again"))
        self._stop = self._button("checkStop", translate("DisplayCheck", "Stop (Esc)"))
        self._lay_out()
        self._connect()
        self._show()
        self.bar.setFocus()

    @property
    def answers(self) -> dict[str, bool]:
        """What was answered so far, by the questions' ids."""
        return dict(self._answers)

    def _label(self, name: str, accessible: str) -> QLabel:
        label = QLabel(self.bar)
        label.setObjectName(name)
        label.setAccessibleName(accessible)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text, self.bar)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setAutoDefault(False)
        # A click leaves the keyboard with the bar: there Space shows what is under it.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _lay_out(self) -> None:
        column = QVBoxLayout(self.bar)
        for label in (self._progress, self._question, self._error):
            column.addWidget(label)
        for pair in ((self._yes, self._no), (self._again,), (self._back, self._stop)):
            row = QHBoxLayout()
            for button in pair:
                row.addWidget(button)
            column.addLayout(row)

    def _connect(self) -> None:
        self._yes.clicked.connect(self._answer_yes)
        self._no.clicked.connect(self._answer_no)
        self._back.clicked.connect(self._go_back)
        self._again.clicked.connect(self._save)
        self._stop.clicked.connect(self.reject)

    # --- answering ---------------------------------------------------------------------------

    def _answer_yes(self) -> None:
        self._answer(True)

    def _answer_no(self) -> None:
        self._answer(False)

    def _answer(self, good: bool) -> None:
        if self._at == len(QUESTIONS):
            return
        self._answers[QUESTIONS[self._at].id] = good
        self._at += 1
        if self._at == len(QUESTIONS):
            self._save()
        else:
            self._show()

    def _go_back(self) -> None:
        self._at = max(0, self._at - 1)
        self._show()

    def _save(self) -> None:
        try:
            self._checks.save(self._screen, self._answers)
        except SettingsError as error:
            self._show(str(error))
            return
        self.saved.emit()
        self.accept()

    def _show(self, problem: str = "") -> None:
        done = self._at == len(QUESTIONS)
        question = QUESTIONS[min(self._at, len(QUESTIONS) - 1)]
        self.view.set_pattern(question.pattern)
        progress = translate(
            "DisplayCheck",
            "Question {at} of {all}; Space hides this.  TG18-like and TG270-like, research "
            "use only",
        )
        self._progress.setText(
            progress.format(at=min(self._at + 1, len(QUESTIONS)), all=len(QUESTIONS))
        )
        self._question.setText(
            translate("DisplayCheck", "All questions are answered.") if done else question.said
        )
        self._error.setText(problem)
        self._error.setVisible(bool(problem))
        self._again.setVisible(bool(problem))
        self._yes.setVisible(not done)
        self._no.setVisible(not done)
        self._back.setEnabled(self._at > 0)
        self.bar.show()
        self._place()

    def _show_bar(self, shown: bool) -> None:
        self.bar.setVisible(shown)
        (self.bar if shown else self).setFocus()

    # --- place and keys ----------------------------------------------------------------------

    def _place(self) -> None:
        """Lay the question where it covers nothing that is asked about, at the left or below.

        Where there is no such place, the pattern is drawn above the question, on less.
        """
        self.view.setGeometry(self.rect())
        around = QMargins(_GAP_PX, _GAP_PX, _GAP_PX, _GAP_PX)
        free = (at for at in self._places() if self.view.is_free(at.marginsAdded(around)))
        place = next(free, None)
        if place is None:
            place = self._below(_WIDEST_PX)
            self.view.setGeometry(0, 0, self.width(), place.top() - _EDGE_PX)
        self.bar.setGeometry(place)
        self.bar.raise_()

    def _places(self) -> Iterator[QRect]:
        """Return where the question may be, the widest first."""
        narrowest = max(_NARROWEST_PX, self.bar.minimumSizeHint().width())
        for wide in range(_WIDEST_PX, narrowest - 1, -_STEP_PX):
            high = self.bar.heightForWidth(wide)
            yield QRect(_EDGE_PX, (self.height() - high) // 2, wide, high)
            yield self._below(wide)

    def _below(self, wide: int) -> QRect:
        wide = min(wide, self.width() - 2 * _EDGE_PX)
        high = self.bar.heightForWidth(wide)
        top = self.height() - high - _EDGE_PX
        return QRect((self.width() - wide) // 2, top, wide, high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the pattern as large as the screen."""
        super().resizeEvent(event)
        self._place()

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the check from the window's own actions of the same keys."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer by key."""
        if event.isAutoRepeat():
            return
        key = event.key()
        if key == Qt.Key.Key_Space:
            self._show_bar(self.bar.isHidden())
        elif self.bar.isHidden() and key != Qt.Key.Key_Escape:
            self._show_bar(True)  # nobody answers a question that is not seen
        elif key == Qt.Key.Key_Y:
            self._answer(True)
        elif key == Qt.Key.Key_N:
            self._answer(False)
        elif key == Qt.Key.Key_Backspace:
            self._go_back()
        else:
            super().keyPressEvent(event)
