"""Reading the files of ``resources/assessment``: strict, with the place of what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from mammoview.errors import SettingsError
from mammoview.modelkit.codec import CodecError, decode

T = TypeVar("T")
SCHEMA = 1


def read_file(path: Path, hint: type[T]) -> T:
    """Return the content of a file as the dataclass that it must fit.

    Raises
    ------
    SettingsError
        If it cannot be read, is no TOML or of another schema, or has a missing, unknown or wrong
        value; the error names its place.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise bad_file(path, type(error).__name__, "valid TOML") from error
    schema = content.pop("schema", None)
    if type(schema) is not int or schema != SCHEMA:
        raise bad_file(path, f"schema {schema!r}", f"schema = {SCHEMA}")
    try:
        return decode(hint, content)
    except CodecError as error:
        raise bad_file(path, f"{error.path} is {error.met}", error.expected) from error


def check_once(path: Path, what: str, names: tuple[str, ...]) -> None:
    """Refuse a file where a name is empty or stands twice.

    Raises
    ------
    SettingsError
        If so.
    """
    if not names:
        raise bad_file(path, f"no {what}", f"at least one {what}")
    for name in names:
        if not name.strip():
            raise bad_file(path, f"a {what} without a name", "some words")
        if names.count(name) > 1:
            raise bad_file(path, f"the {what} {str(name)!r} twice", f"each {what} once")


def bad_file(path: Path, met: str, expected: str) -> SettingsError:
    """Return the error that says what is wrong in a file."""
    return SettingsError(
        f"assessment file {path.name}: {met}",
        expected=expected,
        todo="correct the file, or restore the one that ships with mammoview",
    )
