import json
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.errors import ModelError
from mammoview.modelkit import bundle as bundle_module
from mammoview.modelkit.bundle import CARD, GOLDEN, MANIFEST, NETWORK, open_bundle, write_bundle
from tests.builders.models import build_bundle, build_manifest

FILES = (NETWORK, MANIFEST, GOLDEN, CARD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_bundle(tmp_path / "models" / "tiny")


def test_a_bundle_opens_as_it_was_written(folder: Path) -> None:
    bundle = open_bundle(folder)
    assert replace(bundle.manifest, hashes=()) == build_manifest()
    assert bundle.identity.name == "tiny"
    assert len(bundle.identity.sha256) == 64
    assert (folder / NETWORK).read_bytes() == bundle.network
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_is_refused_by_name(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    for at in sorted({round(k * (len(content) - 1) / 60) for k in range(61)}):
        changed = bytearray(content)
        changed[at] ^= 0x01
        (folder / name).write_bytes(bytes(changed))
        with pytest.raises(ModelError) as caught:
            open_bundle(folder)
        # a manifest that is no longer sound names its path instead
        assert caught.value.met.startswith((name, "manifest: $") if name == MANIFEST else name)
    (folder / name).write_bytes(content)
    open_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"^{name} cannot be read"):
        open_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_file_beyond_its_limit_is_not_read(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(bundle_module.LIMITS, name, 10)
    with pytest.raises(ModelError, match=rf"^{name} holds \d+ bytes"):
        open_bundle(folder)


def test_an_edited_threshold_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    text = path.read_text()
    path.write_text(text.replace('"threshold": 0.5', '"threshold": 0.4'))
    with pytest.raises(ModelError, match=r"^manifest\.json has been changed"):
        open_bundle(folder)


def test_another_schema_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 9'))
    with pytest.raises(ModelError, match=r"\$\.schema"):
        open_bundle(folder)


def test_a_hash_left_out_is_refused(folder: Path) -> None:
    path = folder / MANIFEST
    node = json.loads(path.read_text())
    del node["hashes"][CARD]
    path.write_text(json.dumps(node, indent=2) + "\n")
    with pytest.raises(ModelError, match="lacks a hash"):
        open_bundle(folder)


def test_a_network_changed_after_opening_is_not_run(folder: Path) -> None:
    bundle = open_bundle(folder)
    sound = (folder / NETWORK).read_bytes()
    (folder / NETWORK).write_bytes(b"another network")
    assert bundle.network == sound


def test_a_bundle_is_not_overwritten_unasked(folder: Path) -> None:
    before = open_bundle(folder).identity
    with pytest.raises(ModelError, match="there already"):
        build_bundle(folder)
    assert open_bundle(folder).identity == before


def test_a_bundle_is_replaced_when_asked(folder: Path) -> None:
    old = open_bundle(folder)
    new = write_bundle(
        folder,
        manifest=replace(build_manifest(), version="2"),
        onnx_bytes=old.network,
        golden=old.golden,
        card="# Two\n",
        overwrite=True,
    )
    assert new.identity.version == "2"
    assert (folder / CARD).read_text() == "# Two\n"
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_folder_that_is_no_bundle_is_never_replaced(folder: Path, tmp_path: Path) -> None:
    old = open_bundle(folder)
    other = tmp_path / "pictures"
    other.mkdir()
    (other / "family.jpg").write_bytes(b"x")
    with pytest.raises(ModelError, match="no bundle"):
        write_bundle(
            other,
            manifest=build_manifest(),
            onnx_bytes=old.network,
            golden=old.golden,
            card="",
            overwrite=True,
        )
    assert (other / "family.jpg").exists()


@pytest.mark.parametrize("step", ["_move_into_place", "open_bundle", "_fill"])
def test_a_write_that_breaks_off_leaves_the_old_bundle(
    folder: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_bundle(folder)

    def break_off(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(bundle_module, step, break_off)
        with pytest.raises(OSError, match="no space left"):
            write_bundle(
                folder,
                manifest=build_manifest(),
                onnx_bytes=old.network,
                golden=old.golden,
                card="new",
                overwrite=True,
            )
    assert open_bundle(folder).identity == old.identity
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_the_old_bundle_comes_back_when_the_last_rename_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_bundle(folder)
    rename = Path.rename

    def fail_on_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError("in use")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_new)
    with pytest.raises(PermissionError):
        write_bundle(
            folder,
            manifest=build_manifest(),
            onnx_bytes=old.network,
            golden=old.golden,
            card="new",
            overwrite=True,
        )
    assert open_bundle(folder).identity == old.identity
