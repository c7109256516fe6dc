"""Keys have one spelling and one meaning, whatever a reader or an old file asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app import keys
from mammoview.app.keys import KeyChoice, KeyRow
from mammoview.errors import SettingsError

ROWS = (
    KeyRow(action="leave", keys=("Esc",), fixed=True),
    KeyRow(action="heat", keys=("H",)),
    KeyRow(action="invert", keys=("N", "Ctrl+I")),
    KeyRow(action="peek", keys=("P", "Space"), held=True),
    KeyRow(action="help", keys=("?", "Shift+F1")),
)
_SOME = ("H", "N", "Ctrl+I", "P", "?", "Q", "F9", "Esc", "Tab", "Left", "Space", "Alt+F", "Shift+?")
_CHOICES = st.lists(
    st.builds(
        KeyChoice,
        action=st.sampled_from([*(row.action for row in ROWS), "fly"]),
        keys=st.lists(st.sampled_from(_SOME), max_size=3).map(tuple),
    ),
    unique_by=lambda choice: choice.action,
)


def _choice(action: str, *given_keys: str) -> KeyChoice:
    return KeyChoice(action=action, keys=given_keys)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("n", "N"),
        ("shift+CTRL+o", "Ctrl+Shift+O"),
        ("Shift+N", "Shift+N"),
        ("Shift+?", "?"),
        ("Shift+/", "/"),
        ("Ctrl+Shift+.", "Ctrl+."),
        ("Ctrl++", "Ctrl++"),
        ("+", "+"),
        ("escape", "Esc"),
        ("PageUp", "PgUp"),
        ("Enter", "Return"),
        ("f12", "F12"),
        ("ß", "ß"),
        ("é", "É"),
        ("Ctrl+,", "Ctrl+,"),
    ],
)
def test_a_key_has_one_spelling(text: str, meant: str) -> None:
    assert keys.canonical(text) == meant
    assert keys.canonical(meant) == meant


@pytest.mark.parametrize("text", ["", " ", "Ctrl", "Ctrl+", "F99", "Hyper+N", "NN", "Ctrl+K, N"])
def test_what_is_no_key_is_refused_with_words(text: str) -> None:
    if text == "Ctrl+":  # the plus key with Ctrl, spelt as some do
        assert keys.canonical(text) == "Ctrl++"
        return
    with pytest.raises(SettingsError, match="is no key"):
        keys.canonical(text)


@given(chosen=_CHOICES)
def test_no_choice_makes_a_key_ambiguous(chosen: list[KeyChoice]) -> None:
    resolved = keys.resolve(ROWS, chosen, mnemonics="F")
    given_keys = [key for row in resolved.keys for key in row.keys]
    assert len(given_keys) == len(set(given_keys))
    assert resolved.of("leave") == ("Esc",)
    for choice in resolved.keys:
        taken = set(choice.keys) - {"Esc"}
        assert not taken & {"Tab", "Left", "Alt+F"}
        assert choice.action == "peek" or "Space" not in taken
    assert resolved.unknown == (("fly",) if any(c.action == "fly" for c in chosen) else ())


@given(
    chosen=_CHOICES,
    action=st.sampled_from(["heat", "invert", "peek", "help"]),
    key=st.sampled_from(["H", "N", "Q", "Ctrl+I", "?"]),
    keep=st.booleans(),
)
def test_a_given_key_belongs_to_its_action_alone(
    chosen: list[KeyChoice], action: str, key: str, keep: bool
) -> None:
    before = keys.resolve(ROWS, chosen)
    after = keys.resolve(ROWS, keys.give(ROWS, chosen, action, [key], keep=keep))
    assert after.holder(key) == action
    assert not after.clashes, "what a dialog gives never clashes"
    assert set(after.of(action)) == ({*before.of(action), key} if keep else {key})
    assert after.unknown == before.unknown


def test_a_choice_wins_over_the_programs_own_key_and_the_loss_is_told() -> None:
    resolved = keys.resolve(ROWS, [_choice("heat", "N")])
    assert resolved.of("heat") == ("N",)
    assert resolved.of("invert") == ("Ctrl+I",)
    (clash,) = resolved.clashes
    assert (clash.key, clash.holder, clash.loser) == ("N", "heat", "invert")


def test_a_key_of_the_focus_is_not_given_and_the_reason_is_told() -> None:
    resolved = keys.resolve(ROWS, [_choice("heat", "Tab", "Q")])
    assert resolved.of("heat") == ("Q",)
    assert "focus" in resolved.clashes[0].why


def test_resetting_takes_the_keys_back() -> None:
    chosen = (_choice("heat", "N"), _choice("invert", "Ctrl+I"), _choice("fly", "Y"))
    again = keys.reset(ROWS, chosen, "invert")
    assert keys.resolve(ROWS, again).of("invert") == ("N", "Ctrl+I")
    assert keys.resolve(ROWS, again).of("heat") == ()
    assert keys.reset_all(ROWS, again) == (_choice("fly", "Y"),)


def test_keys_travel_in_a_file(tmp_path: Path) -> None:
    chosen = (_choice("heat", "N", '"'), _choice("a b", "Ctrl+\\"))
    keys.write_file(chosen, tmp_path / "keys.toml")
    assert keys.read_file(tmp_path / "keys.toml") == chosen


@pytest.mark.parametrize("text", ["[", "schema = 2", "keys = 3", '[keys]\nheat = "N"'])
def test_a_file_without_keys_is_refused_with_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"keys\.toml"):
        keys.read_file(path)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SettingsError, match="cannot be written"):
        keys.write_file((), tmp_path / "file" / "keys.toml")
