"""Nipple and edge of the pectoral muscle as the picture tells them, found once for each image.

Both follow from the pixels alone and are asked for at every move of the mouse; what was found is
kept as long as its image.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from mammoview.app.state.hung_views import SMALL_PX, KnownImage
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Projection, ViewModifier
from mammoview.imaging.grayscale import unit_values
from mammoview.imaging.nipple import NippleEstimate, estimate_nipple
from mammoview.imaging.pectoral import PectoralEstimate, estimate_pectoral
from mammoview.imaging.skin import skin_of

# Of such views the picture is a part, turned or pulled: its outline has no nipple to tell.
_PARTS = frozenset(
    {ViewModifier.MAGNIFICATION, ViewModifier.SPOT_COMPRESSION, ViewModifier.TANGENTIAL}
)
OBLIQUE = frozenset({Projection.MLO, Projection.LMO})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landmarks:
    nipple: NippleEstimate | None
    muscle: PectoralEstimate | None


_KEPT: WeakKeyDictionary[KnownImage, _Landmarks] = WeakKeyDictionary()


def nipple_in(header: Mammogram, image: KnownImage) -> NippleEstimate | None:
    """Return where an image shows the nipple, or may; None in a part of a breast."""
    return _landmarks(header, image).nipple


def muscle_in(header: Mammogram, image: KnownImage) -> PectoralEstimate | None:
    """Return where an oblique image shows the edge of the muscle, or may; None in others."""
    return _landmarks(header, image).muscle


def _landmarks(header: Mammogram, image: KnownImage) -> _Landmarks:
    kept = _KEPT.get(image)
    if kept is None:
        kept = _KEPT[image] = _found(header, image)
    return kept


def _found(header: Mammogram, image: KnownImage) -> _Landmarks:
    if header.partial or _PARTS & set(header.view.modifiers):
        return _Landmarks(nipple=None, muscle=None)
    grey = _grey(header, image)
    side = header.laterality.value
    # A slice of a volume has neither skin nor muscle that could be told from its blur.
    plain = image.frame is None
    return _Landmarks(
        nipple=estimate_nipple(
            image.breast,
            skin=skin_of(grey, image.breast) if plain else None,
            shape=image.shape,
            pose=image.pose,
            laterality=side,
            spacing=header.spacing,
        ),
        muscle=estimate_pectoral(
            grey, image.breast, shape=image.shape, pose=image.pose, laterality=side
        )
        if plain and header.view.value in OBLIQUE
        else None,
    )


def _grey(header: Mammogram, image: KnownImage) -> NDArray[np.float32]:
    """Return the greys 0..1, tissue bright, at about the size of the screen or less."""
    stored = image.small
    step = max(1, max(stored.shape) // SMALL_PX)
    return unit_values(stored[::step, ::step], header.pixel_format)
