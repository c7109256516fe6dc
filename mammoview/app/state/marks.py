"""The reader's own marks as a part of the window's state."""

from __future__ import annotations

from dataclasses import dataclass

from mammoview.domain.annotation import Annotation, MarkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of the reader: a mark added (no ``before``), changed, or taken away (no ``after``).

    ``nudge`` marks small steps by key, of which a run is undone at once.
    """

    before: Annotation | None
    after: Annotation | None
    nudge: bool = False

    def undone(self) -> Change:
        """Return the change back."""
        return Change(before=self.after, after=self.before)

    @property
    def mark(self) -> Annotation:
        """The mark that it is about, as it is after it; as it was, where it is gone."""
        mark = self.after or self.before
        assert mark is not None, "a change of nothing"
        return mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All marks of the hung examination and its priors, and what the reader does with them.

    Attributes
    ----------
    items : tuple of Annotation
        In the order in which they were made.
    selected : str or None
        Id of the mark that keys act on.
    tool : MarkKind or None
        What the next press draws; None: a press moves the image or a mark.
    outlines : str or None
        What the tool draws: the outline of the finding of that id, of a new one where it is empty;
        None: a mark.
    done, taken_back : tuple of Change
        What undo and redo go through.
    journal : tuple of Change
        Every change since the examination was hung, undoing included: what is kept for ever.
    unsaved : int
        Changes that could not be written yet; they stay here and are tried again.
    problem : str
        Why marks could not be written or read; empty: nothing is wrong.
    """

    items: tuple[Annotation, ...] = ()
    selected: str | None = None
    tool: MarkKind | None = None
    outlines: str | None = None
    done: tuple[Change, ...] = ()
    taken_back: tuple[Change, ...] = ()
    journal: tuple[Change, ...] = ()
    unsaved: int = 0
    problem: str = ""

    def by_id(self, mark_id: str | None) -> Annotation | None:
        """Return a mark, or None."""
        return next((mark for mark in self.items if mark.id == mark_id), None)

    def on_image(self, sop_instance_uid: str) -> tuple[Annotation, ...]:
        """Return the marks of an image."""
        return tuple(mark for mark in self.items if mark.sop_instance_uid == sop_instance_uid)


def applied(items: tuple[Annotation, ...], change: Change) -> tuple[Annotation, ...]:
    """Return the marks after a change; a mark that comes back stands last."""
    mark = change.mark
    if change.after is None:
        return tuple(item for item in items if item.id != mark.id)
    if all(item.id != mark.id for item in items):
        return (*items, mark)
    return tuple(mark if item.id == mark.id else item for item in items)


NO_MARKS = Marks()
