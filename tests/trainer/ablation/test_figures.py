"""Figures: the lesion is chosen by the rule, drawn on a fixed scale, and said to be what it is."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing, Pose
from mammoview.domain.prediction import Heatmap, Region
from mammoview.imaging.orientation import apply_pose
from mammoview.inference.session import Session
from trainer.card.sections import SectionName, read_section
from trainer.detect import DetectedImage
from trainer.figures import DOCUMENT, lay_heat, make_figures, median_hit
from trainer.labelled import LabelledImage, SimulatedCluster
from trainer.recipe import Recipe
from trainer.sources import read_labelled

CLUSTER = SimulatedCluster(
    count=9,
    extent_mm=(8.0, 6.0),
    mean_diameter_mm=0.4,
    mean_contrast_od=0.4,
    peak_grey=0.2,
    leading_type="amorphous",
)


@pytest.fixture(scope="module")
def images(made_pictures: Path) -> tuple[LabelledImage, ...]:
    """Some of the made pictures; their first specks are said to be simulated."""
    marked = []
    for image in read_labelled(made_pictures)[:5]:
        lesions = tuple(
            replace(x, simulated=CLUSTER) if x.kind == "calcification" else x for x in image.lesions
        )
        marked.append(replace(image, lesions=lesions))
    return tuple(marked)


def detected(
    image: LabelledImage, score: float, *, flagged: bool, on: str = "mass"
) -> DetectedImage:
    """Return a picture with one mark in the middle of its lesion of a class."""
    lesion = next(x for x in image.lesions if x.kind == on)
    return DetectedImage(
        image=image,
        regions=(
            Region(
                kind="mass",
                score=score,
                peak=lesion.box.centre(),
                box=ImageBox(col0=0.0, row0=0.0, col1=1.0, row1=1.0),
                outline=(),
                flagged=flagged,
            ),
        ),
        rows=800,
        cols=800,
        spacing=PixelSpacing(row_mm=0.27, col_mm=0.16, source="made"),
    )


def test_the_median_of_the_hits_is_chosen(images: tuple[LabelledImage, ...]) -> None:
    """Five pictures: one mark too weak to be flagged, one off its mass, three hits."""
    found = [
        detected(images[0], 0.2, flagged=False),
        detected(images[1], 0.99, flagged=True, on="calcification"),
        detected(images[2], 0.9, flagged=True),
        detected(images[3], 0.6, flagged=True),
        detected(images[4], 0.7, flagged=True),
    ]
    choice = median_hit(found, "mass")
    assert choice is not None
    assert choice.score == 0.7
    assert choice.item.image is images[4]
    assert (choice.hits, choice.lesions) == (3, 5)
    even = median_hit(found[:4], "mass")
    assert even is not None
    assert even.score == 0.6  # the lower of two
    assert median_hit(found[:2], "mass") is None


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_map_lies_where_the_network_looked(
    images: tuple[LabelledImage, ...], flip: bool, degrees: int
) -> None:
    """The network may have read the picture mirrored or turned; the hot cell is drawn in place."""
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    laid, back = apply_pose(np.zeros((800, 800), np.float32), pose)
    side = 100.0
    cells = Affine2D.scale_translate(col_scale=side, row_scale=side, col0=0.0, row0=0.0)
    values = np.zeros((laid.shape[0] // 100, laid.shape[1] // 100), np.float32)
    values[1, 5] = 1.0
    heatmap = Heatmap(kind="mass", values=values, to_image=cells.then(back))
    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    item = detected(images[0], 0.9, flagged=True)
    lay_heat(axes, heatmap, ListedColormap([(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)]), item)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    grey = imagecodecs.png_decode(picture.getvalue())[:, :, 0].astype(float)
    dark = np.argwhere(grey < 128).mean(axis=0)
    drawn = axes.transData.inverted().transform((dark[1] + 0.5, len(grey) - dark[0] - 0.5))
    wanted = heatmap.to_image.apply(ImagePoint(col=5.5, row=1.5))
    assert drawn == pytest.approx((wanted.col, wanted.row), abs=side / 4)


def test_figures_are_drawn_and_told(
    images: tuple[LabelledImage, ...], blob_session: Session, recipe: Recipe, tmp_path: Path
) -> None:
    document = make_figures(blob_session, images, recipe.data, tmp_path, part="made pictures")
    assert json.loads((tmp_path / DOCUMENT).read_text()) == document
    entry = document["figures"]["mass"]
    assert entry["what"] == "real mass"
    assert not entry["simulated"]
    assert entry["lesions"] == 5
    drawn = np.asarray(imagecodecs.imread(tmp_path / entry["file"]))
    assert drawn.shape[0] > 600
    assert drawn.shape[1] > 600
    section = read_section(tmp_path)
    assert section.name is SectionName.FIGURES
    assert entry["mammogram"] in section.text


def test_a_simulated_lesion_is_called_simulated(
    images: tuple[LabelledImage, ...], blob_session: Session, recipe: Recipe, tmp_path: Path
) -> None:
    """The same discs, told as simulated: the word stands in document and section."""
    drawn_in = [
        replace(i, lesions=tuple(replace(x, simulated=CLUSTER) for x in i.lesions)) for i in images
    ]
    document = make_figures(blob_session, drawn_in[:2], recipe.data, tmp_path, part="made pictures")
    assert document["figures"]["mass"]["what"] == "simulated mass"
    assert document["figures"]["mass"]["simulated"]
    assert "simulated mass" in read_section(tmp_path).text


def test_a_class_that_hits_nothing_has_no_figure(
    images: tuple[LabelledImage, ...], blob_session: Session, recipe: Recipe, tmp_path: Path
) -> None:
    without = [
        replace(i, lesions=tuple(x for x in i.lesions if x.kind != "mass")) for i in images[:1]
    ]
    document = make_figures(blob_session, without, recipe.data, tmp_path, part="made pictures")
    assert document["figures"]["mass"]["file"] is None
    assert "none of 0 lesions" in document["figures"]["mass"]["reason"]
    assert not list(tmp_path.glob("*.png"))
