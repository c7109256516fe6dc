"""Text is readable on its ground, and colours stay apart for colour-blind readers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from mammoview.imaging.colormap import heat_table
from mammoview.ui import theme
from mammoview.ui.viewport import finding_layer, measure_layer
from mammoview.ui.viewport.mark_layer import glyph_of

# Machado, Oliveira and Fernandes (2009), table 1, full severity; linear RGB.
_BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}  # fmt: skip
_XYZ = np.array(
    ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
)  # IEC 61966-2-1
_WHITE = _XYZ.sum(axis=1)
_KINDS = ("mass", "calcification", "something else")
_READERS = (finding_layer.COLOUR, measure_layer.COLOUR)
_TOLD_APART = 15.0  # CIE 1976 difference; 2.3 is just noticeable


def linear(colour: str) -> NDArray[np.float64]:
    """Return linear RGB, 0..1, of a colour by name (sRGB, IEC 61966-2-1)."""
    shown = QColor(colour)
    rgb = np.array((shown.redF(), shown.greenF(), shown.blueF()))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1..21 (WCAG 2.2)."""
    light = sorted(float(_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return CIE 1976 L*a*b* of linear RGB."""
    t = _XYZ @ np.clip(rgb, 0.0, 1.0) / _WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def test_black_on_white_has_the_known_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert lab(linear("#ffffff"))[0] == pytest.approx(100.0, abs=0.01)


@pytest.mark.parametrize("ground", [theme.BACKGROUND, theme.CHROME, theme.RAISED])
@pytest.mark.parametrize("text", [theme.TEXT, theme.FAINT, theme.CAUTION])
def test_text_is_readable_on_every_ground_of_the_theme(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5, "WCAG 2.2, 1.4.3"


@pytest.mark.parametrize("ground", [theme.CHROME, theme.RAISED])
def test_what_cannot_be_used_now_is_read_and_looks_so(ground: str) -> None:
    assert 3.0 <= contrast(theme.OFF, ground) < 0.8 * contrast(theme.FAINT, ground)


@pytest.mark.parametrize("ground", [theme.CHROME, theme.RAISED])
def test_the_ring_of_the_focus_is_seen(ground: str) -> None:
    assert contrast(theme.ACCENT, ground) >= 3.0, "WCAG 2.2, 1.4.11"


@pytest.mark.parametrize("kind", _BLIND)
def test_marks_stay_apart_for_colour_blind_readers(kind: str) -> None:
    seen = {name: np.array(_BLIND[kind]) @ linear(glyph_of(name)[1]) for name in _KINDS}
    seen |= {name: np.array(_BLIND[kind]) @ linear(name) for name in _READERS}
    for one, other in itertools.combinations(seen, 2):
        apart = float(np.linalg.norm(lab(seen[one]) - lab(seen[other])))
        assert apart >= _TOLD_APART, (one, other)


def test_marks_are_never_told_by_colour_alone() -> None:
    assert len({glyph_of(name)[0] for name in _KINDS}) == len(_KINDS)


@pytest.mark.parametrize("kind", [None, *_BLIND])
def test_more_heat_is_lighter_for_every_reader(kind: str | None) -> None:
    """The order of the scale is told by lightness, which every reader sees."""
    see = np.array(_BLIND[kind]) if kind else np.eye(3)
    rows = heat_table(0.0)[::16]
    shown = rows[rows[:, 3] > 0]
    lightness = [lab(see @ linear(QColor(*map(int, row[:3])).name()))[0] for row in shown]
    assert len(lightness) > 8
    assert all(after > before - 0.5 for before, after in itertools.pairwise(lightness))
    assert lightness[-1] - lightness[0] > 30.0


def test_buttons_of_dialogs_carry_no_pictures(qtbot: QtBot, qapp: QApplication) -> None:
    """The style's own are red, green, or black on black."""
    theme.apply(qapp)
    kinds = QDialogButtonBox.StandardButton
    box = QDialogButtonBox(kinds.Close | kinds.Save | kinds.Cancel)
    qtbot.addWidget(box)
    box.show()
    assert [button.text() for button in box.buttons() if not button.icon().isNull()] == []
