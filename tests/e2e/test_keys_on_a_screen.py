"""The program as a process of its own on a virtual screen: real key presses, real pixels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from Xlib import XK, X, display
from Xlib.ext import xtest

from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle

_PATIENCE_S = 90.0
_WIDTH, _HEIGHT = 1600, 1000
_PROGRAM = """
import sys
from pathlib import Path
from mammoview.ui.main import run
sys.exit(run([Path(sys.argv[1])], bundle=Path(sys.argv[2]), device="cpu"))
"""


def _until(what: str, check: Callable[[], bool], pause: float = 0.1) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not check():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(pause)


class Screen:
    """A virtual screen: what stands on it, and a keyboard."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._display = display.Display(name)
        self._root = self._display.screen().root

    def picture(self) -> NDArray[np.uint8]:
        """Return the pixels of the middle of the screen, where the four views are."""
        box = (_WIDTH // 8, _HEIGHT // 10, _WIDTH // 2, _HEIGHT * 3 // 4)
        image = self._root.get_image(*box, X.ZPixmap, 0xFFFFFFFF)
        pixels = np.frombuffer(image.data, np.uint8)
        return pixels.reshape(box[3], box[2], 4)[..., :3].copy()

    def window_is_there(self) -> bool:
        """Give the keyboard to the large window, once there is one (no window manager here)."""
        for window in self._root.query_tree().children:
            seen = window.get_attributes().map_state == X.IsViewable
            if seen and window.get_geometry().width >= 800:
                self._display.set_input_focus(window, X.RevertToParent, X.CurrentTime)
                self._display.sync()
                return True
        return False

    def press(self, *names: str) -> None:
        """Press keys together and let them go."""
        codes = [self._display.keysym_to_keycode(XK.string_to_keysym(name)) for name in names]
        for code in codes:
            xtest.fake_input(self._display, X.KeyPress, code)
        for code in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()

    def settled(self) -> NDArray[np.uint8]:
        """Return the picture once it has stopped changing."""
        last = self.picture()
        same = 0
        while same < 3:
            time.sleep(0.15)
            now = self.picture()
            same = same + 1 if np.array_equal(now, last) else 0
            last = now
        return last

    def close(self) -> None:
        """Let the display go."""
        self._display.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    """Xvfb on a free display number."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed (apt-get install xvfb)")
    reading, writing = os.pipe()
    size = f"{_WIDTH}x{_HEIGHT}x24"
    command = [program, "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    server = subprocess.Popen(
        command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        shown = Screen(f":{number}")
        yield shown
        shown.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_keys_toggle_the_heat_on_a_real_screen(
    screen: Screen, tmp_path: Path, user_folders: Path
) -> None:
    build_exam(tmp_path / "exam")
    bundle = build_bundle(tmp_path / "bundle", stride=8)
    environment = {**os.environ, "DISPLAY": screen.name, "QT_QPA_PLATFORM": "xcb"}
    with (tmp_path / "stderr.txt").open("w+b") as complaints:
        program = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(tmp_path / "exam"), str(bundle)],
            env=environment,
            stderr=complaints,
        )
        try:
            _drive(screen, program)
            assert program.wait(timeout=30) == 0
        finally:
            program.kill()
            program.wait(timeout=20)
        complaints.seek(0)
        assert b"Traceback" not in complaints.read()


def _drive(screen: Screen, program: subprocess.Popen[bytes]) -> None:
    _until("a window", lambda: program.poll() is None and screen.window_is_there())
    screen.press("o")

    def heat_appears() -> bool:
        screen.press("o")
        off = screen.settled()
        screen.press("h")
        return float((screen.settled() != off).any(axis=2).mean()) > 0.02

    _until("heat after the key H", heat_appears)
    heat = screen.settled()
    screen.press("o")
    off = screen.settled()
    assert not np.array_equal(off, heat)
    assert (off[..., 0] == off[..., 2]).mean() > 0.9, "without the overlay mammograms are grey"
    screen.press("h")
    assert np.array_equal(screen.settled(), heat)
    screen.press("n")
    assert screen.settled().mean() > heat.mean(), "inverted, the breast's surroundings are bright"
    screen.press("Control_L", "q")
