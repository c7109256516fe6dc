"""A walk by Tab through all that can be worked with, as somebody goes who has no mouse."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QMainWindow,
    QScrollBar,
    QWidget,
)

_CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
)
_COMPOUND = QComboBox | QKeySequenceEdit | QLineEdit | QAbstractSpinBox | QAbstractItemView
_LONGEST = 300
_WIDE = ("centre", "pages")  # their parts stand side by side, each read from its top
_RING_GREYS = 24  # by so much a channel changes where a focus is seen
_FEWEST_PIXELS = 12


def controls(root: QWidget) -> list[QWidget]:
    """Return what a reader can work with; not Qt's own inner parts."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, _CONTROLS)]
    return [
        w
        for w in found
        if not isinstance(w, QScrollBar | QHeaderView)
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parentWidget(), _COMPOUND)
        and w.window() is root.window()
        and w.isVisibleTo(root)
    ]


def spoken_name(widget: QWidget) -> str:
    """Return what a screen reader says of a widget."""
    told = QAccessible.queryAccessibleInterface(widget)
    return told.text(QAccessible.Text.Name) if told is not None else ""


def tab(*, back: bool = False) -> QWidget:
    """Press Tab where the keyboard is, and return where it is then."""
    at = QApplication.focusWidget()
    assert at is not None, "nothing has the keyboard"
    shift = Qt.KeyboardModifier.ShiftModifier if back else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(at, Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab, shift)
    after = QApplication.focusWidget()
    assert after is not None, f"the keyboard is lost after {at.objectName()!r}"
    return after


def round_trip(*, back: bool = False) -> list[QWidget]:
    """Return all that Tab comes to, until it is where it was."""
    start = QApplication.focusWidget()
    assert start is not None, "nothing has the keyboard"
    seen = [start]
    while (at := tab(back=back)) is not start:
        assert at not in seen, f"a trap: Tab turns round at {at.objectName()!r}"
        seen.append(at)
        assert len(seen) < _LONGEST, "a trap: Tab never comes back"
    return seen


def wrong_in(root: QWidget) -> list[str]:
    """Return what keeps somebody without a mouse, or without eyes, from working here."""
    wanted = [w for w in controls(root) if w.isEnabled()]
    forth = round_trip()
    back = round_trip(back=True)
    wrong = [f"{_said(w)}: no name" for w in controls(root) if not spoken_name(w)]
    wrong += [f"{_said(w)}: no name" for w in forth if not spoken_name(w)]
    wrong += [f"{_said(w)}: Tab never comes there" for w in wanted if not _among(w, forth)]
    if [forth[0], *reversed(forth[1:])] != back:
        wrong.append("Shift+Tab goes another way than Tab")
    wrong += _out_of_order([w for w in forth if w in wanted] or forth)
    return wrong + [f"{_said(w)}: no focus is seen" for w in forth if not shows_focus(w)]


def _among(widget: QWidget, seen: list[QWidget]) -> bool:
    """Tell whether the keyboard came to a widget, or to one that stands for it or its group."""
    group = _group(widget)
    return any(at is widget or widget.isAncestorOf(at) or at in group for at in seen)


def _group(widget: QWidget) -> list[QAbstractButton]:
    """Return buttons of which one is on: Tab comes to that one, arrows go on."""
    if not isinstance(widget, QAbstractButton):
        return []
    group = widget.group()
    return group.buttons() if group is not None and group.exclusive() else []


def _out_of_order(seen: list[QWidget]) -> list[str]:
    """Return where Tab jumps up or back within one dialog or one panel."""
    wrong = []
    corner = min(seen, key=lambda w: (w.mapToGlobal(w.rect().topLeft()).toTuple())[::-1])
    at = seen.index(corner)  # a walk is a ring: it begins where a reader begins to read
    for before, after in pairwise([*seen[at:], *seen[:at]]):
        group = _common(before, after)
        if group is None or isinstance(group, QMainWindow) or group.objectName() in _WIDE:
            continue
        first, then = _place_in(group, before), _place_in(group, after)
        same_row = first.top() < then.bottom() and then.top() < first.bottom()
        back = then.right() < first.left() if same_row else then.bottom() < first.top()
        if back:
            wrong.append(f"{_said(before)}: Tab jumps back to {_said(after)}")
    return wrong


def _common(a: QWidget, b: QWidget) -> QWidget | None:
    """Return the smallest widget that holds both."""
    at: QWidget | None = a
    while at is not None and not at.isAncestorOf(b):
        at = at.parentWidget()
    return at


def _place_in(group: QWidget, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(group, widget.rect().topLeft()), widget.size())


def shows_focus(widget: QWidget) -> bool:
    """Tell whether the screen differs when a widget has the keyboard."""
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    at = QApplication.focusWidget()
    assert at is not None
    window = widget.window()
    room = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
    room = room.adjusted(-4, -4, 4, 4).intersected(window.rect())
    with_it = _grab(window, room)
    at.clearFocus()
    without = _grab(window, room)
    at.setFocus(Qt.FocusReason.TabFocusReason)
    return _changed(with_it, without) >= _FEWEST_PIXELS


def _grab(window: QWidget, room: QRect) -> QImage:
    return window.grab(room).toImage().convertToFormat(QImage.Format.Format_RGB32)


def _changed(a: QImage, b: QImage) -> int:
    pixels = [
        np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)[
            :, : image.width() * 4
        ]
        for image in (a, b)
    ]
    apart = np.abs(pixels[0].astype(int) - pixels[1].astype(int)).reshape(a.height(), -1, 4)
    return int((apart.max(axis=2) >= _RING_GREYS).sum())


def _said(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} {spoken_name(widget)!r}"
