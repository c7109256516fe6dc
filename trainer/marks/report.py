"""What ``evaluate marks`` writes: document, section of the card, and a sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammoview.domain.prediction import Region
from mammoview.modelkit.manifest import Manifest
from trainer.card.sections import SectionName, section_of, write_section
from trainer.documents import markdown_table, write_json
from trainer.marks.places import (
    DISC_MM,
    DOUBTFUL_SHARE,
    LEAST_SCORE,
    NOT_AIR,
    ON_BREAST_MM,
    WALL_MM,
    WHITE,
    Place,
    PlacedImage,
    WayFigures,
    doubtful,
)
from trainer.pictures import read_picture
from trainer.recipe import DataRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 24
_COLUMNS = 8
RULE = (
    f"A mark lies on the breast if its peak is within {ON_BREAST_MM:g} mm of the breast's mask; it "
    f"is doubtful there if at least {DOUBTFUL_SHARE:.0%} of the disc of {DISC_MM:g} mm around it "
    f"is white ({WHITE:g} of the picture's brightest or more). Elsewhere it lies on a film border "
    f"if a white strip along the picture's edge is within {DISC_MM:g} mm, on a label if the part "
    f"of the disc off the breast reaches {NOT_AIR:g} of the brightest, else in air."
)


def marks_document(
    counted: Sequence[WayFigures], images: int, manifest: Manifest
) -> dict[str, Any]:
    """Return the document of ``evaluate marks``."""
    return {
        "model": {"name": manifest.name, "version": manifest.version},
        "images": images,
        "rule": RULE,
        "least_score": LEAST_SCORE,
        "chest_wall": f"box within {WALL_MM:g} mm of the picture's left or right edge",
        "rows": [
            {
                "way": item.way.name,
                "pipeline": item.way.pipeline,
                "masked": item.way.masked,
                "class": item.kind,
                "operating_point": item.name,
                "threshold": item.threshold,
                "marks": {place.value: count for place, count in item.marks},
                "chest_wall": {"hit": item.wall[0], "lesions": item.wall[1]},
                "all": {"hit": item.every[0], "lesions": item.every[1]},
            }
            for item in counted
        ],
    }


def summary_lines(counted: Sequence[WayFigures], images: int) -> list[str]:
    """Return the figures in words."""
    lines = [f"{images} pictures"]
    for item in counted:
        marks = ", ".join(f"{place.value} {count}" for place, count in item.marks)
        lines.append(
            f"{item.kind}, {item.name} (score {item.threshold:.3f} or more), {item.way.name}: "
            f"{marks}; hit at the chest wall {_of(item.wall)}, of all {_of(item.every)}"
        )
    return lines


def write_folder(
    placed: Sequence[PlacedImage],
    counted: Sequence[WayFigures],
    manifest: Manifest,
    data: DataRecipe,
    out: Path,
) -> None:
    """Write ``marks.json``, ``section.md`` and ``marks.png``."""
    images = len({item.detected.image.file for item in placed})
    write_json(marks_document(counted, images, manifest), out / "marks.json")
    text = section_text(counted, images)
    command = (
        "mammoview-train evaluate marks BUNDLE --data $MAMMOVIEW_DATA/cbis-ddsm/mass-800/test "
        "--out FOLDER"
    )
    section = section_of(SectionName.MARKS, manifest, text=text, commands=[command])
    write_section(section, out)
    _write_sheet(doubtful(placed), data, out / "marks.png")


def section_text(counted: Sequence[WayFigures], images: int) -> str:
    """Return the section of the card."""
    header = ("class, threshold, way", *Place, "hit at the chest wall", "hit of all")
    rows = [
        [
            f"{item.kind}, {item.name} ({item.threshold:.3f}), {item.way.name}",
            *(str(count) for _, count in item.marks),
            _of(item.wall),
            _of(item.every),
        ]
        for item in counted
    ]
    return "\n".join(
        [
            "### Marks on labels and film borders",
            "",
            f"Marks of {images} pictures by what they lie on. {RULE} Chest wall: lesions whose box "
            f"comes within {WALL_MM:g} mm of the picture's left or right edge; hit: a peak inside "
            "the box.",
            "",
            markdown_table(header, rows),
        ]
    )


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def _write_sheet(
    marks: Sequence[tuple[PlacedImage, Region, Place]], data: DataRecipe, file: Path
) -> None:
    """Draw the marks that do not lie on plain breast, best first; nothing if there are none."""
    from matplotlib.figure import Figure

    from trainer.charts import save_png

    shown = marks[:SHOWN]
    if not shown:
        return
    rows = -(-len(shown) // _COLUMNS)
    figure = Figure(figsize=(2.2 * _COLUMNS, 4.0 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for n, (item, region, place) in enumerate(shown):
        _draw(panels[n // _COLUMNS][n % _COLUMNS], item, region, place, data)
    figure.suptitle(
        f"Marks that do not lie on plain breast: {len(shown)} of {len(marks)} over all ways, best "
        "score first. Research use only"
    )
    save_png(figure, file, dpi=90)


def _draw(axes: Axes, item: PlacedImage, region: Region, place: Place, data: DataRecipe) -> None:
    values = read_picture(item.detected.image.file, data).values
    spacing = item.detected.spacing
    aspect = spacing.row_mm / spacing.col_mm
    axes.imshow(values**0.6, cmap="gray", vmin=0.0, vmax=1.0, aspect=aspect)
    axes.plot(region.peak.col, region.peak.row, "o", mfc="none", mec="yellow", ms=9)
    axes.set_title(
        f"{item.detected.image.mammogram}\n{item.way.name}\n{place.value}, {region.score:.2f}",
        fontsize=6,
    )
