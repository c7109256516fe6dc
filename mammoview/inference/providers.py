"""Which execution providers this build of ONNX Runtime has."""

from __future__ import annotations

from typing import Any

import onnxruntime

_ort: Any = onnxruntime  # its stubs declare no exports


def providers() -> tuple[str, ...]:
    """Return the names of the providers, best first, as ONNX Runtime spells them."""
    return tuple(_ort.get_available_providers())


def runtime_version() -> str:
    """Return the version of ONNX Runtime."""
    return str(_ort.__version__)
