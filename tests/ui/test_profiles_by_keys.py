"""Readers are added one after another by keys alone, and no rule of the site changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from mammoview.ui import theme
from tests.ui.test_readers import CTRL_SHIFT, Site


@pytest.fixture
def site(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Site]:
    """A site without profiles, whose dialog of readers is open."""
    theme.apply(qapp)
    site = Site(qtbot, tmp_path, double=False)
    site.wait(lambda: site.readers.state.ready)
    qtbot.keyClick(site.window, Qt.Key.Key_R, CTRL_SHIFT)
    site.wait(site.find(QDialog, "profiles").isActiveWindow)
    yield site
    site.close()


def focused() -> str:
    widget = QApplication.focusWidget()
    return widget.objectName() if widget is not None else ""


def types(site: Site, text: str, then: Qt.Key) -> None:
    """Type where the keyboard is."""
    at = QApplication.focusWidget()
    assert at is not None
    site.qtbot.keyClicks(at, text)
    site.qtbot.keyClick(at, then)


def names(site: Site) -> list[str]:
    return [profile.name for profile in site.readers.state.profiles]


def test_return_adds_a_reader_and_the_next_name_can_be_typed(site: Site) -> None:
    rules = site.readers.state.rules
    for name, pin in (("Anna Ash", "wildrose"), ("Bert Birch", "nightjar")):
        assert focused() == "profileName"
        types(site, name, Qt.Key.Key_Tab)
        types(site, pin, Qt.Key.Key_Tab)
        types(site, pin, Qt.Key.Key_Return)
        site.wait(lambda: focused() == "profileName" and not site.readers.state.busy)
    assert names(site) == ["Anna Ash", "Bert Birch"]
    assert site.find(QDialog, "profiles").isVisible()
    assert site.readers.state.rules == rules


def test_after_the_button_the_keyboard_is_at_no_rule_of_the_site(site: Site) -> None:
    rules = site.readers.state.rules
    types(site, "Anna Ash", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Tab)
    assert focused() == "profileAdd"
    types(site, "", Qt.Key.Key_Space)
    site.wait(lambda: names(site) == ["Anna Ash"] and not site.readers.state.busy)
    assert focused() == "profileName"
    types(site, "Bert Birch", Qt.Key.Key_Tab)
    assert site.readers.state.rules == rules


def test_return_changes_ones_own_pin(site: Site) -> None:
    types(site, "Anna Ash", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Return)
    site.wait(lambda: site.readers.state.has_pin and not site.readers.state.busy)
    while focused() != "ownPinOld":
        types(site, "", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Tab)
    types(site, "birdsong", Qt.Key.Key_Tab)
    types(site, "birdsong", Qt.Key.Key_Return)
    site.wait(lambda: "another one now" in site.said("profilesSaid"))
    assert site.find(QDialog, "profiles").isVisible()


def test_who_signs_in_reads_of_no_paths_that_nobody_gave(site: Site) -> None:
    types(site, "Anna Ash", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Tab)
    types(site, "wildrose", Qt.Key.Key_Return)
    site.wait(lambda: site.said("readerLabel") == "Anna Ash")
    assert "Nothing found" not in site.desk.workspace.status
