"""The export of a read in the background: what is under way, and what came of the last one.

All methods belong to one thread (the GUI thread); the worker hands its answers over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mammoview.app.jobs import Deliver, Job, JobContext, Lanes
from mammoview.app.reports import Places, gather, why_not
from mammoview.app.results.formats import Format, Shown
from mammoview.app.told_state import ToldState
from mammoview.app.workspace import Task, Workspace
from mammoview.domain.study import ExamIndex
from mammoview.errors import MammoviewError
from mammoview.review.open_reads import require_none_blinded
from mammoview.words import QT_TRANSLATE_NOOP, translate

if TYPE_CHECKING:
    from mammoview.app.results.export import Exported

_SHOWN_OF_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportState:
    """What the window shows of exports.

    Attributes
    ----------
    chosen : tuple of Format
        What the reader asked for last.
    task : Task or None
        How far the export is that runs.
    exported : Exported or None
        What came of the last one; None where none ended well.
    problem : str
        Why nothing came of it.
    """

    chosen: tuple[Format, ...]
    task: Task | None = None
    exported: Exported | None = None
    problem: str = ""


class ExportDesk(ToldState[ExportState]):
    """Exports one read at a time.

    Parameters
    ----------
    places : Places
        Where reads are kept.
    deliver : callable
        Runs a callable on this desk's thread, in order.
    chosen : sequence of Format
        What is offered as chosen at first.
    """

    def __init__(self, places: Places, *, deliver: Deliver, chosen: Sequence[Format]) -> None:
        self._places = places
        self._lanes = Lanes(name="export", workers=1, deliver=deliver)
        super().__init__(ExportState(chosen=tuple(chosen)))

    def start(self, ws: Workspace, formats: Sequence[Format], folder: Path, shown: Shown) -> None:
        """Export the read of the hung examination; one that runs is given up.

        The files lie in a folder of their own within ``folder``, named by the read: results of
        another read are never replaced.  ``shown`` tells the window that an image is shown with.
        """
        kept = ws.read.kept
        if kept is None or export_why_not(ws):
            return
        inside = folder / f"read-{kept.read_id[:_SHOWN_OF_ID]}"
        work = partial(
            self._export, kept.read_id, ws.read.reader.id, ws.index, tuple(formats), inside, shown
        )
        self._change(chosen=tuple(formats), task=_task(0, len(formats)), exported=None, problem="")
        self._lanes.submit("export", Job(work=work, on_done=self._done, on_error=self._failed))

    def cancel(self) -> None:
        """Stop the export; what is whole stays."""
        if self._state.task is not None:
            self._lanes.cancel("export")
            said = translate("Export", "Export cancelled; files that were written stay")
            self._change(task=None, problem=said)

    def shutdown(self) -> None:
        """Cancel what runs and wait for it."""
        self._lanes.shutdown()
        self._tell_nobody()

    # -- worker's side ------------------------------------------------------------------------

    def _export(
        self,
        read_id: str,
        who: str,
        index: ExamIndex,
        formats: tuple[Format, ...],
        folder: Path,
        shown: Shown,
        context: JobContext,
    ) -> Exported:
        from mammoview.app.results.export import (  # the window starts without
            entered_in,
            export,
            into_log,
        )

        def progress(done: int, total: int) -> None:
            context.report(partial(self._change, task=_task(done, total)))

        gathered = gather(read_id, index, self._places)
        uids = [image.sop_instance_uid for image in gathered.report.images]
        require_none_blinded(self._places.log, uids)
        return export(
            gathered,
            formats,
            folder,
            record=into_log(self._places.log, read_id, who),
            entered=entered_in(self._places.log, read_id),
            on_format=progress,
            cancelled=context.cancelled,
            shown=shown,
        )

    # -- answers ------------------------------------------------------------------------------

    def _done(self, exported: Exported) -> None:
        self._change(task=None, exported=exported)

    def _failed(self, error: MammoviewError) -> None:
        self._change(task=None, problem=str(error))


def export_why_not(ws: Workspace) -> str:
    """Return why the read of the hung examination cannot be exported now; empty: it can."""
    kept = ws.read.kept
    if kept is None:
        return translate("Export", "No read of this examination")
    if why_not(kept):
        return translate("Export", "Results can be exported once the computer is revealed")
    if ws.read.unsaved:
        return translate("Export", "What was said is not written down yet")
    return ""


def formats_of(text: str) -> tuple[Format, ...]:
    """Return the formats that settings name; words that are none are passed over."""
    known = {one.value: one for one in Format}
    return tuple(dict.fromkeys(known[name] for name in text.split() if name in known))


def formats_text(formats: Sequence[Format]) -> str:
    """Return formats as settings hold them."""
    return " ".join(one.value for one in formats)


def _task(done: int, total: int) -> Task:
    return Task(
        title=QT_TRANSLATE_NOOP("Task", "Exporting"),
        unit=QT_TRANSLATE_NOOP("Task", "formats"),
        done=done,
        total=total,
    )
