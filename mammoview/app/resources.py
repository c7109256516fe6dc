"""Files that ship with the program and that the window needs: models, protocols, words."""

from __future__ import annotations

from pathlib import Path

from mammoview.errors import MissingPartError
from mammoview.modelkit.shipped import shipped_root

DEFAULT_MODEL = "findings-resnet50"


def hanging(name: str) -> Path:
    """Return the file of a hanging protocol.

    Raises
    ------
    MissingPartError
        If none of that name ships with the program.
    """
    return _existing(shipped_root() / "hanging" / f"{name}.toml", "hanging protocol")


def hangings() -> tuple[str, ...]:
    """Return the names of the hanging protocols that ship with the program."""
    return tuple(sorted(path.stem for path in (shipped_root() / "hanging").glob("*.toml")))


def assessment(name: str) -> Path:
    """Return a file of words for findings and opinions: ``lexicon``, ``dismissals``.

    Raises
    ------
    MissingPartError
        If none of that name ships with the program.
    """
    return _existing(shipped_root() / "assessment" / f"{name}.toml", "assessment file")


def assessment_scheme(name: str) -> Path:
    """Return the file of a scheme of opinions.

    Raises
    ------
    MissingPartError
        If none of that name ships with the program.
    """
    folder = shipped_root() / "assessment" / "schemes"
    return _existing(folder / f"{name}.toml", "scheme of opinions")


def assessment_schemes() -> tuple[str, ...]:
    """Return the names of the schemes of opinions that ship with the program."""
    folder = shipped_root() / "assessment" / "schemes"
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def arbitration(name: str) -> Path:
    """Return the file of a policy of arbitration.

    Raises
    ------
    MissingPartError
        If none of that name ships with the program.
    """
    return _existing(shipped_root() / "arbitration" / f"{name}.toml", "policy of arbitration")


def arbitrations() -> tuple[str, ...]:
    """Return the names of the policies of arbitration that ship with the program."""
    return tuple(sorted(path.stem for path in (shipped_root() / "arbitration").glob("*.toml")))


def font(name: str = "DejaVuSans") -> Path:
    """Return the file of a font for reports and pictures.

    Raises
    ------
    MissingPartError
        If this build came without it.
    """
    return _existing(shipped_root() / "fonts" / f"{name}.ttf", "font")


def languages() -> Path:
    """Return the folder of catalogues that ship with the program; there need not be one."""
    return shipped_root() / "languages"


def shipped_bundle(name: str = DEFAULT_MODEL) -> Path:
    """Return the folder of a model that ships with the program.

    Raises
    ------
    MissingPartError
        If this build came without that model.
    """
    return _existing(shipped_root() / "models" / name, "model")


def shipped_bundles() -> tuple[Path, ...]:
    """Return the folders of all models that ship with the program."""
    return tuple(sorted(p.parent for p in (shipped_root() / "models").glob("*/manifest.json")))


def _existing(path: Path, what: str) -> Path:
    if path.exists():
        return path
    raise MissingPartError(
        f"no {what} {path.stem!r} in resources/{path.parent.name}",
        expected=f"a {what} that ships with the program",
        todo="install a complete mammoview, or name another one",
    )
