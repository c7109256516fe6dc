"""The search itself: what is shown is found everywhere, and each planted leak is told."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import cast

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QListWidget, QProgressBar, QWidget

from mammoview.app import commands
from mammoview.app.workspace import OverlayMode
from mammoview.domain.views import Slot
from tests.builders.desk import mammogram
from tests.builders.dicom import build_exam
from tests.builders.poison import HEAT, poisoned
from tests.ui.poison.conftest import Program, Start


def test_what_is_shown_is_found_in_every_place(start: Start, tmp_path: Path) -> None:
    build_exam(tmp_path / "exam")
    seen = []
    for poison in (False, True):
        program = start(poison)
        program.open(tmp_path / "exam")
        program.desk.do(commands.set_overlay, OverlayMode.BOTH)
        seen.append(program.search())
    empty, shown = seen
    assert not empty.poison()
    found = "\n".join(shown.poison())
    for place in (
        "canvas scene: _MarkItem mass, score 0.84",
        "canvas scene: CAD: 10 marks",
        "fourView.accessibleDescription",
        "fourView spoken",
        "readingPanel/result.text",
        "readingPanel/notes.text",
        "analysisProgress.format: 37 marks",
        "statusMessage.toolTip",
        "state: 0.83719",
        "fourView holds: 17.2831",
    ):
        assert place in found
    assert "picture 0" in empty.unlike(shown)


def test_two_runs_of_one_result_are_alike(start: Start, tmp_path: Path) -> None:
    """Else a difference would tell nothing."""
    build_exam(tmp_path / "exam")
    seen = []
    for _ in range(2):
        program = start(False)
        program.open(tmp_path / "exam")
        seen.append(program.search())
    assert seen[0].unlike(seen[1]) == []


Leak = Callable[[Program], object]


def _child(program: Program, kind: type[QWidget], name: str) -> object:
    return program.window.findChild(kind, name)


def _hold(program: Program) -> None:
    program.window.four_view.found = poisoned(mammogram(Slot.RCC), 1)  # type: ignore[attr-defined]


def _item(program: Program, role: int) -> None:
    item = cast(QListWidget, _child(program, QListWidget, "examList")).item(0)
    item.setData(role, "poxkind" if role < Qt.ItemDataRole.UserRole else "poxtwo")


def _scene(program: Program) -> None:
    canvas = program.window.four_view.canvas
    canvas.scene().addText("").setToolTip("poxscene")


def _hidden(program: Program) -> None:
    canvas = program.window.four_view.canvas
    canvas.scene().addText("poxhidden").hide()


def _patch(program: Program) -> None:
    patch = QLabel(program.window.four_view)
    patch.setStyleSheet("background: #f0e442")
    patch.resize(3, 3)
    patch.show()


def _file(name: str, content: bytes) -> Leak:
    def leak(program: Program) -> None:
        (program.home / "data" / "mammoview").mkdir(parents=True, exist_ok=True)
        (program.home / "data" / "mammoview" / name).write_bytes(content)

    return leak


def _row(program: Program) -> None:
    with closing(sqlite3.connect(program.home / "data" / "mammoview" / "worklist.sqlite")) as db:
        db.execute("CREATE TABLE hint (words TEXT)")
        db.execute("INSERT INTO hint VALUES ('poxkind')")
        db.commit()


def _archive(program: Program) -> None:
    folder = program.home / "cache"
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / "x.npz", mass=np.full((9, 9), HEAT))


def _progress(program: Program) -> None:
    bar = cast(QProgressBar, _child(program, QProgressBar, "analysisProgress"))
    bar.setFormat("37 marks in 4 views")


# What is planted, and by which words the search tells it.
LEAKS: tuple[tuple[Leak, str], ...] = (
    (lambda p: p.window.four_view.setToolTip("poxkind"), "fourView.toolTip: poxkind"),
    (lambda p: p.window.side_panel.setToolTip("37 marks"), ".toolTip: 37 marks"),
    (lambda p: p.desk.do(commands.say, "best mass 0.84"), "statusMessage.text: best mass 0.84"),
    (lambda p: p.window.setWhatsThis("poxkind"), "mainWindow.whatsThis: poxkind"),
    (lambda p: p.window.side_panel.setAccessibleDescription("two masses"), "spoken: two masses"),
    (lambda p: p.window.setProperty("found", "poxkind"), "mainWindow.found: poxkind"),
    (lambda p: p.window.setWindowTitle("37 marks"), "mainWindow.windowTitle: 37 marks"),
    (_progress, "analysisProgress.format: 37 marks"),
    (lambda p: p.window._actions["marks"].setEnabled(False), "action marks.enabled: False"),
    (lambda p: p.window._actions["invert"].setChecked(True), "action invert.checked: True"),
    (lambda p: p.window._actions["reset"].setStatusTip("best 0.84"), "reset.statusTip: best 0.84"),
    (lambda p: _item(p, Qt.ItemDataRole.ToolTipRole), "examList item: poxkind"),
    (lambda p: _item(p, Qt.ItemDataRole.UserRole + 7), "examList item: poxtwo"),
    (_scene, "scene: QGraphicsTextItem poxscene"),
    (_hidden, "scene: QGraphicsTextItem poxhidden"),
    (_patch, "picture 0"),
    (_hold, "fourView holds: poxnote"),
    (lambda p: QApplication.clipboard().setText("poxkind"), "clipboard: poxkind"),
    (lambda p: logging.getLogger("mammoview.app").info("%d marks", 37), "log: 37 marks"),
    (lambda p: logging.getLogger("x").debug("%s", {"kind": "poxkind"}), "log: poxkind"),
    (_file("notes.txt", b"best: poxkind"), "file data/mammoview/notes.txt"),
    (_file("heat.bin", np.full(20, HEAT).tobytes()), "file data/mammoview/heat.bin"),
    (_file("37 marks.json", b"{}"), "file data/mammoview/37 marks.json"),
    (_file("empty", b""), "+ file: data/mammoview/empty"),
    (_file("thumb.png", b"anything"), "is its content"),
    (_row, "worklist.sqlite!rows"),
    (_archive, "file cache/x.npz!mass.npy"),
)


def test_each_planted_leak_is_told(start: Start, tmp_path: Path) -> None:
    build_exam(tmp_path / "exam")
    program = start(False)
    program.open(tmp_path / "exam")
    before = program.search()
    assert before.unlike(program.search()) == []
    for leak, _ in LEAKS:
        leak(program)
    after = program.search()
    told = "\n".join([*after.poison(), *before.unlike(after)])
    assert [words for _, words in LEAKS if words not in told] == []
