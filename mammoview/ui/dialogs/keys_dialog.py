"""Choose keys: every action by menu; a key is pressed to be given, and has one meaning always."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mammoview.app import commands, keys
from mammoview.app.keys import KeyChoice
from mammoview.app.reading import ReadingDesk
from mammoview.errors import SettingsError
from mammoview.ui.actions.keyboard import KEY_ROWS, SPECS, key_map, mnemonics, native_text, problems
from mammoview.ui.actions.spec import Menu
from mammoview.ui.actions.table import TABLE
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.words import translate

_SIZE = (760, 720)
_FILE_NAME = "mammoview-keys.toml"
_PORTABLE = QKeySequence.SequenceFormat.PortableText


class KeyRecorder(QKeySequenceEdit):
    """Records a key.  Shift+Tab leads out of it: by Qt's own way it turns round inside."""

    def event(self, event: QEvent) -> bool:
        """Go back to what comes before this, and not to its own line."""
        back = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Backtab
        if not back or event.type() is not QEvent.Type.KeyPress:
            return super().event(event)
        before: QWidget = self
        while before is self or not _is_stop(before):
            before = before.previousInFocusChain() or self.window()
        before.setFocus(Qt.FocusReason.BacktabFocusReason)
        return True


def _is_stop(widget: QWidget) -> bool:
    """Tell whether Tab stops at a widget."""
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isVisible()


class KeysDialog(TitledDialog):
    """The table of keys.  What is changed holds at once, and only what is unambiguous is taken."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("keysDialog", translate("Keys", "Choose keys"), parent)
        self._desk = desk
        self._offered = ""
        self._search = QLineEdit(self)
        self.tree = QTreeWidget(self)
        self._rows: dict[str, QTreeWidgetItem] = {}
        self.recorder = KeyRecorder(self)
        self._keep = QCheckBox(translate("Keys", "Keep its other keys"), self)
        self.take = QPushButton(translate("Keys", "Take it over"), self)
        self._clear = QPushButton(translate("Keys", "No key"), self)
        self._reset = QPushButton(translate("Keys", "Program's own"), self)
        self._reset_all = QPushButton(translate("Keys", "All the program's own"), self)
        self._export = QPushButton(translate("Keys", "Export…"), self)
        self._import = QPushButton(translate("Keys", "Import…"), self)
        self.message = QLabel(self)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._name()
        self._lay_out()
        self._fill()
        self._connect()
        self.tree.setCurrentItem(self._rows[TABLE[0].id])
        self._say("\n".join(problems(desk.workspace.keys)))

    def _name(self) -> None:
        """Give every part its name, and the words that a screen reader says."""
        for widget, name, said in (
            (self._search, "keysSearch", translate("Keys", "Search actions and keys")),
            (self.tree, "keysTree", translate("Keys", "Actions and their keys")),
            (self.recorder, "keysRecorder", translate("Keys", "Press the new key here")),
            (self._keep, "keysKeep", self._keep.text()),
            (self.take, "keysTake", translate("Keys", "Take the key over from the other action")),
            (self._clear, "keysClear", translate("Keys", "Take all keys from this action")),
            (
                self._reset,
                "keysReset",
                translate("Keys", "Give this action the program's own keys"),
            ),
            (self._reset_all, "keysResetAll", translate("Keys", "Use all the program's own keys")),
            (self._export, "keysExport", translate("Keys", "Write these keys to a file")),
            (self._import, "keysImport", translate("Keys", "Read keys from a file")),
            (self.message, "keysMessage", translate("Keys", "What became of the key")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(said)
            if isinstance(widget, QPushButton):
                widget.setAutoDefault(False)
                widget.setToolTip(said)
        self._search.setPlaceholderText(self._search.accessibleName())
        self._search.setClearButtonEnabled(True)

    def _lay_out(self) -> None:
        record = QHBoxLayout()
        label = QLabel(translate("Keys", "&Press the new key here:"), self)
        label.setBuddy(self.recorder)
        for part in (label, self.recorder, self._keep, self.take):
            record.addWidget(part)
        files = QHBoxLayout()
        for button in (self._clear, self._reset, self._reset_all, self._export, self._import):
            files.addWidget(button)
        self.message.setWordWrap(True)
        self.message.setProperty("role", "caution")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing())
        self.recorder.setMaximumSequenceLength(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(record)
        layout.addWidget(self.message)
        layout.addLayout(files)
        layout.addWidget(self._buttons)
        self.resize(*_SIZE)

    def _fill(self) -> None:
        self.tree.setHeaderLabels(
            [
                translate("Keys", "Action"),
                translate("Keys", "Keys"),
                translate("Keys", "The program's own"),
            ]
        )
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.setTabKeyNavigation(False)
        for menu in Menu:
            group = QTreeWidgetItem(self.tree, [menu.heading])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for spec in (spec for spec in TABLE if spec.menu is menu):
                self._rows[spec.id] = QTreeWidgetItem(group, [spec.said])
                self._rows[spec.id].setData(0, Qt.ItemDataRole.UserRole, spec.id)
        self.tree.expandAll()
        self._show_keys()

    def _connect(self) -> None:
        self._search.textChanged.connect(self._searched)
        self.tree.currentItemChanged.connect(self._chosen)
        self.tree.itemActivated.connect(self._to_recorder)
        self.recorder.editingFinished.connect(self._pressed)
        self.take.clicked.connect(self._take)
        self._clear.clicked.connect(self._clear_keys)
        self._reset.clicked.connect(self._reset_one)
        self._reset_all.clicked.connect(self._reset_every)
        self._export.clicked.connect(self._write)
        self._import.clicked.connect(self._read)
        self._buttons.rejected.connect(self.reject)

    # -- state's side -------------------------------------------------------------------------

    def _show_keys(self) -> None:
        resolved = key_map(self._desk.workspace.keys)
        changed = {choice.action for choice in self._desk.workspace.keys}
        for spec in TABLE:
            row = self._rows[spec.id]
            row.setText(1, native_text(resolved.of(spec.id)))
            row.setText(2, native_text(spec.keys) if spec.id in changed else "")
        for column in (1, 2):
            self.tree.resizeColumnToContents(column)

    def _say(self, text: str) -> None:
        self.message.setText(text)

    @property
    def action(self) -> str:
        """The action that gets keys; empty while a menu's title is chosen."""
        item = self.tree.currentItem()
        return str(item.data(0, Qt.ItemDataRole.UserRole) or "") if item is not None else ""

    # -- reader's side ------------------------------------------------------------------------

    def _searched(self, text: str) -> None:
        for row in self._rows.values():
            said = " ".join(row.text(column) for column in range(3)).casefold()
            row.setHidden(text.casefold() not in said)
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            if group is not None:
                rows = [row for row in self._rows.values() if row.parent() is group]
                group.setHidden(all(row.isHidden() for row in rows))

    def _chosen(self) -> None:
        fixed = not self.action or SPECS[self.action].fixed_key
        for widget in (self.recorder, self._keep, self._clear, self._reset):
            widget.setEnabled(not fixed)
        self._offer("")
        self._say("")

    def _to_recorder(self) -> None:
        self.recorder.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self, key: str) -> None:
        """Remember a key that another action has; empty: none."""
        self._offered = key
        self.take.setEnabled(bool(key))

    def _pressed(self) -> None:
        """Check the pressed key, and give it where nobody else has it."""
        text = self.recorder.keySequence().toString(_PORTABLE)
        self.recorder.clear()
        if not text or not self.action:
            return
        self._offer("")
        try:
            self._judge(keys.canonical(text))
        except SettingsError as error:
            self._say(str(error))

    def _judge(self, key: str) -> None:
        row = next(row for row in KEY_ROWS if row.action == self.action)
        refused = keys.refusal(row, key, mnemonics=mnemonics())
        holder = key_map(self._desk.workspace.keys).holder(key)
        said = native_text([key])
        if refused:
            self._say(refused)
        elif holder == self.action:
            self._say(translate("Keys", "{key} is this action's key already").format(key=said))
        elif holder is None:
            self._give(key)
        elif SPECS[holder].fixed_key:
            line = translate("Keys", "{key} stays with “{action}”")
            self._say(line.format(key=said, action=SPECS[holder].said))
        else:
            self._offer(key)
            line = translate("Keys", "{key} belongs to “{action}”: take it over, or press another")
            self._say(line.format(key=said, action=SPECS[holder].said))

    def _take(self) -> None:
        self._give(self._offered)

    def _give(self, key: str) -> None:
        chosen = self._desk.workspace.keys
        keep = self._keep.isChecked()
        self._use(keys.give(KEY_ROWS, chosen, self.action, [key], keep=keep))
        line = translate("Keys", "{key} is given to “{action}”")
        self._say(line.format(key=native_text([key]), action=SPECS[self.action].said))

    def _clear_keys(self) -> None:
        self._use(keys.give(KEY_ROWS, self._desk.workspace.keys, self.action, ()))
        self._say("")

    def _reset_one(self) -> None:
        self._use(keys.reset(KEY_ROWS, self._desk.workspace.keys, self.action))
        self._say("")

    def _reset_every(self) -> None:
        self._use(keys.reset_all(KEY_ROWS, self._desk.workspace.keys))
        self._say("")

    def _use(self, chosen: tuple[KeyChoice, ...]) -> None:
        self._desk.do(commands.set_keys, chosen)
        self._offer("")
        self._show_keys()

    # -- files --------------------------------------------------------------------------------

    def _write(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._export.accessibleName(), _FILE_NAME)
        if name:
            self.write_to(Path(name))

    def _read(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._import.accessibleName())
        if name:
            self.read_from(Path(name))

    def write_to(self, path: Path) -> None:
        """Write the choices to a file, and say so or why not."""
        try:
            keys.write_file(self._desk.workspace.keys, path)
        except SettingsError as error:
            self._say(str(error))
        else:
            self._say(translate("Keys", "Written to {file}").format(file=path.name))

    def read_from(self, path: Path) -> None:
        """Take the choices of a file; a file that is wrong or ambiguous changes nothing."""
        try:
            chosen = keys.read_file(path)
        except SettingsError as error:
            self._say(str(error))
            return
        clashes = key_map(chosen).clashes
        if not clashes:
            self._use(chosen)
        refused = translate("Keys", "Nothing was changed.") if clashes else ""
        self._say("\n".join(filter(None, (*problems(chosen), refused))))
