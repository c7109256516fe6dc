"""Words, handles and colours of marks: readable, beside what is measured, unlike the computer's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainterPath
from PySide6.QtWidgets import QApplication

from mammoview.app.marks import marking
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Slot
from mammoview.ui.viewport import mark_layer, measure_layer
from mammoview.ui.viewport.four_view import FourView
from mammoview.ui.viewport.labelled_layer import label_font, words_size
from mammoview.ui.viewport.measure_labels import label_place, leader
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse
from tests.ui.viewport.marking_hand import MM, Reader, click, drag, drawn_line, reader_of

Grab = Callable[[FourView], NDArray[np.int32]]
Left = Qt.MouseButton.LeftButton
_P, _Q = ImagePoint(col=210.0, row=200.0), ImagePoint(col=410.0, row=500.0)


@pytest.fixture
def reader(view: FourView) -> Reader:
    return reader_of(view)


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        (MarkKind.LENGTH, (200, 300), (400, 300)),
        (MarkKind.LENGTH, (5, 5), (590, 910)),
        (MarkKind.STATISTICS, (200, 300), (400, 340)),
        (MarkKind.STATISTICS, (20, 20), (160, 900)),
        (MarkKind.ELLIPSE, (520, 800), (590, 910)),
        (MarkKind.DIAMETERS, (20, 20), (160, 900)),
        (MarkKind.DIAMETERS, (300, 300), (590, 910)),
    ],
)
def test_words_never_lie_on_the_lines(
    reader: Reader, mouse: Mouse, kind: MarkKind, a: tuple[int, int], b: tuple[int, int]
) -> None:
    reader.tool(kind)
    drag(mouse, reader.at(*a), reader.at(*b))
    if kind is MarkKind.DIAMETERS:
        middle = ((a[0] + b[0]) / 2 + 20, (a[1] + b[1]) / 2 + 20)
        click(mouse, reader.at(*middle))
    reader.view.grab()
    labels = reader.view.measure.layer.labels
    pane = reader.view.pane(Slot.RCC).box.geometry()
    assert labels
    for place in labels:
        assert pane.contains(place)
        for item in reader.view.measure.layer.drawn:
            assert not item.path().intersects(place)


def test_words_keep_off_what_is_written_in_the_pane(reader: Reader, mouse: Mouse) -> None:
    reader.view.zoom_by(6.0)
    texts = reader.view.pane(Slot.RCC).texts
    head = texts.head.sceneBoundingRect()
    reader.tool(MarkKind.LENGTH)
    across = QPointF(head.left() + 12, head.top() + 4)  # beside it would be on the head
    drag(mouse, across, QPointF(across.x(), head.bottom() + 30))
    reader.view.grab()
    (label,) = reader.view.measure.layer.labels
    assert head in texts.places()
    assert not any(place.intersects(label) for place in texts.places())


def test_words_far_from_their_mark_have_a_line_to_it() -> None:
    pane, size = QRectF(0, 0, 400, 400), QSizeF(300, 30)
    shape = QPainterPath()
    shape.addRect(QRectF(250, 250, 60, 60))
    near, cost = label_place(size, shape, pane, others=[], taken=[])
    assert cost == 0
    assert leader(near, shape) is None
    # Beside it and in the nearest corners all is taken: the words go along the border.
    taken = [QRectF(0, 100, 400, 300)]
    far, cost = label_place(size, shape, pane, others=[], taken=taken)
    assert cost == 0
    assert far.right() == pytest.approx(396)  # of those that are free, the nearest
    line = leader(far, shape)
    assert line is not None
    assert line.p1().y() == far.bottom()
    assert (line.p2().y(), line.dx()) == (250, 0)


def test_a_plate_holds_all_lines_whatever_fonts_their_letters_are_from(qapp: QApplication) -> None:
    lines = ("12.5 mm", "~~~", "ñóñé (éstímátéd)", "日本語", "הלשון", "ก็ที่")
    metrics = QFontMetricsF(label_font())
    for count in range(1, len(lines) + 1):
        text = "\n".join(lines[:count])
        room = QRectF(0.0, 0.0, 10_000.0, 10_000.0)
        needed = metrics.boundingRect(room, Qt.AlignmentFlag.AlignLeft.value, text)
        assert words_size(text).height() >= needed.height() + 4
        assert words_size(text).width() >= needed.width() + 8


def test_words_are_read_on_bright_and_on_dark(view: FourView, picture: Grab) -> None:
    for value in (0, 4095):
        loaded = scene.image(scene.bright(value=value))
        state = scene.workspace(scene.pane(Slot.RCC, loaded, spacing=MM))
        line = Annotation(
            id="a", sop_instance_uid="2.25.1", frame=None, kind=MarkKind.LENGTH, points=(_P, _Q)
        )
        view.render(None, marking.marks_read(state, (line,)))
        shot = picture(view)
        (place,) = view.measure.layer.labels
        part = shot[
            int(place.top()) + 2 : int(place.bottom()) - 2,
            int(place.left()) + 2 : int(place.right()) - 2,
        ]
        ground, words = _luminance(np.median(part, axis=(0, 1))), _luminance(part.max(axis=(0, 1)))
        assert (words + 0.05) / (ground + 0.05) > 4.5, "WCAG 2.1, 1.4.3"


def _luminance(colour: NDArray[Any]) -> float:
    return float(_linear(colour) @ (0.2126, 0.7152, 0.0722))


def _linear(colour: NDArray[Any]) -> NDArray[np.float64]:
    c = np.asarray(colour, float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


# Machado, Oliveira and Fernandes (2009), severity 1; linear RGB.
_SIGHT = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.mark.parametrize("sight", _SIGHT)
@pytest.mark.parametrize("kind", [*scene.ALL_KINDS, "other"])
def test_the_readers_colour_is_not_the_computers(sight: str, kind: str) -> None:
    colours = (measure_layer.COLOUR, mark_layer.glyph_of(kind)[1])
    seen = [_lab(np.clip(np.asarray(_SIGHT[sight]) @ _rgb(c), 0, 1)) for c in colours]
    assert float(np.linalg.norm(seen[0] - seen[1])) > 20, "CIE 1976; 2.3 can just be told apart"


def _rgb(name: str) -> NDArray[np.float64]:
    colour = QColor(name)
    return _linear(np.array([colour.red(), colour.green(), colour.blue()]))


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.asarray(to_xyz) @ rgb / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_handles_keep_their_size_at_every_zoom(reader: Reader, mouse: Mouse, picture: Grab) -> None:
    drawn_line(reader, mouse)
    sizes = []
    for notches in (0, 4):
        mouse.wheel(reader.at(400, 300), notches)
        shot = picture(reader.view)
        at = reader.at(400, 300)
        # The column through the handle's left side.
        column = shot[:, round(at.x() - measure_layer.HANDLE_PX / 2), :]
        near_it = column[int(at.y()) - 15 : int(at.y()) + 16]
        green = (near_it[:, 1] - near_it[:, 2] > 30).sum()
        sizes.append(int(green))
    assert sizes[0] == sizes[1] > 5
