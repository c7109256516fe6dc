"""The program as a process of its own on a virtual screen: real key presses, real pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle
from tests.e2e.screen import Screen, program_on, until


def test_keys_toggle_the_heat_on_a_real_screen(
    screen: Screen, tmp_path: Path, user_folders: Path
) -> None:
    build_exam(tmp_path / "exam")
    bundle = build_bundle(tmp_path / "bundle", stride=8)
    with program_on(screen, tmp_path / "exam", bundle, tmp_path / "stderr.txt"):
        _drive(screen)


def _drive(screen: Screen) -> None:
    screen.press("o")

    def heat_appears() -> bool:
        screen.press("o")
        off = screen.settled()
        screen.press("h")
        return _coloured(screen.settled()) > _coloured(off) + 0.02  # not: the window appears

    until("heat after the key H", heat_appears)
    heat = screen.settled()
    screen.press("o")
    off = screen.settled()
    assert not np.array_equal(off, heat)
    assert (off[..., 0] == off[..., 2]).mean() > 0.9, "without the overlay mammograms are grey"
    screen.press("h")
    assert np.array_equal(screen.settled(), heat)
    screen.press("n")
    assert screen.settled().mean() > heat.mean(), "inverted, the breast's surroundings are bright"


def _coloured(picture: NDArray[np.uint8]) -> float:
    """Return the share of a picture that is no grey, nor the bluish grey of the window."""
    red, blue = picture[..., 0].astype(int), picture[..., 2].astype(int)
    return float((np.abs(red - blue) > 40).mean())
