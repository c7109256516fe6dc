"""The reader's read: begin, lock, reveal, answer, make final, sign."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app.results.desk import export_why_not
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import findings, habits, mark_steps, next_step, texts
from mammoview.app.second_read.next_step import Go
from mammoview.app.state.read import Field, Page
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import ReadingMode
from mammoview.review.states import Action, next_state
from mammoview.ui.actions.spec import (
    ActionSpec,
    Dialogs,
    Frame,
    Menu,
    command,
    in_dialog,
    in_window,
    keeps_reads,
)
from mammoview.words import QT_TRANSLATE_NOOP, translate

_WAYS = (
    (Go.BEGIN, QT_TRANSLATE_NOOP("Actions", "Begin a read of this examination"), "Ctrl+Shift+B"),
    (Go.LOCK, QT_TRANSLATE_NOOP("Actions", "Lock the unaided opinion"), "Ctrl+Shift+L"),
    (Go.REVEAL, QT_TRANSLATE_NOOP("Actions", "Reveal the computer"), "Ctrl+Shift+E"),
    (Go.FINALIZE, QT_TRANSLATE_NOOP("Actions", "Make the opinion final"), "Ctrl+Shift+F"),
    (Go.SIGN, QT_TRANSLATE_NOOP("Actions", "Sign the read"), "Ctrl+Shift+S"),
)
_MODES = (
    (
        ReadingMode.SECOND_READ,
        QT_TRANSLATE_NOOP("Actions", "Worklist is read: second read (computer after the lock)"),
        "Ctrl+3",
    ),
    (
        ReadingMode.CONCURRENT,
        QT_TRANSLATE_NOOP("Actions", "Worklist is read: concurrent (computer from the start)"),
        "Ctrl+4",
    ),
    (
        ReadingMode.ASK_SPOT,
        QT_TRANSLATE_NOOP("Actions", "Worklist is read: ask about a spot"),
        "Ctrl+5",
    ),
)


_SCHEMES = (
    ("birads", QT_TRANSLATE_NOOP("Actions", "Opinions: BI-RADS 0 to 6"), "Ctrl+6"),
    (
        "european",
        QT_TRANSLATE_NOOP("Actions", "Opinions: normal, technical recall, recall"),
        "Ctrl+7",
    ),
    ("r1-r5", QT_TRANSLATE_NOOP("Actions", "Opinions: R1 to R5"), "Ctrl+8"),
)


def _why_not(go: Go) -> Callable[[Workspace], str]:
    def why_not(ws: Workspace) -> str:
        return next_step.why_not(ws, go)

    return why_not


def _no_marks(ws: Workspace) -> str:
    return "" if mark_steps.marks_in_order(ws) else translate("Read", "No marks of the computer")


def _not_open(ws: Workspace) -> str:
    read = ws.read.read
    if read is None or next_state(read.state, Action.DISPOSE_MARK) is None:
        return translate("Read", "Marks are answered after the reveal, before it is final")
    return "" if mark_steps.current_mark(ws) else translate("Read", "No marks of the computer")


def _not_locked(ws: Workspace) -> str:
    read = ws.read.read
    if read is not None and read.unaided is not None:
        return ""
    return translate("Read", "No unaided opinion is locked yet")


def _on_read_page(ws: Workspace) -> bool:
    return ws.read.page is Page.READ


def _is_mode(mode: ReadingMode) -> Callable[[Workspace], bool]:
    def is_mode(ws: Workspace) -> bool:
        return ws.read.site_mode is mode

    return is_mode


def _is_scheme(name: str) -> Callable[[Workspace], bool]:
    def is_scheme(ws: Workspace) -> bool:
        return ws.read.site_scheme == name

    return is_scheme


ROWS: tuple[ActionSpec, ...] = (
    ActionSpec(
        id="read-page",
        text=QT_TRANSLATE_NOOP("Actions", "Side panel: read or images"),
        keys=("F3",),
        menu=Menu.READ,
        run=in_window(Frame.turn_page),
        checked=_on_read_page,
        enabled=keeps_reads,
    ),
    *(
        ActionSpec(
            id=f"read-{go}",
            text=text,
            keys=(key,),
            menu=Menu.READ,
            run=in_window(Frame.go_in_read, go),
            why_not=_why_not(go),
            group=1,
        )
        for go, text, key in _WAYS
    ),
    ActionSpec(
        id="next-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Next mark of the computer"),
        keys=("Z",),
        menu=Menu.READ,
        run=command(mark_steps.next_mark, 1),
        why_not=_no_marks,
        group=2,
    ),
    ActionSpec(
        id="previous-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Previous mark of the computer"),
        keys=("Shift+Z",),
        menu=Menu.READ,
        run=command(mark_steps.next_mark, -1),
        why_not=_no_marks,
        group=2,
    ),
    ActionSpec(
        id="agree-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Agree with this mark"),
        keys=("F5",),
        menu=Menu.READ,
        run=command(reads.agree),
        why_not=_not_open,
        group=2,
    ),
    ActionSpec(
        id="agree-as-finding",
        text=QT_TRANSLATE_NOOP("Actions", "Agree, and make it a finding of mine"),
        keys=("Shift+F5",),
        menu=Menu.READ,
        run=command(findings.agree_as_finding),
        why_not=_not_open,
        group=2,
    ),
    ActionSpec(
        id="dismiss-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Dismiss this mark, with a reason"),
        keys=("F6",),
        menu=Menu.READ,
        run=in_window(Frame.focus_read, Field.DISMISS),
        why_not=_not_open,
        group=2,
    ),
    ActionSpec(
        id="same-mark",
        text=QT_TRANSLATE_NOOP("Actions", "This mark is the same as my finding"),
        keys=("F7",),
        menu=Menu.READ,
        run=command(reads.same_as_nearest),
        why_not=_not_open,
        group=2,
    ),
    ActionSpec(
        id="same-as",
        text=QT_TRANSLATE_NOOP("Actions", "This mark is the same as another finding of mine"),
        keys=("Shift+F7",),
        menu=Menu.READ,
        run=in_window(Frame.focus_read, Field.SAME),
        why_not=_not_open,
        group=2,
    ),
    ActionSpec(
        id="compare-statements",
        text=QT_TRANSLATE_NOOP("Actions", "Unaided opinion beside the present one"),
        keys=("Shift+F3",),
        menu=Menu.READ,
        run=in_dialog(Dialogs.compare_statements),
        why_not=_not_locked,
        group=2,
    ),
    ActionSpec(
        id="ask-spot",
        text=QT_TRANSLATE_NOOP("Actions", "Ask the computer about this spot"),
        keys=("Shift+P",),
        menu=Menu.READ,
        run=in_window(Frame.ask_spot),
        why_not=texts.asks_not,
        group=3,
    ),
    ActionSpec(
        id="export-results",
        text=QT_TRANSLATE_NOOP("Actions", "Export results…"),
        keys=("Ctrl+Shift+X",),
        menu=Menu.READ,
        run=in_window(Frame.export_results),
        why_not=export_why_not,
        group=3,
    ),
    *(
        ActionSpec(
            id=f"site-{mode}",
            text=text,
            keys=(key,),
            menu=Menu.READ,
            run=command(habits.site_mode, mode),
            checked=_is_mode(mode),
            enabled=keeps_reads,
            group=4,
            of_images=False,
        )
        for mode, text, key in _MODES
    ),
    *(
        ActionSpec(
            id=f"scheme-{name}",
            text=text,
            keys=(key,),
            menu=Menu.READ,
            run=command(habits.site_scheme, name),
            checked=_is_scheme(name),
            enabled=keeps_reads,
            group=5,
            of_images=False,
        )
        for name, text, key in _SCHEMES
    ),
)
