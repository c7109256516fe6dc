"""Views that come together are shown together, and none waits long for another."""

from __future__ import annotations

import threading

import pytest

from mammoview.app.pixels import resolve, view_loader
from mammoview.app.reading import ReadingDesk
from mammoview.app.state.hung_views import LoadedImage
from mammoview.app.workspace import Workspace
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Slot
from tests.builders.desk import Mailbox, exam, image, index, mammogram

Shown = list[int]


@pytest.fixture
def shown(desk: ReadingDesk) -> Shown:
    """How many images hang, at each change of that."""
    counts: Shown = []

    def note(old: Workspace, new: Workspace) -> None:
        before, now = _images(old), _images(new)
        if before != now:
            counts.append(now)

    desk.subscribe(note)
    return counts


def _images(ws: Workspace) -> int:
    return sum(hung.image is not None for hung in ws.views)


def _four(key: str) -> list[Mammogram]:
    return [mammogram(slot, study=key, uid=f"{key}.{slot}") for slot in Slot]


def test_views_that_come_together_are_shown_at_once_and_the_last_ends_the_wait(
    desk: ReadingDesk, mailbox: Mailbox, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_loader, "_TOGETHER_S", 600.0)
    monkeypatch.setattr(resolve, "load_image", lambda view: (view, image()))
    desk.open_index(index(exam("now", _four("now"))))
    mailbox.run_until(lambda: _images(desk.workspace) == 4)
    assert shown == [4]


def test_a_view_is_shown_while_another_takes_long(
    desk: ReadingDesk, mailbox: Mailbox, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def load(view: Mammogram) -> tuple[Mammogram, LoadedImage]:
        if view.slot is Slot.LMLO:
            gate.wait(20.0)
        return view, image()

    monkeypatch.setattr(resolve, "load_image", load)
    desk.open_index(index(exam("now", _four("now"))))
    mailbox.run_until(lambda: _images(desk.workspace) == 3)
    assert desk.workspace.hung("now.LMLO").waits  # type: ignore[union-attr]
    gate.set()
    mailbox.run_until(lambda: _images(desk.workspace) == 4)
    assert shown[-2:] == [3, 4]
