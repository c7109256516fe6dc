"""Everything that can be found of a running program: what it shows, says, keeps and writes."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QAccessible, QAction, QImage
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGraphicsItem,
    QGraphicsScene,
    QGraphicsView,
    QWidget,
)

from mammoview.app.workspace import Workspace
from tests.builders.poison import BYTES, WORDS

Found = Counter[tuple[str, str]]
"""Texts, each with the place that it was found in."""

_SIMPLE = (str, int, float, bool)
_TYPES = {"QString", "QStringList", "QUrl", "int", "uint", "bool", "double", "QVariant"}
_GEOMETRY = {"x", "y", "width", "height"}
# What was on the screen for a quarter of a second: a matter of the clock.
_OF_THE_CLOCK = {"ViewCoverage", "Glimpse", "Gaze"}
_SPOKEN = tuple(QAccessible.Text(n) for n in range(4))  # name, description, value, help
_ROLES = [*range(15), *range(Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 16)]


def on_screen() -> Found:
    """Return every text and number of every widget, action, model, scene and of the clipboard."""
    found: Found = Counter()
    for widget in QApplication.allWidgets():
        place = _place(widget)
        found.update((f"{place}.{name}", text) for name, text in _properties(widget))
        found.update((f"{place} spoken", text) for text in _spoken(widget))
        found.update((f"{place} item", text) for text in _items(widget))
        found.update((f"{place} holds", text) for text in texts_in(dict(vars(widget))))
        if isinstance(widget, QGraphicsView) and widget.scene() is not None:
            found.update((f"{place} scene", text) for text in _scene(widget.scene()))
    for window in QApplication.topLevelWidgets():
        for action in window.findChildren(QAction):
            place = f"action {action.objectName()}"
            found.update((f"{place}.{name}", text) for name, text in _properties(action))
    found.update(("clipboard", text) for text in _clipboard())
    return found


def _place(widget: QWidget) -> str:
    names = [widget.objectName() or type(widget).__name__]
    parent = widget.parentWidget()
    while parent is not None:
        names.append(parent.objectName() or type(parent).__name__)
        parent = parent.parentWidget()
    return "/".join(reversed(names))


def _properties(thing: QObject) -> Iterator[tuple[str, str]]:
    meta = thing.metaObject()
    every = [meta.property(at) for at in range(meta.propertyCount())]
    names = [cast(str, one.name()) for one in every if cast(str, one.typeName()) in _TYPES]
    names += [bytes(name.data()).decode() for name in thing.dynamicPropertyNames()]
    if isinstance(thing, QWidget) and not thing.isVisible():  # nobody has laid it out yet
        names = [name for name in names if name not in _GEOMETRY]
    for name in names:
        if name == "_PySideInvalidatePtr":  # the binding's own, which it cannot read itself
            continue
        value = thing.property(name)
        if isinstance(value, _SIMPLE):
            yield name, str(value)
        elif isinstance(value, list | tuple) and all(isinstance(part, _SIMPLE) for part in value):
            yield name, " ".join(map(str, value))


def _spoken(widget: QWidget) -> Iterator[str]:
    spoken = QAccessible.queryAccessibleInterface(widget)
    if spoken is not None and spoken.isValid():
        yield from (spoken.text(kind) for kind in _SPOKEN)


def _items(widget: QWidget) -> Iterator[str]:
    """Yield what the model behind a list, a table or a box of choices holds, and its headers."""
    if not isinstance(widget, QAbstractItemView | QComboBox) or widget.model() is None:
        return
    model = widget.model()
    yield from _rows(model, QModelIndex())
    for at in range(_columns(model, QModelIndex())):
        for role in _ROLES:
            yield from _said(model.headerData(at, Qt.Orientation.Horizontal, role))


def _rows(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for row in range(model.rowCount(parent)):
        for col in range(_columns(model, parent)):
            index = model.index(row, col, parent)
            for role in _ROLES:
                yield from _said(model.data(index, role))
            if col == 0 and model.rowCount(index):
                yield from _rows(model, index)


def _columns(model: QAbstractItemModel, parent: QModelIndex) -> int:
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)


def _said(value: object) -> Iterator[str]:
    if isinstance(value, _SIMPLE):
        yield str(value)
    elif dataclasses.is_dataclass(value):
        yield from texts_in(value)


def _scene(scene: QGraphicsScene) -> Iterator[str]:
    for item in scene.items():
        yield from _of_item(item)


def _of_item(item: QGraphicsItem) -> Iterator[str]:
    kind = type(item).__name__
    yield f"{kind} visible {item.isVisible()} opacity {item.opacity():.3f}"
    yield f"{kind} {item.toolTip()}"
    for at in range(4):
        yield from _said(QGraphicsItem.data(item, at))
    for name in ("toPlainText", "text"):
        text = getattr(item, name, None)
        if callable(text):
            yield f"{kind} {text()}"
    # What an item of ours holds besides: a region in an attribute is as good as on the screen.
    yield from texts_in({k: v for k, v in vars(item).items() if not isinstance(v, QObject)})


def _clipboard() -> Iterator[str]:
    data = QApplication.clipboard().mimeData()
    for kind in data.formats() if data is not None else ():
        yield bytes(data.data(kind).data()).decode("utf-8", errors="replace")


# -- values ---------------------------------------------------------------------------------------


def in_state(workspace: Workspace) -> Found:
    """Return every text and number of the state that the widgets are given."""
    return Counter(("state", text) for text in texts_in(workspace))


def texts_in(value: object, seen: set[int] | None = None) -> Iterator[str]:
    """Yield every text and number inside a value; of arrays their least and greatest.

    Goes into containers, dataclasses and the window's own objects, each object once.
    """
    seen = set() if seen is None else seen
    if isinstance(value, str | int | float):
        yield str(value)
    elif isinstance(value, np.ndarray):
        if value.size and value.dtype.kind in "fiu":
            yield f"array {value.min()} {value.max()}"
    elif isinstance(value, dict):
        yield from texts_in(tuple(value.items()), seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from texts_in(part, seen)
    elif id(value) not in seen:
        seen.add(id(value))
        yield from texts_in(_parts(value), seen)


def _parts(value: object) -> list[object]:
    if isinstance(value, type) or type(value).__name__ in _OF_THE_CLOCK:
        return []
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    if type(value).__module__.startswith("mammoview.ui"):
        return list(getattr(value, "__dict__", {}).values())
    return []


# -- files ----------------------------------------------------------------------------------------


def in_files(*folders: Path) -> dict[str, bytes]:
    """Return all files under folders; of archives also each member, of databases also each row."""
    found: dict[str, bytes] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = file.relative_to(folder).as_posix()
                found[name] = file.read_bytes()
                found.update(_inside(name, file))
    return found


def _inside(name: str, file: Path) -> Iterator[tuple[str, bytes]]:
    content = file.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"{name}!{member}", archive.read(member)
    if content.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(file)) as db:
            yield f"{name}!rows", "\n".join(db.iterdump()).encode()


# -- all of it, and what two runs differ in -------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """All that was found at one moment."""

    texts: Found
    files: dict[str, bytes]
    pictures: tuple[bytes, ...]

    def poison(self) -> list[str]:
        """Return where poison was found."""
        found = [
            name
            for name, content in self.files.items()
            if WORDS.search(name) or any(poison in content for poison in BYTES)
        ]
        texts = {f"{place}: {text[:80]}" for place, text in self.texts if WORDS.search(text)}
        return sorted([*(f"file {name}" for name in found), *texts])

    def unlike(self, other: Evidence) -> list[str]:
        """Return what stands here and not in another run, and the other way round."""
        mine, theirs = _plain(self), _plain(other)
        said = [f"- {place}: {text[:90]}" for place, text in mine - theirs]
        said += [f"+ {place}: {text[:90]}" for place, text in theirs - mine]
        if len(self.pictures) != len(other.pictures):
            said.append("another number of pictures")
        pairs = enumerate(zip(self.pictures, other.pictures, strict=False))
        return said + [f"picture {at}" for at, (one, two) in pairs if one != two]


def collect(
    workspace: Workspace, *, windows: Sequence[QWidget], records: Sequence[Any], folders: list[Path]
) -> Evidence:
    """Search everything: screen, state, what was logged, the user's files, the picture."""
    pictures = tuple(picture(window) for window in windows)  # first: it lays out what is new
    return Evidence(
        texts=on_screen() + in_state(workspace) + log_texts(records),
        files=in_files(*folders),
        pictures=pictures,
    )


# What no two runs share, whatever the computer says: times, ids, addresses, folders of the test.
_OWN = re.compile(
    r"0x[0-9a-f]+|\b\d{12,17}\b|\b(?=\d*[a-f])[0-9a-f]{32,64}\b|\d{4}-\d\d-\d\d[T ][\d:.,+]*"
    r"|\b\d\d:\d\d(:\d\d)?\b|(?<![\w.])(/[\w.\[\]-]+){2,}|\d+([.,]\d+)? ?(ms|s|MiB)\b"
)
_NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?|True|False")
_WINDOW_PLACES = re.compile(r"^\w+\.(x|y)$")


def _plain(evidence: Evidence) -> Found:
    plain: Found = Counter()
    for (place, text), count in evidence.texts.items():
        # Where a window stands is the screen's matter; numbers that a widget counts by itself are
        # searched for the poison's, and no more.
        counted = place.endswith(" holds") and _NUMBER.fullmatch(text)
        if not _WINDOW_PLACES.match(place) and not counted:
            plain[place, _OWN.sub("~", text)] += count
    for name, content in evidence.files.items():
        plain["file", _OWN.sub("~", name)] += 1
        if name.endswith(".png"):
            plain["file", hashlib.sha256(content).hexdigest() + " is its content"] += 1
    return plain


def picture(widget: QWidget) -> bytes:
    """Return the pixels of a widget as it is on the screen, four bytes each."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return bytes(image.constBits())


def log_texts(records: Sequence[Any]) -> Found:
    """Return what was logged, by any logger: messages, arguments and what else a record holds."""
    found: Found = Counter()
    for record in records:
        found["log", record.getMessage()] += 1
        found.update(("log", text) for text in texts_in(record.args))
    return found
