"""``mammoview model``: the model bundles on this machine."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mammoview.app import resources
from mammoview.cli.arguments import add_json
from mammoview.cli.output import emit, note
from mammoview.errors import ExitCode, ModelError, UsageError
from mammoview.modelkit.bundle import Bundle, open_bundle
from mammoview.modelkit.shipped import shipped_root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``list``, ``show`` and ``verify``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="names, versions and places")
    add_json(listing)
    show = actions.add_parser("show", help="the whole description of a bundle")
    verify = actions.add_parser("verify", help="check hashes and reference outputs (exit 1: no)")
    for action in (show, verify):
        action.add_argument(
            "bundle",
            metavar="BUNDLE",
            nargs="?",
            help="name of a shipped model or folder of a bundle (default: the shipped model)",
        )
        add_json(action)


def run(args: argparse.Namespace) -> ExitCode:
    """Run one of the actions."""
    actions = {"list": _list, "show": _show, "verify": _verify}
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> ExitCode:
    rows = [_row(folder) for folder in _shipped()]
    if args.json:
        emit(args, {"models": rows})
        return ExitCode.DONE
    for row in rows:
        said = row["problem"] or f"{row['version']}  {row['sha256'][:12]}"
        default = "  (default)" if row["default"] else ""
        print(f"{row['name']}  {said}  {row['folder']}{default}")
    if not rows:
        note("no model on this machine")
    return ExitCode.DONE


def _row(folder: Path) -> dict[str, Any]:
    row = {
        "name": folder.name,
        "version": None,
        "sha256": None,
        "folder": str(folder),
        "default": folder.name == resources.DEFAULT_MODEL,
        "problem": None,
    }
    try:
        return row | asdict(open_bundle(folder).identity)
    except ModelError as error:
        return row | {"problem": str(error)}


def _show(args: argparse.Namespace) -> ExitCode:
    bundle = _open(args.bundle)
    if args.json:
        emit(args, {"sha256": bundle.identity.sha256, "manifest": asdict(bundle.manifest)})
    else:
        print((bundle.folder / "CARD.md").read_text("utf-8"))
    return ExitCode.DONE


def _verify(args: argparse.Namespace) -> ExitCode:
    """Open the bundle as the window does: hashes first, then the reference outputs."""
    from mammoview.inference.session import Session

    folder = _find(args.bundle)
    problem = None
    device = None
    try:
        device = Session.open(open_bundle(folder), device="cpu").device
    except ModelError as error:
        problem = str(error)
    if args.json:
        document = {
            "bundle": str(folder),
            "verified": problem is None,
            "device": device,
            "problem": problem,
        }
        emit(args, document)
    elif problem is None:
        print(f"{folder}: verified on {device}")
    if problem is not None:
        note(f"{folder}: {problem}")
    return ExitCode.DONE if problem is None else ExitCode.ANSWER_IS_NO


def _shipped() -> list[Path]:
    return sorted(path.parent for path in (shipped_root() / "models").glob("*/manifest.json"))


def _open(named: str | None) -> Bundle:
    return open_bundle(_find(named))


def _find(named: str | None) -> Path:
    if named is None:
        return resources.default_bundle()
    for folder in (Path(named), shipped_root() / "models" / named):
        if folder.is_dir():
            return folder
    raise UsageError(
        f"no model bundle {named!r}",
        expected="the folder of a bundle, or a name that `mammoview model list` shows",
        todo="see mammoview model list",
    )
