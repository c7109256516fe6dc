"""Hanging protocols: files in ``resources/hanging`` that say which views stand in which step.

A protocol that would leave a view without a step is refused: nothing that was taken gets lost.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mammoview.app import resources
from mammoview.domain.views import Place, Slot, ViewModifier
from mammoview.errors import SettingsError
from mammoview.words import QT_TRANSLATE_NOOP, translate

SCHEMA = 2
_MOST_ROWS = _MOST_COLUMNS = 2
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TITLES = (
    QT_TRANSLATE_NOOP("Hanging", "CC first"),
    QT_TRANSLATE_NOOP("Hanging", "MLO first"),
    QT_TRANSLATE_NOOP("Hanging", "Overview"),
    QT_TRANSLATE_NOOP("Hanging", "CC pair"),
    QT_TRANSLATE_NOOP("Hanging", "MLO pair"),
    QT_TRANSLATE_NOOP("Hanging", "Four-up"),
    QT_TRANSLATE_NOOP("Hanging", "R CC + MLO"),
    QT_TRANSLATE_NOOP("Hanging", "L CC + MLO"),
    QT_TRANSLATE_NOOP("Hanging", "R MLO + CC"),
    QT_TRANSLATE_NOOP("Hanging", "L MLO + CC"),
    QT_TRANSLATE_NOOP("Hanging", "Single view"),
    QT_TRANSLATE_NOOP("Hanging", "CC against prior"),
    QT_TRANSLATE_NOOP("Hanging", "MLO against prior"),
    QT_TRANSLATE_NOOP("Hanging", "Implant displaced, CC"),
    QT_TRANSLATE_NOOP("Hanging", "Implant displaced, MLO"),
    QT_TRANSLATE_NOOP("Hanging", "Implant displaced, CC against prior"),
    QT_TRANSLATE_NOOP("Hanging", "Implant displaced, MLO against prior"),
    QT_TRANSLATE_NOOP("Hanging", "Implant-displaced views"),
    QT_TRANSLATE_NOOP("Hanging", "Extra views"),
    QT_TRANSLATE_NOOP("Hanging", "CC tile by tile"),
    QT_TRANSLATE_NOOP("Hanging", "MLO tile by tile"),
    QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis"),
    QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis, CC"),
    QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis, MLO"),
    QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis, CC, against prior"),
    QT_TRANSLATE_NOOP("Hanging", "Tomosynthesis, MLO, against prior"),
)
"""What the files that ship say to the reader: Qt's tools do not read those."""
_CONTENTS = ("rows", "each", "rest")
_DISPLACED, _VOLUME, _PRIOR = str(ViewModifier.IMPLANT_DISPLACED), "TOMO", "prior"
_MARKS: tuple[list[str], ...] = (
    [],
    [_DISPLACED],
    [_VOLUME],
    [_PRIOR],
    [_DISPLACED, _PRIOR],
    [_VOLUME, _PRIOR],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """One entry of a protocol; just one of ``rows``, ``each`` and ``rest`` is filled.

    Attributes
    ----------
    id, title : str
        For commands, and for the reader.
    rows : tuple of tuple of Place
        One step with these panes, from top to bottom and from left to right.
    each : tuple of Place
        One step for each image of these places, duplicates too.
    tiles : bool
        Whether the step of the rows is read tile by tile, at full resolution.
    rest : bool
        Steps for the views that have no place: extra and modified ones, and sets of partial views.
    """

    id: str
    title: str
    rows: tuple[tuple[Place, ...], ...] = ()
    tiles: bool = False
    each: tuple[Place, ...] = ()
    rest: bool = False

    @property
    def places(self) -> tuple[Place, ...]:
        """All places that the rule names."""
        return (*(place for row in self.rows for place in row), *self.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Steps in reading order.  ``id`` is the name of the file."""

    id: str
    title: str
    steps: tuple[StepRule, ...]


def load_protocol(path: Path) -> Protocol:
    """Read a protocol file.

    Raises
    ------
    SettingsError
        If the file cannot be read, is of another schema, names an unknown key or place, hangs the
        right breast on the right, or has no place for some view.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(path, type(error).__name__, "valid TOML") from error
    try:
        return _protocol(path.stem, content)
    except _RuleError as error:
        raise _bad(path, *error.args) from error


def shipped(name: str) -> Protocol:
    """Return a protocol that ships with the program, its titles in the language in use.

    Raises
    ------
    MissingPartError
        If there is none of that name.
    SettingsError
        If its file is damaged.
    """
    return load_protocol(resources.hanging(name))


def parse_place(text: object) -> Place:
    """Return the place that a protocol calls ``RCC``, ``LMLO ID``, ``RCC TOMO`` or ``RCC prior``.

    Raises
    ------
    ValueError
        If it is no such name.
    """
    words = text.split(" ") if isinstance(text, str) else []
    slot, marks = Slot(words[0] if words else ""), words[1:]
    if marks not in _MARKS:
        raise ValueError(text)
    return Place(
        slot=slot, displaced=_DISPLACED in marks, volume=_VOLUME in marks, prior=_PRIOR in marks
    )


class _RuleError(Exception):
    """What was met, and what was expected."""


def _protocol(name: str, content: Mapping[str, object]) -> Protocol:
    _check_keys(content, {"schema", "title", "steps"}, "the file")
    if type(content["schema"]) is not int or content["schema"] != SCHEMA:
        raise _RuleError(f"schema {content['schema']!r}", f"schema {SCHEMA}")
    entries = content["steps"]
    if not isinstance(entries, list) or not entries:
        raise _RuleError("no steps", "at least one [[steps]]")
    steps = tuple(_step(entry, f"step {number}") for number, entry in enumerate(entries, 1))
    ids = [step.id for step in steps]
    if len(set(ids)) < len(ids):
        raise _RuleError(f"an id twice in {', '.join(ids)}", "an id of its own for each step")
    _check_complete(steps)
    return Protocol(
        id=name,
        title=translate("Hanging", _text(content["title"], "title", "the file")),
        steps=steps,
    )


def _step(entry: object, where: str) -> StepRule:
    if not isinstance(entry, dict):
        raise _RuleError(f"{where} is no table", "[[steps]] with id, title and places")
    given = [key for key in _CONTENTS if key in entry]
    if len(given) != 1:
        raise _RuleError(
            f"{where} with {', '.join(given) or 'no places'}", "one of rows, each, rest"
        )
    (content,) = given
    optional = {"tiles"} & set(entry) if content == "rows" else set()
    _check_keys(entry, {"id", "title", content} | optional, where)
    tiles = entry.get("tiles", False)
    if not isinstance(tiles, bool):
        raise _RuleError(f"tiles = {tiles!r} in {where}", "tiles = true")
    name = _text(entry["id"], "id", where)
    if not _ID.fullmatch(name):
        raise _RuleError(f"id {name!r} in {where}", "an id like cc-pair")
    title = translate("Hanging", _text(entry["title"], "title", where))
    if content == "rest":
        if entry["rest"] is not True:
            raise _RuleError(f"rest = {entry['rest']!r} in {where}", "rest = true")
        return StepRule(id=name, title=title, rest=True)
    if content == "each":
        return StepRule(id=name, title=title, each=_places(entry["each"], where))
    return StepRule(id=name, title=title, rows=_rows(entry["rows"], where), tiles=tiles)


def _rows(given: object, where: str) -> tuple[tuple[Place, ...], ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_ROWS:
        raise _RuleError(f"rows of {where}", f"1 to {_MOST_ROWS} rows")
    rows = tuple(_places(row, where) for row in given)
    if len({len(row) for row in rows}) > 1 or len(rows[0]) > _MOST_COLUMNS:
        raise _RuleError(
            f"rows of {where}", f"rows of the same length, at most {_MOST_COLUMNS} places"
        )
    for row in rows:
        sides = [place.slot.laterality for place in row if place.slot]
        if sides != sorted(sides, reverse=True):  # R sorts after L
            raise _RuleError(f"a left breast left of a right one in {where}", "right breast left")
    _check_once((place for row in rows for place in row), where)
    return rows


def _places(given: object, where: str) -> tuple[Place, ...]:
    if not isinstance(given, list) or not given:
        raise _RuleError(f"no places in {where}", "a list like ['RCC', 'LCC']")
    try:
        places = tuple(parse_place(text) for text in given)
    except ValueError as error:
        raise _RuleError(
            f"place {error} in {where}", "one like 'RCC', 'RCC ID', 'RCC TOMO', 'RCC prior'"
        ) from error
    _check_once(places, where)
    return places


def _check_once(places: Iterable[Place], where: str) -> None:
    keys = [place.key for place in places]
    if len(set(keys)) < len(keys):
        raise _RuleError(f"a place twice in {where}", "each place once in a step")


def _check_complete(steps: tuple[StepRule, ...]) -> None:
    named = {place.key for step in steps for place in step.places}
    plain = [Place(slot=slot) for slot in Slot]
    displaced = [replace(place, displaced=True) for place in plain]
    volumes = [replace(place, volume=True) for place in plain]
    wanted = [place.key for place in (*plain, *displaced, *volumes)]
    lost = [key for key in wanted if key not in named]
    if lost:
        raise _RuleError(f"no step with {', '.join(lost)}", "a step for every view")
    if sum(step.rest for step in steps) != 1:
        raise _RuleError("not just one step with rest = true", "one step for the extra views")


def _check_keys(content: Mapping[str, object], wanted: set[str], where: str) -> None:
    if set(content) != wanted:
        met = f"keys {', '.join(sorted(content)) or '(none)'} in {where}"
        raise _RuleError(met, ", ".join(sorted(wanted)))


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _RuleError(f"{key} = {value!r} in {where}", "some words")
    return value


def _bad(path: Path, met: str, expected: str) -> SettingsError:
    return SettingsError(
        f"hanging protocol {path.name}: {met}",
        expected=expected,
        todo="correct the file, or restore the one that ships with mammoview",
    )
