"""The loupe and the level line on the screen, moved by the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt

from mammoview.app.marks import marking
from mammoview.app.workspace import FitMode, Gray, Looking, Pane, Workspace
from mammoview.domain.annotation import Annotation, MarkKind
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.views import Place, Slot
from mammoview.imaging.grayscale import display_table
from mammoview.imaging.orientation import apply_pose, pose_affine
from mammoview.ui.viewport.four_view import FourView
from tests.ui.viewport import scene
from tests.ui.viewport.conftest import Mouse

Grab = Callable[[FourView], NDArray[np.int32]]
_INVERTED = Gray(change=None, voi_explanation=None, invert=True)
_SPOT = ImagePoint(col=300.5, row=460.5)


def noise(seed: int = 0, rows: int = 920, cols: int = 600) -> NDArray[np.uint16]:
    """Values of which no two neighbours are alike."""
    return np.random.default_rng(seed).integers(0, 4096, (rows, cols)).astype(np.uint16)


def half(*, right: bool) -> NDArray[np.bool_]:
    """A breast on the half of the chest wall, whose tip is in the middle row."""
    row, col = np.mgrid[0:184, 0:120]
    inside: NDArray[np.bool_] = np.hypot(row - 92, col) < 60
    return inside[:, ::-1] if right else inside


def with_loupe(state: Workspace, magnification: int = 1, **changes: object) -> Workspace:
    """The same state with the loupe on."""
    looking = Looking(loupe=True, magnification=magnification, glass_px=200)
    return replace(state, looking=looking, **changes)  # type: ignore[arg-type]


def point(view: FourView, mouse: Mouse, slot: Slot, at: ImagePoint = _SPOT) -> None:
    mouse.move(view.pane(slot).to_screen(at))


def in_glass(view: FourView, shot: NDArray[np.int32]) -> NDArray[np.int32]:
    """What is seen inside the rim and its notches."""
    glass = view.spot.loupe.glass().adjusted(10, 10, -10, -10)
    return shot[glass.top() : glass.bottom() + 1, glass.left() : glass.right() + 1, 1]


@pytest.mark.parametrize(
    ("pose", "magnification"),
    [(pose, 1) for pose in scene.EIGHT_POSES] + [(scene.EIGHT_POSES[5], 2), (scene.UPRIGHT, 4)],
    ids=str,
)
def test_the_glass_shows_stored_pixels_in_the_panes_own_grey_and_pose(
    view: FourView, picture: Grab, mouse: Mouse, pose: Pose, magnification: int
) -> None:
    """The pane is fitted, so that its own picture is made of averages."""
    stored = noise()
    state = scene.workspace(scene.pane(Slot.RCC, scene.image(stored, pose)))
    view.render(None, with_loupe(state, magnification))
    point(view, mouse, Slot.RCC)
    at = view.pane(Slot.RCC).to_image(view.pane(Slot.RCC).to_screen(_SPOT))
    assert at is not None
    shown, _ = apply_pose(stored, pose)
    spot = pose_affine(pose, *stored.shape).apply(at)
    row, col = int(spot.row), int(spot.col)
    count = view.spot.loupe.pixels.shape[0]
    reach = count // 2
    part = shown[row - reach : row + reach + 1, col - reach : col + reach + 1]
    table = display_table(scene.pixel_format(), scene.SIGMOID, invert=False)
    expected = np.kron(table[part], np.ones((magnification, magnification), np.uint8))
    seen = in_glass(view, picture(view))
    inset = 10 - 2
    assert np.array_equal(seen[:150, :150], expected[inset : inset + 150, inset : inset + 150])


def test_a_speck_of_one_pixel_is_whole_in_the_glass(view: FourView, mouse: Mouse) -> None:
    stored = scene.bright(value=500)
    stored[460, 300] = 4000
    view.render(None, with_loupe(scene.workspace(scene.pane(Slot.RCC, scene.image(stored)))))
    point(view, mouse, Slot.RCC)
    pixels = view.spot.loupe.pixels
    table = display_table(scene.pixel_format(), scene.SIGMOID, invert=False)
    assert (pixels == table[4000]).sum() == 1
    assert pixels[pixels.shape[0] // 2, pixels.shape[0] // 2] == table[4000]


@pytest.mark.parametrize("inverse", [False, True])
def test_inverted_padding_and_air_are_black_in_the_glass(
    view: FourView, mouse: Mouse, inverse: bool
) -> None:
    stored = scene.bright(value=3000 if inverse else 300)
    stored[:, :300] = 3044
    fmt = scene.pixel_format(padding=(3044, 3044), inverse=inverse)
    padded = scene.pane(Slot.RCC, scene.image(stored), pixel_format=fmt)
    view.render(None, with_loupe(scene.workspace(padded), gray=_INVERTED))
    point(view, mouse, Slot.RCC)
    pixels = view.spot.loupe.pixels
    middle = pixels.shape[0] // 2
    assert (pixels[:, :middle] == 0).all()
    assert (pixels[:, middle:] > 150).all()


@pytest.mark.parametrize(
    ("pose", "inverse"),
    [(pose, False) for pose in scene.EIGHT_POSES] + [(scene.EIGHT_POSES[6], True)],
    ids=str,
)
def test_a_film_without_padding_has_black_air_and_a_skin_line_in_the_glass(
    view: FourView, mouse: Mouse, pose: Pose, inverse: bool
) -> None:
    value = 3800 if inverse else 300
    breast = np.zeros((184, 120), np.bool_)
    breast[:, 60:] = True
    loaded = scene.image(scene.bright(value=value), pose, breast=breast)
    film = scene.pane(Slot.RCC, loaded, pixel_format=scene.pixel_format(inverse=inverse))
    state = with_loupe(scene.workspace(film), gray=_INVERTED, fit=FitMode.IMAGE)
    view.render(None, state)

    def middle(at: ImagePoint) -> int:
        point(view, mouse, Slot.RCC, at)
        pixels = view.spot.loupe.pixels
        return int(pixels[pixels.shape[0] // 2, pixels.shape[0] // 2])

    assert middle(ImagePoint(col=60.5, row=460.5)) == 0
    assert middle(ImagePoint(col=297.5, row=460.5)) > 150  # the skin, just outside the mask
    assert middle(ImagePoint(col=450.5, row=460.5)) > 150


def _mm(slot: Slot, stored: NDArray[np.uint16], mm: float = 0.1) -> Pane:
    breast = half(right=slot.value[0] == "R")
    loaded = scene.image(stored, breast=breast)
    return scene.pane(slot, loaded, spacing=scene.spacing(mm))


def test_the_twin_shows_the_mirrored_place_of_another_pixel_size(
    view: FourView, mouse: Mouse
) -> None:
    """20 mm from the wall and level with the nipple; the left image has pixels half as wide."""
    left = scene.bright(1840, 1200, value=500)
    left[920, 400] = 4000
    state = scene.workspace(_mm(Slot.RCC, noise()), _mm(Slot.LCC, left, 0.05))
    view.render(None, with_loupe(state))
    rcc, lcc = view.pane(Slot.RCC), view.pane(Slot.LCC)
    lies = view.spot.lie(rcc), view.spot.lie(lcc)
    assert lies[0] is not None
    assert lies[1] is not None
    assert lies[0].nipple is not None
    assert lies[1].nipple is not None
    assert lies[0].nipple.row == pytest.approx(lies[1].nipple.row)
    target = lies[1].from_wall(ImagePoint(col=400.5 * 0.05, row=0.0))
    spot = lies[0].at(from_wall=target, row=920.5 * 0.05)
    mouse.move(rcc.position_of(spot))
    twin = view.spot.twin
    assert twin.isVisible()
    assert "L CC mirrored: 20 mm from the wall" in twin.words
    table = display_table(scene.pixel_format(), scene.SIGMOID, invert=False)
    bright = np.argwhere(twin.pixels == table[4000])
    assert len(bright) == 1
    assert np.abs(bright[0] - twin.pixels.shape[0] // 2).max() <= 1
    assert not twin.glass().intersects(view.spot.loupe.glass())


def test_without_spacing_there_is_no_twin_and_the_glass_says_why(
    view: FourView, mouse: Mouse
) -> None:
    view.render(None, with_loupe(scene.four()))
    point(view, mouse, Slot.RCC)
    assert view.spot.loupe.isVisible()
    assert not view.spot.twin.isVisible()
    assert "no spacing in R CC, L CC" in view.spot.loupe.words


def test_a_single_pane_and_a_prior_have_a_loupe_without_a_twin(
    view: FourView, mouse: Mouse
) -> None:
    now = _mm(Slot.RCC, noise(1))
    prior = replace(now, place=Place(slot=Slot.RCC, prior=True))
    both: tuple[tuple[Pane, ...], ...] = ((now,), (now, prior))
    for panes in both:
        state = replace(with_loupe(scene.four()), panes=panes, columns=len(panes))
        view.render(None, state)
        for pane in panes:
            mouse.move(view.pane(pane.key).to_screen(_SPOT))
            assert view.spot.loupe.isVisible()
            assert not view.spot.twin.isVisible()
            assert "not on the screen" in view.spot.loupe.words


def test_off_the_images_there_is_no_glass(view: FourView, mouse: Mouse) -> None:
    view.render(None, with_loupe(scene.workspace(scene.pane(Slot.RCC, scene.image(noise())))))
    point(view, mouse, Slot.RCC)
    assert view.spot.loupe.isVisible()
    mouse.move(QPointF(700.0, 500.0))  # an empty place
    assert not view.spot.loupe.isVisible()


@pytest.mark.parametrize("corner", [(0.5, 0.5), (599.5, 919.5)])
def test_at_the_border_the_glass_stays_in_its_pane_and_outside_is_black(
    view: FourView, mouse: Mouse, corner: tuple[float, float]
) -> None:
    view.render(
        None, with_loupe(scene.workspace(scene.pane(Slot.RCC, scene.image(scene.bright()))))
    )
    col, row = corner
    point(view, mouse, Slot.RCC, ImagePoint(col=col, row=row))
    glass = view.spot.loupe
    pane = view.pane(Slot.RCC).box.geometry().toAlignedRect()
    assert pane.contains(glass.geometry())
    pixels = glass.pixels
    assert pixels[pixels.shape[0] // 2, pixels.shape[0] // 2] > 200
    outside = pixels[0, 0] if corner == (0.5, 0.5) else pixels[-1, -1]
    assert outside == 0
    assert not glass.glass().intersects(glass._text.translated(glass.pos()))


def test_the_glass_follows_a_pan_and_a_window_drag(view: FourView, mouse: Mouse) -> None:
    view.render(None, with_loupe(scene.workspace(scene.pane(Slot.RCC, scene.image(noise())))))
    point(view, mouse, Slot.RCC)
    before = view.spot.loupe.pixels.copy()
    at = view.pane(Slot.RCC).to_screen(_SPOT)
    mouse.drag(at, QPointF(30.0, 20.0), Qt.MouseButton.LeftButton)
    assert np.array_equal(view.spot.loupe.pixels, before)  # the hand moves image and glass
    mouse.drag(at, QPointF(0.0, 90.0), Qt.MouseButton.RightButton)
    assert view.spot.loupe.pixels.mean() < before.mean() - 10


def test_the_level_line_is_drawn_in_the_other_view_of_the_same_breast(
    view: FourView, picture: Grab, mouse: Mouse
) -> None:
    panes = [_mm(slot, scene.bright(value=500)) for slot in Slot]
    plain = scene.workspace(*panes)
    view.render(None, plain)
    bare = picture(view)
    state = replace(plain, looking=Looking(level_line=True))
    view.render(plain, state)
    point(view, mouse, Slot.RCC, ImagePoint(col=500.5, row=460.5))  # 10 of 30 mm from the wall
    changed = (picture(view) != bare).any(axis=2)
    rows, cols = changed.shape
    rmlo = changed[rows // 2 :, : cols // 2]
    assert rmlo.sum() > 200
    assert not changed[:, cols // 2 :].any()
    assert "R MLO: 20 mm from the nipple (estimated)" in view.spot.caption.text()
    mouse.move(QPointF(700.0, 2.0))
    view.render(state, plain)
    assert np.array_equal(picture(view), bare)


def test_the_level_line_refuses_without_spacing(view: FourView, mouse: Mouse) -> None:
    view.render(None, replace(scene.four(), looking=Looking(level_line=True)))
    point(view, mouse, Slot.RCC)
    assert view.spot.caption.isVisible()
    assert "no spacing in R CC, R MLO" in view.spot.caption.text()


def test_the_nipple_that_the_reader_has_set_goes_before_the_estimate(
    view: FourView, mouse: Mouse
) -> None:
    panes = [_mm(slot, scene.bright(value=500)) for slot in Slot]
    state = replace(scene.workspace(*panes), looking=Looking(level_line=True))
    view.render(None, state)
    spot = ImagePoint(col=500.5, row=460.5)
    point(view, mouse, Slot.RCC, spot)
    assert "20 mm from the nipple (estimated)" in view.spot.caption.text()
    by_hand = state
    for number, slot in enumerate((Slot.RCC, Slot.RMLO)):
        mark = Annotation(
            id=f"n{number}",
            sop_instance_uid=f"2.25.{list(Slot).index(slot) + 1}",
            frame=None,
            kind=MarkKind.NIPPLE,
            points=(ImagePoint(col=200.5, row=400.5),),
        )
        before, by_hand = by_hand, marking.add(by_hand, mark)
        view.render(before, by_hand)
        source = "estimated" if slot is Slot.RCC else "set by the reader"
        assert f"30 mm from the nipple ({source})" in view.spot.caption.text()


@pytest.mark.parametrize("width", [480, 560, 801])
@pytest.mark.parametrize("row", [220.5, 460.5, 700.5])
def test_words_never_lie_on_the_glass_nor_the_caption_on_other_texts(
    view: FourView, mouse: Mouse, width: int, row: float
) -> None:
    panes = [_mm(slot, scene.bright()) for slot in Slot]
    looking = Looking(loupe=True, level_line=True, glass_px=560)
    view.resize(width, 560)
    view.render(None, replace(scene.workspace(*panes), looking=looking))
    point(view, mouse, Slot.RCC, ImagePoint(col=450.5, row=row))
    for glass in (view.spot.loupe, view.spot.twin):
        assert glass.isVisible()
        assert not glass.glass().intersects(glass._text.translated(glass.pos()))
        assert view.rect().contains(glass.geometry())
    caption = QRectF(view.spot.caption.geometry())
    texts = view.pane(Slot.RMLO).texts
    assert view.pane(Slot.RMLO).box.geometry().contains(caption)
    for block in (texts.foot, texts.window, texts.technique):
        assert not caption.intersects(block.sceneBoundingRect())
