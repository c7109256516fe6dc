"""A desk with a read log of its own, an examination and a mailbox instead of a GUI thread."""

from __future__ import annotations

from pathlib import Path

from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read import commands as reads
from mammoview.app.second_read import mark_steps
from mammoview.app.second_read.next_step import Go
from mammoview.app.settings import Settings
from mammoview.domain.assessment import Opinion
from mammoview.domain.reading import ReaderIdentity, ReadingMode
from mammoview.domain.study import Examination
from mammoview.domain.views import Laterality
from mammoview.review.states import ReadState
from tests.builders.desk import ListOf, Mailbox, QuickAnalyst, exam

READER = ReaderIdentity(id="reader-a", name="Dr. A")


class Room:
    """A desk with its mailbox, on a log of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        analyst: QuickAnalyst | None = None,
        reader: ReaderIdentity = READER,
        mode: ReadingMode = ReadingMode.SECOND_READ,
    ) -> None:
        self.path = folder / "reads.sqlite"
        self.box = Mailbox()
        self.analyst = analyst or QuickAnalyst()
        self.desk = ReadingDesk(
            deliver=self.box.post,
            analyst=self.analyst,
            settings=Settings(reading_mode=mode),
            read_log=self.path,
            reader=reader,
        )

    def open_listed(self, study: Examination | None = None) -> None:
        """Open an examination as from the worklist, until its read is on the disk."""
        self.list_opens(study)
        self.until(ReadState.UNAIDED)

    def list_opens(self, study: Examination | None = None) -> None:
        """Open an examination as from the worklist."""
        study = study or exam()
        self.desk.open_in_order(ListOf(study), study.key)

    def analysed(self) -> None:
        """Go on until the computer has read the examination, and the log has answered."""
        desk = self.desk
        self.box.run_until(lambda: self.analyst.read_exams > 0)
        self.box.run_until(
            lambda: not desk.workspace.analysis.running and not desk.workspace.read.looking
        )

    def until(self, state: ReadState) -> None:
        """Go on until the disk has the read in a state."""
        self.box.run_until(lambda: self.desk.workspace.read.state is state)

    def say_all(self) -> None:
        """Give an opinion of each breast, and the density."""
        for side in Laterality:
            self.desk.do(reads.set_opinion, Opinion(laterality=side, category="1"))
        self.desk.do(reads.set_density, "b")

    def to_reveal(self, marks: int = 4) -> None:
        """Go on to the revealed read, with so many marks and its heatmaps on the screen."""
        self.say_all()
        self.desk.go_in_read(Go.LOCK)
        self.until(ReadState.UNAIDED_LOCKED)
        self.desk.go_in_read(Go.REVEAL)
        self.until(ReadState.AI_REVEALED)
        self.box.run_until(lambda: bool(self.desk.workspace.read.heatmaps))
        assert len(mark_steps.marks_in_order(self.desk.workspace)) == marks
