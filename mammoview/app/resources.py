"""Files that ship with the program and that the window needs: models and hanging layouts."""

from __future__ import annotations

from pathlib import Path

from mammoview.errors import MissingPartError
from mammoview.modelkit.shipped import shipped_root

DEFAULT_MODEL = "mass-resnet50"


def hanging(name: str = "four-up") -> Path:
    """Return the file of a hanging layout."""
    return _existing(shipped_root() / "hanging" / f"{name}.toml", "hanging layout")


def default_bundle() -> Path:
    """Return the folder of the model that ships with the program.

    Raises
    ------
    MissingPartError
        If this build came without a model.
    """
    return _existing(shipped_root() / "models" / DEFAULT_MODEL, "model")


def _existing(path: Path, what: str) -> Path:
    if path.exists():
        return path
    raise MissingPartError(
        f"no {what} {path.stem!r} in resources/{path.parent.name}",
        expected=f"a {what} that ships with the program",
        todo="install a complete mammoview, or name another one",
    )
