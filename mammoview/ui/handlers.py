"""What each action of the table does: a command on the desk, or a wish to the window."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from mammoview.app import commands, steps
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import FitMode, OverlayMode, Workspace

_STEP = 0.1


class Frame(Protocol):
    """What a handler may ask of the window."""

    def ask_files(self) -> list[Path]:
        """Let the reader choose files; none when they think better of it."""
        ...

    def ask_folder(self) -> list[Path]:
        """Let the reader choose a folder; none when they think better of it."""
        ...

    def show_refused(self) -> None:
        """Show which files were refused, and why."""
        ...

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        ...

    def show_about(self) -> None:
        """Show version, intended use and model."""
        ...

    def toggle_panel(self) -> None:
        """Fold the side panel away, or show it again."""
        ...

    def toggle_full_screen(self) -> None:
        """Give the whole screen to the window, or back."""
        ...

    def leave_full_screen(self) -> bool:
        """Leave full screen; tell whether there was anything to leave."""
        ...

    def quit(self) -> None:
        """Close the window."""
        ...


class Handlers:
    """The verbs of the action table."""

    def __init__(self, desk: ReadingDesk, frame: Frame) -> None:
        self._desk = desk
        self._frame = frame

    @property
    def workspace(self) -> Workspace:
        """The current state."""
        return self._desk.workspace

    # file

    def open_files(self) -> None:
        """Open files that the reader chooses."""
        self._desk.open_paths(self._frame.ask_files())

    def open_folder(self) -> None:
        """Open a folder that the reader chooses."""
        self._desk.open_paths(self._frame.ask_folder())

    def next_exam(self) -> None:
        """Hang the next examination."""
        self._desk.step_exam(1)

    def previous_exam(self) -> None:
        """Hang the previous examination."""
        self._desk.step_exam(-1)

    def show_refused(self) -> None:
        """Show the refused files."""
        self._frame.show_refused()

    def quit(self) -> None:
        """Close the window."""
        self._frame.quit()

    # hanging

    def next_step(self) -> None:
        """Go to the next step of the hanging."""
        self._desk.do(steps.next_step)

    def previous_step(self) -> None:
        """Go to the previous step of the hanging."""
        self._desk.do(steps.previous_step)

    def next_image(self) -> None:
        """Show the next older image of the same view."""
        self._desk.do(steps.next_image)

    def older_prior(self) -> None:
        """Compare with an older examination."""
        self._desk.older_prior()

    def explain(self) -> None:
        """Say why each image hangs where it does, or stop saying so."""
        self._desk.do(steps.explain)

    def cc_first(self) -> None:
        """Hang with the CC views first."""
        self._desk.use_protocol("cc-first")

    def mlo_first(self) -> None:
        """Hang with the MLO views first."""
        self._desk.use_protocol("mlo-first")

    # image

    def fit_breast(self) -> None:
        """Let the breasts fill the panes, all at one scale."""
        self._desk.do(commands.fit, FitMode.BREAST)

    def fit_image(self) -> None:
        """Show the whole images."""
        self._desk.do(commands.fit, FitMode.IMAGE)

    def one_to_one(self) -> None:
        """Show one image pixel on one screen pixel."""
        self._desk.do(commands.fit, FitMode.ONE_TO_ONE)

    def next_voi(self) -> None:
        """Show the next VOI by its name."""
        self._desk.do(commands.cycle_voi)

    def invert(self) -> None:
        """Swap black and white."""
        self._desk.do(commands.invert)

    def reset(self) -> None:
        """Go back to the images' own grey values and scale."""
        self._desk.do(commands.reset)

    # CAD

    def toggle_heatmap(self) -> None:
        """Switch the heatmap."""
        self._desk.do(commands.toggle_heatmap)

    def toggle_marks(self) -> None:
        """Switch the marks."""
        self._desk.do(commands.toggle_marks)

    def overlay_both(self) -> None:
        """Show heatmap and marks."""
        self._desk.do(commands.set_overlay, OverlayMode.BOTH)

    def overlay_off(self) -> None:
        """Show the images alone."""
        self._desk.do(commands.set_overlay, OverlayMode.OFF)

    def cycle_overlay(self) -> None:
        """Show the next of the overlays."""
        self._desk.do(commands.cycle_overlay)

    def peek_start(self) -> None:
        """Hide the overlay until the key is let go."""
        self._desk.do(commands.peek, True)

    def peek_end(self) -> None:
        """Show the overlay again."""
        self._desk.do(commands.peek, False)

    def less_opacity(self) -> None:
        """Make the heatmap fainter."""
        self._desk.do(commands.change_opacity, -_STEP)

    def more_opacity(self) -> None:
        """Make the heatmap stronger."""
        self._desk.do(commands.change_opacity, _STEP)

    def analyse(self) -> None:
        """Analyse the hung views again."""
        self._desk.analyse()

    def cancel_analysis(self) -> None:
        """Stop the analysis."""
        self._desk.cancel_analysis()

    # view and help

    def toggle_panel(self) -> None:
        """Fold the side panel away, or show it again."""
        self._frame.toggle_panel()

    def toggle_full_screen(self) -> None:
        """Give the whole screen to the window, or back."""
        self._frame.toggle_full_screen()

    def escape(self) -> None:
        """Leave full screen; else cancel the opening and the analysis."""
        if not self._frame.leave_full_screen():
            self._desk.cancel_opening()
            self._desk.cancel_analysis()

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        self._frame.show_cheat_sheet()

    def show_about(self) -> None:
        """Show version, intended use and model."""
        self._frame.show_about()
