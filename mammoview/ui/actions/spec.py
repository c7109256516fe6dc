"""What a row of the action table is, and the three ways in which a row does its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Concatenate, ParamSpec, Protocol

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.next_step import Go
from mammoview.app.state.read import Field
from mammoview.app.workspace import Workspace
from mammoview.words import QT_TRANSLATE_NOOP, translate

P = ParamSpec("P")


class Menu(StrEnum):
    """The menus, in their order; the letter after ``&`` opens one together with Alt."""

    FILE = QT_TRANSLATE_NOOP("Menus", "&File")
    HANGING = QT_TRANSLATE_NOOP("Menus", "&Hanging")
    IMAGE = QT_TRANSLATE_NOOP("Menus", "&Image")
    MEASURE = QT_TRANSLATE_NOOP("Menus", "&Measure")
    CAD = QT_TRANSLATE_NOOP("Menus", "&CAD")
    READ = QT_TRANSLATE_NOOP("Menus", "&Read")
    VIEW = QT_TRANSLATE_NOOP("Menus", "&View")
    HELP = QT_TRANSLATE_NOOP("Menus", "&Help")

    @property
    def said(self) -> str:
        """Its title in the language in use."""
        return translate("Menus", self.value)

    @property
    def heading(self) -> str:
        """Its title as it is read: without the mark before the letter."""
        return self.said.replace("&", "")

    @property
    def of_images(self) -> bool:
        """Whether its actions do something to the examination that hangs."""
        return self in (Menu.HANGING, Menu.IMAGE, Menu.MEASURE, Menu.CAD, Menu.READ)


class Dialogs(Protocol):
    """What an action may open over the window."""

    def show_refused(self) -> None:
        """Show which files were refused, and why."""
        ...

    def show_cheat_sheet(self) -> None:
        """Show all keys."""
        ...

    def show_keys(self) -> None:
        """Let the reader choose other keys."""
        ...

    def show_about(self) -> None:
        """Show version, intended use and model."""
        ...

    def measure_screen(self) -> None:
        """Let the reader measure how long a millimetre is on this screen."""
        ...

    def enter_window(self) -> None:
        """Let the reader type centre and width of the window."""
        ...

    def compare_statements(self) -> None:
        """Show what was said unaided beside what is said now."""
        ...


class Frame(Protocol):
    """What an action may ask of the window."""

    @property
    def dialogs(self) -> Dialogs:
        """What it opens over itself."""
        ...

    def open_files(self) -> None:
        """Let the reader choose files, and open them."""
        ...

    def open_folder(self) -> None:
        """Let the reader choose a folder, and open it."""
        ...

    def toggle_panel(self) -> None:
        """Fold the side panel away, or show it again."""
        ...

    def turn_page(self) -> None:
        """Turn the side panel to its other page; where it is folded away, show it."""
        ...

    def toggle_full_screen(self) -> None:
        """Give the whole screen to the window, or back."""
        ...

    def end_drawing(self) -> bool:
        """End the drawing, the tool or the choice of a mark; tell whether there was any."""
        ...

    def rename_mark(self) -> None:
        """Let the reader type the words of the selected mark."""
        ...

    def delete_mark(self) -> None:
        """Take the chosen corner of the selected outline away, else the selected mark."""
        ...

    def add_corner(self) -> None:
        """Give the selected outline one more corner."""
        ...

    def put_away(self) -> bool:
        """Close what lies over the images without the keyboard; tell whether anything did."""
        ...

    def leave_full_screen(self) -> bool:
        """Leave full screen; tell whether there was anything to leave."""
        ...

    def toggle_worklist(self) -> None:
        """Go from the images to the worklist, or back."""
        ...

    def filter_worklist(self) -> None:
        """Give the keyboard to the filter of the worklist."""
        ...

    def import_folder(self) -> None:
        """Let the reader choose a folder for the worklist."""
        ...

    def next_unread(self) -> None:
        """Open the next study of the worklist that the reader is to read."""
        ...

    def toggle_aside(self) -> None:
        """Put what is chosen aside, or take it up again."""
        ...

    def cancel_import(self) -> bool:
        """Stop an import into the worklist; tell whether one ran."""
        ...

    def show_daily_check(self) -> None:
        """Walk through the test patterns on the window's screen."""
        ...

    def move_spot(self, right: int, down: int) -> None:
        """Move loupe and level line by steps to the right and down."""
        ...

    def toggle_coverage(self) -> None:
        """Show the maps of what was seen, or hide them."""
        ...

    def pan_by(self, right: float, down: float) -> None:
        """Move the images on by shares of a pane."""
        ...

    def zoom_by(self, notches: float) -> None:
        """Zoom the images about the middle of their panes."""
        ...

    def ask_spot(self) -> None:
        """Ask what the computer says of the spot that the reader points at."""
        ...

    def export_results(self) -> None:
        """Let the reader choose what of the read is written, and where."""
        ...

    def focus_read(self, field: Field) -> None:
        """Give the keyboard to a field of the read."""
        ...

    def go_in_read(self, go: Go) -> None:
        """Take a step of the read; before it is final, both statements are shown."""
        ...

    def lock_screen(self) -> None:
        """Hide everything until this reader's PIN."""
        ...

    def sign_out(self) -> None:
        """Leave the desk to others."""
        ...

    def show_readers(self) -> None:
        """Show who reads here, and how."""
        ...

    def show_second_look(self) -> None:
        """Show what the second look does to reading, in numbers."""
        ...

    def quit(self) -> None:
        """Close the window."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an action can reach: the desk with its state, and the window around it."""

    desk: ReadingDesk
    frame: Frame


Run = Callable[[Reach], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One thing the reader can do.

    Attributes
    ----------
    id : str
        Also the QAction's object name.
    text : str
        In menu and cheat sheet: English, marked for translation.
    keys : tuple of str
        Shortcuts of a fresh machine, in Qt's portable text; the reader may choose others.
    run : callable
        What it does.
    release : callable or None
        Makes it a hold-key action: ``run`` on press, ``release`` when the key is let go.
    toolbar : str
        Short text on the toolbar, English, marked for translation; empty: not there.
    checked, enabled : callable or None
        Read the state from the workspace.
    why_not : callable or None
        Returns why it cannot be used now, which its tooltip says; empty: it can.
    group : int
        A line is drawn between groups of a menu and of the toolbar.
    repeats : bool
        Whether a key that is held down does it again and again.
    fixed_key : bool
        Whether the reader cannot give it another key.
    on_images : bool
        Whether its keys work only while the images have the keyboard: arrows belong to the list or
        the slider that has it.
    of_images : bool or None
        Whether it is off while another page lies over the images: nobody marks, measures or signs
        what they do not see.  None: as its menu says.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    menu: Menu
    run: Run
    release: Run | None = None
    toolbar: str = ""
    checked: Callable[[Workspace], bool] | None = None
    enabled: Callable[[Workspace], bool] | None = None
    why_not: Callable[[Workspace], str] | None = None
    group: int = 0
    repeats: bool = False
    fixed_key: bool = False
    on_images: bool = False
    of_images: bool | None = None

    def why_off(self, ws: Workspace) -> str:
        """Return why it cannot be used in a state, where words say it; empty: nothing to say."""
        of_images = self.menu.of_images if self.of_images is None else self.of_images
        if of_images and ws.read.away:
            return translate("Actions", "The images are covered by another page")
        return self.why_not(ws) if self.why_not is not None else ""

    @property
    def said(self) -> str:
        """Its text in the language in use."""
        return translate("Actions", self.text)


def command(
    change: Callable[Concatenate[Workspace, P], Workspace], *args: P.args, **kwargs: P.kwargs
) -> Run:
    """Return a run that replaces the state by what a command makes of it."""

    def run(reach: Reach) -> None:
        reach.desk.do(change, *args, **kwargs)

    return run


def at_desk(
    method: Callable[Concatenate[ReadingDesk, P], None], *args: P.args, **kwargs: P.kwargs
) -> Run:
    """Return a run that asks something of the desk that needs its workers."""

    def run(reach: Reach) -> None:
        method(reach.desk, *args, **kwargs)

    return run


def in_window(
    method: Callable[Concatenate[Frame, P], None], *args: P.args, **kwargs: P.kwargs
) -> Run:
    """Return a run that asks something of the window; named as ``Frame.quit``."""
    name = method.__name__

    def run(reach: Reach) -> None:
        getattr(reach.frame, name)(*args, **kwargs)

    return run


def in_dialog(method: Callable[[Dialogs], None]) -> Run:
    """Return a run that opens a dialog over the window; named as ``Dialogs.show_about``."""
    name = method.__name__

    def run(reach: Reach) -> None:
        getattr(reach.frame.dialogs, name)()

    return run


def has_exam(ws: Workspace) -> bool:
    """Tell whether an examination hangs."""
    return ws.exam_key is not None


def keeps_reads(ws: Workspace) -> bool:
    """Tell whether there is a log of reads."""
    return ws.read.keeps
