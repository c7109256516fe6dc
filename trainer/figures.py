"""Figures 6 and 7 of Xi, Shu and Goubran (2018, arXiv 1803.01906): mammogram, CAM, ground truth.

One picture a class, chosen by a rule and not by eye: of the lesions that the model's default
operating point hits, the one whose score is the median.  The map is drawn as the viewer draws it:
calibrated scores on one scale from 0 to 1, never stretched to the picture's own range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import transforms
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mammoview.domain.prediction import Heatmap
from mammoview.imaging.colormap import heat_table
from mammoview.inference.predictor import read_values
from mammoview.inference.session import Session
from mammoview.modelkit.manifest import Manifest
from trainer.card.sections import Section, SectionName, section_of, write_section
from trainer.charts import save_png
from trainer.detect import DetectedImage, best_hit, detect, lesions_of
from trainer.documents import write_json
from trainer.labelled import LabelledBox, LabelledImage
from trainer.pictures import Picture, read_labelled_picture
from trainer.recipe import DataRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCUMENT = "figures.json"
RULE = (
    "of the lesions that a mark of the default operating point hits (peak inside the box), the one "
    "whose score is the median; of an even number the lower of the middle two"
)
# As the viewer shows heat before anybody changes it (``app.settings``).
_HEAT_FLOOR = 0.1
_TRUTH = "#56B4E9"
_DPI = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The lesion that a figure shows, and among how many hits it is the median."""

    item: DetectedImage
    lesion: LabelledBox
    score: float
    hits: int
    lesions: int

    @property
    def is_simulated(self) -> bool:
        """Whether the lesion was drawn into the picture."""
        return self.lesion.simulated is not None


def make_figures(
    session: Session,
    images: Sequence[LabelledImage],
    data: DataRecipe,
    out: Path,
    *,
    part: str,
) -> dict[str, Any]:
    """Write a figure for each class of the model that hits a lesion, and their document.

    Parameters
    ----------
    part : str
        Which pictures these are, in words.

    Returns
    -------
    dict
        The document: the rule, and for each class the picture, lesion, score and counts, or why
        there is no figure.
    """
    detected = detect(session, images, data)
    figures: dict[str, Any] = {}
    for kind in session.manifest.findings:
        choice = median_hit(detected, kind)
        if choice is None:
            lesions = sum(len(lesions_of(item, kind)) for item in detected)
            figures[kind] = {"file": None, "reason": f"none of {lesions} lesions is hit"}
            continue
        name = f"figure-{kind}.png"
        picture = read_labelled_picture(choice.item.image, data)
        draw_figure(picture, _heatmap(session, picture, kind), choice, session.manifest, out / name)
        figures[kind] = {"file": name} | _choice_document(choice)
    document = {
        "model": f"{session.manifest.name} {session.manifest.version}",
        "operating_point": session.manifest.default_operating_point,
        "rule": RULE,
        "part": part,
        "pictures": len(detected),
        "figures": figures,
    }
    write_json(document, out / DOCUMENT)
    write_section(figures_section(document, session.manifest), out)
    return document


def median_hit(detected: Sequence[DetectedImage], kind: str) -> Choice | None:
    """Return the lesion of a class whose score is the median of all that are hit, or None."""
    hits = []
    lesions = 0
    for item in detected:
        for lesion in lesions_of(item, kind):
            lesions += 1
            region = best_hit(item, lesion, kind)
            if region is not None and region.flagged:
                hits.append((region.score, lesion.lesion_id, item, lesion))
    if not hits:
        return None
    hits.sort(key=lambda hit: hit[:2])
    score, _, item, lesion = hits[(len(hits) - 1) // 2]
    return Choice(item=item, lesion=lesion, score=score, hits=len(hits), lesions=lesions)


def draw_figure(
    picture: Picture, heatmap: Heatmap, choice: Choice, manifest: Manifest, file: Path
) -> None:
    """Draw mammogram, map and ground truth side by side, in the true shape of the film.

    Parameters
    ----------
    heatmap : Heatmap
        Calibrated scores of the lesion's class on that picture.
    """
    item, kind = choice.item, choice.lesion.kind
    height = item.rows * item.spacing.row_mm
    width = item.cols * item.spacing.col_mm
    figure = Figure(figsize=(3 * 5.0 * width / height + 1.2, 6.4), dpi=_DPI, layout="constrained")
    panels = figure.subplots(1, 3)
    titles = ("mammogram", f"class activation map: {kind}", "ground truth")
    for axes, title in zip(panels, titles, strict=True):
        axes.imshow(
            picture.values,
            cmap="gray",
            vmin=0.0,
            vmax=1.0,
            extent=(0.0, item.cols, item.rows, 0.0),
            aspect=item.spacing.row_mm / item.spacing.col_mm,
        )
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
    colours = ListedColormap(heat_table(_HEAT_FLOOR) / 255.0)
    shown = lay_heat(panels[1], heatmap, colours, item)
    figure.colorbar(
        shown, ax=panels[1], location="bottom", shrink=0.9, pad=0.01, label="score, fixed scale"
    )
    for lesion in lesions_of(item, kind):
        _outline(panels[2], lesion, chosen=lesion is choice.lesion)
    panels[2].legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), fontsize=8, frameon=False)
    figure.suptitle(_title(choice, manifest), fontsize=11)
    figure.supxlabel(_footer(choice, manifest), fontsize=7)
    save_png(figure, file)


def figures_section(document: dict[str, Any], manifest: Manifest) -> Section:
    """Return the part of the card that tells of the figures."""
    lines = [
        "### Figures: mammogram, class activation map, ground truth",
        "",
        f"As Figures 6 and 7 of Xi, Shu and Goubran (2018), over {document['pictures']} pictures "
        f"({document['part']}). Chosen by a rule: {document['rule']}. Scores on a fixed scale from "
        "0 to 1.",
        "",
    ]
    for kind, entry in document["figures"].items():
        if entry["file"] is None:
            lines.append(f"- {kind}: no figure, {entry['reason']}")
            continue
        what = f"{entry['what']}, {entry['mammogram']}, score {entry['score']:.2f}"
        lines.append(
            f"- {kind}: `{entry['file']}` ({what}; the median of {entry['hits']} hit of "
            f"{entry['lesions']} lesions)"
        )
    run = " --run RUN" if document["part"].endswith("of the run") else ""
    command = f"mammoview-train figures BUNDLE --data LABELLED{run} --out FOLDER"
    return section_of(SectionName.FIGURES, manifest, text="\n".join(lines), commands=(command,))


def _choice_document(choice: Choice) -> dict[str, Any]:
    return {
        "mammogram": choice.item.image.mammogram,
        "lesion": choice.lesion.lesion_id,
        "what": _what(choice),
        "simulated": choice.is_simulated,
        "score": choice.score,
        "hits": choice.hits,
        "lesions": choice.lesions,
    }


def _heatmap(session: Session, picture: Picture, kind: str) -> Heatmap:
    reading = read_values(session, picture.values, spacing=picture.spacing, operating_point=None)
    return next(heatmap for heatmap in reading.heatmaps if heatmap.kind == kind)


def lay_heat(
    axes: Axes, heatmap: Heatmap, colours: ListedColormap, item: DetectedImage
) -> ScalarMappable:
    """Lay the map over the picture where its cells lie; between their centres it is smooth.

    The network reads pictures laid one way, so the map may be mirrored or turned against them.
    """
    rows, cols = heatmap.values.shape
    placed = transforms.Affine2D(np.vstack([heatmap.to_image.matrix(), (0.0, 0.0, 1.0)]))
    shown = axes.imshow(
        heatmap.values,
        cmap=colours,
        vmin=0.0,
        vmax=1.0,
        extent=(0.0, cols, rows, 0.0),
        transform=placed + axes.transData,
        interpolation="bilinear",
        aspect=item.spacing.row_mm / item.spacing.col_mm,
    )
    axes.set_xlim(0.0, item.cols)
    axes.set_ylim(item.rows, 0.0)
    return shown


def _outline(axes: Axes, lesion: LabelledBox, *, chosen: bool) -> None:
    box = lesion.box
    simulated = "simulated " if lesion.simulated is not None else ""
    label = f"{simulated}{lesion.kind}, annotated box" if chosen else None
    axes.add_patch(
        Rectangle(
            (box.col0, box.row0),
            box.col1 - box.col0,
            box.row1 - box.row0,
            fill=False,
            edgecolor=_TRUTH,
            linewidth=1.8 if chosen else 1.0,
            linestyle="-" if chosen else "--",
            label=label,
        )
    )


def _what(choice: Choice) -> str:
    return f"{'simulated' if choice.is_simulated else 'real'} {choice.lesion.kind}"


def _title(choice: Choice, manifest: Manifest) -> str:
    return (
        f"{_what(choice)}, {choice.item.image.mammogram}: score {choice.score:.2f} by "
        f"{manifest.name} {manifest.version}"
    )


def _footer(choice: Choice, manifest: Manifest) -> str:
    rule = f"Chosen by a rule, median of {choice.hits} hit of {choice.lesions} lesions"
    scale = f"scale: {choice.item.spacing.source}"
    return (
        f"RESEARCH USE ONLY, not for diagnosis. {rule} at operating point "
        f"{manifest.default_operating_point}; {scale}."
    )
