"""Every text can be translated: Qt's tools find it, and a made-up language leaves no English."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QTableWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mammoview import __version__, words
from mammoview.app import second_screen, settings
from mammoview.app.assessment.words import WORDS
from mammoview.app.protocol import TITLES
from mammoview.app.reading import ReadingDesk
from mammoview.app.worklist.desk import import_text
from mammoview.app.worklist.values import Imported
from mammoview.ui import language, theme
from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.dispatch import GuiDispatcher
from mammoview.ui.main_window import MainWindow
from mammoview.ui.readers.profiles_dialog import POLICIES
from mammoview.words import COUNTED
from tests.builders.desk import QuickAnalyst
from tests.builders.dicom import build_exam

# Shown as they are: what comes from the images and the model, names, and keys.
_DATA = {
    "mammoview", "patient", "device", "strict", "balanced", "cursorReadout",
    *(code.casefold() for code in ("4A", "4B", "4C", "a", "b", "c", "d")),
    "again-RCC", "again-RMLO", "again-LCC", "again-LMLO",
}  # fmt: skip
_NO_WORDS = re.compile(r"[\W\d_]*")


# -- Qt's tools -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collected(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the texts as Qt's own tool finds them in the source."""
    test_every_count_is_a_plain_name(repository)  # else the tool would have to be stopped
    out = tmp_path_factory.mktemp("texts") / "mammoview_de.ts"
    files = sorted((repository / "mammoview").rglob("*.py"))
    _qt_tool("lupdate", *map(str, files), "-target-language", "de", "-ts", str(out))
    return out


def _qt_tool(name: str, *arguments: str) -> None:
    """Run a tool itself and not its wrapper, which would leave it running when it is stopped."""
    tool = Path(PySide6.__file__).parent / (f"{name}.exe" if sys.platform == "win32" else name)
    subprocess.run([str(tool), *arguments], check=True, capture_output=True, timeout=120)


def _texts(collected: Path) -> dict[str, set[str]]:
    root = ET.parse(collected).getroot()
    return {
        context.findtext("name", ""): {m.findtext("source", "") for m in context.iter("message")}
        for context in root.iter("context")
    }


def test_every_row_menu_and_title_is_found_by_qts_tool(repository: Path, collected: Path) -> None:
    texts = _texts(collected)
    assert {spec.text for spec in TABLE} <= texts["Actions"]
    assert {spec.toolbar for spec in TABLE if spec.toolbar} <= texts["Toolbar"]
    assert {menu.value for menu in Menu} <= texts["Menus"]
    assert set(TITLES) <= texts["Hanging"]
    assert set(WORDS) <= texts["Assessment"]
    for file in (repository / "resources" / "hanging").glob("*.toml"):
        content = tomllib.loads(file.read_text("utf-8"))
        titles = {content["title"], *(step["title"] for step in content["steps"])}
        assert titles <= set(TITLES), file.name
    for file in (repository / "resources" / "arbitration").glob("*.toml"):
        assert tomllib.loads(file.read_text("utf-8"))["title"] in POLICIES, file.name
    assert set(POLICIES) <= texts["Readers"]
    assert "" not in texts, "a text without a context"
    root = ET.parse(collected).getroot()
    counted = {m.findtext("source", "") for m in root.iter("message") if m.get("numerus") == "yes"}
    assert counted == {text for found in texts.values() for text in found if "%n" in text}


def test_every_count_is_a_plain_name(repository: Path) -> None:
    """Qt's tool never ends on a file with an expression there."""
    counts = [
        f"{file.name}:{call.lineno}: {ast.unparse(call.args[4])}"
        for file in sorted((repository / "mammoview").rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "translate"
        and len(call.args) > 4
        and not isinstance(call.args[4], ast.Name)
    ]
    assert counts == []


def test_every_translated_text_is_a_literal(repository: Path, collected: Path) -> None:
    """What Qt's tool cannot read (a number given by name, an f-string) would stay English."""
    found = {text for texts in _texts(collected).values() for text in texts}
    call = re.compile(r"\b(?:translate|QT_TRANSLATE_NOOP)\(\s*\"(\w+)\",\s*\"((?:[^\"\\]|\\.)*)\"")
    missed = [
        f"{file.name}: {text}"
        for file in (repository / "mammoview").rglob("*.py")
        if file.name != "words.py"
        for _, text in call.findall(file.read_text("utf-8"))
        if not any(known.startswith(text.replace("\\n", "\n")) for known in found)
    ]
    assert not missed


def test_no_translated_text_is_made_another_one_by_its_case(repository: Path) -> None:
    """A language with cases, or with capitals for nouns, needs both texts: each is a whole one."""
    found = [
        f"{file.name}:{call.lineno}: {ast.unparse(call)}"
        for box in ("app", "ui")
        for file in sorted((repository / "mammoview" / box).rglob("*.py"))
        for call in _recased(ast.parse(file.read_text("utf-8")))
    ]
    assert found == []


def _recased(tree: ast.AST) -> Iterator[ast.Call]:
    """Return calls of ``capitalize`` and ``lower`` on what a function says."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=ast.Name()),
                    attr="capitalize" | "lower" | "title" | "swapcase",
                )
            ):
                yield node


def test_a_text_of_another_case_is_found() -> None:
    calls = _recased(ast.parse('said = f"{role_text(role).capitalize()} · {said.lower()}"'))
    assert [ast.unparse(call) for call in calls] == ["role_text(role).capitalize()"]


def test_a_catalogue_made_with_qts_tools_is_spoken(
    collected: Path, tmp_path: Path, qapp: QApplication
) -> None:
    tree = ET.parse(collected)
    for message in tree.getroot().iter("message"):
        translation = message.find("translation")
        assert translation is not None
        if message.findtext("source") == "Last step":
            translation.text = "Letzter Schritt"
            translation.attrib.pop("type")
        if message.findtext("source") == "%n file(s) refused":
            one, many = translation.findall("numerusform")
            one.text, many.text = "%n Datei abgelehnt", "%n Dateien abgelehnt"
            translation.attrib.pop("type")
    folder = settings.settings_path().parent / "languages"
    folder.mkdir(parents=True)
    edited = tmp_path / "edited.ts"
    tree.write(edited, "utf-8", xml_declaration=True)
    _qt_tool("lrelease", str(edited), "-qm", str(folder / "mammoview_de.qm"))
    with installed("de"):
        assert words.translate("Status", "Last step") == "Letzter Schritt"
        assert (
            words.translate("Status", "%n file(s) refused", "", COUNTED, 1) == "1 Datei abgelehnt"
        )
        assert (
            words.translate("Status", "%n file(s) refused", "", COUNTED, 7) == "7 Dateien abgelehnt"
        )
        assert words.translate("Status", "First step") == "First step", "not translated yet"
        assert words.translate("Status", "%n note(s)", "", COUNTED, 1) == "1 note"
    assert words.translate("Status", "Last step") == "Last step"


def test_english_counts() -> None:
    said = [words.translate("Status", "%n file(s) refused", "", COUNTED, n) for n in (0, 1, 2)]
    assert said == ["0 files refused", "1 file refused", "2 files refused"]
    assert words.translate("Status", "Yes (s)") == "Yes (s)", "no number, no plural"


def test_a_language_that_is_not_there_is_said_and_english_is_used(qapp: QApplication) -> None:
    problem = language.install("tlh")
    assert "mammoview_tlh.qm" in problem
    assert "English is used" in problem
    assert words.translate("Status", "Last step") == "Last step"


def test_how_an_import_ended_is_said_in_the_language_of_the_window() -> None:
    done = Imported(files=8, read=1, refused=2, removed=3, not_reachable=("a",))
    assert (
        import_text(done)
        == "8 files met, 1 new or changed, 2 refused, 3 gone, 1 folder not reachable"
    )
    words.use(lambda context, text, comment, n: language.pseudo(words.english(text, n)))
    assert import_text(done).count("[!!!") == 5
    words.use(None)


# -- a made-up language -----------------------------------------------------------------------


class installed:  # noqa: N801  (reads as a word)
    """Speak a language for a while, Qt's own texts too."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        application = QCoreApplication.instance()
        assert application is not None
        self._before = set(application.findChildren(QTranslator))
        assert language.install(self._name) == ""

    def __exit__(self, *_: object) -> None:
        application = QCoreApplication.instance()
        assert application is not None
        for translator in set(application.findChildren(QTranslator)) - self._before:
            QCoreApplication.removeTranslator(translator)
            translator.deleteLater()
        words.use(None)


@pytest.fixture
def foreign(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """Show the window in the made-up language, with a read examination."""
    theme.apply(qapp)
    build_exam(tmp_path)
    with installed(language.PSEUDO):
        dispatcher = GuiDispatcher()
        desk = ReadingDesk(deliver=dispatcher.post, analyst=QuickAnalyst())
        window = MainWindow(desk)
        window.resize(1400, 900)
        window.show()
        desk.open_paths([tmp_path])
        qtbot.waitUntil(lambda: desk.workspace.prediction is not None, timeout=20_000)
        qtbot.waitUntil(lambda: not desk.workspace.analysis.running, timeout=20_000)
        yield window
        window.close()
        desk.shutdown()
        dispatcher.close()
        dispatcher.deleteLater()
        window.deleteLater()


def test_no_text_of_the_window_is_left_in_english(foreign: MainWindow) -> None:
    assert not english_in(foreign)


@pytest.mark.parametrize("action", ["show_cheat_sheet", "show_about", "show_keys", "show_refused"])
def test_no_text_of_a_dialog_is_left_in_english(foreign: MainWindow, action: str) -> None:
    getattr(foreign.dialogs, action)()
    (dialog,) = foreign.findChildren(QDialog)
    assert not english_in(dialog)
    dialog.close()


def test_no_text_of_the_second_screen_is_left_in_english(foreign: MainWindow) -> None:
    foreign.desk.do(second_screen.toggle)
    assert foreign.second_screen.window is not None
    assert not english_in(foreign.second_screen.window)


def test_the_panes_speak_too(foreign: MainWindow) -> None:
    for pane in foreign.four_view.panes():
        assert "[!!!" in pane.texts.foot.text
    assert "[!!!" in foreign.windowTitle()


def test_a_text_that_is_forgotten_is_found(foreign: MainWindow) -> None:
    """The walk itself can fail: plant a word and see it."""
    forgotten = QLabel("Forgotten words", foreign)
    assert english_in(foreign) == ["QLabel '': 'Forgotten words'"]
    forgotten.deleteLater()


def english_in(root: QWidget) -> list[str]:
    """Return the texts below a widget that are neither translated nor data."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        name = widget.objectName()
        if name in _DATA or name.startswith("qt_"):
            continue
        found += [
            f"{type(widget).__name__} {name!r}: {text!r}"
            for text in texts_of(widget)
            if not _is_fine(text)
        ]
    found += [
        f"QAction: {a.text()!r}" for a in root.findChildren(QAction) if not _is_fine(a.text())
    ]
    return list(dict.fromkeys(found))


def _is_fine(text: str) -> bool:
    """Every line is translated, or no words, or data."""
    return all("[!!!" in line or _is_data(line) for line in text.split("\n"))


def _is_data(line: str) -> bool:
    bare = _NO_WORDS.fullmatch(line) is not None
    return bare or line.casefold() in _DATA or line in data_lines()


def data_lines() -> set[str]:
    """Return what the model and the images of these tests say of themselves."""
    return {
        "CPU (test)", "quick 1  (abababab)", f"mammoview {__version__}",
        "• scale assumed  [R CC, L CC, R MLO, L MLO]", "research use only~~~ !!!]",
    }  # fmt: skip


def texts_of(widget: QWidget) -> list[str]:
    said = [widget.windowTitle() if widget.isWindow() else "", widget.accessibleName()]
    said += [widget.accessibleDescription(), widget.toolTip()]
    if isinstance(widget, QLabel | QAbstractButton):
        said.append(widget.text())
    if isinstance(widget, QMenu):
        said.append(widget.title())
    if isinstance(widget, QLineEdit):
        said.append(widget.placeholderText())
    if isinstance(widget, QComboBox):
        said += [widget.itemText(row) for row in range(widget.count())]
    if isinstance(widget, QTableWidget):
        heads = [widget.horizontalHeaderItem(at) for at in range(widget.columnCount())]
        said += [head.text() for head in heads if head is not None]
        cells = [widget.item(row, 1) for row in range(widget.rowCount())]
        said += [cell.text() for cell in cells if cell is not None]
    if isinstance(widget, QTreeWidget):
        said += [widget.headerItem().text(at) for at in range(widget.columnCount())]
        said += [item.text(0) for item in _items(widget)]
    return [text for text in said if text]


def _items(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    tops = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    items = [top for top in tops if top is not None]
    children = [item.child(at) for item in items for at in range(item.childCount())]
    return items + [child for child in children if child is not None]
