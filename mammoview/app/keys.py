"""Which key does what: the program's own table under the reader's choices, never ambiguous.

Keys are text as Qt writes it portably (``Ctrl+Shift+O``, ``PgDown``, ``?``).  A key that only Shift
can reach on some keyboards is written by what it types: ``?``, not ``Shift+/``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mammoview.app.storage.toml_text import key_and_value
from mammoview.errors import SettingsError
from mammoview.whole_file import write_lines
from mammoview.words import translate

_MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")
_ALIASES = {
    "Control": "Ctrl", "Strg": "Ctrl", "Option": "Alt", "Escape": "Esc", "Delete": "Del",
    "Insert": "Ins", "PageUp": "PgUp", "PageDown": "PgDown", "Enter": "Return",
}  # fmt: skip
_NAMED = (
    "Esc", "Tab", "Backtab", "Backspace", "Return", "Ins", "Del", "Pause", "Print", "Home", "End",
    "Left", "Up", "Right", "Down", "PgUp", "PgDown", "Space", "Menu", "Help",
    *(f"F{number}" for number in range(1, 36)),
)  # fmt: skip
_BY_LOWER = {name.lower(): name for name in (*_MODIFIERS, *_NAMED)} | {
    name.lower(): meant for name, meant in _ALIASES.items()
}
RESERVED = frozenset({"Esc", "Tab", "Backtab", "Shift+Tab", "Shift+Backtab", "Return"})
"""Keys that leave, move the focus and press what has it: no action may have them."""
_OF_FOCUS = frozenset({"Left", "Right", "Up", "Down", "Home", "End"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChoice:
    """The keys of one action; none: it has no key."""

    action: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """What the table of keys knows of an action.

    ``held`` actions last while their key is down.  ``fixed`` ones cannot be given other keys.
    Those ``on_images`` answer only while the images have the keyboard.
    """

    action: str
    keys: tuple[str, ...]
    held: bool = False
    fixed: bool = False
    on_images: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A key that an action goes without: another holds it, or ``why`` none may have it."""

    key: str
    loser: str
    holder: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMap:
    """Keys of every action, each key once.

    Attributes
    ----------
    keys : tuple of KeyChoice
        In the order of the table.
    clashes : tuple of Clash
        What was asked for twice.
    unknown : tuple of str
        Actions that were chosen keys for and that this version has not.
    """

    keys: tuple[KeyChoice, ...]
    clashes: tuple[Clash, ...]
    unknown: tuple[str, ...]

    def of(self, action: str) -> tuple[str, ...]:
        """Return the keys of an action."""
        return next((row.keys for row in self.keys if row.action == action), ())

    def holder(self, key: str) -> str | None:
        """Return the action that a key starts, or None."""
        return next((row.action for row in self.keys if key in row.keys), None)


def canonical(text: str) -> str:
    """Return a key as it is written everywhere: ``ctrl+shift+o`` is ``Ctrl+Shift+O``.

    Raises
    ------
    SettingsError
        If it is not one key with its modifiers.
    """
    *before, last = _parts(text)
    modifiers = {_BY_LOWER.get(word.lower(), "") for word in before}
    key = _BY_LOWER.get(last.lower(), "")
    if len(last) == 1:
        key = last.upper() if len(last.upper()) == 1 else last
    known = len(last) == 1 and last.isprintable() and not last.isspace()
    if not (known or key in _NAMED) or not modifiers <= set(_MODIFIERS):
        raise SettingsError(
            f"{text!r} is no key",
            expected="one key with its modifiers, like N, ?, PgDown or Ctrl+Shift+O",
            todo="press Ctrl+K in the window and press the key there",
        )
    if len(key) == 1 and not key.isalpha():
        modifiers.discard("Shift")  # what it types already says so, whatever the keyboard
    return "+".join([*(name for name in _MODIFIERS if name in modifiers), key])


def _parts(text: str) -> list[str]:
    if text.endswith("+"):  # the plus key itself
        return [*(word for word in text[:-1].rstrip("+").split("+") if word), "+"]
    return text.split("+")


def refusal(row: KeyRow, key: str, *, mnemonics: Iterable[str] = ()) -> str:
    """Return why an action may not have a key, whoever else has it; empty: it may.

    ``mnemonics`` are the letters that open a menu together with Alt.
    """
    if row.fixed:
        return translate("Keys", "This action keeps its key")
    if key in RESERVED:
        return translate("Keys", "{key} leaves, moves the focus or presses a button").format(
            key=key
        )
    if key in _OF_FOCUS and not row.on_images:
        return translate("Keys", "{key} moves sliders and lists").format(key=key)
    if key in {f"Alt+{letter.upper()}" for letter in mnemonics}:
        return translate("Keys", "{key} opens a menu").format(key=key)
    if key == "Space" and not row.held:
        return translate("Keys", "Space presses the button that has the focus")
    return ""


def resolve(
    rows: Sequence[KeyRow], chosen: Iterable[KeyChoice], *, mnemonics: Iterable[str] = ()
) -> KeyMap:
    """Give every key to one action: fixed ones first, then the reader's choices, then defaults.

    Whoever comes too late goes without that key, and the clash is told.
    """
    wishes = {choice.action: choice.keys for choice in chosen}
    rank = {row.action: 0 if row.fixed else 1 if row.action in wishes else 2 for row in rows}
    given: dict[str, tuple[str, ...]] = {}
    holder: dict[str, str] = {}
    clashes: list[Clash] = []
    for row in sorted(rows, key=lambda row: rank[row.action]):
        wished = not row.fixed and row.action in wishes
        wanted = dict.fromkeys(map(canonical, wishes[row.action] if wished else row.keys))
        lost = [
            Clash(key=key, loser=row.action, holder=holder.get(key, ""), why=why)
            for key in wanted
            if (why := refusal(row, key, mnemonics=mnemonics) if wished else "") or key in holder
        ]
        clashes += lost
        given[row.action] = tuple(k for k in wanted if k not in {clash.key for clash in lost})
        holder |= dict.fromkeys(given[row.action], row.action)
    known = {row.action for row in rows}
    return KeyMap(
        keys=tuple(KeyChoice(action=row.action, keys=given[row.action]) for row in rows),
        clashes=tuple(clashes),
        unknown=tuple(action for action in wishes if action not in known),
    )


def give(
    rows: Sequence[KeyRow],
    chosen: Iterable[KeyChoice],
    action: str,
    keys: Iterable[str],
    *,
    keep: bool = False,
) -> tuple[KeyChoice, ...]:
    """Return the choices in which an action has some keys, and nobody else has them.

    ``keep``: beside those it has.
    """
    chosen = tuple(chosen)
    new = tuple(map(canonical, keys))
    table = {row.action: row.keys for row in resolve(rows, chosen).keys}
    had = table[action] if keep else ()
    table = {who: tuple(key for key in has if key not in new) for who, has in table.items()}
    table[action] = tuple(dict.fromkeys((*had, *new)))
    return _differing(rows, chosen, table)


def reset(
    rows: Sequence[KeyRow], chosen: Iterable[KeyChoice], action: str
) -> tuple[KeyChoice, ...]:
    """Return the choices in which an action has the program's own keys again."""
    own = next(row.keys for row in rows if row.action == action)
    return give(rows, chosen, action, own)


def reset_all(rows: Sequence[KeyRow], chosen: Iterable[KeyChoice]) -> tuple[KeyChoice, ...]:
    """Return the choices of a fresh machine; those of actions that are not known here stay."""
    return _differing(rows, tuple(chosen), {row.action: row.keys for row in rows})


def _differing(
    rows: Sequence[KeyRow], chosen: tuple[KeyChoice, ...], table: dict[str, tuple[str, ...]]
) -> tuple[KeyChoice, ...]:
    """Keep what differs from the program's own keys, and what is not known here."""
    own = {row.action: tuple(map(canonical, row.keys)) for row in rows}
    unknown = [choice for choice in chosen if choice.action not in own]
    changed = [
        KeyChoice(action=action, keys=keys)
        for action, keys in table.items()
        if tuple(map(canonical, keys)) != own[action]
    ]
    return (*changed, *unknown)


def to_lines(chosen: Iterable[KeyChoice]) -> list[str]:
    """Return the table ``[keys]`` of a file."""
    return ["[keys]", *(key_and_value(choice.action, choice.keys) for choice in chosen)]


def parse(table: object, where: str) -> tuple[KeyChoice, ...]:
    """Read the table ``[keys]`` of a file: action to list of keys.

    Raises
    ------
    SettingsError
        If it is no such table, or a text in it is no key.
    """
    if not isinstance(table, dict):
        raise _bad(f"keys = {table!r} in {where}", "a table [keys]")
    return tuple(_choice(action, keys, where) for action, keys in table.items())


def _choice(action: str, keys: object, where: str) -> KeyChoice:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise _bad(f"{action} = {keys!r} in [keys] of {where}", "a list like ['N', 'Ctrl+I']")
    try:
        return KeyChoice(action=action, keys=tuple(dict.fromkeys(map(canonical, keys))))
    except SettingsError as error:
        raise SettingsError(
            f"{error.met} ({action} in [keys] of {where})",
            expected=error.expected,
            todo="correct the file, or delete the line for the key that ships with mammoview",
        ) from error


def read_file(path: Path) -> tuple[KeyChoice, ...]:
    """Read a file of keys alone, as `write_file` makes it, or those of a settings file.

    Raises
    ------
    SettingsError
        If it cannot be read or holds something else.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"{path.name} cannot be read ({type(error).__name__})", "valid TOML") from error
    if "keys" not in content:
        raise _bad(f"no table [keys] in {path.name}", "a file of keys, or settings.toml")
    return parse(content["keys"], path.name)


def write_file(chosen: Iterable[KeyChoice], path: Path) -> None:
    """Write a file of keys alone, to be taken to another machine.

    Raises
    ------
    SettingsError
        If it cannot be written.
    """
    try:
        write_lines(to_lines(chosen), path)
    except OSError as error:
        raise SettingsError(
            f"{path.name} cannot be written ({type(error).__name__})",
            expected="a folder with write access",
            todo="choose another folder",
        ) from error


def _bad(met: str, expected: str) -> SettingsError:
    return SettingsError(met, expected=expected, todo="correct the file or delete it")
