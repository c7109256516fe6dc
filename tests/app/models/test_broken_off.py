"""Broken off between any two steps: the old model or the new one, nothing between."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mammoview.app.models import catalogue, records
from mammoview.errors import SettingsError
from tests.builders.installed import active, outcomes

STEPS = ((os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "mkdir"))


class Killed(BaseException):
    """The process ends here; no handler of the program may catch it."""


class Breaker:
    """Fails the n-th of the steps that touch the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.left, self.error = at, error
        for place, name in STEPS:
            monkeypatch.setattr(place, name, self._breaking(getattr(place, name)))

    def _breaking(self, step: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left == 0:
                raise self.error
            return step(*args, **kwargs)

        return run


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("error", [FULL, Killed()], ids=["full disk", "kill"])
def test_broken_off_anywhere_one_of_the_two_is_active(error: BaseException) -> None:
    catalogue.activate("tiny@1")
    seen = set()
    for at in range(1, 20):
        with pytest.MonkeyPatch.context() as patch:
            breaker = Breaker(patch, at, error)
            try:
                catalogue.activate("tiny@2")
            except (SettingsError, Killed):
                assert active() in {"tiny@1", "tiny@2"}
            else:
                assert active() == "tiny@2"
        accepted = [e for e in records.read_history().events if e.outcome == "accepted"]
        if active() == "tiny@2":  # whatever is active has been recorded
            assert accepted[-1].model.version == "2"
        seen.add(active())
        catalogue.activate("tiny@1")
        assert active() == "tiny@1"
        if breaker.left > 0:
            break
    else:
        pytest.fail("more steps than were tried")
    assert at > 3
    assert seen == {"tiny@1", "tiny@2"}
    leftover = {p.name for p in records.data_folder().iterdir()}
    assert leftover == {"models", "models.lock", records.ACTIVE, records.HISTORY}


@pytest.mark.parametrize("error", [FULL, Killed()], ids=["full disk", "kill"])
def test_an_installation_broken_off_anywhere_leaves_nothing_half(
    source: Path, error: BaseException
) -> None:
    for at in range(1, 40):
        with pytest.MonkeyPatch.context() as patch:
            breaker = Breaker(patch, at, error)
            with contextlib.suppress(SettingsError, Killed):
                catalogue.install(source)
        assert all(not m.problem for m in catalogue.known_models())
        shutil.rmtree(catalogue.models_folder(), ignore_errors=True)
        if breaker.left > 0:
            break
    else:
        pytest.fail("more steps than were tried")
    assert at > 6


_CHILD = """
import os, sys
from pathlib import Path
from mammoview.app import resources
from mammoview.app.models import catalogue
resources.shipped_root = lambda: Path(sys.argv[1])
replace = Path.replace
def dying(self, target):
    if sys.argv[2] == "after":
        replace(self, target)
    os._exit(9)
Path.replace = dying
catalogue.activate("tiny@2")
"""


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("moment", "expected"), [("before", "tiny@1"), ("after", "tiny@2")])
def test_a_killed_process_leaves_the_old_or_the_new_model(
    tmp_path: Path, moment: str, expected: str
) -> None:
    catalogue.activate("tiny@1")
    words = [sys.executable, "-c", _CHILD, str(tmp_path / "resources"), moment]
    assert subprocess.run(words, timeout=60, check=False).returncode == 9
    assert active() == expected
    assert outcomes()[-1] == ("activate", "accepted", "tiny@2")
    catalogue.activate("tiny@1")  # the lock has ended with the process
    assert active() == "tiny@1"
