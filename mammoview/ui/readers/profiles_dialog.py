"""The readers of this machine, and how it reads: profiles, PINs, double reading, arbitration."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mammoview.app import resources
from mammoview.app.second_read.reader_desk import ReaderDesk, ReaderState, SiteRules
from mammoview.review.discordance import load_policy
from mammoview.review.readers import Profile
from mammoview.ui.dialogs.titled import TitledDialog
from mammoview.ui.panels.parts import heading, paragraph
from mammoview.ui.readers.sign_in_page import pin_field
from mammoview.words import QT_TRANSLATE_NOOP, translate

POLICIES = (
    QT_TRANSLATE_NOOP("Readers", "All that is not normal"),
    QT_TRANSLATE_NOOP("Readers", "All recalls"),
    QT_TRANSLATE_NOOP("Readers", "Discordant reads"),
    QT_TRANSLATE_NOOP("Readers", "No arbitration"),
)
"""What the files of ``resources/arbitration`` are called: Qt's tools do not read those."""
_MOST_MINUTES = 240
_WIDTH_PX = 440


class ProfilesDialog(TitledDialog):
    """Adds readers, changes one's own PIN, switches others off, and says how the site reads."""

    def __init__(self, desk: ReaderDesk, parent: QWidget | None = None) -> None:
        super().__init__("profiles", translate("Readers", "Readers"), parent)
        self._desk = desk
        self._make_profiles()
        self._make_pin()
        self._make_rules()
        self._said = paragraph("profilesSaid", translate("Readers", "Answer"), self, role="caution")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        # Return in a field does what stands below it; Qt would close on what was typed.
        self._buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self._lay_out()
        self._connect()
        self.render(None, desk.state)

    def _make_profiles(self) -> None:
        self._note = paragraph("profilesNote", translate("Readers", "Who reads here"), self)
        self._list = QListWidget(self)
        self._list.setObjectName("profileList")
        self._list.setAccessibleName(translate("Readers", "Readers"))
        self._switch = _button("profileSwitch", translate("Readers", "Switch off"), self)
        self._name = QLineEdit(self)
        self._name.setObjectName("profileName")
        self._name.setAccessibleName(translate("Readers", "Name of a new reader"))
        self._new = pin_field("profilePin", translate("Readers", "Their PIN"), self)
        self._again = pin_field("profilePinAgain", translate("Readers", "Their PIN again"), self)
        self._add = _button("profileAdd", translate("Readers", "Add reader"), self)

    def _make_pin(self) -> None:
        self._mine = QFormLayout()  # hidden while nobody has a PIN
        self._old_pin = pin_field("ownPinOld", translate("Readers", "Your PIN"), self)
        self._own_pin = pin_field("ownPinNew", translate("Readers", "New PIN"), self)
        self._own_again = pin_field("ownPinAgain", translate("Readers", "Again"), self)
        self._change = _button("ownPinChange", translate("Readers", "Change your PIN"), self)

    def _make_rules(self) -> None:
        self._double = QCheckBox(
            translate("Readers", "Two readers read each examination, blind to each other"), self
        )
        self._double.setObjectName("doubleReading")
        self._policy = QComboBox(self)
        self._policy.setObjectName("arbitrationPolicy")
        self._policy.setAccessibleName(translate("Readers", "What a third reader decides"))
        for name in resources.arbitrations():
            title = load_policy(resources.arbitration(name)).title
            self._policy.addItem(translate("Readers", title), name)
        self._minutes = QSpinBox(self)
        self._minutes.setObjectName("lockMinutes")
        self._minutes.setAccessibleName(translate("Readers", "Lock the screen after"))
        self._minutes.setRange(0, _MOST_MINUTES)
        self._minutes.setSuffix(translate("Readers", " min"))
        self._minutes.setSpecialValueText(translate("Readers", "never"))

    def _lay_out(self) -> None:
        new = QFormLayout()
        new.addRow(translate("Readers", "Name"), self._name)
        new.addRow(translate("Readers", "PIN"), self._new)
        new.addRow(translate("Readers", "Again"), self._again)
        new.addRow(self._add)
        mine = self._mine
        mine.addRow(heading(translate("Readers", "Your PIN"), self))
        mine.addRow(translate("Readers", "PIN"), self._old_pin)
        mine.addRow(translate("Readers", "New PIN"), self._own_pin)
        mine.addRow(translate("Readers", "Again"), self._own_again)
        mine.addRow(self._change)
        rules = QFormLayout()
        rules.addRow(self._double)
        rules.addRow(QLabel(translate("Readers", "A third reader decides"), self), self._policy)
        rules.addRow(QLabel(translate("Readers", "Lock the screen after"), self), self._minutes)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        self._list.setMinimumWidth(_WIDTH_PX)
        for widget in (self._note, self._list, self._switch):
            layout.addWidget(widget)
        layout.addWidget(heading(translate("Readers", "New reader"), self))
        layout.addLayout(new)
        layout.addLayout(self._mine)
        layout.addWidget(heading(translate("Readers", "How this site reads"), self))
        layout.addLayout(rules)
        layout.addWidget(self._said)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._desk.subscribe(self.render)
        self.finished.connect(self._ended)
        self._buttons.rejected.connect(self.reject)
        self._list.currentRowChanged.connect(self._chosen)
        self._switch.clicked.connect(self._switch_clicked)
        self._add.clicked.connect(self._add_clicked)
        self._change.clicked.connect(self._change_clicked)
        for field in (self._name, self._new, self._again):
            field.returnPressed.connect(self._add_clicked)
        for field in (self._old_pin, self._own_pin, self._own_again):
            field.returnPressed.connect(self._change_clicked)
        self._double.toggled.connect(self._rules_changed)
        self._policy.currentIndexChanged.connect(self._rules_changed)
        self._minutes.valueChanged.connect(self._rules_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the height that the rows need, now that the look is known."""
        super().showEvent(event)
        self.adjustSize()

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: ReaderState | None, new: ReaderState) -> None:  # type: ignore[override]
        """Show the state; doing it twice changes nothing."""
        if old is None or old.profiles != new.profiles:
            self._show_profiles(new)
        if old is not None and len(old.profiles) < len(new.profiles):
            self._name.clear()  # not before: a refused PIN is no reason to type the name again
            self._name.setFocus()
        if old is None or old.rules != new.rules:
            self._show_rules(new.rules)
        if old is not None and old.busy and not new.busy:
            self._forget_pins()
        self._note.setText(note_text(new))
        for row in range(self._mine.rowCount()):
            self._mine.setRowVisible(row, new.has_pin)
        self._said.setText(new.message)
        self._said.setVisible(bool(new.message))
        for button, field in ((self._add, self._new), (self._change, self._old_pin)):
            if new.busy and button.hasFocus():
                field.setFocus()  # else the next reader's name is typed at a rule of the site
            button.setEnabled(not new.busy)
        self._chosen()

    def _show_profiles(self, new: ReaderState) -> None:
        row = max(0, self._list.currentRow())
        self._list.clear()
        for profile in new.profiles:
            said = profile.name
            if not profile.active:
                said = translate("Readers", "{name} (switched off)").format(name=said)
            item = QListWidgetItem(said, self._list)
            item.setData(Qt.ItemDataRole.UserRole, profile.id)
        self._list.setVisible(bool(new.profiles))
        self._list.setCurrentRow(min(row, self._list.count() - 1))

    def _show_rules(self, rules: SiteRules) -> None:
        double, policy, minutes = map(QSignalBlocker, (self._double, self._policy, self._minutes))
        with double, policy, minutes:
            self._double.setChecked(rules.double_reading)
            self._policy.setCurrentIndex(self._policy.findData(rules.arbitration))
            self._minutes.setValue(rules.lock_minutes)

    def _forget_pins(self) -> None:
        for field in (self._new, self._again, self._old_pin, self._own_pin, self._own_again):
            field.clear()

    # -- reader's side ------------------------------------------------------------------------

    def _current(self) -> Profile | None:
        item = self._list.currentItem()
        wanted = item.data(Qt.ItemDataRole.UserRole) if item else None
        return next((p for p in self._desk.state.profiles if p.id == wanted), None)

    def _chosen(self) -> None:
        profile = self._current()
        on = profile is None or profile.active
        off_text = translate("Readers", "Switch off")
        self._switch.setText(off_text if on else translate("Readers", "Switch on again"))
        self._switch.setAccessibleName(self._switch.text())
        self._switch.setVisible(profile is not None)
        self._switch.setEnabled(not self._desk.state.busy)

    def _switch_clicked(self) -> None:
        profile = self._current()
        if profile is not None:
            self._desk.set_active(profile.id, not profile.active)

    def _add_clicked(self) -> None:
        if self._same(self._new, self._again):
            self._desk.add(self._name.text(), self._new.text())

    def _change_clicked(self) -> None:
        if self._same(self._own_pin, self._own_again):
            self._desk.change_pin(self._old_pin.text(), self._own_pin.text())

    def _same(self, one: QLineEdit, again: QLineEdit) -> bool:
        same = one.text() == again.text()
        if not same:
            self._said.setText(translate("Readers", "The two PINs differ"))
            self._said.setVisible(True)
        return same

    def _rules_changed(self) -> None:
        rules = SiteRules(
            double_reading=self._double.isChecked(),
            arbitration=str(self._policy.currentData()),
            lock_minutes=self._minutes.value(),
        )
        self._desk.set_rules(rules)

    def _ended(self) -> None:
        self._desk.unsubscribe(self.render)


def note_text(state: ReaderState) -> str:
    """Return who reads here, and what that is worth."""
    if state.has_pin:
        return translate(
            "Readers",
            "Each reader signs in with a PIN. Nobody can look a PIN up or replace it: who has"
            " forgotten it gets a new profile, and the old one is switched off.",
        )
    return translate(
        "Readers",
        "One local reader without a PIN reads here: reads say no more than that. The first profile"
        " added here is signed in at once, and from then on everybody signs in.",
    )


def _button(name: str, text: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    return button
