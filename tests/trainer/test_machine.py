from __future__ import annotations

import pytest

from trainer.machine import precision_for, processes, usable_cores

NAMES = ("LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "SLURM_NTASKS", "SLURM_NNODES")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, (0, 1)),
        ({"LOCAL_WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "1"}, (4, 1)),
        ({"LOCAL_WORLD_SIZE": "8", "GROUP_WORLD_SIZE": "3"}, (8, 3)),
        ({"SLURM_NTASKS": "16", "SLURM_NNODES": "4"}, (4, 4)),
        ({"SLURM_NNODES": "4"}, (0, 1)),
    ],
)
def test_machines_and_processes_as_the_launcher_tells_them(
    told: dict[str, str], expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert processes() == expected


def test_a_wanted_precision_is_kept() -> None:
    assert precision_for("cpu", "32-true") == "32-true"
    assert precision_for("cpu", "auto") in ("32-true", "bf16-mixed")
    assert usable_cores() > 0
