"""The arithmetic of placing: the chest wall never leaves the middle line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app.workspace import FitMode
from mammoview.domain.geometry import ImageBox
from mammoview.ui.viewport.placement import (
    PaneSize,
    ScreenPixels,
    Subject,
    fit_all,
    followed,
    move_between,
    panned,
    visible_box,
    zoomed,
)

_SIZE = PaneSize(width=400.0, height=300.0)


def _subject(*, wall_right: bool = True, unit: str = "mm", width: float = 200.0) -> Subject:
    return Subject(
        width=width,
        height=250.0,
        breast=ImageBox(col0=80.0, row0=20.0, col1=width - 5.0, row1=200.0),
        unit=unit,
        pixel_width=0.1 if unit == "mm" else 1.0,
        pixel_height=0.1 if unit == "mm" else 1.0,
        wall_right=wall_right,
    )


_moves = st.lists(
    st.tuples(
        st.sampled_from(["zoom", "pan"]),
        st.floats(-3.0, 3.0),
        st.floats(-1.0, 1.0),
        st.floats(-1.0, 1.0),
    ),
    max_size=12,
)


@given(moves=_moves, wall_right=st.booleans())
def test_no_zoom_or_pan_opens_a_gutter(
    moves: list[tuple[str, float, float, float]], wall_right: bool
) -> None:
    subject = _subject(wall_right=wall_right)
    placement = fit_all(
        {"a": subject}, FitMode.BREAST, _SIZE, ScreenPixels(device_pixel_ratio=1.0)
    )["a"]
    for kind, amount, x, y in moves:
        if kind == "zoom":
            placement = zoomed(
                placement,
                subject,
                factor=2.0**amount,
                from_wall_px=200.0 * (x + 1),
                below_middle_px=150.0 * y,
            )
        else:
            placement = panned(placement, subject, into_wall_px=400.0 * x, down_px=300.0 * y)
        shown = visible_box(placement, subject, _SIZE)
        if wall_right:
            assert shown.col1 <= subject.width + 1e-9
        else:
            assert shown.col0 >= -1e-9
        assert shown.col1 - shown.col0 == pytest.approx(400.0 / placement.scale)


def test_millimetres_and_pixels_are_scaled_apart() -> None:
    placed = fit_all(
        {"a": _subject(), "b": _subject(width=900.0), "c": _subject(unit="px", width=3000.0)},
        FitMode.IMAGE,
        _SIZE,
        ScreenPixels(device_pixel_ratio=1.0),
    )
    assert placed["a"].scale == placed["b"].scale == pytest.approx(400.0 / 900.0)
    assert placed["c"].scale == pytest.approx(400.0 / 3000.0)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_one_to_one_counts_device_pixels(ratio: float) -> None:
    placed = fit_all(
        {"a": _subject()}, FitMode.ONE_TO_ONE, _SIZE, ScreenPixels(device_pixel_ratio=ratio)
    )["a"]
    assert placed.scale * 0.1 * ratio == pytest.approx(1.0)


def test_fit_breast_shows_the_breast_and_no_more_than_needed() -> None:
    subject = _subject()
    placed = fit_all({"a": subject}, FitMode.BREAST, _SIZE, ScreenPixels(device_pixel_ratio=1.0))[
        "a"
    ]
    shown = visible_box(placed, subject, _SIZE)
    assert shown.row0 <= subject.breast.row0
    assert shown.row1 >= subject.breast.row1
    assert shown.col0 <= subject.breast.col0
    assert shown.row1 - shown.row0 < 1.1 * 180.0


_spacings = st.sampled_from([0.05, 0.07, 0.1, 0.2, 0.25])
_lengths = st.floats(20.0, 400.0)


@st.composite
def _any_image(draw: st.DrawFn) -> Subject:
    """An image of some detector, with some breast in it; pixels may be oblong."""
    width, height = draw(_lengths), draw(_lengths)
    right = draw(st.booleans())
    depth, tall = draw(st.floats(0.1, 1.0)) * width, draw(st.floats(0.1, 1.0)) * height
    col0 = width - depth if right else 0.0
    return Subject(
        width=width,
        height=height,
        breast=ImageBox(col0=col0, row0=0.0, col1=col0 + depth, row1=tall),
        unit="mm",
        pixel_width=draw(_spacings),
        pixel_height=draw(_spacings),
        wall_right=right,
    )


@given(
    images=st.lists(_any_image(), min_size=1, max_size=4),
    fit=st.sampled_from(FitMode),
    ratio=st.sampled_from([1.0, 1.25, 2.0]),
)
def test_all_detectors_are_shown_at_one_size(
    images: list[Subject], fit: FitMode, ratio: float
) -> None:
    subjects = {str(number): image for number, image in enumerate(images)}
    screen = ScreenPixels(device_pixel_ratio=ratio, per_mm=4.0)
    placed = fit_all(subjects, fit, _SIZE, screen)
    (scale,) = {placement.scale for placement in placed.values()}
    device_px = [scale * ratio * image.fine for image in images]
    if fit is FitMode.ONE_TO_ONE:
        assert min(device_px) == pytest.approx(1.0), "the finest is at 1:1, and none is below"
    if fit is FitMode.TRUE_SIZE:
        assert scale * ratio == 4.0
    for key, image in subjects.items():
        assert placed[key].wall >= 0.0
        shown = visible_box(placed[key], image, _SIZE)
        if fit is FitMode.BREAST:
            assert shown.row0 <= image.breast.row0 + 1e-6
            assert shown.row1 >= image.breast.row1 - 1e-6


@given(leader=_any_image(), other=_any_image(), moves=_moves)
def test_a_linked_image_goes_along_and_never_opens_a_gutter(
    leader: Subject, other: Subject, moves: list[tuple[str, float, float, float]]
) -> None:
    screen = ScreenPixels(device_pixel_ratio=1.0)
    placed = fit_all({"a": leader, "b": other}, FitMode.BREAST, _SIZE, screen)
    first, second = placed["a"], placed["b"]
    apart = first.mid_row - second.mid_row
    for kind, amount, x, y in moves:
        if kind == "zoom":
            moved = zoomed(
                first,
                leader,
                factor=2.0**amount,
                from_wall_px=200.0 * (x + 1),
                below_middle_px=150.0 * y,
            )
        else:
            moved = panned(first, leader, into_wall_px=400.0 * x, down_px=300.0 * y)
        second = followed(second, move_between(first, moved))
        first = moved
        assert second.scale == pytest.approx(first.scale)
        assert second.wall == pytest.approx(first.wall, abs=1e-6), "as far from its chest wall"
        assert first.mid_row - second.mid_row == pytest.approx(apart, abs=1e-6)
        assert second.wall >= 0.0
