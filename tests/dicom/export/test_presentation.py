"""Presentation states, read back by pydicom and laid out by numpy alone."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.export.drawn import Texts
from mammoview.dicom.export.gsps import Look, presentation_state
from mammoview.dicom.export.headers import read_sources
from mammoview.dicom.index import index_paths
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram, VoiFunction, VoiLut, VoiWindow
from mammoview.imaging.grayscale import default_voi, display_table, stored_range, to_display
from mammoview.imaging.orientation import apply_pose
from tests.builders import validators
from tests.builders.dicom import build_mg, lut
from tests.builders.reports import report
from tests.dicom.export.conftest import mark

POSES = [(flip, degrees) for flip in (False, True) for degrees in (0, 90, 180, 270)]
AS_STORED = Pose(flip_horizontal=False, rotate_degrees=0, source="test")


def _look(
    read: ReadReport, *, pose: Pose = AS_STORED, voi: VoiWindow | VoiLut | None = None
) -> Look:
    texts = Texts(
        findings=tuple(f"finding {finding.id}" for finding in read.final.findings),
        marks=tuple(f"mark {mark.id}" for mark in read.shown),
        measures=tuple((mark.id, f"measure {mark.id}") for mark in read.annotations),
        notice="for research",
    )
    return Look(pose=pose, voi=voi, texts=texts)


def _state(read: ReadReport, look: Look | None = None) -> Dataset:
    (source,) = read_sources(read.images[:1])
    content = presentation_state(read, source, look or _look(read), 1)
    return pydicom.dcmread(io.BytesIO(content))


def _written(state: Dataset, layer: str) -> list[str]:
    return [
        str(text.UnformattedTextValue)
        for annotation in state.GraphicAnnotationSequence
        if annotation.GraphicLayer == layer
        for text in annotation.get("TextObjectSequence", [])
    ]


def _drawn(state: Dataset, layer: str) -> list[tuple[str, list[float]]]:
    return [
        (shape.GraphicType, list(shape.GraphicData))
        for annotation in state.GraphicAnnotationSequence
        if annotation.GraphicLayer == layer
        for shape in annotation.GraphicObjectSequence
    ]


@pytest.mark.parametrize(("flip", "degrees"), POSES)
def test_every_pose_hangs_as_on_the_screen(
    right_breast: tuple[Mammogram, ...], flip: bool, degrees: int
) -> None:
    image = right_breast[0]
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    read = report(right_breast)
    state = _state(read, _look(read, pose=pose))
    numbers = np.arange(image.rows * image.cols).reshape(image.rows, image.cols)
    # As PS3.3 C.10.6 says: clockwise first, left to right after it.
    shown = np.rot90(numbers, k=-(state.ImageRotation // 90))
    shown = shown[:, ::-1] if state.ImageHorizontalFlip == "Y" else shown
    assert np.array_equal(shown, apply_pose(numbers, pose)[0])
    area = state.DisplayedAreaSelectionSequence[0]
    for corner, pixel in (
        (area.DisplayedAreaTopLeftHandCorner, shown[0, 0]),
        (area.DisplayedAreaBottomRightHandCorner, shown[-1, -1]),
    ):
        assert numbers[corner[1] - 1, corner[0] - 1] == pixel


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("flip", "degrees"), POSES)
def test_another_program_shows_the_image_as_the_screen_does(
    tmp_path: Path, photometric: str, flip: bool, degrees: int
) -> None:
    file = build_mg(tmp_path / "a.dcm", photometric=photometric, rows=60, cols=45)
    images = index_paths([file]).examinations[0].mammograms
    (source,) = read_sources(images)
    pose = Pose(flip_horizontal=flip, rotate_degrees=degrees, source="test")
    voi = VoiWindow(centre=1800.0, width=1500.0, function=VoiFunction.LINEAR, explanation="")
    state = tmp_path / "state.dcm"
    read = report(images)
    state.write_bytes(presentation_state(read, source, _look(read, pose=pose, voi=voi), 1))
    shown = validators.rendered(file, state, tmp_path / "shown.pgm").astype(int)
    fmt = images[0].pixel_format
    grey = to_display(decode_pixels(images[0]), display_table(fmt, voi, invert=False), fmt)
    wanted = apply_pose(grey, pose)[0].astype(int)
    assert shown.shape == wanted.shape
    assert np.abs(shown - wanted).max() <= 1


def test_layers_tell_reader_and_computer_apart(right_breast: tuple[Mammogram, ...]) -> None:
    image = right_breast[0]
    own = mark(image, "m1", "calcification", col=41.5, row=62.25)
    read = replace(report(right_breast), shown=(own,), answers=())
    state = _state(read)
    outline, glyph = _drawn(state, "CAD MARKS")
    assert outline == (
        "POLYLINE",
        [36.25, 58.75, 47.625, 59.5, 42.0, 69.3125, 36.25, 58.75],
    )
    assert glyph[1][:2] == [41.5, pytest.approx(62.25 - 0.015 * image.rows)]
    ((kind, finding),) = _drawn(state, "READER FINDINGS")
    wanted = read.final.findings[0].views[0].outline
    assert kind == "POLYLINE"
    assert finding[:4] == [wanted[0].col, wanted[0].row, wanted[1].col, wanted[1].row]
    ((_, length),) = _drawn(state, "READER MEASURES")
    ends = read.annotations[0].points
    assert length == pytest.approx([ends[0].col, ends[0].row, ends[1].col, ends[1].row])
    assert _written(state, "CAD MARKS") == ["mark m1"]
    assert _written(state, "READER FINDINGS") == ["finding f1"]
    assert _written(state, "READER MEASURES") == [f"measure {read.annotations[0].id}"]
    assert _written(state, "NOTICE") == ["for research"]
    units = {
        shape.GraphicAnnotationUnits
        for annotation in state.GraphicAnnotationSequence
        for shape in annotation.get("GraphicObjectSequence", [])
    }
    assert units == {"PIXEL"}


def test_marks_of_other_images_are_not_drawn(right_breast: tuple[Mammogram, ...]) -> None:
    read = replace(report(right_breast), annotations=())
    there = replace(read, shown=(mark(right_breast[1], "m2", col=40.0, row=60.0),), answers=())
    layers = {item.GraphicLayer for item in _state(there).GraphicLayerSequence}
    assert "CAD MARKS" not in layers
    assert "READER MEASURES" not in layers


def test_an_ellipse_of_slanting_diameters_has_its_true_axes(
    right_breast: tuple[Mammogram, ...],
) -> None:
    # The circle of radius 5 about (40, 50), sheared: x + y.
    points = tuple(
        ImagePoint(col=40.0 + x + y, row=50.0 + y) for x, y in ((-5, 0), (5, 0), (0, -5), (0, 5))
    )
    ellipse = Annotation(
        id="e1",
        sop_instance_uid=right_breast[0].sop_instance_uid,
        frame=None,
        kind=MarkKind.ELLIPSE,
        points=points,
    )
    state = _state(replace(report(right_breast), annotations=(ellipse,)))
    ((kind, data),) = _drawn(state, "READER MEASURES")
    a, b, c, d = np.array(data).reshape(4, 2)
    assert kind == "ELLIPSE"
    assert np.dot(b - a, d - c) == pytest.approx(0.0, abs=1e-3)
    golden = (1 + np.sqrt(5)) / 2  # singular values of the shear
    assert np.hypot(*(b - a)) / 2 == pytest.approx(5 * golden, rel=1e-4)
    assert np.hypot(*(d - c)) / 2 == pytest.approx(5 / golden, rel=1e-4)


def _through(state: Dataset, stored: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return P-values 0..1 as PS3.4 N.2 says, from what stands in the state alone."""
    values = stored * float(state.RescaleSlope) + float(state.RescaleIntercept)
    item = state.SoftcopyVOILUTSequence[0]
    if "WindowCenter" in item:
        assert item.VOILUTFunction == "SIGMOID"
        out = 1 / (1 + np.exp(-4 * (values - item.WindowCenter) / item.WindowWidth))
    else:
        table = item.VOILUTSequence[0]
        entries = np.frombuffer(table.LUTData, "<u2")
        at = np.clip(values - table.LUTDescriptor[1], 0, len(entries) - 1).astype(int)
        out = entries[at] / ((1 << table.LUTDescriptor[2]) - 1)
    return np.asarray(1 - out if state.PresentationLUTShape == "INVERSE" else out)


def _voi(kind: str) -> VoiWindow | None:
    if kind == "lut":
        return None
    return VoiWindow(centre=1800.0, width=900.0, function=VoiFunction.SIGMOID, explanation="SOFT")


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("kind", ["sigmoid", "lut"])
def test_grey_values_come_out_as_on_the_screen(tmp_path: Path, photometric: str, kind: str) -> None:
    table = [int(v) for v in np.linspace(0, 1023, 4096)]
    build_mg(
        tmp_path / "a.dcm",
        photometric=photometric,
        elements={"VOILUTSequence": [lut(table, first=0, bits=10, explanation="N")]},
    )
    images = index_paths([tmp_path]).examinations[0].mammograms
    fmt = images[0].pixel_format
    voi = _voi(kind) or default_voi(fmt)
    assert isinstance(voi, VoiLut) == (kind == "lut")
    read = report(images)
    state = _state(read, _look(read, voi=voi))
    low, high = stored_range(fmt)
    shown = display_table(fmt, voi, invert=False) / 255
    assert np.abs(_through(state, np.arange(low, high + 1)) - shown).max() < 0.003


def test_a_window_that_was_dragged_is_written_in_the_digits_that_fit(
    right_breast: tuple[Mammogram, ...],
) -> None:
    read = report(right_breast)
    voi = VoiWindow(
        centre=-4000 / 3, width=2000 / 7, function=VoiFunction.LINEAR_EXACT, explanation=""
    )
    item = _state(read, _look(read, voi=voi)).SoftcopyVOILUTSequence[0]
    assert float(item.WindowCenter) == pytest.approx(voi.centre, rel=1e-9)
    assert float(item.WindowWidth) == pytest.approx(voi.width, rel=1e-9)


@pytest.mark.parametrize("signed", [True, False])
def test_validator_of_others_finds_nothing(
    right_breast: tuple[Mammogram, ...], tmp_path: Path, signed: bool
) -> None:
    read = report(right_breast)
    read = read if signed else replace(read, signed_at="", signed_by="")
    (source,) = read_sources(right_breast[:1])
    pose = Pose(flip_horizontal=True, rotate_degrees=90, source="test")
    file = tmp_path / "gsps.dcm"
    file.write_bytes(presentation_state(read, source, _look(read, pose=pose, voi=_voi("s")), 1))
    assert validators.iod_errors(file) == []
    assert pydicom.dcmread(file).ContentLabel == ("READING" if signed else "PRELIMINARY")
