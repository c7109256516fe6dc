"""What was opened from a folder is offered for the worklist: two buttons in the status strip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from mammoview.app.worklist.desk import Worklist, WorklistState
from mammoview.app.workspace import Workspace
from mammoview.words import translate


class ImportOffer(QWidget):
    """Hidden unless a folder hangs that is not in the worklist and was not declined before.

    Parameters
    ----------
    worklist : Worklist
        Where the folder would go, and where a "no" is remembered.
    """

    def __init__(self, worklist: Worklist, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("importOffer")
        self.setAccessibleName(translate("Worklist", "Add what is open to the worklist"))
        self._worklist = worklist
        self._opened: tuple[Path, ...] = ()
        self._hangs = False
        add, no = translate("Worklist", "Add to worklist"), translate("Worklist", "No")
        said = translate("Worklist", "Do not add this folder to the worklist, and do not ask again")
        self._add = self._button("offerAdd", add, self.accessibleName())
        self._no = self._button("offerNo", no, said)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._add)
        layout.addWidget(self._no)
        self.hide()
        self._connect()

    def _button(self, name: str, text: str, said: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setAccessibleName(said)
        button.setToolTip(said)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _connect(self) -> None:
        self._add.clicked.connect(self._added)
        self._no.clicked.connect(self._declined)

    def opened(self, paths: Sequence[Path]) -> None:
        """Take note of what the reader opens by hand; files alone are not offered."""
        self._opened = tuple(path.absolute() for path in paths if _is_listable(path))
        self._hangs = False
        self._judge()

    def render(self, old: Workspace, new: Workspace) -> None:  # type: ignore[override]
        """Offer it once its examinations are there."""
        if new.index is not old.index:
            self._hangs = bool(new.index.examinations) and new.queue is None
            self._judge()

    def judge_list(self, old: WorklistState, new: WorklistState) -> None:
        """Look again when other folders are in the list, or were declined."""
        if (old.listing.roots, old.declined, old.ready) != (
            new.listing.roots,
            new.declined,
            new.ready,
        ):
            self._judge()

    def _judge(self) -> None:
        state = self._worklist.state
        self.setVisible(self._hangs and state.ready and bool(_unknown(self._opened, state)))

    def _added(self) -> None:
        """Add it, and stay at the images."""
        self._worklist.import_paths(_unknown(self._opened, self._worklist.state))
        self._end()

    def _declined(self) -> None:
        self._worklist.decline(_unknown(self._opened, self._worklist.state))
        self._end()

    def _end(self) -> None:
        self._opened = ()
        self._judge()


def _is_listable(path: Path) -> bool:
    """Tell whether a path can be a source of the worklist: a folder, an archive, a DICOMDIR."""
    named = path.suffix.lower() == ".zip" or path.name.upper() == "DICOMDIR"
    return named or path.is_dir()


def _unknown(paths: Sequence[Path], state: WorklistState) -> tuple[Path, ...]:
    """Return the folders that are neither in the list, within one that is, nor declined."""
    roots = {root.path for root in state.listing.roots}
    return tuple(
        path for path in paths if path not in state.declined and not roots & {path, *path.parents}
    )
