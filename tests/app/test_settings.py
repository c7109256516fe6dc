"""Settings survive, are written whole or not at all, and a bad file is never lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammoview.app import settings
from mammoview.app.keys import KeyChoice
from mammoview.app.settings import Device, Settings
from mammoview.app.workspace import AnnotationLevel, FitMode, OverlayMode
from mammoview.errors import SettingsError

_CHOICES = st.builds(
    Settings,
    overlay_mode=st.sampled_from(OverlayMode),
    opacity=st.floats(0, 1),
    heat_floor=st.floats(0, 1),
    fit=st.sampled_from(FitMode),
    operating_point=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    device=st.sampled_from(Device),
    panel_open=st.booleans(),
    hanging=st.sampled_from(["cc-first", "mlo-first", "four-up"]),
    annotations=st.sampled_from(AnnotationLevel),
    display_check_days=st.integers(1, 366),
    language=st.sampled_from(["", "de", "pseudo"]),
    keys=st.lists(
        st.builds(
            KeyChoice,
            action=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9),
            keys=st.lists(
                st.sampled_from(["N", "Ctrl+Shift+O", "?", "+", '"', "\\", "F9"]), unique=True
            ).map(tuple),
        ),
        unique_by=lambda choice: choice.action,
        max_size=3,
    ).map(tuple),
)


@given(chosen=_CHOICES)
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, chosen: Settings
) -> None:
    path = tmp_path_factory.mktemp("settings") / "deep" / "settings.toml"
    settings.save(chosen, path)
    assert settings.load(path) == chosen
    assert [p.name for p in path.parent.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, 0x22, 0x5C])
def test_a_name_with_a_control_character_is_saved_and_loaded(tmp_path: Path, code: int) -> None:
    chosen = Settings(operating_point=f"a{chr(code)}b")
    settings.save(chosen, tmp_path / "settings.toml")
    assert settings.load(tmp_path / "settings.toml") == chosen
    written = (tmp_path / "settings.toml").read_text("utf-8")
    assert not any(ord(char) < 0x20 or ord(char) == 0x7F for char in written.replace("\n", ""))


def test_half_a_character_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings.save(Settings(operating_point="strict"), path)
    with pytest.raises(SettingsError, match="half a character"):
        settings.save(Settings(operating_point="a\ud800"), path)
    assert settings.load(path).operating_point == "strict"
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]


def test_two_windows_keep_what_each_of_them_changed(tmp_path: Path) -> None:
    """Else the keys that were chosen in the one are gone when the other closes."""
    path = tmp_path / "settings.toml"
    began = Settings(opacity=0.2)
    settings.save(began, path)
    keys = (KeyChoice(action="invert", keys=("Alt+I",)),)
    settings.save_changes(began, replace(began, keys=keys, hanging="mlo-first"), path)
    settings.save_changes(began, replace(began, opacity=0.9), path)
    settings.save_changes(began, began, path)
    assert settings.load(path) == Settings(opacity=0.9, keys=keys, hanging="mlo-first")


def test_changes_are_kept_where_the_file_is_gone_or_bad_by_now(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    began = Settings(opacity=0.2)
    for text in ("", "[[["):
        if text:
            path.write_text(text, "utf-8")
        settings.save_changes(began, replace(began, linked=False), path)
        assert settings.load(path) == Settings(opacity=0.2, linked=False)
        path.unlink()
    assert (tmp_path / "settings.bad-1.toml").read_text("utf-8") == "[[["
    settings.save_changes(began, began, path)
    assert not path.exists()


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.toml") == Settings()


@pytest.mark.parametrize(
    "text",
    [
        f"schema = {settings.SCHEMA}\ndisplay_check_days = 0",
        f"schema = {settings.SCHEMA}\ndisplay_check_days = 1000",
        f'schema = {settings.SCHEMA}\nannotations = "loud"',
        "schema = 1\nopacity = 3",
        "schema = 1\nopacity = true",
        'schema = 1\nopacity = "much"',
        "schema = 1\ncolour = 1",
        "schema = 99",
        "opacity = 0.5",
        'schema = 1\noverlay_mode = "all"',
        "schema = 1\npanel_open = 1",
        "[[[",
        "schema = true",
        "schema = 2\nkeys = 3",
        'schema = 2\n[keys]\ninvert = "N"',
        'schema = 2\n[keys]\ninvert = ["N", 3]',
        'schema = 2\n[keys]\ninvert = ["Strg+Umsch+N"]',
        'schema = 2\n[keys]\ninvert = ["Ctrl+K, Ctrl+C"]',
        'schema = 2\n[keys]\ninvert = [""]',
    ],
)
def test_bad_file_is_kept_aside_and_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError):
        settings.load(path)
    loaded = settings.load_or_default(path)
    assert loaded.settings == Settings()
    assert loaded.problem is not None
    assert "settings.bad-1.toml" in str(loaded.problem)
    assert (tmp_path / "settings.bad-1.toml").read_text("utf-8") == text
    assert settings.load_or_default(path).problem is None


@pytest.mark.parametrize("closed", ["rename", "read_text"])
def test_a_file_that_cannot_be_kept_aside_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """A folder that is read-only, or that this user may not enter at this moment."""
    path = tmp_path / "settings.toml"
    path.write_text("[[[", "utf-8")

    def deny(self: Path, *args: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied", str(self))

    for name in {closed, "rename"}:
        monkeypatch.setattr(Path, name, deny)
    loaded = settings.load_or_default(path)
    monkeypatch.undo()
    assert loaded.settings == Settings()
    assert "the file stays as it is" in str(loaded.problem)
    assert not loaded.replaceable
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]
    assert path.read_text("utf-8") == "[[["


def test_second_bad_file_does_not_overwrite_the_first(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    for text in ("[", "]"):
        path.write_text(text, "utf-8")
        settings.load_or_default(path)
    kept = [p.read_text("utf-8") for p in sorted(tmp_path.glob("settings.bad-*.toml"))]
    assert kept == ["[", "]"]


def test_unwritable_folder_is_an_error_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SettingsError, match="cannot be written"):
        settings.save(Settings(), tmp_path / "file" / "settings.toml")


def test_settings_live_in_the_users_config_folder(user_folders: Path) -> None:
    assert user_folders in settings.settings_path().parents


def test_a_file_of_the_first_schema_is_brought_up_and_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('schema = 1\nopacity = 0.25\nhanging = "mlo-first"\n', "utf-8")
    loaded = settings.load_or_default(path)
    assert loaded.problem is None
    assert loaded.settings == Settings(opacity=0.25, hanging="mlo-first")
    settings.save(loaded.settings, path)
    assert path.read_text("utf-8").startswith("schema = 2\n")
    assert settings.load(path) == loaded.settings


def test_keys_of_an_action_that_is_not_known_here_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('schema = 2\n[keys]\nfly = ["ctrl+shift+y"]\n', "utf-8")
    stored = settings.load(path)
    assert stored.keys == (KeyChoice(action="fly", keys=("Ctrl+Shift+Y",)),)
    settings.save(stored, path)
    assert settings.load(path) == stored


def test_a_bad_key_says_which_what_and_how(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('schema = 2\n[keys]\ninvert = ["Hyper+N"]\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        settings.load(path)
    assert "'Hyper+N' is no key (invert in [keys] of settings.toml)" in caught.value.met
    assert "Ctrl+Shift+O" in caught.value.expected
    assert "delete the line" in caught.value.todo
