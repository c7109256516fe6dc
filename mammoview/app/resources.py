"""Files that ship with the program: models, hanging layouts, training recipes.

In an installed wheel they are the package ``mammoview_resources``; in a checkout the folder
``resources`` beside the package.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mammoview.errors import MissingPartError

DEFAULT_MODEL = "mass-resnet50"


def root() -> Path:
    """Return the folder of the shipped files.

    Raises
    ------
    MissingPartError
        If neither the installed package data nor a checkout is there.
    """
    checkout = Path(__file__).resolve().parents[2] / "resources"
    if (checkout / "hanging").is_dir():
        return checkout
    spec = find_spec("mammoview_resources")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "hanging").is_dir():
            return Path(place)
    raise MissingPartError(
        "the program's resource files are not installed",
        expected="the package data mammoview_resources",
        todo="install mammoview again: pip install --force-reinstall mammoview",
    )


def hanging(name: str = "four-up") -> Path:
    """Return the file of a hanging layout."""
    return _existing(root() / "hanging" / f"{name}.toml", "hanging layout")


def recipe(name: str) -> Path:
    """Return the file of a training recipe."""
    return _existing(root() / "recipes" / f"{name}.toml", "recipe")


def default_bundle() -> Path:
    """Return the folder of the model that ships with the program.

    Raises
    ------
    MissingPartError
        If this build came without a model.
    """
    return _existing(root() / "models" / DEFAULT_MODEL, "model")


def _existing(path: Path, what: str) -> Path:
    if path.exists():
        return path
    raise MissingPartError(
        f"no {what} {path.stem!r} in resources/{path.parent.name}",
        expected=f"a {what} that ships with the program",
        todo="install a complete mammoview, or name another one",
    )
