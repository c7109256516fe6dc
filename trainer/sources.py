"""Where labelled mammograms come from: a folder with COCO boxes, or an index of CBIS-DDSM."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from mammoview.errors import DataError, UsageError
from trainer.cbis.index import INDEX, read_index
from trainer.coco import read_coco
from trainer.digital.cesm import CESM_ANNOTATIONS, read_cesm
from trainer.labelled import ANNOTATIONS, LabelledImage, plain_name
from trainer.splits import read_split


def read_labelled(source: Path) -> tuple[LabelledImage, ...]:
    """Read labelled mammograms from a folder with COCO boxes, of CDD-CESM, or from an index.

    Raises
    ------
    DataError
        If neither is there, or it is broken.
    """
    if source.is_dir() and (source / ANNOTATIONS).is_file():
        return read_coco(source)
    if source.is_dir() and (source / CESM_ANNOTATIONS).is_file():
        return tuple(item.image for item in read_cesm(source))
    if source.is_dir() and not (source / INDEX).is_file():
        raise DataError(
            f"{source} holds no {ANNOTATIONS}, {CESM_ANNOTATIONS} or {INDEX}",
            expected="a folder of pictures with COCO boxes, one of CDD-CESM, or an index of "
            "CBIS-DDSM",
            todo="name the folder that holds it; an index is made with: mammoview-train index",
        )
    return read_index(source).images()


def read_all(sources: Sequence[Path]) -> tuple[LabelledImage, ...]:
    """Read the labelled mammograms of several sources, one after another.

    Raises
    ------
    DataError
        If one of them is not there, or broken.
    """
    return tuple(image for source in sources for image in read_labelled(source))


def read_part(source: Path, split: Path, part: str) -> tuple[LabelledImage, ...]:
    """Read the labelled mammograms of a source that hold a lesion of one part of a split.

    Each keeps all its lesions: what is marked there is no healthy tissue, whichever part it is in.

    Raises
    ------
    UsageError
        If the split has no such part.
    DataError
        If source or split cannot be read, or the source lacks lesions of the part.
    """
    parts = dict(read_split(split).parts)
    if part not in parts:
        raise UsageError(
            f"part {part!r}",
            expected=f"one of {', '.join(parts)}",
            todo=f"name a part of {split}",
        )
    wanted = set(parts[part])
    images = read_labelled(source)
    if lacking := sorted(wanted - {x.lesion_id for image in images for x in image.lesions}):
        raise DataError(
            f"{len(lacking)} lesions of part {part} are not in {source} ({lacking[0]}, ...)",
            expected="the data that the split was made from",
            todo=f"make the split anew with: mammoview-train splits {source}",
        )
    return tuple(i for i in images if any(x.lesion_id in wanted for x in i.lesions))


def without_unmarked(
    images: Sequence[LabelledImage], calcified: Collection[str]
) -> tuple[LabelledImage, ...]:
    """Leave out pictures that hold real calcifications and no box of one.

    Where calcification is a class, nothing in such a picture may be taken for healthy.

    Parameters
    ----------
    calcified : collection of str
        See ``trainer.simulated.exclusions.known_calcifications``.
    """
    return tuple(
        image
        for image in images
        if plain_name(image.mammogram) not in calcified
        or any(lesion.kind == "calcification" for lesion in image.lesions)
    )


def source_words(source: Path) -> str:
    """Return what a source says that it is, for the card of a model trained on it."""
    if source.is_dir() and (source / ANNOTATIONS).is_file():
        document = json.loads((source / ANNOTATIONS).read_text(encoding="utf-8"))
        said = str(document.get("info", {}).get("description", "")).strip()
        return said or "pictures with boxes"
    return "CBIS-DDSM (Lee et al. 2017, CC BY 3.0)"
