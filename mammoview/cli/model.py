"""``mammoview model``: the model bundles on this machine."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mammoview.app import resources
from mammoview.app.models import catalogue, records
from mammoview.app.models.catalogue import KnownModel, Switched
from mammoview.app.models.records import ModelChoice, ModelEvent
from mammoview.cli.arguments import add_json
from mammoview.cli.output import emit, note
from mammoview.errors import ExitCode, ModelError
from mammoview.modelkit.bundle import open_bundle

_SHA256_DIGITS = 64
_NAMED = "shipped, NAME or NAME@VERSION, as mammoview model list shows them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="names, versions and places; which one is active")
    listing.add_argument(
        "--history", action="store_true", help="who installed and activated what, and when"
    )
    show = actions.add_parser("show", help="the whole description of a bundle")
    verify = actions.add_parser("verify", help="check hashes and reference outputs (exit 1: no)")
    for action in (show, verify):
        action.add_argument(
            "bundle",
            metavar="BUNDLE",
            nargs="?",
            help=f"{_NAMED}; or the folder of a bundle (default: the active model)",
        )
    install = actions.add_parser("install", help="copy a bundle onto this machine, checked")
    install.add_argument("bundle", metavar="BUNDLE", type=Path, help="its folder, or a zip of it")
    activate = actions.add_parser("activate", help="use a model from now on, checked once more")
    activate.add_argument("model", metavar="MODEL", help=_NAMED)
    rollback = actions.add_parser("rollback", help="use the model again that was active before")
    for action in (listing, show, verify, install, activate, rollback):
        add_json(action)


def run(args: argparse.Namespace) -> ExitCode:
    """Run one of the actions."""
    actions = {
        "list": _list,
        "show": _show,
        "verify": _verify,
        "install": _install,
        "activate": _activate,
        "rollback": _rollback,
    }
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> ExitCode:
    known = catalogue.known_models()
    history = records.read_history() if args.history else None
    if args.json:
        document: dict[str, Any] = {"models": [_row(model) for model in known]}
        if history is not None:
            document["history"] = [asdict(event) for event in history.events]
            document["damaged_lines"] = list(history.damaged_lines)
        emit(args, document)
        return ExitCode.DONE
    for model in known:
        choice, active = model.choice, "*" if model.active else " "
        said = model.problem or f"{choice.sha256[:12]}  {choice.origin}  {model.folder}"
        print(f"{active} {choice.name}@{choice.version}  {said}")
    if not known:
        note("no model on this machine")
    if history is not None:
        print("", *map(_line, history.events), sep="\n")
        for number in history.damaged_lines:
            note(f"line {number} of the history cannot be read")
    return ExitCode.DONE


def _row(model: KnownModel) -> dict[str, Any]:
    is_shipped = model.choice.origin == "shipped"
    return {
        **_choice(model.choice),
        "folder": str(model.folder),
        "default": is_shipped and model.choice.name == resources.DEFAULT_MODEL,
        "active": model.active,
        "problem": model.problem or None,
    }


def _choice(choice: ModelChoice) -> dict[str, Any]:
    return {
        "name": choice.name,
        "version": choice.version or None,
        "sha256": choice.sha256 if len(choice.sha256) == _SHA256_DIGITS else None,
        "origin": choice.origin,
    }


def _line(event: ModelEvent) -> str:
    was = f" (active before: {event.active_before.label})" if event.action != "install" else ""
    result = "" if event.check == records.PASSED else f": {event.check}"
    model = event.model.label
    return f"{event.when}  {event.who}  {event.action} {model}  {event.outcome}{result}{was}"


def _show(args: argparse.Namespace) -> ExitCode:
    bundle = open_bundle(catalogue.find_folder(args.bundle))
    if args.json:
        emit(args, {"sha256": bundle.identity.sha256, "manifest": asdict(bundle.manifest)})
    else:
        print((bundle.folder / "CARD.md").read_text("utf-8"))
    return ExitCode.DONE


def _verify(args: argparse.Namespace) -> ExitCode:
    """Open the bundle as the window does: hashes first, then the reference outputs."""
    folder = catalogue.find_folder(args.bundle)
    problem = None
    device = None
    try:
        device = catalogue.open_model(folder, device="cpu").device
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


def _install(args: argparse.Namespace) -> ExitCode:
    done = catalogue.install(args.bundle)
    if args.json:
        document = {
            "outcome": done.outcome.value,
            "model": _choice(done.choice),
            "folder": str(done.folder),
        }
        emit(args, document)
    else:
        print(f"{done.choice.label}: {done.outcome.value}, {done.folder}")
        note(f"to use it: mammoview model activate {done.choice.name}@{done.choice.version}")
    return ExitCode.DONE


def _activate(args: argparse.Namespace) -> ExitCode:
    return _tell(args, catalogue.activate(args.model))


def _rollback(args: argparse.Namespace) -> ExitCode:
    switched = catalogue.rollback()
    if switched is not None:
        return _tell(args, switched)
    active = catalogue.active_choice()
    if args.json:
        emit(args, {"active": _choice(active), "before": None, "changed": False})
    note(f"nothing to go back to: no model was active before {active.label}")
    return ExitCode.ANSWER_IS_NO


def _tell(args: argparse.Namespace, switched: Switched) -> ExitCode:
    changed = switched.before != switched.after
    if args.json:
        document = {
            "active": _choice(switched.after),
            "before": _choice(switched.before),
            "changed": changed,
        }
        emit(args, document)
    elif changed:
        print(f"{switched.after.label} is active; before: {switched.before.label or 'unknown'}")
        note("windows that are open keep their model until they are opened again")
    else:
        print(f"{switched.after.label} is active already")
    return ExitCode.DONE
