"""What the user's own choices are, in a versioned TOML file under the user's config folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path

import platformdirs

from mammoview.app import keys as key_tables
from mammoview.app.display import screens
from mammoview.app.display.screens import Calibration
from mammoview.app.keys import KeyChoice
from mammoview.app.storage.toml_text import key_and_value
from mammoview.app.workspace import AnnotationLevel, FitMode, OverlayMode
from mammoview.domain.reading import ReadingMode
from mammoview.errors import SettingsError
from mammoview.whole_file import write_lines

SCHEMA = 2
_TABLES = frozenset({"keys", "screens"})
Content = dict[str, object]


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
    ``annotations`` is how much is written on the images.
    ``display_check_days`` is for how many days a check of the display holds.
    ``second_screen`` tells whether a second window is open.  ``language`` names a catalogue of
    texts; empty: English.  ``keys`` are the keys that the reader chose instead of the program's.
    ``linked`` tells whether panes are panned together; ``screens`` are the screens that were
    measured for true size.
    ``prefetch_mib`` is how much may be kept beside the open examination (the next one, the last
    one), in MiB; 0: nothing; below 0: by the machine's memory.  ``analyse_ahead`` tells whether
    the computer reads the next examination while the open one is looked at; it does not where
    nothing may be kept.  ``worklist_sort`` are the columns that the worklist is sorted by, a
    minus before those that run down.  ``double_reading`` tells whether two readers read each
    examination; ``arbitration`` names the policy that says when a third one decides.
    ``lock_minutes`` is after how long without a hand on keyboard or mouse the screen locks
    itself, where readers have a PIN; 0: never.
    ``reading_mode`` is how examinations of the worklist are read at this site, and
    ``opinion_scheme`` names the answers that opinions are taken from.
    ``export_formats`` are what results were exported as last.
    """

    overlay_mode: OverlayMode = OverlayMode.OFF
    opacity: float = 0.6
    heat_floor: float = 0.1
    fit: FitMode = FitMode.BREAST
    operating_point: str = ""
    device: Device = Device.AUTO
    panel_open: bool = True
    hanging: str = "cc-first"
    annotations: AnnotationLevel = AnnotationLevel.MINIMAL
    display_check_days: int = 1
    second_screen: bool = False
    language: str = ""
    keys: tuple[KeyChoice, ...] = ()
    prefetch_mib: int = -1
    analyse_ahead: bool = True
    linked: bool = True
    screens: tuple[Calibration, ...] = ()
    worklist_sort: str = "-date patient"
    double_reading: bool = False
    arbitration: str = "discordant-only"
    lock_minutes: int = 10
    reading_mode: ReadingMode = ReadingMode.SECOND_READ
    opinion_scheme: str = "birads"
    export_formats: str = "pdf json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings and, where the file could not be used, what was wrong with it.

    ``replaceable`` is False where a file that could not be used could not be kept aside either: it
    is somebody's choices, and must not be written over.
    """

    settings: Settings
    problem: SettingsError | None
    replaceable: bool = True


def settings_path() -> Path:
    """Return where the settings of this user are."""
    return platformdirs.user_config_path("mammoview", appauthor=False) / "settings.toml"


def load(path: Path) -> Settings:
    """Read a settings file; the defaults where there is none.  An older schema will do.

    Raises
    ------
    SettingsError
        If the file is no TOML, of an unknown schema, or has an unknown key or a wrong value.
    """
    return _load(path) or Settings()


def _load(path: Path) -> Settings | None:
    """Read a settings file; None where there is none."""
    try:
        content: Content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _bad(f"{path.name} cannot be read ({type(error).__name__})", "valid TOML") from error
    content = _without_schema(content, path.name)
    known = {field.name for field in fields(Settings)}
    if not set(content) <= known:
        unknown = ", ".join(sorted(set(content) - known))
        raise _bad(f"unknown key {unknown} in {path.name}", "one of " + ", ".join(sorted(known)))
    return _checked(content, path.name)


def load_or_default(path: Path) -> LoadedSettings:
    """Read a settings file; a bad one is kept aside and the defaults are used, with the problem.

    The bad file is renamed to ``settings.bad-N.toml`` beside it, so that nothing is lost; where
    that cannot be, it stays as it is.
    """
    try:
        return LoadedSettings(settings=load(path), problem=None)
    except SettingsError as error:
        aside = _keep_aside(path)
        kept = f"the bad file is kept as {aside}" if aside else "the file stays as it is"
        problem = SettingsError(
            error.met, expected=error.expected, todo=f"the defaults are used; {kept}"
        )
        return LoadedSettings(settings=Settings(), problem=problem, replaceable=bool(aside))


def save(settings: Settings, path: Path) -> None:
    """Write a settings file atomically.

    Raises
    ------
    SettingsError
        If it cannot be written; what was there before stays.
    """
    plain = [field.name for field in fields(settings) if field.name not in _TABLES]
    lines = [f"schema = {SCHEMA}"]
    lines += [key_and_value(name, getattr(settings, name)) for name in plain]
    lines += key_tables.to_lines(settings.keys) if settings.keys else []
    lines += screens.to_lines(settings.screens)
    try:
        write_lines(lines, path)
    except OSError as error:
        raise SettingsError(
            f"the settings cannot be written ({type(error).__name__})",
            expected="a config folder with write access",
            todo="run mammoview doctor",
        ) from error


def save_changes(before: Settings, chosen: Settings, path: Path) -> None:
    """Write what was changed in this run; what another window has kept meanwhile stays.

    Parameters
    ----------
    before, chosen : Settings
        As this run has read them, and as it leaves them.
    path : Path
        The settings file.

    Raises
    ------
    SettingsError
        If it cannot be written, or is bad by now and cannot be kept aside; it stays as it is.
    """
    given = [(field.name, getattr(chosen, field.name)) for field in fields(chosen)]
    changed = {name: value for name, value in given if value != getattr(before, name)}
    if not changed:
        return
    try:
        now = _load(path) or before
    except SettingsError:  # somebody is at work on it by hand
        if not _keep_aside(path):
            raise
        now = before
    save(replace(now, **changed), path)


def keep_screen(measured: Calibration, base: Settings, path: Path) -> Settings:
    """Write what was measured of a screen down at once, and return the settings as they stand.

    A measurement is work: it must not be lost with a window that does not end by itself, nor by
    another window that kept its own settings meanwhile.

    Parameters
    ----------
    measured : Calibration
        The new one; others that the file holds stay.
    base : Settings
        What is written where there is no file yet, or one that cannot be read.
    path : Path
        The settings file.

    Raises
    ------
    SettingsError
        If it cannot be written.
    """
    try:
        kept = _load(path) or base
    except SettingsError:
        kept = base
    kept = replace(kept, screens=screens.with_calibration(kept.screens, measured))
    save(kept, path)
    return kept


def screens_in(path: Path, base: Settings) -> tuple[Calibration, ...]:
    """Return the measured screens of a settings file; those of the base where it has none."""
    try:
        return (_load(path) or base).screens
    except SettingsError:
        return base.screens


_DAYS = range(1, 367)


def _without_schema(content: Content, name: str) -> Content:
    """Return the keys of a file; schema 2 only added some to those of schema 1."""
    schema = content.pop("schema", None)
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise _bad(f"schema {schema!r} in {name}", f"schema {SCHEMA} or older")
    return content


def _checked(content: Content, name: str) -> Settings:
    given = Settings()
    values: dict[str, object] = {
        "keys": key_tables.parse(content.pop("keys", {}), name),
        "screens": screens.parse(content.pop("screens", []), name),
    }
    for field in fields(Settings):
        if field.name in _TABLES:
            continue
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
        elif type(value) is type(default) and (key != "display_check_days" or value in _DAYS):
            return value
    except ValueError:
        pass
    raise _bad(f"{key} = {value!r} in {name}", f"a value like {default!r}")


def _keep_aside(path: Path) -> str:
    """Rename a file that cannot be used; return its new name, or nothing where that cannot be."""
    number = 1
    try:
        while (aside := path.with_name(f"{path.stem}.bad-{number}{path.suffix}")).exists():
            number += 1
        path.rename(aside)
    except OSError:
        return ""
    return aside.name


def _bad(met: str, expected: str) -> SettingsError:
    return SettingsError(met, expected=expected, todo="correct the file or delete it")
