"""A radiologist reads one examination of the worklist, from import to export: real events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mammoview.cli.main import main
from mammoview.domain.reading import Disposition, ReadingMode
from mammoview.domain.views import Laterality
from mammoview.review.read import Read
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog, reads_path
from tests.e2e.screen import Screen, until


class Seat:
    """Somebody before the screen who sees where things are, and a log that tells what was kept."""

    def __init__(self, screen: Screen, places: Path) -> None:
        self.screen, self._places = screen, places

    def place(self, name: str) -> list[int]:
        """Return left, top, width and height of a widget, once it is on the screen."""
        until(f"{name} on the screen", lambda: name in self._told())
        return self._told()[name]

    def middle(self, name: str) -> tuple[int, int]:
        """Return the middle of a widget on the screen, once it is there."""
        left, top, width, height = self.place(name)
        return left + width // 2, top + height // 2

    def there(self, name: str) -> bool:
        """Tell whether a widget is on the screen."""
        return name in self._told()

    def click(self, name: str, times: int = 1) -> None:
        """Click a widget in its middle."""
        self.screen.point(*self.middle(name))
        self.screen.click(1, times=times)

    def chooses(self, key: str, code: str) -> None:
        """Go from the images to a list by its key, and type the code of an answer."""
        left, top, width, height = self.place("fourView")
        self.screen.point(left + width // 20, top + height // 2)
        self.screen.click(1)
        for letter in (key, *code, "Return"):
            self.screen.press(letter)

    def picture(self, name: str) -> None:
        """Wait until the screen shows what was kept; keep a picture where one is asked for."""
        self.screen.settled()
        folder = os.environ.get("MAMMOVIEW_PICTURES")
        if folder:
            self.screen.save(Path(folder) / f"{name}.png")

    def read(self) -> Read | None:
        """Return the read as the log has it."""
        if not reads_path().exists():
            return None
        log = ReadLog(reads_path())
        found = log.reads()
        log.close()
        return found[-1] if found else None

    def kept(self, what: str, check: Callable[[Read], bool]) -> Read:
        """Wait until the log tells something."""
        until(f"{what} in the log", lambda: (r := self.read()) is not None and check(r), 0.2)
        read = self.read()
        assert read is not None
        return read

    def at(self, state: ReadState) -> Read:
        """Wait until the log has the read in a state."""
        return self.kept(str(state), lambda read: read.state is state)

    def _told(self) -> dict[str, list[int]]:
        try:
            told: dict[str, list[int]] = json.loads(self._places.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return told


@contextmanager
def seated(screen: Screen, folder: Path, scratch: Path) -> Iterator[Seat]:
    """Run the program; it has to be ended by its own key, without a traceback."""
    environment = {**os.environ, "DISPLAY": screen.name, "QT_QPA_PLATFORM": "xcb"}
    places, complaints = scratch / "places.json", scratch / "stderr.txt"
    command = [sys.executable, "-m", "tests.e2e.reading_program", str(folder), str(places)]
    with complaints.open("w+b") as said:
        program = subprocess.Popen(command, env=environment, stderr=said)
        try:
            until("a window", lambda: program.poll() is None and screen.window_is_there())
            yield Seat(screen, places)
            screen.press("Control_L", "q")
            assert program.wait(timeout=60) == 0
        finally:
            program.kill()
            program.wait(timeout=20)
        said.seek(0)
        assert b"Traceback" not in said.read()


def test_an_examination_from_the_worklist_to_the_export(
    screen: Screen, tmp_path: Path, user_folders: Path, demo_exam_p00820: list[Path]
) -> None:
    with seated(screen, demo_exam_p00820[0].parent, tmp_path) as seat:
        opens_from_the_list(seat)
        reads_unaided(seat)
        answers_the_marks(seat)
        finalizes_and_signs(seat)
    read = seat.read()
    assert read is not None
    the_log_is_whole(read, tmp_path)


def opens_from_the_list(seat: Seat) -> None:
    """Import a folder, and open its study by a double click."""
    seat.screen.press("Control_L", "Shift_L", "i")
    left, top, _, _ = seat.place("studyTable")
    seat.picture("0-list")

    def double_click() -> bool:
        seat.screen.point(left + 200, top + 60)
        seat.screen.click(1, times=2)
        return seat.there("fourView")

    until("the opened study", double_click, 0.5)
    read = seat.at(ReadState.UNAIDED)
    assert read.opened.mode is ReadingMode.SECOND_READ
    assert not read.opened.result_seen
    seat.picture("1-unaided")


def reads_unaided(seat: Seat) -> None:
    """Outline a finding, say what each breast is and how dense, and lock it."""
    left, top, width, height = seat.place("fourView")
    seat.screen.press("6")
    for col, row in ((0.53, 0.80), (0.57, 0.86)):
        seat.screen.point(left + int(width * col), top + int(height * row))
        seat.screen.click(1)
    read = seat.kept("the finding", lambda read: len(read.now.findings) == 1)
    assert read.now.findings[0].laterality is Laterality.LEFT
    for key, code in (("3", "1"), ("4", "4b"), ("5", "b")):
        seat.chooses(key, code)
    read = seat.kept("all opinions", lambda read: len(read.now.opinions) == 2)
    seat.kept("the density", lambda read: read.now.density == "b")
    seat.picture("2-opinions")
    seat.click("readNext")
    read = seat.at(ReadState.UNAIDED_LOCKED)
    assert read.unaided is not None
    assert read.revealed is None
    seat.picture("3-locked")


def answers_the_marks(seat: Seat) -> None:
    """Reveal the computer, and answer every mark."""
    seat.click("readNext")
    read = seat.at(ReadState.AI_REVEALED)
    assert read.shown, "the model marks this examination"
    seat.middle("cadMark")
    seat.picture("4-revealed")
    for number in range(len(read.shown)):
        before = len(read.undisposed)
        for key in ("F6", "v", "Return") if number == 0 else ("F5",):
            seat.screen.press(key)
        read = seat.kept("an answer", partial(fewer_open, before))
        seat.picture(f"5-answered-{number + 1}")
    first, *others = read.disposed
    assert (first.disposition, first.reason) == (Disposition.DISMISS, "vessel")
    assert {answer.disposition for answer in others} <= {Disposition.AGREE}


def fewer_open(before: int, read: Read) -> bool:
    """Tell whether another mark was answered."""
    return len(read.undisposed) < before


def finalizes_and_signs(seat: Seat) -> None:
    """Look at both opinions side by side, make the present one final, and sign it."""
    seat.click("readNext")
    seat.middle("makeFinal")
    seat.picture("6-statements")
    seat.click("makeFinal")
    seat.at(ReadState.FINAL)
    seat.picture("7-final")
    seat.click("readNext")
    seat.at(ReadState.SIGNED)
    seat.picture("8-signed")


def the_log_is_whole(read: Read, scratch: Path) -> None:
    """Verify the log and write the results out."""
    assert main(["audit", "verify"]) == 0
    assert main(["export", read.opened.exam_key, "--to", str(scratch / "out")]) == 0
    assert {"report.pdf", "cad-sr.dcm", "results.json"} <= {
        f.name for f in (scratch / "out").iterdir()
    }
    log = ReadLog(reads_path())
    actions = [event.action for event in log.events(read.read_id)]
    log.close()
    order = [
        Action.OPEN,
        Action.LOCK,
        Action.REVEAL,
        Action.DISPOSE_MARK,
        Action.FINALIZE,
        Action.SIGN,
    ]
    at = [actions.index(action) for action in order]
    assert at == sorted(at)
    assert Action.RECORD_STEP in actions
    assert Action.RECORD_EXPORT in actions
