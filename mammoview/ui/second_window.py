"""The second reading screen: what hangs beside the step on the first, by the same state."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStatusBar

from mammoview.app import second_screen, true_size
from mammoview.app.display.display_check import DisplayChecks, DisplayStatus, badge_text
from mammoview.app.display.screens import Screen
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import texts
from mammoview.app.workspace import Workspace
from mammoview.ui.actions.keyboard import HeldKeys
from mammoview.ui.actions.qt import TableAction
from mammoview.ui.display_watch import DisplayWatch
from mammoview.ui.reading_window import ReadingWindow
from mammoview.ui.screen_watch import ScreenWatch
from mammoview.ui.status_strip import RESEARCH_USE_ONLY, caveat_text
from mammoview.ui.strip_rows import StripRows, lasting, yielding
from mammoview.ui.view_commands import ViewCommands
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.spoken import panes_text
from mammoview.words import translate

_SMALLEST = (480, 480)


class SecondWindow(ReadingWindow):
    """Images and what must always be said; menus and panels stay on the first screen.

    All keys work here as there.  Closing it is the same as switching the second screen off.

    Parameters
    ----------
    desk : ReadingDesk
        Holds the one state.
    actions : iterable of TableAction
        Those of the first window.
    held : HeldKeys
        Those of the first window.
    checks : DisplayChecks or None
        What was answered of this window's own screen; None: not asked.
    """

    def __init__(
        self,
        desk: ReadingDesk,
        *,
        actions: Iterable[TableAction],
        held: HeldKeys,
        checks: DisplayChecks | None = None,
    ) -> None:
        super().__init__()  # no child of the first window: each is maximised by itself
        self.setObjectName("secondWindow")
        self.setWindowTitle(translate("SecondScreen", "mammoview — second screen"))
        self.setAccessibleName(self.windowTitle())
        self.setMinimumSize(*_SMALLEST)
        self.desk = desk
        self.held = held
        self._shown: Workspace | None = None
        self._screen: Screen | None = None
        self._screen_watch = ScreenWatch(self)
        self.four_view = FourView(self)
        self.four_view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.four_view.setAccessibleName(translate("SecondScreen", "Images of the second screen"))
        self.setCentralWidget(self.four_view)
        self._rows = self._build_strip()
        self._commands = ViewCommands(desk, self.four_view)
        for action in actions:
            (self.four_view if action.spec.on_images else self).addAction(action)
        self._connect()
        self.display = DisplayWatch(self._screen_watch, checks, self._show_display)

    def _build_strip(self) -> StripRows:
        strip = QStatusBar(self)
        strip.setObjectName("secondStrip")
        strip.setAccessibleName(translate("SecondScreen", "Status of the second screen"))
        strip.setSizeGripEnabled(False)
        self._research = lasting("researchUseOnly", translate("Status", "Research use only"), strip)
        self._badge = lasting("readingBadge", translate("Status", "Reading mode"), strip)
        said = translate("Status", "Check of the display")
        self._display = lasting("displayBadge", said, strip)
        said = translate("Status", "What stands beside results of the model")
        self._caveats = lasting("caveats", said, strip)
        said = translate("SecondScreen", "Whether sizes compare with the first screen")
        self._scale = lasting("scaleBadge", said, strip)
        said = translate("SecondScreen", "What hangs on the second screen")
        self._step = yielding("stepLabel", said, strip)
        self._display.hide()
        self._research.setText(translate("Status", RESEARCH_USE_ONLY))
        rows = StripRows(
            lasting=(self._research, self._badge, self._scale, self._display, self._caveats),
            rest=(self._step,),
            room=(self._step,),
            filler=self._step,
            parent=strip,
        )
        strip.addWidget(rows, 1)
        self.setStatusBar(strip)
        return rows

    def _connect(self) -> None:
        self._screen_watch.changed.connect(self._screen_changed)

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show what hangs beside a state."""
        last = self._shown
        same = last is not None and old is not None and _hangs_the_same(old, new)
        shown = (
            second_screen.still_beside(last, new) if same and last else (second_screen.beside(new))
        )
        if self._screen is not None:  # true size is that of the screen it stands on
            shown = true_size.set_screen(shown, self._screen)
        self.four_view.render(last, shown)
        self.four_view.setAccessibleDescription(panes_text(shown))
        self._shown = shown
        step = shown.hanging.step
        nothing = translate("SecondScreen", "Nothing hangs beside this step")
        self._step.setText(step.title if step else nothing)
        mode = texts.badge_text(new)
        self._badge.setText(mode)
        self._badge.setVisible(bool(mode))
        self._caveats.setText(caveat_text(new))
        self._rows.arrange()

    def show_scale(self, first: second_screen.ShownScale | None) -> None:
        """Say whether sizes compare with those of the first screen."""
        said = second_screen.scale_text(self.four_view.sizes.shown, first)
        if said != self._scale.text():
            self._scale.setText(said)
            self._scale.setVisible(bool(said))
            self._rows.arrange()

    def _show_display(self, status: DisplayStatus) -> None:
        words = badge_text(status)
        self._display.setText(words)
        self._display.setVisible(bool(words))
        self._rows.arrange()

    def _screen_changed(self, screen: Screen) -> None:
        self._screen = screen
        if self._shown is not None:
            self.render(self.desk.workspace, self.desk.workspace)

    # -- reader's side ------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Switch the second screen off."""
        super().closeEvent(event)
        if self.desk.workspace.second_screen:
            self.desk.do(second_screen.toggle)


def _hangs_the_same(old: Workspace, new: Workspace) -> bool:
    return old.hanging is new.hanging and old.views is new.views and old.index is new.index
