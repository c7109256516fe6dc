"""The table as Qt has it: actions with shortcuts, and the keys that are held."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from mammoview.app.workspace import Workspace
from mammoview.ui.actions.spec import ActionSpec, Reach
from mammoview.ui.actions.table import TABLE


class TableAction(QAction):
    """A QAction made from one row of the table."""

    def __init__(self, spec: ActionSpec, reach: Reach, parent: QObject) -> None:
        super().__init__(spec.text, parent)
        self.spec = spec
        self._reach = reach
        self.setObjectName(spec.id)
        if spec.release is None:
            self.setShortcuts([QKeySequence(key) for key in spec.keys])
        self.setAutoRepeat(spec.id.startswith("opacity"))
        self.setCheckable(spec.checked is not None)
        self.setToolTip(f"{spec.text}  ({key_text(spec)})")
        self.setStatusTip("")
        if spec.toolbar:
            self.setIconText(spec.toolbar)
        self.triggered.connect(self._run)

    def show_state(self, workspace: Workspace) -> None:
        """Take check mark and availability from the state."""
        if self.spec.checked is not None:
            self.setChecked(self.spec.checked(workspace))
        if self.spec.enabled is not None:
            self.setEnabled(self.spec.enabled(workspace))

    def _run(self) -> None:
        self.spec.run(self._reach)
        self.show_state(self._reach.desk.workspace)


def key_text(spec: ActionSpec) -> str:
    """Return the shortcuts as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) for key in spec.keys)


# Hold keys come as key events and not as shortcuts; these are their codes.
_HOLD_CODES = {"P": Qt.Key.Key_P, "Space": Qt.Key.Key_Space}


def hold_keys() -> dict[int, ActionSpec]:
    """Return the hold-key actions by Qt key code."""
    return {_HOLD_CODES[key].value: spec for spec in TABLE if spec.release for key in spec.keys}
