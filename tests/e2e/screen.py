"""A virtual screen with a keyboard and a mouse, and the program in a process of its own on it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from Xlib import XK, X, display
from Xlib.ext import xtest

WIDTH, HEIGHT = 1600, 1000
_PATIENCE_S = 90.0
_PROGRAM = """
import sys
from pathlib import Path
from mammoview.ui.main import run
sys.exit(run([Path(sys.argv[1])], bundle=Path(sys.argv[2]), device="cpu"))
"""


def until(what: str, check: Callable[[], bool], pause: float = 0.1) -> None:
    """Wait for something on the screen; fail with its name."""
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
        box = (WIDTH // 8, HEIGHT // 10, WIDTH // 2, HEIGHT * 3 // 4)
        image = self._root.get_image(*box, X.ZPixmap, 0xFFFFFFFF)
        pixels = np.frombuffer(image.data, np.uint8)
        return pixels.reshape(box[3], box[2], 4)[..., :3].copy()

    def save(self, file: Path) -> None:
        """Write the whole screen to a PNG file."""
        image = self._root.get_image(0, 0, WIDTH, HEIGHT, X.ZPixmap, 0xFFFFFFFF)
        pixels = np.frombuffer(image.data, np.uint8).reshape(HEIGHT, WIDTH, 4)
        Image.fromarray(np.ascontiguousarray(pixels[..., 2::-1])).save(file)

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

    def title(self) -> str:
        """Return the title of the large window."""
        name, text = (self._display.intern_atom(a) for a in ("_NET_WM_NAME", "UTF8_STRING"))
        for window in self._root.query_tree().children:
            found = window.get_full_property(name, text)
            if found is not None and window.get_geometry().width >= 800:
                return str(found.value.decode())
        return ""

    def point(self, col: int, row: int) -> None:
        """Move the mouse to a place on the screen."""
        xtest.fake_input(self._display, X.MotionNotify, x=col, y=row)
        self._display.sync()

    def click(self, button: int, times: int = 1) -> None:
        """Press a mouse button and let it go; 4 and 5 are the wheel away and back."""
        for _ in range(times):
            xtest.fake_input(self._display, X.ButtonPress, button)
            xtest.fake_input(self._display, X.ButtonRelease, button)
        self._display.sync()

    def drag(self, button: int, start: tuple[int, int], way: tuple[int, int]) -> None:
        """Move the mouse with a button held, in steps."""
        self.point(*start)
        xtest.fake_input(self._display, X.ButtonPress, button)
        for step in range(1, 6):
            self.point(start[0] + way[0] * step // 5, start[1] + way[1] * step // 5)
        xtest.fake_input(self._display, X.ButtonRelease, button)
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


@contextmanager
def program_on(
    screen: Screen, exam: Path, bundle: Path, complaints: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the window on the screen; it has to be ended by its own key, without a traceback."""
    environment = {**os.environ, "DISPLAY": screen.name, "QT_QPA_PLATFORM": "xcb"}
    with complaints.open("w+b") as said:
        command = [sys.executable, "-c", _PROGRAM, str(exam), str(bundle)]
        program = subprocess.Popen(command, env=environment, stderr=said)
        try:
            until("a window", lambda: program.poll() is None and screen.window_is_there())
            yield program
            screen.press("Control_L", "q")
            assert program.wait(timeout=60) == 0
        finally:
            program.kill()
            program.wait(timeout=20)
        said.seek(0)
        assert b"Traceback" not in said.read()
