"""Strict decoding of plain values (parsed JSON or TOML) into frozen dataclasses."""

from __future__ import annotations

import math
from dataclasses import is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class CodecError(ValueError):
    """A value that does not fit, with the path of the place: ``$.patches.size_px is missing``."""


def decode(hint: type[T], node: Any, path: str = "$") -> T:
    """Turn plain values into the type that a hint names.

    Understands dataclasses (as objects), ``tuple[X, ...]`` (as lists), ``Literal``, float (an
    integer will do), int, str and bool.

    Raises
    ------
    CodecError
        For an unknown or missing key, a wrong type or a number that is not finite.
    """
    value: T = _decode(hint, node, path)
    return value


def _decode(hint: Any, node: Any, path: str) -> Any:
    if is_dataclass(hint):
        return _decode_object(hint, node, path)
    if get_origin(hint) is tuple:
        if not isinstance(node, list | tuple):
            raise _wrong(path, node, "a list")
        inner = get_args(hint)[0]
        return tuple(_decode(inner, item, f"{path}[{i}]") for i, item in enumerate(node))
    if get_origin(hint) is Literal:
        if node not in get_args(hint):
            raise _wrong(path, node, f"one of {', '.join(map(str, get_args(hint)))}")
        return node
    if hint is float and type(node) in (int, float) and math.isfinite(node):
        return float(node)
    if type(node) is not hint or hint is float:
        raise _wrong(path, node, f"a {hint.__name__}")
    return node


def _decode_object(hint: Any, node: Any, path: str) -> Any:
    if not isinstance(node, dict):
        raise _wrong(path, node, "a table of keys")
    hints = get_type_hints(hint)
    for key in node:
        if key not in hints:
            raise CodecError(f"{path}.{key} is an unknown key, expected only {', '.join(hints)}")
    for key in hints:
        if key not in node:
            raise CodecError(f"{path}.{key} is missing")
    return hint(**{key: _decode(h, node[key], f"{path}.{key}") for key, h in hints.items()})


def _wrong(path: str, node: Any, expected: str) -> CodecError:
    return CodecError(f"{path} is {node!r:.40}, expected {expected}")
