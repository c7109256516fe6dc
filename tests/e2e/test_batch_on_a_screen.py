"""A batch of examinations read on a virtual screen: by keys alone, and by the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.app import protocol
from mammoview.app.hanging import steps_of
from mammoview.app.settings import Settings
from mammoview.dicom.index import index_paths
from tests.builders.dicom import VIEWS, Blob, build_mg
from tests.builders.models import build_bundle
from tests.e2e.screen import Screen, program_on, until

Shot = NDArray[np.uint8]

# More than what the words of a pane change, less than any change of its image.
_CHANGED = 0.01
_IN_RCC = (450, 300)


def write_exams(folder: Path, count: int) -> Path:
    """Write examinations that look different, each image with two windows of its own."""
    folder.mkdir()
    for number in range(count):
        for side, view in VIEWS:
            build_mg(
                folder / f"{number}{side}{view}.dcm",
                laterality=side,
                view=view,
                person=f"Phantom^{number}",
                study=str(number),
                rows=600,
                cols=450,
                blobs=[Blob(col=225, row=150 + 90 * number, radius=30)],
                elements={
                    "WindowCenter": [2048, 1500],
                    "WindowWidth": [4096, 900],
                    "WindowCenterWidthExplanation": ["NORMAL", "HARDER"],
                },
            )
    return folder


def changed(one: Shot, other: Shot) -> bool:
    return bool((one != other).any(axis=2).mean() > _CHANGED)


def after(screen: Screen, before: Shot, *keys: str) -> Shot:
    """Press keys one after another and return the picture, which must become another one."""
    for key in keys:
        screen.press(key)
        screen.settled()
    until(f"another picture after {keys}", lambda: changed(screen.picture(), before), 0.03)
    return screen.settled()


def back_at(screen: Screen, wanted: Shot, keys: Sequence[str]) -> None:
    """Press keys one after another; they must bring a picture back."""
    for key in keys:
        screen.press(key)
        screen.settled()  # the same key twice in a millisecond counts as held down
    until(f"the same picture after {keys}", lambda: not changed(screen.picture(), wanted), 0.03)


def opened(screen: Screen, number: int, count: int) -> Shot:
    """Wait for an examination and its four images."""
    until("the title", lambda: screen.title().endswith(f"examination {number} of {count}"))
    until("four breasts", lambda: bool((screen.settled()[..., 1] > 60).mean() > 0.2))
    return screen.settled()


def test_a_batch_is_read_by_keys_alone(screen: Screen, tmp_path: Path, user_folders: Path) -> None:
    exams = write_exams(tmp_path / "exams", 3)
    bundle = build_bundle(tmp_path / "bundle", stride=8)
    with program_on(screen, exams, bundle, tmp_path / "stderr.txt"):
        overviews = [opened(screen, 1, 3)]
        walk_all_steps(screen, overviews[0], count_steps(exams))
        for number in (2, 3):
            fits_and_greys(screen, overviews[-1])
            pair = after(screen, overviews[-1], "d")
            after(screen, pair, "Next")
            overviews.append(opened(screen, number, 3))
        assert all(changed(one, other) for one, other in pairwise(overviews))
        screen.press("Next")
        assert screen.title().endswith("3 of 3"), "there is no fourth"
        assert not changed(screen.settled(), overviews[-1])


def walk_all_steps(screen: Screen, overview: Shot, count: int) -> None:
    """Go through all steps and back; each looks different from the one before."""
    steps = [overview]
    for _ in range(count - 1):
        steps.append(after(screen, steps[-1], "d"))
    screen.press("d")
    assert not changed(screen.settled(), steps[-1]), "the last step is the last"
    for shown in reversed(steps[:-1]):
        back_at(screen, shown, ["a"])


def count_steps(exams: Path) -> int:
    """Return how many steps the first examination has."""
    first = index_paths([exams]).examinations[0]
    return len(steps_of(first, None, protocol.shipped(Settings().hanging)))


def fits_and_greys(screen: Screen, overview: Shot) -> None:
    """Change scale, window and polarity, each by its key, and come back."""
    one_to_one = after(screen, overview, "1")
    after(screen, one_to_one, "i")
    back_at(screen, overview, ["f"])
    after(screen, overview, "v", "v")
    back_at(screen, overview, ["v"])
    after(screen, overview, "n")
    back_at(screen, overview, ["n"])


def test_the_mouse_pans_zooms_and_windows(
    screen: Screen, tmp_path: Path, user_folders: Path
) -> None:
    exams = write_exams(tmp_path / "exams", 1)
    bundle = build_bundle(tmp_path / "bundle", stride=8)
    with program_on(screen, exams, bundle, tmp_path / "stderr.txt"):
        overview = opened(screen, 1, 1)
        screen.point(*_IN_RCC)
        screen.click(1, times=2)
        assert not changed(screen.settled(), overview), "a double click moves nothing"
        screen.click(4, times=3)
        zoomed = after(screen, overview)
        screen.drag(1, _IN_RCC, (-60, 45))
        panned = after(screen, zoomed)
        screen.drag(3, _IN_RCC, (120, -60))
        after(screen, panned)
        back_at(screen, overview, ["r"])
