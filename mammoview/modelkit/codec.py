"""Strict coding of frozen dataclasses as plain values: parsed JSON or TOML, nothing assumed.

Understands dataclasses (objects), ``tuple[X, ...]`` (lists), tuples of ``(str, X)`` pairs
(objects, order kept), ``Literal``, ``StrEnum``, float (an integer will do), int, str and bool.
A field of pairs whose names may repeat says so in its metadata, ``{"repeats": True}``: it is a
list of ``[name, value]`` lists.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class CodecError(ValueError):
    """A value that does not fit: where (``$.patches.size_px``), what it is, what it should be."""

    def __init__(self, path: str, met: str, expected: str) -> None:
        super().__init__(f"{path} is {met}, expected {expected}")
        self.path = path
        self.met = met
        self.expected = expected


class Pairs(tuple[tuple[str, Any], ...]):
    """The members of a JSON object in order, repeated keys included.

    Give it to ``json.loads`` as ``object_pairs_hook``, so that a repeated key is an error and not
    the last one's victory.
    """

    __slots__ = ()


def decode(hint: type[T], node: Any, path: str = "$") -> T:
    """Turn plain values into the type that a hint names.

    Raises
    ------
    CodecError
        For a missing, unknown or repeated key, a wrong type or a number that is not finite.
    """
    value: T = _decode(hint, node, path)
    return value


def encode(value: Any, path: str = "$") -> Any:
    """Turn a dataclass into plain values that ``json`` writes.

    Raises
    ------
    CodecError
        For a number that is not finite, or a repeated key.
    """
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {
            field.name: _encode_field(
                hints[field.name], getattr(value, field.name), f"{path}.{field.name}"
            )
            if field.name not in _repeating(type(value))
            else [list(pair) for pair in getattr(value, field.name)]
            for field in fields(value)
        }
    if isinstance(value, float) and not math.isfinite(value):
        raise CodecError(path, str(value), "a finite number")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass's fields; finding them anew each time takes long."""
    return get_type_hints(kind)


@cache
def _repeating(kind: Any) -> frozenset[str]:
    """Return the fields of a dataclass that are pairs whose names may repeat."""
    return frozenset(field.name for field in fields(kind) if field.metadata.get("repeats"))


def _encode_field(hint: Any, value: Any, path: str) -> Any:
    if get_origin(hint) is not tuple:
        return encode(value, path)
    if _is_mapping(hint):
        if len(dict(value)) != len(value):
            raise CodecError(path, "an object with a repeated key", "every key once")
        return dict(value)
    return [encode(item, f"{path}[{i}]") for i, item in enumerate(value)]


def _is_mapping(hint: Any) -> bool:
    """Tell whether a field is kept as an object: a tuple of (str, value) pairs."""
    inner = get_args(hint)[0]
    return get_origin(inner) is tuple and get_args(inner)[0] is str


def _decode(hint: Any, node: Any, path: str) -> Any:
    if is_dataclass(hint):
        return _decode_dataclass(hint, node, path)
    if get_origin(hint) is tuple:
        return _decode_tuple(hint, node, path)
    if get_origin(hint) is Literal:
        if node not in get_args(hint):
            raise CodecError(path, _describe(node), f"one of {', '.join(map(str, get_args(hint)))}")
        return node
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _decode_enum(hint, node, path)
    if hint is float:
        return _decode_float(node, path)
    if type(node) is not hint:
        raise CodecError(path, _describe(node), f"a value of type {hint.__name__}")
    return node


def _decode_dataclass(hint: Any, node: Any, path: str) -> Any:
    members = _members(node, path)
    hints = _hints(hint)
    for key in members:
        if key not in hints:
            raise CodecError(f"{path}.{key}", "an unknown key", f"only {', '.join(hints)}")
    for key in hints:
        if key not in members:
            raise CodecError(f"{path}.{key}", "missing", "every key")
    values = {}
    for key, inner in hints.items():
        decode_it = _decode_pairs if key in _repeating(hint) else _decode
        values[key] = decode_it(inner, members[key], f"{path}.{key}")
    return hint(**values)


def _decode_pairs(hint: Any, node: Any, path: str) -> Any:
    """Return a list of ``[name, value]`` lists as a tuple of pairs."""
    value_hint = get_args(get_args(hint)[0])[1]
    if type(node) not in (list, tuple):
        raise CodecError(path, _describe(node), "a list")
    for at, pair in enumerate(node):
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise CodecError(f"{path}[{at}]", _describe(pair), "a list of a name and a value")
    return tuple(
        (_decode(str, name, f"{path}[{at}][0]"), _decode(value_hint, value, f"{path}[{at}][1]"))
        for at, (name, value) in enumerate(node)
    )


def _decode_tuple(hint: Any, node: Any, path: str) -> Any:
    inner = get_args(hint)[0]
    if _is_mapping(hint):
        value_hint = get_args(inner)[1]
        return tuple(
            (key, _decode(value_hint, value, f"{path}.{key}"))
            for key, value in _members(node, path).items()
        )
    if type(node) not in (list, tuple):
        raise CodecError(path, _describe(node), "a list")
    return tuple(_decode(inner, item, f"{path}[{i}]") for i, item in enumerate(node))


def _decode_enum(hint: type[StrEnum], node: Any, path: str) -> StrEnum:
    values = [member.value for member in hint]
    if type(node) is not str or node not in values:
        raise CodecError(path, _describe(node), f"one of {', '.join(map(repr, values))}")
    return hint(node)


def _decode_float(node: Any, path: str) -> float:
    if type(node) not in (int, float):
        raise CodecError(path, _describe(node), "a number")
    try:
        value = float(node)
    except OverflowError as error:
        raise CodecError(path, "a number beyond all bounds", "a finite number") from error
    if not math.isfinite(value):
        raise CodecError(path, str(value), "a finite number")
    return value


def _members(node: Any, path: str) -> dict[str, Any]:
    if isinstance(node, dict):
        return node
    if not isinstance(node, Pairs):
        raise CodecError(path, _describe(node), "an object")
    members: dict[str, Any] = {}
    for key, value in node:
        if key in members:
            raise CodecError(f"{path}.{key}", "there twice", "every key once")
        members[key] = value
    return members


def _describe(node: Any) -> str:
    names: dict[type, str] = {
        Pairs: "an object",
        dict: "an object",
        list: "a list",
        type(None): "null",
    }
    return names.get(type(node)) or f"{node!r:.40} ({type(node).__name__})"
