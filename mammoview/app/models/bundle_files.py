"""The files of a bundle out of a folder or a zip: those alone, none larger than it may be."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from mammoview.errors import ModelError
from mammoview.modelkit.bundle import LIMITS, MANIFEST

_CHUNK = 1 << 20


def read_files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Give name and content of each file of a bundle.

    Parameters
    ----------
    source : Path
        Its folder, or a zip that holds its files at the top or in one folder.

    Raises
    ------
    ModelError
        If a file is missing, cannot be read or is too large; or the zip is none, or names a
        place outside itself.
    """
    return _from_folder(source) if source.is_dir() else _from_zip(source)


def fill(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a new folder and force them to the disk.

    Raises
    ------
    OSError
        If they cannot be written.
    """
    folder.mkdir()
    for name, content in files:
        with (folder / name).open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())


def _from_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name, limit in LIMITS.items():
        try:
            with (folder / name).open("rb") as stream:
                content = stream.read(limit + 1)
        except OSError as error:
            raise _refused(f"{name} cannot be read ({error.strerror})") from error
        yield name, _within(content, name)


def _from_zip(file: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(file) as archive:
            top = _top_folder(archive.namelist())
            for name, limit in LIMITS.items():
                with archive.open(str(top / name)) as stream:
                    content = stream.read(limit + 1)
                yield name, _within(content, name)
    except KeyError as error:
        raise _refused(f"{file.name} lacks {error.args[0]}") from error
    except (
        OSError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        RuntimeError,  # a password is wanted, or a compression that Python does not know
    ) as error:
        raise _refused(f"{file.name} cannot be unpacked ({type(error).__name__})") from error


def _top_folder(names: list[str]) -> PurePosixPath:
    """Return the folder that holds the manifest: the top, or the one folder there."""
    paths = [PurePosixPath(name) for name in names]
    if any(path.is_absolute() or ".." in path.parts or "\\" in str(path) for path in paths):
        raise _refused("the zip names a place outside itself")
    manifests = [path for path in paths if path.name == MANIFEST]
    if len(manifests) != 1 or len(manifests[0].parts) > 2:
        raise _refused(f"the zip holds {len(manifests)} bundles, or one too deep inside")
    return manifests[0].parent


def _within(content: bytes, name: str) -> bytes:
    if len(content) > LIMITS[name]:
        raise _refused(f"{name} holds more than {LIMITS[name]} bytes")
    return content


def _refused(met: str) -> ModelError:
    return ModelError(
        met,
        expected=f"a bundle: {', '.join(LIMITS)}",
        todo="export the model again, or copy its folder whole",
    )
