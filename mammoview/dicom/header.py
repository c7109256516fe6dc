"""Tolerant, typed access to a DICOM header: the one place that meets pydicom's surprises.

A value that cannot be read counts as absent and its keyword is remembered, so that a warning can
name it.  Values of elements are never put into a message: they may identify a patient.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

# pydicom's log messages and warnings quote the values that it trips over.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)
_LOCK = threading.Lock()
_UNDEFINED = 0xFFFFFFFF


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Keep pydicom's warnings, which quote header values, off the screen and out of logs.

    ``warnings.catch_warnings`` is not thread-safe, so only one thread reads a header at a time.
    Never hold it while pixels are read or decoded: the others would wait for them.
    """
    if _thread.quiet:  # a thread that holds it already pays nothing
        yield
        return
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _thread.quiet = True
        try:
            yield
        finally:
            _thread.quiet = False


class _Thread(threading.local):
    """Whether this thread keeps pydicom quiet."""

    quiet = False


_thread = _Thread()


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


class Header:
    """A data set, or an item of a sequence, read by keyword.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The elements.
    little_endian : bool
        Byte order of the file, for values that pydicom leaves as bytes.
    unreadable : list of str, optional
        Keywords whose value could not be understood are added here; items share the list.
    """

    __slots__ = ("_dataset", "little_endian", "unreadable")

    def __init__(
        self, dataset: Dataset, *, little_endian: bool, unreadable: list[str] | None = None
    ) -> None:
        self._dataset = dataset
        self.little_endian = little_endian
        self.unreadable: list[str] = [] if unreadable is None else unreadable

    @property
    def dataset(self) -> Dataset:
        """The elements themselves, for what writes objects from them."""
        return self._dataset

    def has(self, keyword: str) -> bool:
        """Tell whether the element is there, empty or not."""
        return _tag(keyword) in self._dataset

    def is_cut(self, keyword: str) -> bool:
        """Tell whether an element that was not read yet has fewer bytes than it says.

        pydicom takes what is there without a word.
        """
        try:
            element: object = self._dataset.get_item(_tag(keyword)) if self.has(keyword) else None
        except Exception:  # it looks into the file, and raises what the bytes make it raise
            return True
        if not isinstance(element, RawDataElement):
            return False
        return element.length not in (_UNDEFINED, len(element.value or b""))

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Return every value as text without padding; an empty tuple when absent."""
        if not self.has(keyword):  # most are not: no lock for those
            return ()
        with quiet_pydicom():
            try:
                return tuple(str(value).strip(" \0") for value in self._values(keyword))
            except Exception:  # whatever text conversion trips over
                self._remember(keyword)
                return ()

    def text(self, keyword: str) -> str:
        """Return the first value as text; empty when absent."""
        return next(iter(self.texts(keyword)), "")

    def unsplit_text(self, keyword: str) -> str:
        """Return all of a text that is one value, though there are backslashes in it.

        Some sites write them into names and numbers, where they separate values (PS3.5 6.2): two
        women must not become one because only the first part was taken.
        """
        return "\\".join(self.texts(keyword))

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return every value as a number; an empty tuple when absent or not all numbers."""
        try:
            return tuple(float(value) for value in self._values(keyword))  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            self._remember(keyword)
            return ()

    def number(self, keyword: str) -> float | None:
        """Return the first value as a number; None when absent."""
        return next(iter(self.numbers(keyword)), None)

    def integer(self, keyword: str) -> int | None:
        """Return the first value as a whole number; None when absent or not whole."""
        value = self.number(keyword)
        if value is None or value.is_integer():
            return None if value is None else int(value)
        self._remember(keyword)
        return None

    def items(self, keyword: str) -> tuple[Header, ...]:
        """Return the items of a sequence; an empty tuple when absent or not a sequence."""
        value = self._raw(keyword)
        if not isinstance(value, Sequence):
            return ()
        return tuple(self._item(item) for item in value)

    def binary(self, keyword: str) -> bytes | None:
        """Return a value that pydicom leaves as bytes; None for any other."""
        value = self._raw(keyword)
        return bytes(value) if isinstance(value, bytes | bytearray) else None

    def functional_groups(self, keyword: str) -> tuple[Header, ...]:
        """Return the items of a functional group macro: of the first frame, then shared ones.

        Source: PS3.3 C.7.6.16 (multi-frame functional groups).
        """
        frames = self.items("PerFrameFunctionalGroupsSequence")[:1]
        shared = self.items("SharedFunctionalGroupsSequence")[:1]
        return tuple(item for group in (*frames, *shared) for item in group.items(keyword))

    def _item(self, dataset: Dataset) -> Header:
        return Header(dataset, little_endian=self.little_endian, unreadable=self.unreadable)

    def _values(self, keyword: str) -> tuple[object, ...]:
        value = self._raw(keyword)
        if value is None or value == "":
            return ()
        if isinstance(value, MultiValue | list | tuple):
            return tuple(value)
        return (value,)

    def _raw(self, keyword: str) -> object:
        if not self.has(keyword):
            return None
        with quiet_pydicom():
            try:
                value: object = self._dataset[_tag(keyword)].value
                return value
            except Exception:  # pydicom converts on access and raises what the bytes make it raise
                self._remember(keyword)
                return None

    def _remember(self, keyword: str) -> None:
        if keyword not in self.unreadable:
            self.unreadable.append(keyword)
