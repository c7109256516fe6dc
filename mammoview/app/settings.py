"""What the user's own choices are, in a versioned TOML file under the user's config folder."""

from __future__ import annotations

import os
import tempfile
import tomllib
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

import platformdirs

from mammoview.app.workspace import FitMode, OverlayMode
from mammoview.errors import SettingsError

SCHEMA = 1

# What a basic string of TOML 1.0 cannot hold as it is: quote, backslash, control characters.
_ESCAPES = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    ord(char): f"\\{letter}" for char, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)
}


class Device(StrEnum):
    """What the network may run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The user's choices; the defaults are what a fresh machine starts with.

    ``operating_point`` is a name of the model's list; empty: the model's own default.
    ``heat_floor`` and ``opacity`` are 0..1.  ``hanging`` is the name of a hanging protocol.
    """

    overlay_mode: OverlayMode = OverlayMode.OFF
    opacity: float = 0.6
    heat_floor: float = 0.1
    fit: FitMode = FitMode.BREAST
    operating_point: str = ""
    device: Device = Device.AUTO
    panel_open: bool = True
    hanging: str = "cc-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings and, where the file could not be used, what was wrong with it."""

    settings: Settings
    problem: SettingsError | None


def settings_path() -> Path:
    """Return where the settings of this user are."""
    return Path(platformdirs.user_config_dir("mammoview", appauthor=False)) / "settings.toml"


def load(path: Path) -> Settings:
    """Read a settings file; the defaults where there is none.

    Raises
    ------
    SettingsError
        If the file is no TOML, of another schema, or has an unknown key or a wrong value.
    """
    if not path.exists():
        return Settings()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"{path.name} cannot be read ({type(error).__name__})", "valid TOML") from error
    schema = content.pop("schema", None)
    if schema != SCHEMA:
        raise _bad(f"schema {schema!r} in {path.name}", f"schema {SCHEMA}")
    known = {field.name for field in fields(Settings)}
    if not set(content) <= known:
        unknown = ", ".join(sorted(set(content) - known))
        raise _bad(f"unknown key {unknown} in {path.name}", "one of " + ", ".join(sorted(known)))
    return _checked(content, path.name)


def load_or_default(path: Path) -> LoadedSettings:
    """Read a settings file; a bad one is kept aside and the defaults are used, with the problem.

    The bad file is renamed to ``settings.bad-N.toml`` beside it, so that nothing is lost.
    """
    try:
        return LoadedSettings(settings=load(path), problem=None)
    except SettingsError as error:
        aside = _keep_aside(path)
        problem = SettingsError(
            error.met,
            expected=error.expected,
            todo=f"the defaults are used; the bad file is kept as {aside.name}",
        )
        return LoadedSettings(settings=Settings(), problem=problem)


def save(settings: Settings, path: Path) -> None:
    """Write a settings file atomically.

    Raises
    ------
    SettingsError
        If it cannot be written; what was there before stays.
    """
    lines = [f"schema = {SCHEMA}"]
    lines += [f"{name} = {_toml(value)}" for name, value in asdict(settings).items()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
        Path(temporary).replace(path)
    except OSError as error:
        raise SettingsError(
            f"the settings cannot be written ({type(error).__name__})",
            expected="a config folder with write access",
            todo="run mammoview doctor",
        ) from error


def _checked(content: dict[str, object], name: str) -> Settings:
    given = Settings()
    values: dict[str, object] = {}
    for field in fields(Settings):
        default = getattr(given, field.name)
        values[field.name] = _value(content.get(field.name, default), default, field.name, name)
    return Settings(**values)  # type: ignore[arg-type]  # each value was checked just above


def _value(value: object, default: object, key: str, name: str) -> object:
    try:
        if isinstance(default, StrEnum):
            return type(default)(str(value))
        if isinstance(default, float) and isinstance(value, int | float):
            if not isinstance(value, bool) and 0.0 <= value <= 1.0:
                return float(value)
        elif type(value) is type(default):
            return value
    except ValueError:
        pass
    raise _bad(f"{key} = {value!r} in {name}", f"a value like {default!r}")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise SettingsError(
            f"the settings cannot be written ({text!r} holds half a character)",
            expected="text of whole Unicode characters",
            todo="choose another name",
        )
    return f'"{text.translate(_ESCAPES)}"'


def _keep_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.bad-{number}{path.suffix}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _bad(met: str, expected: str) -> SettingsError:
    return SettingsError(met, expected=expected, todo="correct the file or delete it")
