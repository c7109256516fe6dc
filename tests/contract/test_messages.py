"""What the Qt-free half says to people goes through ``mammoview.words``; nobody may slip by it.

Found are literals where they are surely said: the parts of an error that a user may see, and what
is put among an image's warnings or a result's notes.  What is passed on in variables is not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from mammoview import errors

_SAID_BY = ("dicom", "inference")
# Documents that are written for other programs, and what only a terminal shows.
_NOT_ON_THE_SCREEN = re.compile(r"export/|.*_bench\.py|codec_check\.py|views\.py")
_ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.MammoviewError)
}
_LISTS = {"warnings", "notes", "reasons"}
_WORDS = re.compile(r"[A-Za-z]{3}")


def untranslated(source: str) -> list[int]:
    """Return the lines of a module with a literal that would stay English."""
    return [
        node.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        for said in _said_by(call)
        for node in _literals(said)
    ]


def _said_by(call: ast.Call) -> Iterator[ast.expr]:
    target = call.func
    if isinstance(target, ast.Name) and target.id in _ERRORS:
        yield from call.args[:1]
        yield from (k.value for k in call.keywords if k.arg in ("expected", "todo"))
    if (
        isinstance(target, ast.Attribute)
        and target.attr in ("append", "extend", "insert")
        and isinstance(target.value, ast.Name)
        and target.value.id in _LISTS
    ):
        yield from call.args


def _literals(node: ast.expr) -> Iterator[ast.expr]:
    """Return the texts in an expression, but those that are translated or values put in."""
    if isinstance(node, ast.Call):
        return
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        if _WORDS.search(text):
            yield node
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str) and _WORDS.search(node.value):
            yield node
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _literals(child)


def test_messages_of_files_and_networks_can_be_translated(repository: Path) -> None:
    found = []
    for box in _SAID_BY:
        for file in sorted((repository / "mammoview" / box).rglob("*.py")):
            name = file.relative_to(repository / "mammoview" / box).as_posix()
            if not _NOT_ON_THE_SCREEN.match(name):
                found += [f"{box}/{name}:{line}" for line in untranslated(file.read_text("utf-8"))]
    assert found == []


def test_a_literal_that_slips_by_is_found() -> None:
    source = (
        'raise DicomError("a broken file", expected=f"{n} good files", todo=translate("F", "x"))\n'
        'warnings.append("no side" if a else translate("F", "no view"))\n'
        "notes.append(text)\n"
        'raise ValueError("for programmers")\n'
    )
    assert untranslated(source) == [1, 1, 2]
