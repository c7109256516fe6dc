"""Points, boxes, spacing and affine maps in image coordinates.

Continuous coordinates are ``(col, row)`` with the origin at the outer corner of the first
pixel, so that the centre of pixel index ``(row, col)`` is ``(col + 0.5, row + 0.5)``: the same as
DICOM SCOORD (PS3.3 C.18.6) and as pyqtgraph's item coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.words import QT_TRANSLATE_NOOP, translate


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePoint:
    """A continuous position, pixels, origin at the outer corner of the first pixel."""

    col: float
    row: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageBox:
    """An axis-parallel box in continuous image coordinates, ``col0 <= col1``, ``row0 <= row1``."""

    col0: float
    row0: float
    col1: float
    row1: float

    def contains(self, point: ImagePoint) -> bool:
        """Tell whether a point lies inside the box, its border included."""
        return self.col0 <= point.col <= self.col1 and self.row0 <= point.row <= self.row1

    def centre(self) -> ImagePoint:
        """Return the middle of the box."""
        return ImagePoint(col=(self.col0 + self.col1) / 2, row=(self.row0 + self.row1) / 2)


class SpacingBasis(StrEnum):
    """What a length in millimetres is a length of (reference: "Spacing in mm")."""

    AT_DETECTOR = QT_TRANSLATE_NOOP("Spacing", "at detector")
    CORRECTED = QT_TRANSLATE_NOOP("Spacing", "corrected")
    CALIBRATED = QT_TRANSLATE_NOOP("Spacing", "calibrated")
    IN_PLANE = QT_TRANSLATE_NOOP("Spacing", "in the reconstructed plane")
    STATED = QT_TRANSLATE_NOOP("Spacing", "as the header states")
    FILM = QT_TRANSLATE_NOOP("Spacing", "on the film")
    ASSUMED = QT_TRANSLATE_NOOP("Spacing", "assumed")


_CORRECTED = QT_TRANSLATE_NOOP("Spacing", "corrected {factor}x")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSpacing:
    """Millimetres from pixel to pixel, ``[row spacing, column spacing]`` as in DICOM 10.7.1.3.

    ``source`` names the attribute the value stands on; ``basis`` says what a length is a length
    of, and ``magnification`` is the factor that a corrected one was divided by.  Who does not say
    has assumed.
    """

    row_mm: float
    col_mm: float
    source: str
    basis: SpacingBasis = SpacingBasis.ASSUMED
    magnification: float = 1.0

    @property
    def basis_text(self) -> str:
        """Return what stands beside every millimetre: ``corrected 1.80x``."""
        if self.basis is SpacingBasis.CORRECTED:
            return translate("Spacing", _CORRECTED).format(factor=f"{self.magnification:.2f}")
        return translate("Spacing", self.basis.value)

    @property
    def basis_in_english(self) -> str:
        """Return the same for programs: in every language of the window one text."""
        if self.basis is SpacingBasis.CORRECTED:
            return _CORRECTED.format(factor=f"{self.magnification:.2f}")
        return self.basis.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine2D:
    """Map of continuous ``(col, row)`` points: ``col' = xx col + xy row + x0``, and so on."""

    xx: float
    xy: float
    x0: float
    yx: float
    yy: float
    y0: float

    @classmethod
    def identity(cls) -> Affine2D:
        """Return the map that moves nothing."""
        return cls(xx=1.0, xy=0.0, x0=0.0, yx=0.0, yy=1.0, y0=0.0)

    @classmethod
    def scale_translate(
        cls, *, col_scale: float, row_scale: float, col0: float, row0: float
    ) -> Affine2D:
        """Return ``(col_scale * col + col0, row_scale * row + row0)``."""
        return cls(xx=col_scale, xy=0.0, x0=col0, yx=0.0, yy=row_scale, y0=row0)

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.float64]) -> Affine2D:
        """Build from a 2x3 array ``[[xx, xy, x0], [yx, yy, y0]]``."""
        (xx, xy, x0), (yx, yy, y0) = np.asarray(matrix, np.float64).tolist()
        return cls(xx=xx, xy=xy, x0=x0, yx=yx, yy=yy, y0=y0)

    def matrix(self) -> NDArray[np.float64]:
        """Return the 2x3 array ``[[xx, xy, x0], [yx, yy, y0]]``."""
        return np.array([[self.xx, self.xy, self.x0], [self.yx, self.yy, self.y0]])

    def apply(self, point: ImagePoint) -> ImagePoint:
        """Map one point."""
        return ImagePoint(
            col=self.xx * point.col + self.xy * point.row + self.x0,
            row=self.yx * point.col + self.yy * point.row + self.y0,
        )

    def apply_box(self, box: ImageBox) -> ImageBox:
        """Map a box and return the axis-parallel box around its image."""
        corners = [
            self.apply(ImagePoint(col=c, row=r))
            for c in (box.col0, box.col1)
            for r in (box.row0, box.row1)
        ]
        cols = [p.col for p in corners]
        rows = [p.row for p in corners]
        return ImageBox(col0=min(cols), row0=min(rows), col1=max(cols), row1=max(rows))

    def then(self, other: Affine2D) -> Affine2D:
        """Return the map that applies ``self`` first and ``other`` after it."""
        return Affine2D(
            xx=other.xx * self.xx + other.xy * self.yx,
            xy=other.xx * self.xy + other.xy * self.yy,
            x0=other.xx * self.x0 + other.xy * self.y0 + other.x0,
            yx=other.yx * self.xx + other.yy * self.yx,
            yy=other.yx * self.xy + other.yy * self.yy,
            y0=other.yx * self.x0 + other.yy * self.y0 + other.y0,
        )

    def inverse(self) -> Affine2D:
        """Return the map back.

        Raises
        ------
        ValueError
            If the map is singular.
        """
        # Written out: numpy takes fifty times as long, and every pane asks in every frame.
        det = self.xx * self.yy - self.xy * self.yx
        if abs(det) < 1e-12:
            raise ValueError("singular affine map")
        return Affine2D(
            xx=self.yy / det,
            xy=-self.xy / det,
            x0=(self.xy * self.y0 - self.yy * self.x0) / det,
            yx=-self.yx / det,
            yy=self.xx / det,
            y0=(self.yx * self.x0 - self.xx * self.y0) / det,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How the stored image is turned for display: flip left-right first, then rotate clockwise.

    ``rotate_degrees`` is 0, 90, 180 or 270; with the flip these are the eight poses.
    """

    flip_horizontal: bool
    rotate_degrees: int
    source: str
