"""Where the files that ship with the program lie: models, recipes, hanging layouts.

In a checkout the folder ``resources`` beside the package; in an installed wheel the package data
``mammoview_resources``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mammoview.errors import MissingPartError


def shipped_root() -> Path:
    """Return the folder of the shipped files.

    Raises
    ------
    MissingPartError
        If neither a checkout nor the installed package data is there.
    """
    checkout = Path(__file__).resolve().parents[2] / "resources"
    if (checkout / "recipes").is_dir():
        return checkout
    spec = find_spec("mammoview_resources")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "recipes").is_dir():
            return Path(place)
    raise MissingPartError(
        "the program's resource files are not installed",
        expected="the package data mammoview_resources",
        todo="install mammoview again: pip install --force-reinstall mammoview",
    )
