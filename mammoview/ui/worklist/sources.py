"""What the worklist was made from: imported folders, and files that could not be read."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QLabel,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mammoview.app.worklist.desk import Worklist, WorklistState
from mammoview.app.worklist.values import Root
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.words import COUNTED, translate


class Sources(TitledDialog):
    """Folders can be taken out of the list; their files stay, and so do the read states."""

    def __init__(self, worklist: Worklist, parent: QWidget | None = None) -> None:
        super().__init__("sources", translate("Worklist", "Sources of the worklist"), parent)
        self._worklist = worklist
        self._roots: tuple[Root, ...] = ()
        self.folders = _list("sourceFolders", translate("Worklist", "Imported folders"), self)
        self._refused_title = QLabel(self)
        self._remove = QPushButton(translate("Worklist", "Take out of the worklist"), self)
        self._remove.setObjectName("sourceRemove")
        self.refused = _list("sourceRefused", translate("Worklist", "Files not read"), self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        layout = QVBoxLayout(self)
        for widget in (
            QLabel(translate("Worklist", "Imported folders, archives and DICOMDIRs"), self),
            self.folders,
            self._remove,
            self._refused_title,
            self.refused,
            self._buttons,
        ):
            layout.addWidget(widget)
        self.resize(760, 520)
        self._connect()
        self.render(None, worklist.state)

    def _connect(self) -> None:
        self._worklist.subscribe(self.render)
        self._remove.clicked.connect(self._remove_clicked)
        self._buttons.rejected.connect(self.reject)

    def render(self, old: WorklistState | None, new: WorklistState) -> None:  # type: ignore[override]
        """Show the state."""
        if old is not None and old.listing is new.listing:
            return
        self._roots = new.listing.roots
        _show(self.folders, [root_text(root) for root in self._roots])
        _show(self.refused, [f"{lost.file}: {lost.reason}" for lost in new.listing.refused])
        count = len(new.listing.refused)
        said = translate("Worklist", "%n file(s) not read", "", COUNTED, count)
        self._refused_title.setText(said)

    def done(self, result: int) -> None:
        """Hear no more of the list."""
        self._worklist.unsubscribe(self.render)
        super().done(result)

    def _remove_clicked(self) -> None:
        row = self.folders.currentIndex().row()
        if 0 <= row < len(self._roots):
            self._worklist.remove_root(self._roots[row].path)


def root_text(root: Root) -> str:
    """Return a folder with what is in it."""
    studies, images, refused = root.studies, root.images, root.refused
    counts = [
        translate("Worklist", "%n examination(s)", "", COUNTED, studies),
        translate("Worklist", "%n image(s)", "", COUNTED, images),
    ]
    if refused:
        counts.append(translate("Worklist", "%n not read", "", COUNTED, refused))
    said = translate("Worklist", "{path}   {counts}").format(
        path=root.path, counts=", ".join(counts)
    )
    if not root.reachable:
        said += translate("Worklist", "   NOT REACHABLE: plug it in, then Rescan")
    return said


def _list(name: str, accessible: str, parent: QWidget) -> QListView:
    view = QListView(parent)
    view.setObjectName(name)
    view.setAccessibleName(accessible)
    view.setWordWrap(True)
    view.setResizeMode(QListView.ResizeMode.Adjust)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setModel(QStringListModel(view))
    return view


def _show(view: QListView, lines: list[str]) -> None:
    model = view.model()
    assert isinstance(model, QStringListModel)
    if model.stringList() != lines:
        model.setStringList(lines)
