"""The images of a hanging, and what is in memory of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.geometry import Pose
from mammoview.domain.study import Mammogram

SMALL_PX = 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class LoadedImage:
    """Decoded pixels of one view: ``stored`` is a read-only ``(rows, cols)`` integer array.

    ``breast`` is a read-only bool array of the breast at low resolution, with the same aspect as
    ``stored`` (cell ``(i, j)`` covers an equal share of the image).  ``pose`` is resolved.
    ``frame`` is the number of the frame, from 1; None for an image of one frame.
    ``smaller`` is the image at 1/2, 1/4 and 1/8 size, where a worker has made it.
    """

    stored: NDArray[np.generic]
    breast: NDArray[np.bool_]
    pose: Pose
    frame: int | None = None
    smaller: tuple[NDArray[np.generic], ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes that it holds in memory."""
        return sum(part.nbytes for part in (self.stored, self.breast, *self.smaller))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the stored image."""
        rows, cols = self.stored.shape
        return rows, cols

    @property
    def small(self) -> NDArray[np.generic]:
        """The image at its smallest size, of 512 to 1023 pixels where it was larger."""
        if self.smaller:
            return self.smaller[-1]
        step = max(1, max(self.stored.shape) // SMALL_PX)
        return self.stored[::step, ::step]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class RestingImage:
    """What stays of an image whose pixels were given back; the fields are as `LoadedImage`'s."""

    shape: tuple[int, int]
    breast: NDArray[np.bool_]
    pose: Pose
    frame: int | None
    small: NDArray[np.generic]


KnownImage = LoadedImage | RestingImage


class Pixels(StrEnum):
    """What became of an image's pixels."""

    HERE = "here"
    WAITED_FOR = "waited for"
    # Not in memory for want of room; no pane shows such an image (`app.pixels.resident`).
    RESTING = "resting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HungView:
    """An image that some step hangs, and its pixels once they are there.

    ``pixels`` is HERE where ``image`` is given and nowhere else; ``reason`` says why they were
    REFUSED.  ``prior`` is True for an image of an earlier examination.  ``frame`` is the frame that
    the reader wants to see, from 1; ``image`` may still be another one.  None for an image of one
    frame.  ``coarse`` is a picture to look at until ``image`` is there: nothing is read or measured
    on it.  ``resting`` is what was settled of it before its pixels were given back.
    """

    mammogram: Mammogram
    image: LoadedImage | None
    pixels: Pixels
    reason: str = ""
    prior: bool = False
    frame: int | None = None
    coarse: LoadedImage | None = None
    resting: RestingImage | None = None

    @property
    def waits(self) -> bool:
        """Whether its pixels are neither there nor refused, and somebody is to see them."""
        return self.pixels is Pixels.WAITED_FOR

    @property
    def rests(self) -> bool:
        """Whether its pixels are not in memory for want of room."""
        return self.pixels is Pixels.RESTING

    @property
    def known(self) -> KnownImage | None:
        """How the image lies and where its breast is, whether its pixels are there or not."""
        return self.image or self.resting

    @property
    def analysed(self) -> bool:
        """Whether the computer reads it: the standard views of the examination itself."""
        return self.mammogram.slot is not None and not self.prior
