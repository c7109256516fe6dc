"""The heatmaps that were revealed, in a file beside the log that the log holds the digest of."""

from __future__ import annotations

from pathlib import Path


def heatmaps_path(log: Path, read_id: str) -> Path:
    """Return the file of a read's heatmaps, beside the log."""
    return log.with_name(f"{read_id}.npz")
