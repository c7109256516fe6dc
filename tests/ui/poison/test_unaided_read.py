"""A whole unaided read in the real program: nothing tells a poisoned result from an empty one.

Both runs do the same.  Before the reveal everything is searched for the poison, and everything
that is found must be found in the other run too: also what the search has no word for, such as a
control that is enabled by a result or a panel that grows with it.  From the first search on the
computer holds what it says of the next examination too, got ahead.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from mammoview.app.second_read import commands as reads
from mammoview.domain.assessment import Opinion
from mammoview.domain.views import Laterality
from mammoview.review.standing import Reading
from mammoview.review.states import ReadState
from tests.builders.dicom import build_exam
from tests.builders.foreign_sr import OPTIONAL, Image, Seen, build_report
from tests.builders.poison import PEAK, SCORE, WORDS, PoisonAnalyst
from tests.ui.poison.conftest import Program, Start
from tests.ui.poison.evidence import Evidence, picture

_CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier

Moments = dict[str, Evidence]


class Walk:
    """Reads two examinations of the worklist by keys, and searches at every moment."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self._program, self._qtbot = program, qtbot
        self.moments: Moments = {}
        self.pictures: dict[str, bytes] = {}

    def begin(self, exams: Path) -> None:
        """Import two examinations and open the first one from the list."""
        frame = self._program.window.worklist
        assert frame is not None
        self._program.session.begin(())
        self._program.wait(lambda: frame.worklist.state.ready)
        frame.worklist.import_paths([exams])
        self._program.wait(
            lambda: len(frame.worklist.state.shown) == 2 and frame.worklist.state.task is None
        )
        frame.toggle()  # now: what is drawn of half an examination is drawn anew, who knows when
        thumbnails = self._program.home / "cache"
        self._program.wait(lambda: len(list(thumbnails.rglob("*.png"))) == 2)
        self.search("worklist")
        self._qtbot.keyClick(frame.page.table, Qt.Key.Key_Return)
        self._until(ReadState.UNAIDED)
        self.search("opened")
        assert self.held() == 2, "what is searched for is there: of this examination and the next"

    def held(self) -> int:
        """Return of how many examinations the computer has its result, read once each."""
        computer = self._program.desk._computer
        assert isinstance(computer._analyst, PoisonAnalyst)
        assert computer._analyst.read_exams == len(computer._known)
        return len(computer._known)

    def look(self) -> None:
        """Look at everything with everything, and try to see the computer's result."""
        for step in range(len(self._program.desk.workspace.hanging.steps)):
            self._key(Qt.Key.Key_D)
            self._shot(f"step {step}")
        self.search("last step")
        for key in (Qt.Key.Key_H, Qt.Key.Key_M, Qt.Key.Key_B, Qt.Key.Key_C):
            self._key(key)
            self._shot(f"overlay {key}")
        for key in (Qt.Key.Key_L, Qt.Key.Key_K, Qt.Key.Key_W, Qt.Key.Key_G, Qt.Key.Key_N):
            self._key(key)
        self._key(Qt.Key.Key_M, _CTRL)
        self._key(Qt.Key.Key_F8)
        self.search("all on")
        self._program.window.dialogs.show_about()
        self._program.window.dialogs.show_cheat_sheet()
        self.search("dialogs")
        for dialog in self._program.window.findChildren(QDialog):
            dialog.close()
        for key in (Qt.Key.Key_L, Qt.Key.Key_K, Qt.Key.Key_W, Qt.Key.Key_N, Qt.Key.Key_F8):
            self._key(key)

    def choose_report(self) -> None:
        """Choose the marks of the CAD report beside the images, search, and choose back."""
        self._key(Qt.Key.Key_M, _CTRL_SHIFT)
        desk = self._program.desk
        self._program.wait(
            lambda: desk.workspace.cad_source.report and not desk.workspace.cad_source.loading
        )
        self.search("report chosen")
        self._key(Qt.Key.Key_M, _CTRL_SHIFT)
        self._program.wait(lambda: desk.workspace.cad_source.report is None)

    def lock(self) -> None:
        """Say the opinion and lock it."""
        for side in Laterality:
            self._program.desk.do(reads.set_opinion, Opinion(laterality=side, category="2"))
        self._program.desk.do(reads.set_density, "b")
        self._key(Qt.Key.Key_L, _CTRL_SHIFT)
        self._until(ReadState.UNAIDED_LOCKED)
        self.search("locked")

    def reveal(self) -> None:
        """Reveal, and show all that there is."""
        self._key(Qt.Key.Key_E, _CTRL_SHIFT)
        self._until(ReadState.AI_REVEALED)
        self._key(Qt.Key.Key_B)
        self._program.wait(lambda: self._program.desk.workspace.prediction is not None)
        self.search("revealed")

    def next_exam(self) -> None:
        """Go on to the next examination, whose read is unaided."""
        before = self._program.desk.workspace.exam_key
        self._key(Qt.Key.Key_PageDown)
        self._program.wait(lambda: self._program.desk.workspace.exam_key != before)
        self._until(ReadState.UNAIDED)
        self.search("next examination")
        assert self.held() == 2, "its result is the one that was got ahead"

    def search(self, moment: str) -> None:
        """Search everything, and remember it under the name of the moment."""
        self._program.wait(lambda: True)
        self.moments[moment] = self._program.search()

    def _shot(self, name: str) -> None:
        self._program.wait(lambda: True)
        self.pictures[name] = picture(self._program.window)

    def _key(
        self, key: Qt.Key, with_: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        window = self._program.window
        window.activateWindow()
        self._qtbot.waitUntil(window.isActiveWindow)
        self._qtbot.keyClick(self._program.window, key, with_)

    def _until(self, state: ReadState) -> None:
        """Wait for a state of the read, and until the worklist has heard that it is begun."""
        self._program.wait(lambda: self._program.desk.workspace.read.state is state)
        self._program.wait(lambda: self._program.desk.workspace.exam_key in self._in_progress())

    def _in_progress(self) -> list[str]:
        studies = self._program.session.worklist.state.shown
        return [study.key for study in studies if study.reading is Reading.IN_PROGRESS]


@pytest.fixture
def exams(tmp_path: Path) -> Path:
    """Return a folder of two examinations."""
    for person in ("Adams^Eve", "Brown^Zoe"):
        build_exam(tmp_path / "exams" / person[0], person=person, study=person[0])
    return tmp_path / "exams"


def write_reports(exams: Path, *, poison: bool) -> None:
    """Write a CAD report of another maker beside each examination: a poisoned or an empty one."""
    seen = Seen(image=0, centre=PEAK, certainty=100 * SCORE)
    findings = [seen, replace(seen, intent=OPTIONAL, level=3)] if poison else []
    for folder in exams.iterdir():
        files = sorted(folder.glob("?C*.dcm")) + sorted(folder.glob("?MLO.dcm"))
        images = [Image(uid=str(dcmread(file).SOPInstanceUID)) for file in files]
        build_report(folder / "report.dcm", files[0], images, findings)


BLIND = ("worklist", "opened", "last step", "all on", "dialogs", "report chosen", "locked")
# Where the same result must be found once it was revealed, or the search is blind.
SHOWN = (
    "file data/mammoview/reads.sqlite!rows",
    ".npz!values0.npy",
    "canvas scene: _MarkItem mass, score 0.84",
    "fourView.accessibleDescription",
    "fourView spoken",
    "state: 0.83719",
    "state: 17.2831",
    "statusStrip holds: poxdevice",
    "action read-finalize.toolTip",
    "37 marks",
)


def test_nothing_tells_what_the_computer_said_before_the_reveal(
    start: Start, qtbot: QtBot, exams: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    walks = []
    for poison in (False, True):
        write_reports(exams, poison=poison)
        walk = Walk(start(poison), qtbot)
        walk.begin(exams)
        walk.look()
        walk.choose_report()
        walk.lock()
        assert not WORDS.search("".join(capfd.readouterr()))
        walk.reveal()
        walk.next_exam()
        walks.append(walk)
    empty, poisoned = walks
    for moment in BLIND:
        assert poisoned.moments[moment].poison() == [], moment
        assert empty.moments[moment].unlike(poisoned.moments[moment]) == [], moment
    assert empty.pictures == poisoned.pictures
    _is_found(empty.moments["revealed"], poisoned.moments["revealed"])
    _is_forgotten(empty.moments["next examination"], poisoned.moments["next examination"])


def _is_found(empty: Evidence, poisoned: Evidence) -> None:
    """The revealed result stands in every place that was searched, and is seen."""
    assert empty.poison() == []
    found = "\n".join(poisoned.poison())
    assert [place for place in SHOWN if place not in found] == []
    assert "picture 0" in empty.unlike(poisoned)


def _is_forgotten(empty: Evidence, poisoned: Evidence) -> None:
    """The next examination is unaided again: what was revealed of the last is in files alone.

    Going to a mark has panned the images of one run: a caption may stand half a pixel beside. What
    the computer draws is in colour.
    """
    assert [line for line in poisoned.poison() if not line.startswith("file ")] == []
    unlike = [line for line in empty.unlike(poisoned) if "file: " not in line]
    assert [line for line in unlike if not line.startswith(("picture", "+ log", "- log"))] == []
    assert len(empty.pictures) == len(poisoned.pictures)
    for one, other in zip(empty.pictures, poisoned.pictures, strict=True):
        assert _coloured_pixels_that_differ(one, other) == 0


def _coloured_pixels_that_differ(one: bytes, other: bytes) -> int:
    pixels = [np.frombuffer(p, np.uint8).reshape(-1, 4)[:, :3].astype(int) for p in (one, other)]
    differ = (pixels[0] != pixels[1]).any(axis=1)
    coloured = [np.ptp(p, axis=1) > 24 for p in pixels]
    return int((differ & (coloured[0] | coloured[1])).sum())
