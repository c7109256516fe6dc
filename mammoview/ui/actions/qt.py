"""A row of the table as Qt has it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from mammoview.app.workspace import Workspace
from mammoview.ui.actions.keyboard import native_text
from mammoview.ui.actions.spec import ActionSpec, Reach
from mammoview.words import translate


class TableAction(QAction):
    """A QAction made from one row of the table; its keys come with the state."""

    def __init__(self, spec: ActionSpec, reach: Reach, parent: QObject) -> None:
        super().__init__(spec.said, parent)
        self.spec = spec
        self._reach = reach
        self._named = spec.said
        self._covered = False
        self.setObjectName(spec.id)
        self.setAutoRepeat(spec.repeats)
        if spec.on_images:
            self.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.setCheckable(spec.checked is not None)
        self.setStatusTip("")
        if spec.toolbar:
            self.setIconText(translate("Toolbar", spec.toolbar))
        self.triggered.connect(self._run)

    def set_keys(self, keys: tuple[str, ...]) -> None:
        """Answer to other keys, and name them."""
        self.setShortcuts([QKeySequence(key) for key in keys])
        self._named = f"{self.spec.said}  ({native_text(keys)})" if keys else self.spec.said
        self.setToolTip(self._named)

    def cover(self, closed: bool) -> None:
        """Do nothing while the window is closed to who sits before it."""
        self._covered = closed
        self.setEnabled(not closed)
        self.show_state(self._reach.desk.workspace)

    def show_state(self, workspace: Workspace) -> None:
        """Take check mark and availability from the state."""
        if self._covered:
            return
        if self.spec.checked is not None:
            self.setChecked(self.spec.checked(workspace))
        reason = self.spec.why_off(workspace)
        enabled = self.spec.enabled is None or self.spec.enabled(workspace)
        self.setEnabled(enabled and not reason)
        self.setToolTip(f"{self._named}\n{reason}" if reason else self._named)

    def _run(self) -> None:
        self.spec.run(self._reach)
        self.show_state(self._reach.desk.workspace)
