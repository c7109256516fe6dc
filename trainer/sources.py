"""Where labelled mammograms come from: a folder with COCO boxes, or an index of CBIS-DDSM."""

from __future__ import annotations

import json
from pathlib import Path

from trainer.cbis.index import read_index
from trainer.coco import read_coco
from trainer.labelled import ANNOTATIONS, LabelledImage


def read_labelled(source: Path) -> tuple[LabelledImage, ...]:
    """Read labelled mammograms from a folder with COCO boxes or from an index.

    Raises
    ------
    DataError
        If neither is there, or it is broken.
    """
    if source.is_dir() and (source / ANNOTATIONS).is_file():
        return read_coco(source)
    return read_index(source).images()


def source_words(source: Path) -> str:
    """Return what a source says that it is, for the card of a model trained on it."""
    if source.is_dir() and (source / ANNOTATIONS).is_file():
        document = json.loads((source / ANNOTATIONS).read_text(encoding="utf-8"))
        said = str(document.get("info", {}).get("description", "")).strip()
        return said or "pictures with boxes"
    return "CBIS-DDSM (Lee et al. 2017, CC BY 3.0)"
