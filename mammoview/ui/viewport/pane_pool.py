"""The views of an examination's images, each kept through all steps of the hanging."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsScene

from mammoview.app.workspace import Pane
from mammoview.domain.views import Laterality
from mammoview.ui.viewport.pane_view import PaneView, TableMaker


class PanePool:
    """Gives each image a view; views outlive their examination and serve the next one.

    Parameters
    ----------
    scene : QGraphicsScene
        Where the views are drawn.
    make_table : callable
        As that of `PaneView`.
    """

    def __init__(self, scene: QGraphicsScene, make_table: TableMaker) -> None:
        self._scene, self._make_table = scene, make_table
        self._kept: dict[str, PaneView] = {}  # all of this examination, by what they show
        self._free: list[PaneView] = []

    def view_for(self, pane: Pane) -> PaneView:
        """Return the view of an image, which keeps it through all steps, or of an empty place."""
        shows = pane.mammogram.sop_instance_uid if pane.mammogram else pane.key
        if shows not in self._kept:
            self._kept[shows] = self._unused(wall_right=pane.side is Laterality.RIGHT)
        return self._kept[shows]

    def release(self) -> None:
        """Let the images of the last examination go."""
        for view in self._kept.values():
            view.release()
        self._free += self._kept.values()
        self._kept = {}

    def _unused(self, *, wall_right: bool) -> PaneView:
        for view in self._free:
            if view.wall_right == wall_right:
                self._free.remove(view)
                return view
        view = PaneView(self._make_table, wall_right=wall_right)
        self._scene.addItem(view.box)
        return view
