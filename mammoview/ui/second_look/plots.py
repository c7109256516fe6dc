"""Plots of the second look: recall before and after, answers to marks, seconds at each step."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mammoview.app.second_look.counts import Share, Summary
from mammoview.ui import theme
from mammoview.words import translate

_BEFORE, _AFTER = "#80868d", "#5f93a3"
_AGREED, _FOUND, _DISMISSED = "#5f93a3", "#80868d", "#b58a3c"
_MOST_GROUPS = 12
_SHORT = 14
_ROOM = 0.08  # of the height of a plot, over and under its bars
Groups = Sequence[tuple[str, Summary]]


class Plots(QWidget):
    """Three plots, one under another; a group a place on the axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("secondLookPlots")
        self.setAccessibleName(translate("SecondLook", "Plots of the numbers in the table"))
        self.recall = _plot("recallPlot", translate("SecondLook", "Recalled, %"), self)
        self.marks = _plot("marksPlot", translate("SecondLook", "Marks a read"), self)
        self.times = _plot("timesPlot", translate("SecondLook", "Seconds, median"), self)
        answers = (
            (_AGREED, translate("SecondLook", "agreed to")),
            (_FOUND, translate("SecondLook", "found unaided")),
            (_DISMISSED, translate("SecondLook", "dismissed")),
        )
        opinions = (
            (_BEFORE, translate("SecondLook", "unaided")),
            (_AFTER, translate("SecondLook", "final")),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_key("recallKey", opinions, self))
        layout.addWidget(self.recall, 1)
        layout.addWidget(_key("marksKey", answers, self))
        layout.addWidget(self.marks, 1)
        layout.addWidget(self.times, 1)

    def end(self) -> None:
        """Let go the menus that pyqtgraph makes for each plot, which have no parent."""
        for plot in (self.recall, self.marks, self.times):
            plot.getPlotItem().close()

    def show_groups(self, groups: Groups, whole: Summary) -> None:
        """Draw the groups, the last ones where they are many; the steps are of all together."""
        shown = groups[-_MOST_GROUPS:]
        self._show_recall(shown)
        self._show_marks(shown)
        steps = [(step, seconds.median) for step, seconds in whole.steps]
        _clear(
            self.times, [step for step, _ in steps], highest=max([s for _, s in steps], default=0)
        )
        self.times.addItem(
            pg.BarGraphItem(
                x=range(len(steps)), height=[s for _, s in steps], width=0.6, brush=_AFTER
            )
        )

    def _show_recall(self, groups: Groups) -> None:
        _clear(self.recall, [name for name, _ in groups], highest=100)
        self._add_shares(-0.12, _BEFORE, [summary.recall_before for _, summary in groups])
        self._add_shares(0.12, _AFTER, [summary.recall_after for _, summary in groups])

    def _add_shares(self, offset: float, colour: str, shares: list[Share]) -> None:
        x = np.arange(len(shares)) + offset
        y = np.array([100 * (s.value or 0.0) for s in shares])
        low = y - np.array([100 * s.low for s in shares])
        high = np.array([100 * s.high for s in shares]) - y
        bars = pg.ErrorBarItem(x=x, y=y, bottom=low, top=high, beam=0.08, pen=pg.mkPen(colour))
        self.recall.addItem(bars)
        self.recall.plot(
            x, y, pen=None, symbol="o", symbolSize=7, symbolBrush=colour, symbolPen=None
        )

    def _show_marks(self, groups: Groups) -> None:
        reads = np.maximum(1, [summary.reads for _, summary in groups])
        answers = (
            (_AGREED, [summary.agreed.count for _, summary in groups] / reads),
            (_FOUND, [summary.duplicates.count for _, summary in groups] / reads),
            (_DISMISSED, [summary.dismissed.count for _, summary in groups] / reads),
        )
        highest = float(np.sum([height for _, height in answers], axis=0).max(initial=0.0))
        _clear(self.marks, [name for name, _ in groups], highest=highest)
        base = np.zeros(len(groups))
        for colour, height in answers:
            x = np.arange(len(groups))
            self.marks.addItem(
                pg.BarGraphItem(x=x, y0=base, height=height, width=0.5, brush=colour)
            )
            base = base + height


def _key(name: str, entries: tuple[tuple[str, str], ...], parent: QWidget) -> QLabel:
    """Return what the colours of a plot stand for."""
    label = QLabel(parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.RichText)
    spans = (f'<span style="color:{c}">■</span> {html.escape(said)}' for c, said in entries)
    label.setText("&nbsp;&nbsp;&nbsp;".join(spans))
    label.setAlignment(Qt.AlignmentFlag.AlignRight)
    return label


def _plot(name: str, title: str, parent: QWidget) -> pg.PlotWidget:
    plot = pg.PlotWidget(parent, background=theme.CHROME)
    plot.setObjectName(name)
    plot.setAccessibleName(title)
    plot.setLabel("left", title)
    plot.setMouseEnabled(x=False, y=False)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the table says all that it shows
    plot.hideButtons()
    plot.setMenuEnabled(False)
    plot.setMinimumHeight(130)
    return plot


def _clear(plot: pg.PlotWidget, names: Sequence[str], *, highest: float) -> None:
    """Take everything out; leave room for the whole of the first and last number of the axis."""
    plot.clear()
    short = [name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…" for name in names]
    plot.getAxis("bottom").setTicks([list(enumerate(short))])
    view = plot.getViewBox()
    view.setXRange(-0.6, max(0.6, len(names) - 0.4), padding=0)
    view.setYRange(0, highest or 1, padding=_ROOM)
