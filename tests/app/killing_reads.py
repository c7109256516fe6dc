"""Kills the desk while somebody reads at it, at random moments: run as a process of its own.

``python -m tests.app.killing_reads FOLDER ROUNDS SEED``: each round a desk opens the examination,
finds its read again, and changes findings as fast as it can; it tells each one that the
screen says is kept, and is killed (SIGKILL) somewhen.  Then the log must be intact and hold all of
them.  Prints how many there were, and fails with what was lost.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from mammoview.app.pixels import resolve
from mammoview.app.second_read import commands as reads
from mammoview.domain.finding import Finding, FindingKind, FindingView
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.views import Laterality
from mammoview.review import audit
from mammoview.review.store import ReadLog
from tests.builders.desk import image
from tests.builders.read_room import Room


def read_until_killed(folder: Path, pipe: int, run: int) -> None:
    """Say more and more in a read, and tell what the screen says is kept."""
    resolve.load_image = lambda view, frame=None: (view, image())  # type: ignore[assignment]
    room = Room(folder)
    room.open_listed()
    told: set[str] = set()
    number = 0
    while True:
        number += 1
        room.desk.do(reads.set_finding, _finding(f"{run}-{number}"))
        room.box.run_until(lambda: room.desk.workspace.read.unsaved < 5)
        room.box.run_posted()
        kept = room.desk.workspace.read.kept
        assert kept is not None
        fresh = [f.id for f in kept.now.findings if f.id not in told]
        told.update(fresh)
        os.write(pipe, "".join(f"{name}\n" for name in fresh).encode())


def _finding(name: str) -> Finding:
    place = FindingView(sop_instance_uid="1.2.3.RCC", outline=(ImagePoint(col=1.0, row=2.0),))
    return Finding(id=name, laterality=Laterality.RIGHT, kind=FindingKind.MASS, views=(place,))


def one_round(folder: Path, chance: random.Random, run: int) -> list[str]:
    """Let a desk work, kill it, and return what it had said is kept."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        read_until_killed(folder, writer, run)
    os.close(writer)
    if chance.random() < 0.8:  # else: while the examination is still being opened
        select.select([reader], [], [], 10.0)
    time.sleep(chance.uniform(0.0, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        return [line.strip() for line in told if line.endswith("\n")]


def main(folder: Path, rounds: int, seed: int) -> None:
    """Kill so many times."""
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for run in range(rounds):
        acknowledged += one_round(folder, chance, run)
        path = folder / "reads.sqlite"
        if not path.exists():
            continue
        log = ReadLog(path)
        found = log.reads()
        log.close()
        report = audit.verify(path)
        assert report.intact, report.problems
        assert len(found) <= 1, "the read was not found again"
        there = {f.id for read in found for f in read.now.findings}
        lost = [name for name in acknowledged if name not in there]
        assert not lost, f"lost: {lost}"
    print(len(acknowledged))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
