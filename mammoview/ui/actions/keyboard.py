"""The keyboard as the table of keys has it: what was pressed, who answers, and what is held."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from mammoview.app import keys
from mammoview.app.keys import KeyChoice, KeyMap, KeyRow
from mammoview.errors import SettingsError
from mammoview.ui.actions.spec import ActionSpec, Menu, Reach
from mammoview.ui.actions.table import TABLE
from mammoview.words import translate

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText
_OF_A_KEYBOARD = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier

KEY_ROWS: tuple[KeyRow, ...] = tuple(
    KeyRow(
        action=spec.id,
        keys=spec.keys,
        held=spec.release is not None,
        fixed=spec.fixed_key,
        on_images=spec.on_images,
    )
    for spec in TABLE
)
SPECS: dict[str, ActionSpec] = {spec.id: spec for spec in TABLE}


def mnemonics() -> frozenset[str]:
    """Return the letters that open a menu together with Alt, in the language in use."""
    titles = [menu.said.partition("&")[2] for menu in Menu]
    return frozenset(title[:1].upper() for title in titles if title)


def key_map(chosen: Iterable[KeyChoice]) -> KeyMap:
    """Return who has which key, the reader's choices over the program's own."""
    return keys.resolve(KEY_ROWS, chosen, mnemonics=mnemonics())


def problems(chosen: Iterable[KeyChoice]) -> tuple[str, ...]:
    """Return in words what of the reader's choices could not be kept to."""
    resolved = key_map(chosen)
    said = []
    for clash in resolved.clashes:
        why = clash.why or translate("Keys", "it belongs to “{action}”").format(
            action=SPECS[clash.holder].said
        )
        line = translate("Keys", "Key {key} was not given to “{action}”: {why}")
        said.append(line.format(key=clash.key, action=SPECS[clash.loser].said, why=why))
    line = translate("Keys", "Keys of “{action}” are kept: this version has no such action")
    return (*said, *(line.format(action=action) for action in resolved.unknown))


def native_text(texts: Iterable[str]) -> str:
    """Return keys as this platform writes them."""
    return ", ".join(QKeySequence(text, _PORTABLE).toString(_NATIVE) for text in texts)


def key_of(event: QKeyEvent) -> str:
    """Return the key of an event as the table writes it; empty for a lone modifier."""
    modifiers = event.modifiers() & ~_OF_A_KEYBOARD
    combination = QKeyCombination(modifiers, Qt.Key(event.key()))
    try:
        return keys.canonical(QKeySequence(combination).toString(_PORTABLE))
    except SettingsError:
        return ""


class HeldKeys:
    """Actions that last while their key is down, whatever window has the keyboard.

    A key is known again by its code and by its place on the keyboard: with Shift let go in
    between, the same key comes back under another code.

    Parameters
    ----------
    reach : Reach
        What the actions work on.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._held: dict[str, ActionSpec] = {}
        self._down: list[tuple[int, int, ActionSpec]] = []
        self._covered = False

    def set_keys(self, resolved: KeyMap) -> None:
        """Listen to other keys."""
        self.release_all()
        self._held = {key: spec for spec in TABLE if spec.release for key in resolved.of(spec.id)}

    def cover(self, covered: bool) -> None:
        """Hold nothing while nobody has signed in, or listen again."""
        self._covered = covered
        self.release_all()

    def press(self, event: QKeyEvent) -> bool:
        """Start what the key holds; tell whether it holds anything."""
        spec = self._held.get(key_of(event))
        if spec is None or self._covered:
            return False
        if not event.isAutoRepeat():
            self._down.append((event.key(), event.nativeScanCode(), spec))
            spec.run(self._reach)
        return True

    def release(self, event: QKeyEvent) -> bool:
        """End what the key held; tell whether it held anything."""
        code, place = event.key(), event.nativeScanCode()
        ended = [held for held in self._down if held[0] == code or 0 != place == held[1]]
        if not event.isAutoRepeat():
            self._end(ended)
        return bool(ended)

    def release_all(self) -> None:
        """End every hold: the release would never come."""
        self._end(list(self._down))

    def _end(self, ended: list[tuple[int, int, ActionSpec]]) -> None:
        self._down = [held for held in self._down if held not in ended]
        for _, _, spec in ended:
            if spec.release is not None:
                spec.release(self._reach)
