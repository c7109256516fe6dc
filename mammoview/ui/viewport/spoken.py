"""What a screen reader says of the images: place by place, what hangs there and what came out."""

from __future__ import annotations

from mammoview.app.workspace import Empty, Pane, Workspace
from mammoview.ui.viewport.cad_line import cad_line
from mammoview.words import translate


def panes_text(ws: Workspace) -> str:
    """Return the panes in words, from left to right and from top to bottom."""
    return "\n".join(_pane_text(pane, ws) for pane in ws.panes)


def _empty_text(pane: Pane) -> str:
    """Return why a place is empty, with its view: all messages but one name it."""
    if pane.empty is not Empty.LOADING:
        return pane.message
    return translate("Spoken", "{view}: {what}").format(view=pane.label, what=pane.message)


def _pane_text(pane: Pane, ws: Workspace) -> str:
    if pane.mammogram is None or pane.image is None:
        return " ".join(filter(None, (_empty_text(pane), pane.todo)))
    said = (*pane.prior, cad_line(pane, ws).text)
    line = translate("Spoken", "{view}: {what}")
    return line.format(view=pane.label, what=", ".join(filter(None, said)))
