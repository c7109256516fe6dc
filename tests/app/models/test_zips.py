"""Installing from a zip: as sound as from a folder, and nothing outside it is written."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from mammoview.app.models import catalogue
from mammoview.errors import ModelError
from mammoview.modelkit.bundle import LIMITS, NETWORK
from tests.builders.installed import flip, outcomes


def _zip(source: Path, to: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in source.iterdir():
            archive.write(file, top + file.name)
    return to


def _set_in_the_directory(packed: Path, at: int, value: int) -> None:
    """Set two bytes in the last entry of the zip's directory, where its reader looks."""
    content = bytearray(packed.read_bytes())
    start = content.rindex(b"PK\x01\x02") + at
    content[start : start + 2] = value.to_bytes(2, "little")
    packed.write_bytes(content)


@pytest.mark.parametrize("top", ["", "tiny-1/"])
def test_a_zip_is_installed(tmp_path: Path, source: Path, top: str) -> None:
    done = catalogue.install(_zip(source, tmp_path / "b.zip", top=top))
    assert catalogue.check(done.folder).name == "tiny"


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/../../evil", "..\\evil"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, source: Path, name: str) -> None:
    packed = _zip(source, tmp_path / "b.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(ModelError, match="outside"):
        catalogue.install(packed)
    assert not list(tmp_path.rglob("*evil*"))


def test_a_zip_that_grows_beyond_its_limit_is_refused(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = _zip(source, tmp_path / "b.zip")
    monkeypatch.setitem(LIMITS, NETWORK, 100)
    with pytest.raises(ModelError, match="more than 100 bytes"):
        catalogue.install(packed)


@pytest.mark.parametrize("fault", ["no zip", "cut", "no network", "two bundles", "too deep"])
def test_a_zip_that_holds_no_bundle_is_refused(tmp_path: Path, source: Path, fault: str) -> None:
    packed = tmp_path / "b.zip"
    if fault == "no network":
        (source / NETWORK).unlink()
    _zip(source, packed, top="a/b/" if fault == "too deep" else "a/")
    if fault == "no zip":
        packed.write_bytes(b"no zip")
    elif fault == "cut":
        flip(packed, at=200)
    elif fault == "two bundles":
        with zipfile.ZipFile(packed, "a") as archive:
            archive.writestr("b/manifest.json", "{}")
    with pytest.raises(ModelError):
        catalogue.install(packed)
    assert not list(catalogue.models_folder().iterdir())
    assert [outcome for _, outcome, _ in outcomes()] == ["refused"]


@pytest.mark.parametrize(
    ("at", "value", "reason"), [(8, 1, "RuntimeError"), (10, 77, "cannot be unpacked")]
)
def test_a_zip_with_a_password_or_an_unknown_compression_is_refused(
    tmp_path: Path, source: Path, at: int, value: int, reason: str
) -> None:
    packed = _zip(source, tmp_path / "b.zip")
    _set_in_the_directory(packed, at, value)
    with pytest.raises(ModelError, match=reason):
        catalogue.install(packed)
