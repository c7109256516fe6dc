"""The measured part of a model card: documents of evaluations as Markdown."""

from __future__ import annotations

from typing import Any

from trainer.card.tables import figure, overlap_lines, subgroup_lines, with_interval
from trainer.documents import markdown_table

# Test pictures of CBIS-DDSM's mass set, 800x800: how many, and how many masses.  Other data get no
# comparison.
_FLOORS_ON = (361, 378)
_YARDSTICK = "$MAMMOVIEW_DATA/cbis-ddsm/mass-800/test"
# Sensitivity at 0.25, 0.5, 1, 2 and 4 false marks an image of two simple methods on the test
# pictures of CBIS-DDSM's mass set, same hit rule, each within 0.05.
FLOORS = (
    ("frozen ImageNet ResNet-50, linear map on its cells", (0.38, 0.48, 0.55, 0.62, 0.70)),
    (
        "crude fine-tune of layers 2-4 on whole images, cell labels from the boxes",
        (0.56, 0.66, 0.74, 0.80, 0.82),
    ),
)
# Published figures of supervised detectors on masses of CBIS-DDSM, box IoU >= 0.2: on their own
# choice of its pictures, at a higher resolution.
DETECTORS = (
    ("Mask R-CNN with FPN", (None, 0.69, 0.80, 0.86, 0.90)),
    ("the same with a graph over the views", (None, 0.78, 0.86, 0.90, 0.92)),
)
_ONE_PASS = "one"
_STEPS = ("native", "assumed width", "800x800", "picture")
_RATES = ("0.25", "0.5", "1", "2", "4")


def measured_text(title: str, document: dict[str, Any], *, again: str = "") -> str:
    """Return the figures of one document of ``evaluate images``.

    Parameters
    ----------
    again : str
        The command that makes them again; empty: that of ``evaluate images``.
    """
    lines = [
        f"### {title}",
        f"{document['images']} pictures, {document['lesions']} lesions{_of_model(document)}. "
        f"Hit: {document['froc']['hit_rule']}. Intervals: 95 %, bootstrap over people.",
        "",
        "| class | " + " | ".join(f"at {r}" for r in _RATES) + " | pointing game | ECE |",
        "|---" * (len(_RATES) + 3) + "|",
    ]
    for kind, values in document["per_class"].items():
        cells = [*_rates(values["froc"]), figure(values["pointing_game"])]
        cells.append(figure(values["expected_calibration_error"], digits=3))
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    for kind, values in document["per_class"].items():
        if "froc_iou" in values:
            cells = [*_rates(values["froc_iou"]), "", ""]
            rule = values["froc_iou"]["hit_rule"]
            lines.append(f"| {kind}, hit: {rule} | " + " | ".join(cells) + " |")
    lines += ["", "Columns: sensitivity at so many false marks an image.", ""]
    for kind, values in document["per_class"].items():
        lines += _point_lines(kind, values["operating_points"])
    lines += _together_lines(document)
    lines += _calibration_lines(document)
    for kind, values in document["per_class"].items():
        lines += overlap_lines(kind, values.get("overlap", {}))
        lines += subgroup_lines(kind, values.get("subgroups", []), document.get("spacing", {}))
    return "\n".join([*lines, "", f"Again: `{again or _again(document)}`"])


def is_of_floors(document: dict[str, Any]) -> bool:
    """Tell whether a document is of the pictures that other methods were measured on."""
    lesions = {kind: values["lesions"] for kind, values in document["per_class"].items()}
    others = document.get("other_lesions", {})
    found = (document["images"], lesions.pop("mass", 0))
    return found == _FLOORS_ON and not any(lesions.values()) and not others


def comparison_text(document: dict[str, Any]) -> str:
    """Return the table of this model beside others."""
    ours = document["per_class"]["mass"]
    rows = [[f"{name} (±0.05)", *(f"{v:.2f}" for v in values)] for name, values in FLOORS]
    rows.append(["this model, peak inside the box", *_plain(ours["froc"])])
    rows += [
        [f"{name}, supervised detector, box IoU >= 0.2", *map(figure, values)]
        for name, values in DETECTORS
    ]
    if "froc_iou" in ours:
        rows.append([f"this model, {ours['froc_iou']['hit_rule']}", *_plain(ours["froc_iou"])])
    return "\n".join(
        [
            "### Beside other methods: sensitivity for masses",
            "",
            markdown_table(("method", *(f"at {r}" for r in _RATES)), rows),
            "",
            "The simple methods were measured on these pictures by the peak rule. The detectors' "
            "figures are published ones, by the box rule, on their authors' own choice of "
            "CBIS-DDSM's masses at a higher resolution.",
        ]
    )


def exams_text(document: dict[str, Any]) -> str:
    """Return the figures of native examinations beside their own pictures."""
    lines = [
        "### Native examinations (in the test split too)",
        "| examination | view | annotated boxes | flagged marks | boxes hit |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {view['exam']} | {view['view']} | {len(view['boxes'])} | {len(view['flagged'])} | "
        f"{sum(view['hit'])} |"
        for view in document["views"]
    ]
    lines += ["", "Where a native view is flagged otherwise than its own 800-pixel picture:", ""]
    for view in document["views"]:
        for difference in view["differences"]:
            lines.append(f"- {view['exam']} {view['view']}: {difference}")
    if not any(view["differences"] for view in document["views"]):
        lines.append("- nowhere.")
    again = (
        "Again: `mammoview-train evaluate exams BUNDLE DICOM --boxes "
        f"$MAMMOVIEW_DATA/cbis-ddsm/native-exam-boxes.json --data {_YARDSTICK} --out exams.json`"
    )
    return "\n".join([*lines, "", *_why(document), "", again])


def _of_model(document: dict[str, Any]) -> str:
    """Return in words which model read how; documents of older evaluations do not tell."""
    model = document.get("model")
    words = f", read by {model['name']} {model['version']}" if model else ""
    if document.get("passes", _ONE_PASS) != _ONE_PASS:
        words += f", passes: {document['passes']}"
    return words + ", views together" * bool(document.get("views_together"))


def _again(document: dict[str, Any]) -> str:
    words = ["mammoview-train evaluate images BUNDLE --data"]
    words.append(_YARDSTICK if is_of_floors(document) else "LABELLED")
    if document.get("passes", _ONE_PASS) != _ONE_PASS:
        words.append(f"--passes {document['passes']}")
    if document.get("views_together"):
        words.append("--views FILE")
    return " ".join([*words, "--out FOLDER"])


def _rates(froc: dict[str, Any]) -> list[str]:
    return [
        with_interval({"mean": froc["sensitivity_at"][r], "ci95": froc["ci95"][r]}) for r in _RATES
    ]


def _plain(froc: dict[str, Any]) -> list[str]:
    return [figure(froc["sensitivity_at"][r]) for r in _RATES]


def _point_lines(kind: str, points: dict[str, Any]) -> list[str]:
    return [
        f"- {kind}, operating point `{name}` (score >= {point['threshold']:.3f}): "
        f"sensitivity {figure(point['sensitivity'])}, "
        f"{point['false_marks_per_image']:.2f} false marks an image."
        for name, point in points.items()
    ]


def _together_lines(document: dict[str, Any]) -> list[str]:
    """Return the false marks of all classes, which a reader sees together."""
    classes = [values["operating_points"] for values in document["per_class"].values()]
    if len(classes) < 2:
        return []
    sums = [
        f"{sum(points[name]['false_marks_per_image'] for points in classes):.2f} at `{name}`"
        for name in classes[0]
    ]
    return [f"- False marks an image of all classes together: {', '.join(sums)}."]


def _calibration_lines(document: dict[str, Any]) -> list[str]:
    """Return what scores mean; nothing of a document of an older evaluation."""
    found = {k: v["calibration"] for k, v in document["per_class"].items() if "calibration" in v}
    if not found:
        return []
    header = ("marks", "number", "hits", "expected / found hits", "ECE, equal width", "equal mass")
    rows = []
    for kind, parts in found.items():
        shown = parts["shown_marks"]
        rows.append(_calibration_row(f"{kind}, all candidates", parts["all_marks"]))
        rows.append(_calibration_row(f"{kind}, score >= {shown['from_score']:g}", shown))
    return [
        "",
        "#### What a score means",
        "",
        markdown_table(header, rows),
        "",
        "ECE: expected calibration error, ten bins; interval: bootstrap over people, shifted by "
        "its bias. Picture: `reliability.png` of the evaluation's folder; as a table:",
        "",
        *_reliability_lines(found),
    ]


def _calibration_row(name: str, figures: dict[str, Any]) -> list[str]:
    return [
        name,
        str(figures["marks"]),
        str(figures["hits"]),
        with_interval(figures["expected_over_found_hits"]),
        with_interval(figures["error"], digits=3),
        with_interval(figures["error_equal_mass"], digits=3),
    ]


def _reliability_lines(found: dict[str, Any]) -> list[str]:
    rows = [
        [kind, f"{b['score']:.2f}", with_interval(b["share_of_hits"]), str(b["marks"])]
        for kind, parts in found.items()
        for b in parts["reliability"]
    ]
    return [markdown_table(("class", "mean score", "share of hits", "marks"), rows)]


def _why(document: dict[str, Any]) -> list[str]:
    """Return the table of box scores as a native view turns into its picture step by step."""
    lines = [
        "Why: the best score in each box as the native view turns into its picture by steps; the "
        "step that moves a score is the reason.",
        "",
        "| examination | view | native | + the picture's assumed width | + 800x800 pixels | "
        "the picture itself (own maximum, JPEG) |",
        "|---|---|---|---|---|---|",
    ]
    for view in document["views"]:
        cells = [", ".join(f"{score:.2f}" for score in view["probes"][step]) for step in _STEPS]
        lines.append(f"| {view['exam']} | {view['view']} | " + " | ".join(cells) + " |")
    return lines
