"""What a DICOMDIR lists, and where those files really are.

File IDs are upper case, eight characters a component.  A CD mounted without Joliet or Rock Ridge
shows them in lower case, with a version (``;1``) or with a dot at the end, so a component that is
not there as written is looked for without regard to these.
Source: PS3.3 F (Basic Directory), PS3.10 8 (File-set and File IDs), ISO 9660 7.5.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from mammoview.dicom.content import truncated
from mammoview.dicom.header import Header
from mammoview.errors import DicomError
from mammoview.words import translate

FileId = tuple[str, ...]
_NOT_IN_USE = 0x0000
_VERSION = re.compile(r";\d+$")


class Names:
    """The names in one folder of a medium.

    Parameters
    ----------
    names : iterable of str
        Files and folders.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            self._alike[_folded(name)].append(name)

    def find(self, component: str) -> str:
        """Return the name that a component of a File ID means.

        Raises
        ------
        DicomError
            If there is none, or several differ from it alike.
        """
        alike = self._alike.get(_folded(component), [])
        if component in alike:
            return component
        if not alike:
            raise DicomError(
                translate("Files", "a file that the DICOMDIR lists and that is not there"),
                expected=translate("Files", "every listed file on the medium"),
                todo=translate(
                    "Files", "copy the medium again from its source; the other files are read"
                ),
            )
        if len(alike) > 1:
            raise DicomError(
                translate(
                    "Files",
                    "a file that the DICOMDIR lists, with several names that differ only in case",
                ),
                expected=translate("Files", "one file for each File ID"),
                todo=translate("Files", "pass the right file itself"),
            )
        return alike[0]


def listed_files(header: Header) -> tuple[FileId, ...]:
    """Return the File IDs that a DICOMDIR's records in use refer to, each once, in their order.

    Parameters
    ----------
    header : Header
        Of the DICOMDIR.

    Raises
    ------
    DicomError
        If it holds no records, as one that is cut short.
    """
    keyword = "DirectoryRecordSequence"  # an empty medium has an empty one
    if not header.has(keyword) or header.is_cut(keyword):
        raise truncated(
            translate("Files", "a DICOMDIR of which records are missing (it is cut short)")
        )
    records = header.items(keyword)
    used = [r for r in records if r.integer("RecordInUseFlag") != _NOT_IN_USE]
    ids = [_components(record.texts("ReferencedFileID")) for record in used]
    return tuple(dict.fromkeys(file_id for file_id in ids if file_id))


def locate(file_id: FileId, names: Callable[[FileId], Names]) -> FileId:
    """Return the real names of a File ID's components.

    Parameters
    ----------
    file_id : tuple of str
        As the DICOMDIR has it.
    names : callable
        Gives the names in a folder, which is named from the DICOMDIR's folder on.

    Raises
    ------
    DicomError
        If the file is not there, or the File ID leaves the medium.
    """
    if ".." in file_id or any(":" in component for component in file_id):
        raise DicomError(
            translate("Files", "a File ID of the DICOMDIR that leaves the medium"),
            expected=translate("Files", "files beside the DICOMDIR or below"),
            todo=translate("Files", "pass the file itself if you trust it"),
        )
    found: FileId = ()
    for component in file_id:
        found = (*found, names(found).find(component))
    return found


def names_on_disk(root: Path) -> Callable[[FileId], Names]:
    """Return what lists the folders below ``root``; each is listed once."""

    @cache
    def names(folder: FileId) -> Names:
        try:
            return Names(entry.name for entry in root.joinpath(*folder).iterdir())
        except OSError:  # no folder, or not to be listed: nothing is found there
            return Names(())

    return names


def names_in_archive(members: Iterable[str], root: FileId) -> Callable[[FileId], Names]:
    """Return what lists the folders of an archive below the folder ``root`` of it."""
    inside: defaultdict[FileId, set[str]] = defaultdict(set)
    for member in members:
        parts = tuple(member.split("/"))
        if parts[: len(root)] == root:
            for depth in range(len(root), len(parts)):
                inside[parts[len(root) : depth]].add(parts[depth])
    return cache(lambda folder: Names(sorted(inside.get(folder, ()))))


def _components(values: tuple[str, ...]) -> FileId:
    """Return the components; some writers put a path with slashes into one."""
    return tuple(part for value in values for part in value.split("/") if part not in ("", "."))


def _folded(name: str) -> str:
    return _VERSION.sub("", name).rstrip(".").casefold()
