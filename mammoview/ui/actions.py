"""The one table of actions: it feeds the menus, the toolbar, the shortcuts and the cheat sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from mammoview.app.commands import overlay_parts
from mammoview.app.workspace import FitMode, OverlayMode, Workspace
from mammoview.ui.handlers import Handlers


class Menu(StrEnum):
    """The menus, in their order."""

    FILE = "&File"
    HANGING = "&Hanging"
    IMAGE = "&Image"
    CAD = "&CAD"
    VIEW = "&View"
    HELP = "&Help"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One thing the reader can do.

    Attributes
    ----------
    id : str
        Also the QAction's object name.
    text : str
        In menu and cheat sheet.
    keys : tuple of str
        Shortcuts, in Qt's portable text; the first is shown.
    run : callable
        What it does.
    release : callable or None
        Makes it a hold-key action: ``run`` on press, ``release`` when the key is let go.
    toolbar : str
        Short text on the toolbar; empty: not there.
    checked, enabled : callable or None
        Read the state from the workspace.
    group : int
        A line is drawn between groups of a menu and of the toolbar.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    menu: Menu
    run: Callable[[Handlers], None]
    release: Callable[[Handlers], None] | None = None
    toolbar: str = ""
    checked: Callable[[Workspace], bool] | None = None
    enabled: Callable[[Workspace], bool] | None = None
    group: int = 0


def _heat_on(ws: Workspace) -> bool:
    return overlay_parts(ws.overlay.mode)[0]


def _marks_on(ws: Workspace) -> bool:
    return overlay_parts(ws.overlay.mode)[1]


def _overlay_off(ws: Workspace) -> bool:
    return ws.overlay.mode is OverlayMode.OFF


def _inverted(ws: Workspace) -> bool:
    return ws.gray.invert


def _fits(mode: FitMode) -> Callable[[Workspace], bool]:
    def fits(ws: Workspace) -> bool:
        return ws.fit is mode

    return fits


def _has_exam(ws: Workspace) -> bool:
    return ws.exam_key is not None


def _has_priors(ws: Workspace) -> bool:
    return bool(ws.hanging.priors)


def _explains(ws: Workspace) -> bool:
    return ws.hanging.explain


def _hangs_by(name: str) -> Callable[[Workspace], bool]:
    def hangs(ws: Workspace) -> bool:
        return ws.hanging.protocol.id == name

    return hangs


def _several_exams(ws: Workspace) -> bool:
    return len(ws.index.examinations) > 1


def _has_refused(ws: Workspace) -> bool:
    return bool(ws.index.refused)


def _analysing(ws: Workspace) -> bool:
    return ws.analysis.running


TABLE: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="open-files",
        text="Open files…",
        keys=("Ctrl+O",),
        menu=Menu.FILE,
        run=Handlers.open_files,
        toolbar="Open",
    ),
    ActionSpec(
        id="open-folder",
        text="Open folder…",
        keys=("Ctrl+Shift+O",),
        menu=Menu.FILE,
        run=Handlers.open_folder,
    ),
    ActionSpec(
        id="next-exam",
        text="Next examination",
        keys=("PgDown",),
        menu=Menu.FILE,
        run=Handlers.next_exam,
        enabled=_several_exams,
        group=1,
    ),
    ActionSpec(
        id="previous-exam",
        text="Previous examination",
        keys=("PgUp",),
        menu=Menu.FILE,
        run=Handlers.previous_exam,
        enabled=_several_exams,
        group=1,
    ),
    ActionSpec(
        id="refused-files",
        text="Refused files…",
        keys=("Ctrl+R",),
        menu=Menu.FILE,
        run=Handlers.show_refused,
        enabled=_has_refused,
        group=1,
    ),
    ActionSpec(
        id="quit",
        text="Quit",
        keys=("Ctrl+Q",),
        menu=Menu.FILE,
        run=Handlers.quit,
        group=2,
    ),
    ActionSpec(
        id="next-step",
        text="Next step of the hanging",
        keys=("D", "."),
        menu=Menu.HANGING,
        run=Handlers.next_step,
        toolbar="Next",
        enabled=_has_exam,
    ),
    ActionSpec(
        id="previous-step",
        text="Previous step of the hanging",
        keys=("A", ","),
        menu=Menu.HANGING,
        run=Handlers.previous_step,
        toolbar="Back",
        enabled=_has_exam,
    ),
    ActionSpec(
        id="next-image",
        text="Next image of the same view, where there are several",
        keys=("X",),
        menu=Menu.HANGING,
        run=Handlers.next_image,
        enabled=_has_exam,
        group=8,
    ),
    ActionSpec(
        id="older-prior",
        text="Older prior, and after the oldest the latest",
        keys=("T",),
        menu=Menu.HANGING,
        run=Handlers.older_prior,
        enabled=_has_priors,
        group=8,
    ),
    ActionSpec(
        id="why-here",
        text="Why each image hangs here",
        keys=("W",),
        menu=Menu.HANGING,
        run=Handlers.explain,
        checked=_explains,
        enabled=_has_exam,
        group=8,
    ),
    ActionSpec(
        id="cc-first",
        text="Hang CC first",
        keys=("Ctrl+1",),
        menu=Menu.HANGING,
        run=Handlers.cc_first,
        checked=_hangs_by("cc-first"),
        group=9,
    ),
    ActionSpec(
        id="mlo-first",
        text="Hang MLO first",
        keys=("Ctrl+2",),
        menu=Menu.HANGING,
        run=Handlers.mlo_first,
        checked=_hangs_by("mlo-first"),
        group=9,
    ),
    ActionSpec(
        id="fit-breast",
        text="Fit breast",
        keys=("F",),
        menu=Menu.IMAGE,
        run=Handlers.fit_breast,
        toolbar="Fit",
        checked=_fits(FitMode.BREAST),
        enabled=_has_exam,
        group=1,
    ),
    ActionSpec(
        id="fit-image",
        text="Fit whole image",
        keys=("I",),
        menu=Menu.IMAGE,
        run=Handlers.fit_image,
        toolbar="Whole",
        checked=_fits(FitMode.IMAGE),
        enabled=_has_exam,
        group=1,
    ),
    ActionSpec(
        id="one-to-one",
        text="One image pixel to one screen pixel",
        keys=("1",),
        menu=Menu.IMAGE,
        run=Handlers.one_to_one,
        toolbar="1 : 1",
        checked=_fits(FitMode.ONE_TO_ONE),
        enabled=_has_exam,
        group=1,
    ),
    ActionSpec(
        id="next-voi",
        text="Next VOI by name",
        keys=("V",),
        menu=Menu.IMAGE,
        run=Handlers.next_voi,
        toolbar="VOI",
        enabled=_has_exam,
        group=2,
    ),
    ActionSpec(
        id="invert",
        text="Invert grey values",
        keys=("N", "Ctrl+I"),
        menu=Menu.IMAGE,
        run=Handlers.invert,
        toolbar="Invert",
        checked=_inverted,
        enabled=_has_exam,
        group=2,
    ),
    ActionSpec(
        id="reset",
        text="Reset grey values and scale",
        keys=("R",),
        menu=Menu.IMAGE,
        run=Handlers.reset,
        toolbar="Reset",
        enabled=_has_exam,
        group=2,
    ),
    ActionSpec(
        id="heatmap",
        text="Heatmap on or off",
        keys=("H",),
        menu=Menu.CAD,
        run=Handlers.toggle_heatmap,
        toolbar="Heat",
        checked=_heat_on,
        group=3,
    ),
    ActionSpec(
        id="marks",
        text="Marks on or off",
        keys=("M",),
        menu=Menu.CAD,
        run=Handlers.toggle_marks,
        toolbar="Marks",
        checked=_marks_on,
        group=3,
    ),
    ActionSpec(
        id="overlay-both",
        text="Heatmap and marks",
        keys=("B",),
        menu=Menu.CAD,
        run=Handlers.overlay_both,
        group=3,
    ),
    ActionSpec(
        id="overlay-off",
        text="Overlay off",
        keys=("O",),
        menu=Menu.CAD,
        run=Handlers.overlay_off,
        checked=_overlay_off,
        group=3,
    ),
    ActionSpec(
        id="overlay-next",
        text="Next overlay: off, heatmap, marks, both",
        keys=("C",),
        menu=Menu.CAD,
        run=Handlers.cycle_overlay,
        group=3,
    ),
    ActionSpec(
        id="peek",
        text="Hold: look under the overlay",
        keys=("P", "Space"),
        menu=Menu.CAD,
        run=Handlers.peek_start,
        release=Handlers.peek_end,
        group=3,
    ),
    ActionSpec(
        id="opacity-less",
        text="Fainter heatmap",
        keys=("[",),
        menu=Menu.CAD,
        run=Handlers.less_opacity,
        group=4,
    ),
    ActionSpec(
        id="opacity-more",
        text="Stronger heatmap",
        keys=("]",),
        menu=Menu.CAD,
        run=Handlers.more_opacity,
        group=4,
    ),
    ActionSpec(
        id="analyse",
        text="Analyse again",
        keys=("Ctrl+A",),
        menu=Menu.CAD,
        run=Handlers.analyse,
        enabled=_has_exam,
        group=5,
    ),
    ActionSpec(
        id="cancel-analysis",
        text="Cancel the analysis",
        keys=("Ctrl+.",),
        menu=Menu.CAD,
        run=Handlers.cancel_analysis,
        enabled=_analysing,
        group=5,
    ),
    ActionSpec(
        id="side-panel",
        text="Side panel",
        keys=("S",),
        menu=Menu.VIEW,
        run=Handlers.toggle_panel,
        toolbar="Panel",
        group=6,
    ),
    ActionSpec(
        id="full-screen",
        text="Full screen",
        keys=("F11",),
        menu=Menu.VIEW,
        run=Handlers.toggle_full_screen,
        group=6,
    ),
    ActionSpec(
        id="escape",
        text="Leave full screen, else cancel the analysis",
        keys=("Esc",),
        menu=Menu.VIEW,
        run=Handlers.escape,
        group=6,
    ),
    ActionSpec(
        id="cheat-sheet",
        text="Keys",
        keys=("?",),
        menu=Menu.HELP,
        run=Handlers.show_cheat_sheet,
        toolbar="Keys",
        group=7,
    ),
    ActionSpec(
        id="about",
        text="About mammoview",
        keys=("F1",),
        menu=Menu.HELP,
        run=Handlers.show_about,
        group=7,
    ),
)


class TableAction(QAction):
    """A QAction made from one row of the table."""

    def __init__(self, spec: ActionSpec, handlers: Handlers, parent: QObject) -> None:
        super().__init__(spec.text, parent)
        self.spec = spec
        self._handlers = handlers
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
        self.spec.run(self._handlers)
        self.show_state(self._handlers.workspace)


def key_text(spec: ActionSpec) -> str:
    """Return the shortcuts as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(native) for key in spec.keys)


# Hold keys come as key events and not as shortcuts; these are their codes.
_HOLD_CODES = {"P": Qt.Key.Key_P, "Space": Qt.Key.Key_Space}


def hold_keys() -> dict[int, ActionSpec]:
    """Return the hold-key actions by Qt key code."""
    return {_HOLD_CODES[key].value: spec for spec in TABLE if spec.release for key in spec.keys}
