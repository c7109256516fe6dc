"""``mammoview audit``: whether the log of reads is as it was written, and a copy of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from mammoview import __version__
from mammoview.app.models import catalogue
from mammoview.app.reports import reader_names
from mammoview.cli.arguments import add_json
from mammoview.cli.output import emit, note, write_atomically
from mammoview.domain.prediction import ModelIdentity
from mammoview.errors import ExitCode, MammoviewError, ReviewError, UsageError
from mammoview.review import audit
from mammoview.review.anchors import (
    NO_EVENT,
    Anchor,
    anchors_text,
    parse_anchors,
    witness_path,
    witnessed,
)
from mammoview.review.audit import AuditReport
from mammoview.review.leases import LeaseBook, leases_path
from mammoview.review.raw_log import export_lines, read_raw
from mammoview.review.readers import readers_path
from mammoview.review.sql import is_there
from mammoview.review.store import reads_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="whether it is as it was written (exit 1: no)")
    verify.add_argument(
        "--anchors",
        metavar="FILE",
        type=Path,
        help="anchors that were exported before; one file may hold many, one after another",
    )
    add_json(verify)
    export = actions.add_parser("export", help="all events as JSON Lines, checked as verify does")
    export.add_argument("--to", metavar="FILE", type=Path, required=True, help="the copy")
    export.add_argument(
        "--anchors",
        metavar="FILE",
        type=Path,
        help="write the log's end too, as a text to print and keep elsewhere",
    )
    for action in (verify, export):
        action.add_argument(
            "--log",
            metavar="FILE",
            type=Path,
            default=None,
            help="a read log, or a copy that export wrote (default: this user's log)",
        )


def run(args: argparse.Namespace) -> ExitCode:
    """Run one of the actions."""
    return _verify(args) if args.action == "verify" else _export(args)


# -- verify -------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> ExitCode:
    anchors = () if args.anchors is None else _read_anchors(args.anchors)
    log = args.log or reads_path()
    if args.log is None and not anchors and not _was_there(log):
        return _no_read(args, log)
    report = audit.verify(log, anchors) if _was_there(log) else _gone(log, anchors)
    takeovers = _takeovers(leases_path()) if args.log is None else ()
    notes = (*report.notes, *_unknown_models(report.models), *takeovers)
    if args.json:
        emit(args, {"log": str(log), **_document(report), "notes": notes})
    else:
        _tell(report, notes, anchors)
    return ExitCode.DONE if report.intact else ExitCode.ANSWER_IS_NO


def _was_there(log: Path) -> bool:
    return is_there(log) or is_there(witness_path(log))


def _gone(log: Path, anchors: Sequence[Anchor]) -> AuditReport:
    """Judge a log that is not there: with anchors of events the answer is no."""
    if not any(anchor.number for anchor in anchors):
        raise ReviewError("no read log", expected="a log of reads", todo="name another file")
    said = f"there is no log; event {max(anchor.number for anchor in anchors)} was anchored"
    return AuditReport(events=0, anchor=NO_EVENT, problems=(said,))


def _no_read(args: argparse.Namespace, log: Path) -> ExitCode:
    report = AuditReport(events=0, anchor=NO_EVENT, problems=())
    if args.json:
        emit(args, {"log": str(log), **_document(report), "notes": ()})
    else:
        print("no read was ever opened by this user on this machine")
    return ExitCode.DONE


def _document(report: AuditReport) -> dict[str, object]:
    return {
        "intact": report.intact,
        "events": report.events,
        "reads": report.reads,
        "anchor": asdict(report.anchor),
        "problems": report.problems,
    }


def _tell(report: AuditReport, notes: Sequence[str], anchors: Sequence[Anchor]) -> None:
    for problem in report.problems:
        print(f"problem: {problem}")
    for said in notes:
        print(f"note: {said}")
    beside = f", {len(anchors)} anchors compared" if anchors else ""
    print(f"{report.events} events of {report.reads} reads{beside}")
    if report.intact:
        print(f"intact; it ends with event {report.anchor.number}, {report.anchor.sha256}")
    else:
        print("NOT INTACT: keep the file as it is, and compare it with a copy;")
        print("to begin a new log, move it away together with the .anchors file beside it")


def _read_anchors(file: Path) -> tuple[Anchor, ...]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReviewError(
            f"a file of anchors that cannot be read ({type(error).__name__})",
            expected="a text that mammoview audit export wrote",
            todo="name another file",
        ) from error
    return parse_anchors(text)


def _unknown_models(revealed: Sequence[ModelIdentity]) -> Iterator[str]:
    """Name models that are not on this machine: what they said is in the log all the same."""
    if not revealed:
        return
    try:
        known = {model.choice.sha256 for model in catalogue.known_models()}
    except MammoviewError as error:
        yield f"which models are on this machine is not known: {error.met}"
        return
    for model in revealed:
        if model.sha256 and model.sha256 not in known:
            yield f"the model {model.name} {model.version} is not on this machine (any more)"


def _takeovers(leases: Path) -> Iterator[str]:
    """Tell who has taken an examination from another who was reading it, and why."""
    try:
        if not is_there(leases):
            return
        with closing(LeaseBook(leases)) as book:
            taken = book.takeovers()
        names = reader_names(readers_path())
    except ReviewError as error:
        yield f"who took an examination over from whom is not known: {error.met}"
        return
    for each in taken:
        new, old = (names.get(who, who) for who in (each.by_reader, each.from_reader))
        yield f"{each.at}: {new} took {each.exam_key} over from {old}: {each.reason}"


# -- export -------------------------------------------------------------------------------------


def _export(args: argparse.Namespace) -> ExitCode:
    log = args.log or reads_path()
    _keep_apart(log, args.to, args.anchors)
    seen = witnessed(log)
    raw = read_raw(log)
    report = audit.judge(raw, path=log, seen=seen)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    lines = export_lines(raw, made=made, software=__version__)
    write_atomically(args.to, "".join(f"{line}\n" for line in lines).encode())
    note(f"{len(raw.rows)} events in {args.to}")
    if args.anchors is not None:
        text = anchors_text(report.anchor, made=made, software=__version__)
        write_atomically(args.anchors, text.encode())
        note(f"print {args.anchors} or keep it away from this machine")
    for problem in report.problems:
        note(f"problem: {problem}")
    return ExitCode.DONE if report.intact else ExitCode.ANSWER_IS_NO


def _keep_apart(log: Path, *written: Path | None) -> None:
    files = [file.resolve() for file in (log, witness_path(log), *written) if file is not None]
    if len(set(files)) < len(files):
        raise UsageError(
            "a copy that would overwrite the log, or two files of one name",
            expected="files of their own",
            todo="name others",
        )
