"""The start is measured to a window that is painted and answers."""

from __future__ import annotations

import argparse

from mammoview.cli.bench import start


def test_both_windows_are_started_and_compared() -> None:
    told = start.measure(argparse.Namespace(times=1))
    assert told["ratio"] == told["seconds"] / told["baseline_seconds"]
    assert min(told["seconds"], told["baseline_seconds"]) > 0.05  # Python alone takes longer
