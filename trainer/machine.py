"""What this machine has to train with."""

from __future__ import annotations

import os

import torch

from mammoview.errors import SettingsError


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_accelerator(accelerator: str) -> None:
    """Refuse ``gpu`` where there is none.

    Raises
    ------
    SettingsError
        If PyTorch can use no GPU.
    """
    if accelerator == "gpu" and not torch.cuda.is_available():
        raise SettingsError(
            "no GPU that PyTorch can use",
            expected="a CUDA device for --device gpu",
            todo="use --device auto or cpu, or install the driver",
        )


def torch_device(accelerator: str) -> str:
    """Return torch's name of the device that ``auto``, ``cpu`` or ``gpu`` stands for here.

    Raises
    ------
    SettingsError
        If a GPU is asked for and PyTorch can use none.
    """
    check_accelerator(accelerator)
    return "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"


def precision_for(accelerator: str, wanted: str) -> str:
    """Return Lightning's precision: what is wanted, or for ``auto`` the fastest good one."""
    if wanted != "auto":
        return wanted
    if accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed"
    return "bf16-mixed" if _cpu_has_bf16() else "32-true"


def processes() -> tuple[int, int]:
    """Return processes a machine (0: not told) and machines, as torchrun or SLURM tell them."""
    environment = os.environ
    if "LOCAL_WORLD_SIZE" in environment:
        return int(environment["LOCAL_WORLD_SIZE"]), int(environment.get("GROUP_WORLD_SIZE", 1))
    if "SLURM_NTASKS" in environment and "SLURM_NNODES" in environment:
        nodes = int(environment["SLURM_NNODES"])
        return int(environment["SLURM_NTASKS"]) // nodes, nodes
    return 0, 1


def _cpu_has_bf16() -> bool:
    """Tell whether bfloat16 is faster than float32 here; without the instructions it is slower."""
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(check is not None and check())
