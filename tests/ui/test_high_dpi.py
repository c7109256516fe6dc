"""Screens with more than one device pixel to a logical one: sharp at 1:1, whole pixels, no seam."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_WINDOW = """
import json, sys
from dataclasses import replace
from PySide6.QtWidgets import QApplication
from mammoview.app import analysis, commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.workspace import FitMode, OverlayMode
from mammoview.domain.geometry import ImagePoint
from mammoview.ui import theme
from mammoview.ui.main_window import MainWindow
from tests.builders.desk import SUMMARY, image, index, prediction, view_prediction
application = QApplication([])
theme.apply(application)
desk = ReadingDesk(deliver=lambda call: None, analyst=None)
window = MainWindow(desk)
window.resize(801, 603)
window.show()
desk.do(commands.with_index, index())
desk.do(commands.select_exam, "exam-1")
for view in desk.workspace.views:
    desk.do(commands.view_loaded, view.mammogram, image())
desk.do(commands.fit, FitMode.ONE_TO_ONE)
application.processEvents()
ratio = window.devicePixelRatioF()
panes = [view.box.geometry() for view in window.four_view.panes()]
scales = [view.placement.scale * ratio for view in window.four_view.panes()]
corners = [ImagePoint(col=col, row=row) for col, row in ((5, 18), (25, 18), (25, 28), (5, 28))]
read = [view_prediction(view.mammogram.sop_instance_uid) for view in desk.workspace.views]
low = [replace(found.regions[0], outline=tuple(corners)) for found in read]  # below the texts
read = [replace(found, regions=(region,)) for found, region in zip(read, low)]
desk.do(analysis.model_opened, SUMMARY)
desk.do(analysis.finished, prediction(*read))
desk.do(commands.set_overlay, OverlayMode.MARKS)
desk.do(commands.fit, FitMode.IMAGE)
application.processEvents()
shot = window.four_view.canvas.viewport().grab().toImage()
def ink(col, row):
    # How wide the yellow of a mark is across a place, logical pixels.
    at = window.four_view.panes()[0].to_screen(ImagePoint(col=col, row=row))
    line = [shot.pixelColor(round(at.x() * ratio) + step, round(at.y() * ratio))
            for step in range(round(-8 * ratio), round(8 * ratio))]
    return sum(colour.red() - colour.blue() for colour in line) / (0xF0 - 0x42) / ratio
print(json.dumps({
    "ratio": ratio,
    "grab": [window.grab().width() / ratio, window.grab().height() / ratio],
    "inner edges": [panes[0].right() * ratio, panes[0].bottom() * ratio],
    "gap": panes[1].left() - panes[0].right(),
    "one to one": scales,
    "outline": ink(25, 23),
}))
window.close()
"""


@pytest.mark.parametrize("factor", ["1.5", "2"])
def test_pixels_stay_whole(repository: Path, factor: str) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-c", _WINDOW], env=environment, cwd=repository,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["ratio"] == float(factor)
    assert told["grab"] == pytest.approx([801, 603], abs=1)
    assert all(abs(edge - round(edge)) < 1e-6 for edge in told["inner edges"])
    assert told["gap"] == pytest.approx(0.0, abs=1e-9)
    assert told["one to one"] == pytest.approx([1.0] * 4), "a stored pixel on a device pixel"
    assert told["outline"] == pytest.approx(1.6, abs=0.3), "as wide as on a coarse screen"
