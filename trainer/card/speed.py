"""Speed and memory in a model card: the document of ``mammoview bench analyze`` as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from trainer.card.tables import NO_FIGURE
from trainer.documents import markdown_table

_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """One figure beside another that was measured in the same run."""

    what: str
    unit: str
    ours: _Path
    theirs: _Path
    ratio: _Path
    against: str


_BESIDE = (
    _Beside(
        what="the network, all views",
        unit="s",
        ours=("stage_seconds", "network"),
        theirs=("baseline_network_seconds",),
        ratio=("network_ratio",),
        against="eager torch",
    ),
    _Beside(
        what="the network, all views",
        unit="s",
        ours=("stage_seconds", "network"),
        theirs=("baseline_channels_last_seconds",),
        ratio=("network_ratio_channels_last",),
        against="eager torch, channels last",
    ),
    _Beside(
        what="the network, all views",
        unit="s",
        ours=("stage_seconds", "network"),
        theirs=("baseline_whole_view_seconds",),
        ratio=("whole_view_ratio",),
        against="eager torch on whole views, nothing cut off",
    ),
    _Beside(
        what="one pass over a view",
        unit="s",
        ours=("windows_view_seconds",),
        theirs=("windows_seconds",),
        ratio=("windows_ratio",),
        against="a window for each cell of its map",
    ),
    _Beside(
        what="a view of a known size on the GPU",
        unit="ms",
        ours=("gpu_view_ms", "of a known size"),
        theirs=("cpu_view_ms", "of a known size"),
        ratio=("gpu_ratio",),
        against="the same on the CPU",
    ),
    _Beside(
        what="the network on the GPU, a view",
        unit="ms",
        ours=("gpu_stage_ms", "network"),
        theirs=("gpu_baseline_network_ms",),
        ratio=("gpu_network_ratio",),
        against="eager torch on the GPU",
    ),
)
# What a key ends with: how its figure is said.
_UNITS = {"seconds": "s", "ms": "ms", "mib": "MiB"}
_WHOLE = "the whole command"


def speed_text(document: dict[str, Any]) -> str:
    """Return the figures of ``mammoview bench analyze --json``, whatever it measured.

    Figures that were measured beside others come first, each pair in a row with its ratio; then all
    the others with their units, shares beside what they are shares of.
    """
    figures = dict(_flat(document))
    intro = _intro(figures)
    beside = [_row(pair, figures) for pair in _BESIDE if pair.theirs in figures]
    for pair in _BESIDE:
        if pair.theirs in figures:
            for path in (pair.theirs, pair.ratio):
                figures.pop(path, None)
    parts = ["### Speed and memory", intro]
    if beside:
        parts.append(markdown_table(("measured", "here", "beside it", "ratio", "it is"), beside))
    rows = list(_others(figures))
    if rows:
        parts.append(markdown_table(("figure", "value"), rows))
    parts.append("On one machine, each ratio in one run. Again: `mammoview bench analyze --json`")
    return "\n\n".join(filter(None, parts))


def _intro(figures: dict[_Path, Any]) -> str:
    """Return in a sentence what it was measured on; takes these figures away."""
    figures.pop(("bench",), None)
    views, cores = (figures.pop((key,), None) for key in ("views", "cores"))
    said = [f"{views} views" if views else "", str(figures.pop(("device",), "") or "")]
    said.append(f"machine with {cores} cores" if cores else "")
    words = ", ".join(filter(None, said))
    return f"Measured on {words}." if words else ""


def _row(pair: _Beside, figures: dict[_Path, Any]) -> list[str]:
    ours, theirs, ratio = (figures.get(path) for path in (pair.ours, pair.theirs, pair.ratio))
    return [
        pair.what,
        _said(ours, pair.unit),
        _said(theirs, pair.unit),
        _said(ratio),
        pair.against,
    ]


def _others(figures: dict[_Path, Any]) -> Iterator[list[str]]:
    for path, value in figures.items():
        if _share_of(path, figures) is not None:
            continue  # it stands beside what it is a share of
        words, unit = _words(path)
        share = next((v for p, v in figures.items() if _share_of(p, figures) == path), None)
        beside = f" ({100 * share:.0f} %)" if isinstance(share, float) else ""
        yield [words, _said(value, unit) + beside]


def _share_of(path: _Path, figures: dict[_Path, Any]) -> _Path | None:
    """Return what a figure is a share of, where that was measured too."""
    if not path[0].endswith("_share"):
        return None
    stem = path[0].removesuffix("_share")
    wholes = ((f"{stem}_{unit}", *path[1:]) for unit in _UNITS)
    return next((whole for whole in wholes if whole in figures), None)


def _words(path: _Path) -> tuple[str, str]:
    """Return the name of a figure in words, and its unit, by what its key ends with."""
    if path == ("seconds",):
        return _WHOLE, "s"
    stem, _, last = path[0].rpartition("_")
    unit = _UNITS.get(last, "")
    if last == "share":
        unit = "%"
    words = (stem if unit else path[0]).replace("_", " ").replace("rss", "resident memory")
    return ", ".join((words, *path[1:])), unit


def _said(value: Any, unit: str = "") -> str:
    if value is None:
        return NO_FIGURE
    if unit == "%" and isinstance(value, float):
        return f"{100 * value:.0f} %"
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}".strip()


def _flat(node: Any, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Yield each figure with its way; places on the machine are none."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _flat(value, (*path, str(key)))
    elif isinstance(node, list):
        for number, value in enumerate(node, start=1):
            yield from _flat(value, (*path, str(number)))
    elif not (isinstance(node, str) and _is_place(node)):
        yield path, node


def _is_place(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
