"""The reader's findings and opinions by key: outline, link, describe, remove, say."""

from __future__ import annotations

from collections.abc import Callable

from mammoview.app.second_read import findings, two_reads
from mammoview.app.state.read import Field
from mammoview.app.workspace import Workspace
from mammoview.domain.annotation import MarkKind
from mammoview.review.states import Action, next_state
from mammoview.ui.actions.spec import ActionSpec, Frame, Menu, command, in_window
from mammoview.words import QT_TRANSLATE_NOOP, translate

_TOOLS = (
    (MarkKind.ELLIPSE, QT_TRANSLATE_NOOP("Actions", "New finding: ellipse round it"), "6"),
    (MarkKind.FREEHAND, QT_TRANSLATE_NOOP("Actions", "New finding: outline by hand"), "7"),
    (MarkKind.SPOT, QT_TRANSLATE_NOOP("Actions", "New finding: one spot"), "8"),
)
_FIELDS = (
    (Field.RIGHT, QT_TRANSLATE_NOOP("Actions", "Opinion of the right breast"), "3"),
    (Field.LEFT, QT_TRANSLATE_NOOP("Actions", "Opinion of the left breast"), "4"),
    (Field.DENSITY, QT_TRANSLATE_NOOP("Actions", "Density of the breasts"), "5"),
)


def _draws(kind: MarkKind) -> Callable[[Workspace], bool]:
    def draws(ws: Workspace) -> bool:
        return ws.marks.tool is kind and ws.marks.outlines == ""

    return draws


def _links(ws: Workspace) -> bool:
    return bool(ws.marks.outlines)


def _without_selected(ws: Workspace) -> str:
    closed = findings.why_closed(ws)
    none = translate("Findings", "No finding is selected")
    return closed or ("" if findings.selected(ws) is not None else none)


def _without_mark(ws: Workspace) -> str:
    closed = findings.why_closed(ws)
    none = translate("Findings", "No mark is selected")
    return closed or ("" if ws.marks.selected is not None else none)


def _none_yet(ws: Workspace) -> str:
    return "" if findings.of_reader(ws) else translate("Findings", "No finding yet")


def _no_opinion_now(ws: Workspace) -> str:
    read = ws.read.read
    if read is not None and next_state(read.state, Action.SET_OPINION) is not None:
        return ""
    return translate("Read", "Opinions are entered unaided, or after the reveal")


def _no_word_on_a_breast_now(ws: Workspace) -> str:
    return "" if two_reads.decides(ws) else _no_opinion_now(ws)


ROWS: tuple[ActionSpec, ...] = (
    *(
        ActionSpec(
            id=f"finding-{kind}",
            text=text,
            keys=(key,),
            menu=Menu.READ,
            run=command(findings.draw, kind),
            checked=_draws(kind),
            why_not=findings.why_closed,
            group=6,
        )
        for kind, text, key in _TOOLS
    ),
    ActionSpec(
        id="finding-from-mark",
        text=QT_TRANSLATE_NOOP("Actions", "Make the selected mark a finding"),
        keys=("Shift+M",),
        menu=Menu.READ,
        run=command(findings.from_mark),
        why_not=_without_mark,
        group=6,
    ),
    ActionSpec(
        id="finding-link",
        text=QT_TRANSLATE_NOOP("Actions", "Outline the selected finding in another view"),
        keys=("9",),
        menu=Menu.READ,
        run=command(findings.link),
        checked=_links,
        why_not=_without_selected,
        group=6,
    ),
    ActionSpec(
        id="finding-unlink",
        text=QT_TRANSLATE_NOOP("Actions", "Take its outline in the active image away"),
        keys=("Ctrl+9",),
        menu=Menu.READ,
        run=command(findings.unlink),
        why_not=_without_selected,
        group=6,
    ),
    ActionSpec(
        id="finding-next",
        text=QT_TRANSLATE_NOOP("Actions", "Next finding"),
        keys=("F12",),
        menu=Menu.READ,
        run=command(findings.step, 1),
        why_not=_none_yet,
        group=7,
    ),
    ActionSpec(
        id="finding-previous",
        text=QT_TRANSLATE_NOOP("Actions", "Previous finding"),
        keys=("Shift+F12",),
        menu=Menu.READ,
        run=command(findings.step, -1),
        why_not=_none_yet,
        group=7,
    ),
    ActionSpec(
        id="finding-describe",
        text=QT_TRANSLATE_NOOP("Actions", "Describe the selected finding"),
        keys=("Shift+F4",),
        menu=Menu.READ,
        run=in_window(Frame.focus_read, Field.FINDING),
        why_not=_without_selected,
        group=7,
    ),
    ActionSpec(
        id="finding-remove",
        text=QT_TRANSLATE_NOOP("Actions", "Remove the selected finding"),
        keys=("Shift+Del",),
        menu=Menu.READ,
        run=in_window(Frame.focus_read, Field.REMOVE),
        why_not=_without_selected,
        group=7,
    ),
    *(
        ActionSpec(
            id=f"opinion-{field}",
            text=text,
            keys=(key,),
            menu=Menu.READ,
            run=in_window(Frame.focus_read, field),
            why_not=_no_opinion_now if field is Field.DENSITY else _no_word_on_a_breast_now,
            group=8,
        )
        for field, text, key in _FIELDS
    ),
)
