"""Writing TOML 1.0: the few kinds of values that files of choices hold."""

from __future__ import annotations

import re

from mammoview.errors import SettingsError

# What a basic string of TOML 1.0 cannot hold as it is: quote, backslash, control characters.
_ESCAPES = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    ord(char): f"\\{letter}" for char, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)
}
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key_and_value(key: str, value: object) -> str:
    """Return one line of a table."""
    return f"{key if _BARE.fullmatch(key) else to_toml(key)} = {to_toml(value)}"


def to_toml(value: object) -> str:
    """Return a bool, a number, a text or a list of them as TOML writes it.

    Raises
    ------
    SettingsError
        If a text holds half a character.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    text = str(value)
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise SettingsError(
            f"the settings cannot be written ({text!r} holds half a character)",
            expected="text of whole Unicode characters",
            todo="choose another name",
        )
    return f'"{text.translate(_ESCAPES)}"'
