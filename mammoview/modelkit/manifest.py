"""The frozen description of a model, and its strict JSON codec (house lock 4)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from mammoview.domain.geometry import Affine2D
from mammoview.errors import ModelError
from mammoview.modelkit.codec import CodecError, Pairs, decode, encode

SCHEMA = 2
RESEARCH_ONLY = "research use only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How a mammogram becomes the grid that the network sees; no defaults (house lock 2).

    Attributes
    ----------
    pipeline : str
        Version name of the code path; see ``modelkit.preprocess.PIPELINE``.
    mm_per_px : float
        Spacing of the grid, both axes.
    crop_margin_mm : float
        Margin kept around the breast box.
    assumed_height_mm : float
        Height of the stored image (``breast-grid-2``: its longer side) where the header has no
        spacing; pixels are then square.
    """

    pipeline: str
    mm_per_px: float
    crop_margin_mm: float
    assumed_height_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MapGeometry:
    """Where the cells of the activation map lie on the grid.

    The centre of cell ``(i, j)`` is at ``(col, row) = (stride_px * j + offset_px,
    stride_px * i + offset_px)`` in continuous grid coordinates (origin at the outer corner).
    ``halo_px`` is the context a tile needs on each side for the same result as one pass.
    """

    stride_px: int
    offset_px: float
    halo_px: int

    def cell_to_grid(self) -> Affine2D:
        """Return the map of continuous cell coordinates to continuous grid coordinates.

        The centre of cell ``(i, j)`` is ``(j + 0.5, i + 0.5)`` in cell coordinates, hence the
        half stride that is taken off the offset.
        """
        shift = self.offset_px - self.stride_px / 2
        return Affine2D.scale_translate(
            col_scale=float(self.stride_px),
            row_scale=float(self.stride_px),
            col0=shift,
            row0=shift,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueScale:
    """Scaling inside the graph: ``(value - mean) / std`` of inputs in 0..1."""

    mean: float
    std: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Score of one class: ``sigmoid(slope * (cam[kind] - cam[background]) + intercept)``."""

    kind: str
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A named threshold on the calibrated score of a class.

    ``false_marks_per_image`` is the rate that all thresholds of this name together are set for,
    and the same for each class.
    """

    name: str
    kind: str
    threshold: float
    false_marks_per_image: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """A sentence that stands beside every result of a class: screen, JSON and card."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRange:
    """What one feature of the grid (see ``modelkit.input_range``) was in training.

    An image whose feature lies outside ``low``..``high`` is outside the training range: it is
    analysed all the same, and the result says so.
    """

    feature: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything the viewer needs to know of a model.

    ``classes`` are the channels of ``cam`` in order, ``background`` among them; ``findings`` are
    the others.  ``hashes`` are ``(file name, SHA-256 hex)`` of the other files of the bundle,
    and under ``manifest.json`` that of this text without that entry (see ``modelkit.bundle``).
    """

    schema: int
    name: str
    version: str
    intended_use: str
    classes: tuple[str, ...]
    background: str
    preprocessing: Preprocessing
    value_scale: ValueScale
    map_geometry: MapGeometry
    calibration: tuple[Calibration, ...]
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    caveats: tuple[Caveat, ...]
    input_range: tuple[FeatureRange, ...]
    trained_on: str
    licence: str
    hashes: tuple[tuple[str, str], ...]

    @property
    def findings(self) -> tuple[str, ...]:
        """The classes that are findings, in channel order."""
        return tuple(kind for kind in self.classes if kind != self.background)


def encode_manifest(manifest: Manifest) -> str:
    """Return the canonical JSON text of a manifest: one spelling for one manifest.

    Raises
    ------
    ModelError
        If the manifest contradicts itself; the message names the JSON path.
    """
    try:
        node = encode(manifest)
    except CodecError as error:
        raise _wrong(error.path, error.met, error.expected) from error
    _check(manifest)
    return json.dumps(node, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def decode_manifest(text: str) -> Manifest:
    """Return the manifest of a JSON text, read strictly.

    Raises
    ------
    ModelError
        For a missing, unknown or repeated key, a wrong type, a number that is not finite, or
        values that contradict each other; the message names the JSON path.
    """
    try:
        manifest = decode(Manifest, json.loads(text, object_pairs_hook=Pairs))
    except CodecError as error:
        raise _wrong(error.path, error.met, error.expected) from error
    except (ValueError, RecursionError) as error:
        raise _wrong("$", f"not JSON ({error})", "one JSON object") from error
    _check(manifest)
    return manifest


def _wrong(path: str, met: str, expected: str) -> ModelError:
    return ModelError(
        f"manifest: {path} is {met}",
        expected=expected,
        todo="export or install the model again",
    )


def _require(holds: bool, path: str, met: object, expected: str) -> None:
    if not holds:
        raise _wrong(path, f"{met!r:.80}", expected)


def _check(manifest: Manifest) -> None:
    """Refuse values that are of the right type and still make no sense."""
    m = manifest
    _require(m.schema == SCHEMA, "$.schema", m.schema, f"schema {SCHEMA}")
    _require(
        re.fullmatch(r"[a-z0-9][a-z0-9._-]*", m.name) is not None,
        "$.name",
        m.name,
        "small letters, digits, '.', '_' and '-': it names a folder",
    )
    for key in ("version", "trained_on", "licence"):
        _require(bool(getattr(m, key).strip()), f"$.{key}", getattr(m, key), "a text")
    _require(
        RESEARCH_ONLY in m.intended_use.casefold(),
        "$.intended_use",
        m.intended_use,
        f"words that hold {RESEARCH_ONLY!r}",
    )
    _check_classes(m)
    _check_numbers(m)
    _check_calibration(m)
    _check_operating_points(m)
    _check_caveats(m)
    _check_input_range(m)
    for name, digest in m.hashes:
        path = f"$.hashes.{name}"
        _require(re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None, path, name, "a file name")
        _require(re.fullmatch(r"[0-9a-f]{64}", digest) is not None, path, digest, "SHA-256 in hex")


def _check_classes(m: Manifest) -> None:
    for i, kind in enumerate(m.classes):
        _require(bool(kind.strip()), f"$.classes[{i}]", kind, "a class name")
        _require(kind not in m.classes[:i], f"$.classes[{i}]", kind, "every class once")
    _require(m.background in m.classes, "$.background", m.background, f"one of {m.classes}")
    _require(len(m.classes) > 1, "$.classes", m.classes, "a finding beside the background")


def _check_numbers(m: Manifest) -> None:
    pre, geometry = m.preprocessing, m.map_geometry
    path = "$.preprocessing"
    _require(bool(pre.pipeline.strip()), f"{path}.pipeline", pre.pipeline, "a pipeline's name")
    _require(pre.mm_per_px > 0, f"{path}.mm_per_px", pre.mm_per_px, "millimetres above 0")
    _require(pre.crop_margin_mm >= 0, f"{path}.crop_margin_mm", pre.crop_margin_mm, "0 or more")
    height = pre.assumed_height_mm
    _require(height > 0, f"{path}.assumed_height_mm", height, "millimetres above 0")
    _require(m.value_scale.std > 0, "$.value_scale.std", m.value_scale.std, "a value above 0")
    stride, offset = geometry.stride_px, geometry.offset_px
    path = "$.map_geometry"
    _require(stride > 0, f"{path}.stride_px", stride, "pixels above 0")
    _require(0 <= offset <= stride, f"{path}.offset_px", offset, f"0 to the stride ({stride})")
    _require(geometry.halo_px >= 0, f"{path}.halo_px", geometry.halo_px, "0 or more pixels")


def _check_calibration(m: Manifest) -> None:
    seen: list[str] = []
    for i, item in enumerate(m.calibration):
        path = f"$.calibration[{i}]"
        _require(item.kind in m.findings, f"{path}.kind", item.kind, f"one of {m.findings}")
        _require(item.kind not in seen, f"{path}.kind", item.kind, "every finding once")
        _require(item.slope > 0, f"{path}.slope", item.slope, "a value above 0")
        seen.append(item.kind)
    _require(set(seen) == set(m.findings), "$.calibration", seen, f"each of {m.findings}")


def _check_operating_points(m: Manifest) -> None:
    seen: list[tuple[str, str]] = []
    for i, point in enumerate(m.operating_points):
        path = f"$.operating_points[{i}]"
        _require(bool(point.name.strip()), f"{path}.name", point.name, "a name")
        _require(point.kind in m.findings, f"{path}.kind", point.kind, f"one of {m.findings}")
        key = (point.name, point.kind)
        _require(key not in seen, path, key, "every pair of name and kind once")
        _require(0 <= point.threshold <= 1, f"{path}.threshold", point.threshold, "0 to 1")
        false_marks = point.false_marks_per_image
        _require(false_marks >= 0, f"{path}.false_marks_per_image", false_marks, "0 or more")
        seen.append(key)
    names = {name for name, _ in seen}
    for name in sorted(names):
        kinds = {kind for other, kind in seen if other == name}
        _require(kinds == set(m.findings), "$.operating_points", name, "one for each finding")
        rates = {p.false_marks_per_image for p in m.operating_points if p.name == name}
        _require(len(rates) == 1, "$.operating_points", name, "one false_marks_per_image a name")
    default = m.default_operating_point
    _require(default in names, "$.default_operating_point", default, f"one of {sorted(names)}")


def _check_caveats(m: Manifest) -> None:
    for i, item in enumerate(m.caveats):
        path = f"$.caveats[{i}]"
        _require(item.kind in m.findings, f"{path}.kind", item.kind, f"one of {m.findings}")
        _require(bool(item.text.strip()), f"{path}.text", item.text, "a text")


def _check_input_range(m: Manifest) -> None:
    seen: list[str] = []
    for i, item in enumerate(m.input_range):
        path = f"$.input_range[{i}]"
        _require(bool(item.feature.strip()), f"{path}.feature", item.feature, "a feature's name")
        _require(item.feature not in seen, f"{path}.feature", item.feature, "every feature once")
        _require(item.low < item.high, f"{path}.low", item.low, f"below high ({item.high})")
        seen.append(item.feature)
