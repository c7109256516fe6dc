"""The views of an examination's images, kept through the steps of the hanging."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QGraphicsScene

from mammoview.app.workspace import Pane, Workspace
from mammoview.domain.views import Laterality
from mammoview.ui.viewport.pane_view import PaneView, TableMaker

# Four views, their priors and some more; what each has drawn is as large as the screen.
_KEPT = 12


class PanePool:
    """Gives each image a view; views outlive their examination and serve the next one.

    Those shown last keep what they have drawn, as long as the pixels are in memory.

    Parameters
    ----------
    scene : QGraphicsScene
        Where the views are drawn.
    make_table : callable
        As that of `PaneView`.
    """

    def __init__(self, scene: QGraphicsScene, make_table: TableMaker) -> None:
        self._scene, self._make_table = scene, make_table
        # Of this examination, by what they show; the one shown last comes last.
        self._kept: dict[str, PaneView] = {}
        self._free: list[PaneView] = []

    def view_for(self, pane: Pane) -> PaneView:
        """Return the view of an image, which keeps it through all steps, or of an empty place."""
        shows = _shown_by(pane)
        view = self._kept.pop(shows, None) or self._unused(wall_right=pane.side is Laterality.RIGHT)
        self._kept[shows] = view  # the last one
        return view

    def tidy(self, ws: Workspace) -> None:
        """Let go of images that rest, and of those shown longest ago where there are many."""
        on_screen = set(map(_shown_by, ws.panes))
        rest = {view.mammogram.sop_instance_uid for view in ws.views if view.image is None}
        away = [shows for shows in self._kept if shows not in on_screen]
        many = max(0, len(self._kept) - max(_KEPT, len(on_screen)))
        self._release(shows for at, shows in enumerate(away) if at < many or shows in rest)

    def release(self) -> None:
        """Let the images of the last examination go."""
        self._release(list(self._kept))

    def _release(self, shows: Iterable[str]) -> None:
        for view in map(self._kept.pop, shows):
            view.release()
            self._free.append(view)

    def _unused(self, *, wall_right: bool) -> PaneView:
        for view in self._free:
            if view.wall_right == wall_right:
                self._free.remove(view)
                return view
        view = PaneView(self._make_table, wall_right=wall_right)
        self._scene.addItem(view.box)
        return view


def _shown_by(pane: Pane) -> str:
    return pane.mammogram.sop_instance_uid if pane.mammogram else pane.key
