import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.domain.geometry import ImagePoint
from mammoview.errors import ModelError
from mammoview.modelkit.manifest import (
    SCHEMA,
    Calibration,
    Caveat,
    FeatureRange,
    Manifest,
    MapGeometry,
    OperatingPoint,
    Preprocessing,
    ValueScale,
    decode_manifest,
    encode_manifest,
)
from tests.builders.models import build_manifest

words = (
    st.text(min_size=1, max_size=12)
    .filter(lambda text: bool(text.strip()))
    .map(lambda text: text.encode("utf-8", "replace").decode())
)
above = st.floats(min_value=1e-6, max_value=1e6)
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    classes = draw(st.lists(words, min_size=2, max_size=4, unique=True))
    background = draw(st.sampled_from(classes))
    findings = [kind for kind in classes if kind != background]
    names = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    stride = draw(st.integers(1, 64))
    return Manifest(
        schema=SCHEMA,
        name=draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)),
        version=draw(words),
        intended_use=f"Research use only. {draw(words)}",
        classes=tuple(classes),
        background=background,
        preprocessing=Preprocessing(
            pipeline=draw(words),
            mm_per_px=draw(above),
            crop_margin_mm=draw(above),
            assumed_height_mm=draw(above),
        ),
        value_scale=ValueScale(mean=draw(numbers), std=draw(above)),
        map_geometry=MapGeometry(
            stride_px=stride,
            offset_px=draw(st.floats(0, stride)),
            halo_px=draw(st.integers(0, 512)),
        ),
        calibration=tuple(
            Calibration(kind=kind, slope=draw(above), intercept=draw(numbers)) for kind in findings
        ),
        operating_points=tuple(
            OperatingPoint(
                name=name,
                kind=kind,
                threshold=draw(st.floats(0, 1)),
                false_marks_per_image=rate,
            )
            for name, rate in ((name, draw(above)) for name in names)
            for kind in findings
        ),
        default_operating_point=draw(st.sampled_from(names)),
        caveats=tuple(Caveat(kind=kind, text=draw(words)) for kind in findings),
        input_range=(
            FeatureRange(feature=draw(words), low=draw(st.floats(-9, 0)), high=draw(above)),
        ),
        trained_on=draw(words),
        licence=draw(words),
        hashes=tuple((name, "0" * 64) for name in draw(st.sets(st.sampled_from("abcd")))),
    )


@given(manifests())
def test_a_manifest_survives_its_json(manifest: Manifest) -> None:
    text = encode_manifest(manifest)
    assert decode_manifest(text) == manifest
    assert encode_manifest(decode_manifest(text)) == text


def _edited(edit: Callable[[dict[str, Any]], object]) -> str:
    node = json.loads(encode_manifest(build_manifest(findings=("mass", "calcification"))))
    edit(node)
    return json.dumps(node)


def _set(*path: str | int, to: object) -> Callable[[dict[str, Any]], object]:
    def edit(node: Any) -> None:
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = to

    return edit


def _range_of(feature: str, low: float, high: float) -> Callable[[dict[str, Any]], object]:
    return _set("input_range", to=[{"feature": feature, "low": low, "high": high}])


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("$.licence", lambda node: node.pop("licence")),
        ("$.surprise", _set("surprise", to=1)),
        ("$.map_geometry.extra", _set("map_geometry", "extra", to=1)),
        ("$.map_geometry.halo_px", lambda node: node["map_geometry"].pop("halo_px")),
        ("$.schema", _set("schema", to=1)),
        ("$.schema", _set("schema", to=True)),
        ("$.schema", _set("schema", to=1.0)),
        ("$.name", _set("name", to="../up")),
        ("$.name", _set("name", to=None)),
        ("$.version", _set("version", to=" ")),
        ("$.intended_use", _set("intended_use", to="for every clinic")),
        ("$.classes", _set("classes", to="background")),
        ("$.classes[1]", _set("classes", 1, to=7)),
        ("$.classes[2]", _set("classes", 2, to="mass")),
        ("$.background", _set("background", to="nothing")),
        ("$.preprocessing", _set("preprocessing", to=[])),
        ("$.preprocessing.mm_per_px", _set("preprocessing", "mm_per_px", to=float("nan"))),
        ("$.preprocessing.mm_per_px", _set("preprocessing", "mm_per_px", to=0)),
        ("$.preprocessing.mm_per_px", _set("preprocessing", "mm_per_px", to=True)),
        ("$.preprocessing.crop_margin_mm", _set("preprocessing", "crop_margin_mm", to="5")),
        ("$.value_scale.mean", _set("value_scale", "mean", to=float("inf"))),
        ("$.value_scale.mean", _set("value_scale", "mean", to=10**400)),
        ("$.value_scale.std", _set("value_scale", "std", to=0.0)),
        ("$.map_geometry.stride_px", _set("map_geometry", "stride_px", to=-32)),
        ("$.map_geometry.stride_px", _set("map_geometry", "stride_px", to=32.0)),
        ("$.map_geometry.offset_px", _set("map_geometry", "offset_px", to=-1.0)),
        ("$.map_geometry.halo_px", _set("map_geometry", "halo_px", to=-1)),
        ("$.calibration[0].kind", _set("calibration", 0, "kind", to="background")),
        ("$.calibration[1].kind", _set("calibration", 1, "kind", to="mass")),
        ("$.calibration[1].slope", _set("calibration", 1, "slope", to=-1.0)),
        ("$.calibration", lambda node: node["calibration"].pop()),
        ("$.operating_points[0].kind", _set("operating_points", 0, "kind", to="cyst")),
        ("$.operating_points[0].threshold", _set("operating_points", 0, "threshold", to=1.5)),
        ("$.operating_points[1]", _set("operating_points", 1, "kind", to="mass")),
        ("$.operating_points", lambda node: node["operating_points"].pop()),
        (
            "$.operating_points",
            _set("operating_points", 0, "false_marks_per_image", to=1e9),
        ),
        ("$.default_operating_point", _set("default_operating_point", to="wild")),
        ("$.caveats", lambda node: node.pop("caveats")),
        ("$.caveats[0].kind", _set("caveats", to=[{"kind": "cyst", "text": "made"}])),
        ("$.caveats[0].text", _set("caveats", to=[{"kind": "mass", "text": " "}])),
        ("$.input_range[0].feature", _range_of("", 0, 1)),
        ("$.input_range[0].low", _range_of("mean", 1, 1)),
        ("$.hashes.model.onnx", _set("hashes", to={"model.onnx": "abc"})),
        ("$.hashes.../x", _set("hashes", to={"../x": "0" * 64})),
        ("$.hashes", _set("hashes", to=[["model.onnx", "0" * 64]])),
    ],
)
def test_a_fault_is_refused_with_its_path(
    path: str, edit: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(ModelError) as caught:
        decode_manifest(_edited(edit))
    assert caught.value.met.startswith(f"manifest: {path} is ")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"schema": ' + "9" * 5000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match=r"manifest: \$ is "):
        decode_manifest(text)


def test_a_repeated_key_is_refused() -> None:
    text = encode_manifest(build_manifest()).replace('"std"', '"mean": 0.5, "std"')
    with pytest.raises(ModelError, match=r"\$\.value_scale\.mean is there twice"):
        decode_manifest(text)


def test_nan_is_not_written() -> None:
    manifest = replace(build_manifest(), value_scale=ValueScale(mean=float("nan"), std=1.0))
    with pytest.raises(ModelError, match=r"\$\.value_scale\.mean"):
        encode_manifest(manifest)


def test_findings_are_the_classes_without_background() -> None:
    assert build_manifest(findings=("mass", "calcification")).findings == ("mass", "calcification")


@pytest.mark.parametrize(("stride", "offset"), [(32, 16.0), (32, 0.5), (16, 8.0)])
def test_cell_centres_lie_at_stride_and_offset(stride: int, offset: float) -> None:
    geometry = MapGeometry(stride_px=stride, offset_px=offset, halo_px=0)
    at = geometry.cell_to_grid().apply(ImagePoint(col=3.5, row=0.5))
    assert (at.col, at.row) == (3 * stride + offset, offset)
