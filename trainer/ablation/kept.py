"""What the network of one row of an ablation found, kept so that it is read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode
from mammoview.modelkit.manifest import Manifest
from trainer.detect import DetectedImage
from trainer.documents import write_json
from trainer.labelled import LabelledImage

_FORMAT: Literal["mammoview-ablation-row/1"] = "mammoview-ablation-row/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRegion:
    """A region without its outline, which no figure of the table needs."""

    kind: str
    score: float
    peak: ImagePoint
    box: ImageBox


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptImage:
    """What was found in one picture; ``frame`` holds its ``to_breast_mm``, or nothing."""

    rows: int
    cols: int
    spacing: PixelSpacing
    frame: tuple[Affine2D, ...]
    regions: tuple[KeptRegion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRow:
    """What one network found in some pictures, in their order, and by which manifest."""

    format: Literal["mammoview-ablation-row/1"] = _FORMAT
    checkpoint_sha256: str
    pictures_sha256: str
    manifest: Manifest
    uncalibrated: tuple[str, ...]
    images: tuple[KeptImage, ...]

    def detected(self, images: Sequence[LabelledImage]) -> tuple[DetectedImage, ...]:
        """Return the pictures with their regions."""
        return tuple(
            DetectedImage(
                image=image,
                regions=tuple(_region(region) for region in kept.regions),
                rows=kept.rows,
                cols=kept.cols,
                spacing=kept.spacing,
                to_breast_mm=kept.frame[0] if kept.frame else None,
            )
            for image, kept in zip(images, self.images, strict=True)
        )


def kept_row(
    detected: Sequence[DetectedImage],
    *,
    manifest: Manifest,
    uncalibrated: tuple[str, ...],
    checkpoint_sha256: str,
) -> KeptRow:
    """Return what is kept of a row."""
    return KeptRow(
        checkpoint_sha256=checkpoint_sha256,
        pictures_sha256=pictures_sha256([item.image for item in detected]),
        manifest=manifest,
        uncalibrated=uncalibrated,
        images=tuple(
            KeptImage(
                rows=item.rows,
                cols=item.cols,
                spacing=item.spacing,
                frame=() if item.to_breast_mm is None else (item.to_breast_mm,),
                regions=tuple(
                    KeptRegion(kind=r.kind, score=r.score, peak=r.peak, box=r.box)
                    for r in item.regions
                ),
            )
            for item in detected
        ),
    )


def pictures_sha256(images: Sequence[LabelledImage]) -> str:
    """Return the hash of some pictures in their order: names, lesions and boxes."""
    text = [
        repr((image.file.name, image.mammogram, [(x.lesion_id, x.box) for x in image.lesions]))
        for image in images
    ]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def write_kept(row: KeptRow, file: Path) -> None:
    """Write what a row found, whole or not at all."""
    write_json(encode(row), file)


def read_kept(file: Path, *, checkpoint_sha256: str, pictures: str) -> KeptRow | None:
    """Return what a row found, or None where it was never read.

    Raises
    ------
    DataError
        If the file is broken or of another network or pictures.
    """
    if not file.exists():
        return None
    try:
        node = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=Pairs)
        row = decode(KeptRow, node)
    except (OSError, ValueError, RecursionError, CodecError) as error:
        raise _broken(file, f"{type(error).__name__}: {error}") from error
    if (row.checkpoint_sha256, row.pictures_sha256) != (checkpoint_sha256, pictures):
        raise _broken(file, "of another network or other pictures")
    return row


def _broken(file: Path, why: str) -> DataError:
    return DataError(
        f"{file} cannot be used ({why})",
        expected="what mammoview-train ablation kept of a row",
        todo="delete it: the row is then read again",
    )


def _region(kept: KeptRegion) -> Region:
    return Region(
        kind=kept.kind,
        score=kept.score,
        peak=kept.peak,
        box=kept.box,
        outline=(),
        flagged=False,
    )
