"""Tables of a model card: overlap and subgroups, out of the document of ``evaluate images``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

NO_FIGURE = "–"
_REFERENCES = ("mask", "ellipse in the box")


def figure(value: float | None, *, digits: int = 2) -> str:
    """Return a figure as the card writes it; a dash where there is none."""
    return NO_FIGURE if value is None or value != value else f"{value:.{digits}f}"


def with_interval(estimate: dict[str, Any] | None, *, digits: int = 2) -> str:
    """Return a figure with its interval: ``0.51 (0.45-0.56)``."""
    if estimate is None or figure(estimate["mean"]) == NO_FIGURE:
        return NO_FIGURE
    low, high = (figure(end, digits=digits) for end in estimate["ci95"])
    return f"{figure(estimate['mean'], digits=digits)} ({low}-{high})"


def overlap_lines(kind: str, overlap: dict[str, Any]) -> list[str]:
    """Return the table of overlaps of one class; nothing where none were measured."""
    lines: list[str] = []
    for reference in _REFERENCES:
        if reference in overlap:
            lines += _reference_lines(kind, reference, overlap[reference])
    if lines:
        lines += ["", f"Overlap is measured at {overlap['raster']}; a missed lesion counts 0."]
    if overlap.get("set_aside_count"):
        names = ", ".join(sorted(overlap["set_aside"]))
        lines += ["", f"Masks set aside: {overlap['set_aside_count']} ({names})."]
    return lines


def subgroup_lines(
    kind: str, groups: Sequence[dict[str, Any]], spacing: dict[str, int]
) -> list[str]:
    """Return the table of subgroups of one class; attributes that nothing is known of in words.

    Parameters
    ----------
    spacing : dict
        Where the scale behind the sizes comes from, and for how many pictures.
    """
    rows = [group for group in groups if group["attribute"] != "all"]
    lines: list[str] = []
    unknown: list[str] = []
    points = next((list(g["sensitivity"]) for g in groups if g["sensitivity"]), [])
    for attribute, found in groupby(rows, key=lambda group: group["attribute"]):
        members = list(found)
        if [group["group"] for group in members] == ["unknown"]:
            unknown.append(attribute)
        else:
            lines += [_group_row(group, points) for group in members]
    if not lines:
        return []
    header = ["group", "lesions", "people", *(f"sensitivity at `{p}`" for p in points)]
    head = [
        "",
        f"#### Subgroups: {kind}",
        "| " + " | ".join([*header, "pointing game"]) + " |",
        "|---" * (len(header) + 1) + "|",
    ]
    notes = [f"Not known for these pictures: {', '.join(unknown)}."] if unknown else []
    if spacing:
        sources = ", ".join(f"{source} ({count} pictures)" for source, count in spacing.items())
        notes.append(f"Size: longer side of the box; its scale: {sources}.")
    return [*head, *lines, *(["", " ".join(notes)] if notes else [])]


def _reference_lines(kind: str, reference: str, found: dict[str, Any]) -> list[str]:
    best = found["best_achievable"]
    lines = [
        "",
        f"#### Overlap with the {reference}: {kind}, {found['lesions']} lesions",
        "| operating point | hit | IoU of the hit | IoU of all | Dice of the hit | Dice of all |",
        "|---|---|---|---|---|---|",
    ]
    for name, point in found["operating_points"].items():
        keys = ("iou_of_hit", "iou_of_all", "dice_of_hit", "dice_of_all")
        cells = [str(point["hit"]), *(with_interval(point[key]) for key in keys)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append(
        f"| best of all regions | | | {with_interval(best['iou'])} | | "
        f"{with_interval(best['dice'])} |"
    )
    return lines


def _group_row(group: dict[str, Any], points: Sequence[str]) -> str:
    if group["too_small"]:
        cells = ["too few people"] * len(points) + ["too few people"]
    else:
        cells = [with_interval(group["sensitivity"][point]) for point in points]
        cells.append(with_interval(group["pointing_game"]))
    name = group["group"]
    if group["attribute"] == "pathology":
        name = name.replace("_", " ").lower()
    who = [f"{group['attribute']}: {name}", str(group["lesions"]), str(group["people"])]
    return "| " + " | ".join([*who, *cells]) + " |"
