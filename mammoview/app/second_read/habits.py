"""How reads are made here from the next one on: their mode, and the answers of their opinions."""

from __future__ import annotations

from mammoview.app import commands
from mammoview.app.assessment.schemes import shipped_scheme
from mammoview.app.second_read.part import with_part
from mammoview.app.workspace import Workspace
from mammoview.domain.reading import ReadingMode
from mammoview.words import translate


def site_mode(ws: Workspace, mode: ReadingMode) -> Workspace:
    """Choose how examinations of the worklist are read from the next one on."""
    ws = with_part(ws, site_mode=mode)
    said = translate("Read", "The next examination from the worklist is read as: {mode}")
    return commands.say(ws, said.format(mode=mode_text(mode)))


def site_scheme(ws: Workspace, name: str) -> Workspace:
    """Choose the answers that opinions are taken from, from the next read on."""
    ws = with_part(ws, site_scheme=name)
    said = translate("Read", "The next read takes its opinions from: {scheme}")
    title = translate("Assessment", shipped_scheme(name).scheme.title)
    return commands.say(ws, said.format(scheme=title))


def mode_text(mode: ReadingMode) -> str:
    """Return the name of a mode in words."""
    if mode is ReadingMode.SECOND_READ:
        return translate("Read", "second read")
    if mode is ReadingMode.ASK_SPOT:
        return translate("Read", "ask about a spot")
    return translate("Read", "concurrent")
