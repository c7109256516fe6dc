"""Screens, and how long a millimetre is on each: measured with a ruler by the reader, no guess.

What a screen says of its own size is often wrong, and an image at "true size" is measured by eye;
so a calibration is a measurement, kept for one screen and one way of driving it.  It holds no more
when that screen runs at another resolution or pixel ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from mammoview.app.storage.toml_text import key_and_value
from mammoview.errors import SettingsError, UsageError
from mammoview.words import translate

# A device pixel of a screen in use, mm: from a telephone's to that of a coarse projector wall.
_FINEST_MM, _COARSEST_MM = 0.04, 1.0
_RATIO_SLACK = 1e-3
_MOST = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A screen as it is driven now.

    ``key`` tells it from others (maker, model and serial number, else its connector); ``name`` is
    what the reader knows it by.  Sizes are device pixels; ``reported_mm_per_px`` is what the screen
    says of itself, 0 for nothing.
    """

    key: str
    name: str
    width_px: int
    height_px: int
    device_pixel_ratio: float
    reported_mm_per_px: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How many device pixels of a screen make a millimetre, and how it was driven when measured."""

    key: str
    width_px: int
    height_px: int
    device_pixel_ratio: float
    px_per_mm: float

    def holds_for(self, screen: Screen) -> bool:
        """Tell whether the screen is driven as it was when measured."""
        same_size = (self.width_px, self.height_px) == (screen.width_px, screen.height_px)
        apart = abs(self.device_pixel_ratio - screen.device_pixel_ratio)
        return self.key == screen.key and same_size and apart < _RATIO_SLACK


def measured(screen: Screen, *, bar_px: float, bar_mm: float) -> Calibration:
    """Return the calibration of a screen on which a bar of some device pixels has some length.

    Raises
    ------
    UsageError
        If no screen has such pixels: the ruler was misread.
    """
    pixel_mm = bar_mm / bar_px if bar_px > 0 else 0.0
    if not _FINEST_MM <= pixel_mm <= _COARSEST_MM:
        raise UsageError(
            f"a bar of {bar_mm:.1f} mm, that is {pixel_mm:.3f} mm a pixel",
            expected=f"a pixel of {_FINEST_MM} to {_COARSEST_MM} mm",
            todo="read the ruler again, in millimetres",
        )
    return Calibration(
        key=screen.key,
        width_px=screen.width_px,
        height_px=screen.height_px,
        device_pixel_ratio=screen.device_pixel_ratio,
        px_per_mm=bar_px / bar_mm,
    )


def px_per_mm(screen: Screen | None, known: Sequence[Calibration]) -> float:
    """Return the device pixels in a millimetre of a screen; 0 where it has not been measured."""
    found = [c.px_per_mm for c in known if screen is not None and c.holds_for(screen)]
    return found[-1] if found else 0.0


def why_unknown(screen: Screen | None, known: Sequence[Calibration]) -> str:
    """Return why there is no calibration, in words that say what to do; empty where there is."""
    if px_per_mm(screen, known):
        return ""
    if screen is not None and any(c.key == screen.key for c in known):
        said = translate(
            "Screens", "{name} runs at another resolution than when it was measured: {todo}"
        )
    else:
        said = translate("Screens", "True size is not known on {name}: {todo}")
    name = screen.name if screen is not None else translate("Screens", "this screen")
    todo = translate("Screens", "measure it under Image > Measure this screen")
    return said.format(name=name, todo=todo)


def with_calibration(known: Sequence[Calibration], new: Calibration) -> tuple[Calibration, ...]:
    """Return the calibrations with one in the place of the screen's last one."""
    return (*(c for c in known if c.key != new.key), new)


# -- in the settings file ---------------------------------------------------------------------


def to_lines(known: Sequence[Calibration]) -> list[str]:
    """Return the calibrations as tables of a TOML file."""
    lines: list[str] = []
    for calibration in known:
        lines += ["", "[[screens]]"]
        lines += [key_and_value(name, value) for name, value in asdict(calibration).items()]
    return lines


def parse(content: object, name: str) -> tuple[Calibration, ...]:
    """Return the calibrations of a settings file.

    Raises
    ------
    SettingsError
        If they are none.
    """
    if not isinstance(content, list):
        raise _bad(content, name)
    return tuple(_calibration(entry, name) for entry in content)


def _calibration(entry: object, name: str) -> Calibration:
    if not isinstance(entry, dict) or set(entry) != {field.name for field in fields(Calibration)}:
        raise _bad(entry, name)
    key, numbers = entry["key"], {k: v for k, v in entry.items() if k != "key"}
    whole = all(type(entry[k]) is int for k in ("width_px", "height_px"))
    sound = all(type(v) in (int, float) and 0 < v < _MOST for v in numbers.values())
    if not isinstance(key, str) or not whole or not sound:
        raise _bad(entry, name)
    if not 1 / _COARSEST_MM <= entry["px_per_mm"] <= 1 / _FINEST_MM:
        raise _bad(entry, name)
    return Calibration(**entry)


def _bad(met: object, name: str) -> SettingsError:
    return SettingsError(
        f"screens {met!r} in {name}",
        expected="[[screens]] with key, width_px, height_px, device_pixel_ratio and px_per_mm",
        todo="correct the file or delete it",
    )
