"""Kills programs that write to one read log, at random moments: run as a process of its own.

``python killing.py FOLDER ROUNDS SEED``: each round two writers append to the same log as fast as
they can and tell each acknowledged event through a pipe; both are killed (SIGKILL) somewhen.  Then
the log must be intact and hold every event that was acknowledged.  Prints how many were, and fails
with what was lost.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from mammoview.review import audit
from mammoview.review.events import FindingSet, Nothing, ViewsChecked
from mammoview.review.states import Action
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    finding,
    open_read,
    opened,
)

_ROUNDS_A_FILE = 20


def write_until_killed(path: Path, pipe: int) -> None:
    """Append findings to a read of one's own for ever."""
    log = ReadLog(path)
    read = open_read(log, f"reader-{os.getpid()}", opened())
    for action, content in (
        (Action.CHECK_VIEWS, ViewsChecked(missing=(), reason="")),
        (Action.BEGIN, Nothing()),
    ):
        read = log.append(read.read_id, read.reader, action, content)
    number = 0
    while True:
        number += 1
        said = FindingSet(finding=finding(f"f{number}"))
        log.append(read.read_id, read.reader, Action.SET_FINDING, said)
        os.write(pipe, f"{read.read_id} f{number}\n".encode())


def one_round(path: Path, chance: random.Random) -> list[tuple[str, str]]:
    """Let two programs write, kill both, and return what they had been told is safe."""
    reader, writer = os.pipe()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            os.close(reader)
            write_until_killed(path, writer)
        children.append(child)
    os.close(writer)
    if chance.random() < 0.75:  # else: while the log is still being opened
        select.select([reader], [], [], 5.0)
    time.sleep(chance.uniform(0.0, 0.04))
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return [(line.split()[0], line.split()[1]) for line in told if line.endswith("\n")]


def check(path: Path, acknowledged: list[tuple[str, str]]) -> None:
    """Fail if the chain is broken or an acknowledged finding is gone."""
    log = ReadLog(path)  # what a restart does: it takes over what the killed ones left
    reads = {read.read_id: read for read in log.reads()}
    log.close()
    report = audit.verify(path)
    assert report.intact, report.problems
    for read_id, name in acknowledged:
        assert reads[read_id].now.finding(name) is not None, f"{name} of {read_id} is lost"


def main(folder: Path, rounds: int, seed: int) -> None:
    """Kill so many times."""
    chance = random.Random(seed)
    kept = 0
    for number in range(rounds):
        path = folder / f"reads-{number // _ROUNDS_A_FILE}.sqlite"
        acknowledged = one_round(path, chance)
        check(path, acknowledged)
        kept += len(acknowledged)
    print(kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
