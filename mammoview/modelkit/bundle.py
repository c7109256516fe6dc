"""The bundle folder of a model: hashed, written whole or not at all, checked when opened.

``manifest.json`` holds the SHA-256 of ``model.onnx``, ``golden.npz`` and ``CARD.md``, and, under
its own name, that of its own canonical text without that entry.  So every byte of the folder is
covered, and a bundle edited by hand does not open.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import ModelError
from mammoview.modelkit.golden import Golden, decode_golden, encode_golden
from mammoview.modelkit.manifest import Manifest, decode_manifest, encode_manifest

MANIFEST = "manifest.json"
NETWORK = "model.onnx"
GOLDEN = "golden.npz"
CARD = "CARD.md"

_MIB = 1 << 20
# What can name the folder of an installed bundle; stricter than what a manifest may say.
VERSION_RULE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")

# The files of a bundle; one beyond its bytes is refused before it is read into memory.
LIMITS = {MANIFEST: _MIB, NETWORK: 1024 * _MIB, GOLDEN: 64 * _MIB, CARD: _MIB}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """A bundle whose hashes have been checked.

    ``network`` holds the very bytes of ``model.onnx`` that were hashed: what changes in the folder
    after that never runs.
    """

    folder: Path
    manifest: Manifest
    identity: ModelIdentity
    network: bytes = field(repr=False)
    golden: Golden


def open_bundle(folder: Path) -> Bundle:
    """Open a bundle and check every file against the manifest.

    Parameters
    ----------
    folder : Path
        The bundle's folder.

    Raises
    ------
    ModelError
        If a file is missing, too large or changed, or the manifest is not understood; the
        message names the file.
    """
    content = _read(folder, MANIFEST)
    manifest = _read_manifest(content)
    hashes = dict(manifest.hashes)
    network = _read_checked(folder, NETWORK, hashes)
    _read_checked(folder, CARD, hashes)
    golden = decode_golden(_read_checked(folder, GOLDEN, hashes))
    if golden.cam.shape[0] != len(manifest.classes):
        raise _refused(
            GOLDEN,
            f"holds maps of {golden.cam.shape[0]} classes",
            f"{len(manifest.classes)}, as the manifest says",
        )
    identity = ModelIdentity(
        name=manifest.name, version=manifest.version, sha256=hashlib.sha256(content).hexdigest()
    )
    return Bundle(
        folder=folder,
        manifest=manifest,
        identity=identity,
        network=network,
        golden=golden,
    )


def require_place(folder: Path, *, overwrite: bool) -> None:
    """Refuse a place where a bundle cannot be written, before what may take hours.

    Raises
    ------
    ModelError
        If something stands there and ``overwrite`` is False, or something that is no bundle.
    """
    if folder.exists() and not overwrite:
        raise ModelError(
            f"{folder.name} is there already",
            expected="a new place for the bundle",
            todo="choose another folder, or ask for overwriting",
        )
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise ModelError(
            f"{folder.name} holds something that is no bundle",
            expected="an older bundle to replace",
            todo="choose another folder",
        )


def write_bundle(
    folder: Path,
    *,
    manifest: Manifest,
    onnx_bytes: bytes,
    golden: Golden,
    card: str,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle beside its place, open it there as a check, then move it in one step.

    Parameters
    ----------
    folder : Path
        Where the bundle is to stand; its parents are made.
    manifest : Manifest
        The description; its ``hashes`` are filled in here.
    onnx_bytes : bytes
        The network.
    golden : Golden
        Reference vectors.
    card : str
        Text of ``CARD.md``.
    overwrite : bool
        Whether a bundle that stands there already may be replaced.

    Returns
    -------
    Bundle
        The bundle as opened from its place.

    Raises
    ------
    ModelError
        If something stands there and ``overwrite`` is False, or the bundle would not open.
    """
    require_place(folder, overwrite=overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _fill(workplace / "new", manifest, onnx_bytes, encode_golden(golden), card)
        open_bundle(workplace / "new")
        _move_into_place(workplace, folder)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return open_bundle(folder)


def _fill(folder: Path, manifest: Manifest, onnx_bytes: bytes, golden: bytes, card: str) -> None:
    files = {NETWORK: onnx_bytes, GOLDEN: golden, CARD: card.encode()}
    hashes = tuple((name, hashlib.sha256(content).hexdigest()) for name, content in files.items())
    bare = replace(manifest, hashes=hashes)
    signed = replace(bare, hashes=(*hashes, (MANIFEST, _text_hash(bare))))
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / MANIFEST).write_bytes(encode_manifest(signed).encode())


def _move_into_place(workplace: Path, folder: Path) -> None:
    """Rename the new bundle to its place; an old one is put back if that fails."""
    old = workplace / "old"
    if folder.exists():
        folder.rename(old)
    try:
        (workplace / "new").rename(folder)
    except OSError:
        with suppress(FileNotFoundError):
            old.rename(folder)
        raise


def _text_hash(manifest: Manifest) -> str:
    return hashlib.sha256(encode_manifest(manifest).encode()).hexdigest()


def _read_manifest(content: bytes) -> Manifest:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _refused(MANIFEST, f"is not UTF-8 ({error})", "UTF-8 text") from error
    manifest = decode_manifest(text)
    expected = {NETWORK, GOLDEN, CARD, MANIFEST}
    if {name for name, _ in manifest.hashes} != expected:
        raise _refused(MANIFEST, "lacks a hash or has one too many", ", ".join(sorted(expected)))
    bare = replace(manifest, hashes=tuple(pair for pair in manifest.hashes if pair[0] != MANIFEST))
    untouched = _text_hash(bare) == dict(manifest.hashes)[MANIFEST]
    if not untouched or text != encode_manifest(manifest):
        raise _refused(MANIFEST, "has been changed", "the text that was exported")
    return manifest


def _read_checked(folder: Path, name: str, hashes: dict[str, str]) -> bytes:
    content = _read(folder, name)
    if hashlib.sha256(content).hexdigest() != hashes[name]:
        raise _refused(name, "has been changed", f"SHA-256 {hashes[name]}")
    return content


def _read(folder: Path, name: str) -> bytes:
    try:
        size = (folder / name).stat().st_size
        if size > LIMITS[name]:
            raise _refused(name, f"holds {size} bytes", f"at most {LIMITS[name]}")
        return (folder / name).read_bytes()
    except OSError as error:
        raise _refused(name, f"cannot be read ({error.strerror})", "a bundle's file") from error


def _refused(name: str, met: str, expected: str) -> ModelError:
    return ModelError(f"{name} {met}", expected=expected, todo="export or install the model again")
