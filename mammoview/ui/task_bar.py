"""What the reader waits for: a bar with words, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from mammoview.app.workspace import Task
from mammoview.words import translate

# Four views are decoded in less: a bar that only flashes tells nothing.
_SHOW_AFTER_MS = 250
_WIDTH_PX = 250
_NARROWEST_PX = 120


class TaskBar(QWidget):
    """Hidden while there is nothing to wait for, and for the first moment of a task.

    Parameters
    ----------
    name : str
        Object name; those of the bar and of the button start with it.
    accessible : str
        What is waited for, for a screen reader.
    cancel : callable
        What the button does.
    """

    def __init__(
        self, *, name: str, accessible: str, cancel: Callable[[], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._task: Task | None = None
        self._cancel = cancel
        self._bar = QProgressBar(self)
        self._bar.setObjectName(f"{name}Bar")
        self._bar.setAccessibleName(accessible)
        self._bar.setMinimumWidth(_NARROWEST_PX)
        self._button = QToolButton(self)
        self._button.setObjectName(f"{name}Cancel")
        self._button.setText(translate("Task", "Cancel"))
        self._button.setAccessibleName(translate("Task", "Cancel: {what}").format(what=accessible))
        self._button.setToolTip(translate("Task", "Stop this; what is done stays  (Esc)"))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._wait = QTimer(self)
        self._wait.setObjectName(f"{name}Wait")
        self._wait.setSingleShot(True)
        self._wait.setInterval(_SHOW_AFTER_MS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._bar, 1)
        layout.addWidget(self._button)
        self.hide()
        self._connect()

    def _connect(self) -> None:
        self._wait.timeout.connect(self.show)
        self._button.clicked.connect(self._clicked)

    def sizeHint(self) -> QSize:
        """Return room for the words; with less the bar is shorter, and the button stays whole."""
        least = super().sizeHint()
        shorter = self._bar.sizeHint().expandedTo(self._bar.minimumSize()).width()
        return QSize(least.width() - shorter + _WIDTH_PX, least.height())

    def show_task(self, task: Task | None) -> None:
        """Show how far a task is; None: there is none."""
        if task == self._task:
            return
        started = self._task is None
        self._task = task
        if task is None:
            self._wait.stop()
            self.hide()
            self._say(done=0, total=1, said="")  # nothing of it stays behind
            return
        self._say(done=task.done, total=task.total, said=task_text(task))
        if started:
            self._wait.start()

    def _say(self, *, done: int, total: int, said: str) -> None:
        self._bar.setRange(0, total)  # 0 to 0: it is not known how much there is
        # It would repaint at once, and with it all of the window that waits to be painted.
        self._bar.setUpdatesEnabled(False)
        self._bar.setValue(done)
        self._bar.setUpdatesEnabled(True)
        self._bar.setFormat(said)
        self._bar.setToolTip(said)

    def _clicked(self) -> None:
        self._cancel()


def task_text(task: Task) -> str:
    """Return a task in words: ``Reading headers: 12 of 500 files``."""
    title = translate("Task", task.title)
    if not task.total:
        return f"{title}…"
    counted = translate("Task", "{title}: {done} of {total} {unit}")
    unit = translate("Task", task.unit)
    return counted.format(title=title, done=task.done, total=task.total, unit=unit).strip()
