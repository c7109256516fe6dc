"""Which image hangs where: the layout is data, the rules are here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from mammoview.app import resources
from mammoview.app.workspace import Pane
from mammoview.domain.study import Examination, Mammogram
from mammoview.domain.views import Slot
from mammoview.errors import SettingsError

DECODING = "decoding…"
_KEYS = {"schema", "name", "rows", "missing", "duplicate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A hanging: rows of slots, and what an empty slot and a duplicate say."""

    name: str
    rows: tuple[tuple[Slot, ...], ...]
    missing: str
    duplicate: str

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All slots in reading order."""
        return tuple(slot for row in self.rows for slot in row)


def load_layout(path: Path | None = None) -> Layout:
    """Read a layout file; the shipped four-up layout when no path is given.

    Raises
    ------
    SettingsError
        If the file cannot be read, or has an unknown or missing key or slot.
    """
    path = path or resources.hanging()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        if set(content) != _KEYS or content["schema"] != 1:
            raise _bad(path, f"keys {sorted(content)}")
        return Layout(
            name=str(content["name"]),
            rows=tuple(tuple(Slot(slot) for slot in row) for row in content["rows"]),
            missing=str(content["missing"]),
            duplicate=str(content["duplicate"]),
        )
    except (OSError, ValueError, TypeError) as error:
        raise _bad(path, type(error).__name__) from error


def panes_for(exam: Examination, layout: Layout | None = None) -> tuple[Pane, ...]:
    """Hang an examination.

    Of several images for one slot the newest is shown, with the badge "2 of 3".  A slot without
    image says which view is missing.

    Returns
    -------
    tuple of Pane
        One for each slot of the layout, in its order, without pixels.
    """
    layout = layout or load_layout()
    return tuple(_pane(exam, slot, layout) for slot in layout.slots)


def not_hung(exam: Examination, layout: Layout | None = None) -> tuple[str, ...]:
    """Return the labels of views that have no place in the layout (extra views)."""
    slots = set((layout or load_layout()).slots)
    return tuple(view.label for view in exam.mammograms if view.slot not in slots)


def _pane(exam: Examination, slot: Slot, layout: Layout) -> Pane:
    candidates = sorted((view for view in exam.mammograms if view.slot is slot), key=_age)
    if not candidates:
        message = layout.missing.format(view=slot.label)
        return Pane(slot=slot, mammogram=None, image=None, message=message, badge="")
    count = len(candidates)
    badge = layout.duplicate.format(shown=count, count=count) if count > 1 else ""
    return Pane(slot=slot, mammogram=candidates[-1], image=None, message=DECODING, badge=badge)


def _age(view: Mammogram) -> tuple[str, str, str]:
    return view.study_date, view.acquired, view.sop_instance_uid


def _bad(path: Path, met: str) -> SettingsError:
    return SettingsError(
        f"{path.name}: {met}",
        expected="a hanging layout with " + ", ".join(sorted(_KEYS)),
        todo="restore the file that ships with mammoview",
    )
