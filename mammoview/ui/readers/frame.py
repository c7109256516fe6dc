"""Who sits before the window: the page that hides it, the lock, and a change of reader."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog, QStackedWidget, QToolTip, QWidget

from mammoview.app import commands
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.reader_desk import ReaderDesk, ReaderState, SiteRules
from mammoview.app.second_read.site import site_of
from mammoview.app.settings import Settings
from mammoview.errors import MammoviewError
from mammoview.ui.readers.idle import IdleWatch
from mammoview.ui.readers.sign_in_page import SignInPage
from mammoview.ui.worklist.frame import WorklistFrame
from mammoview.words import translate

if TYPE_CHECKING:
    from mammoview.ui.second_look.dialog import SecondLookPage

_log = logging.getLogger(__name__)


class Covered(Protocol):
    """The window, as far as it is hidden from who has not signed in."""

    def cover(self, closed: bool) -> None:
        """Hide everything and take no key, or show it again."""
        ...


class ReadersFrame(QObject):
    """Covers the window while nobody is signed in, and tells the desks who is.

    Parameters
    ----------
    pages : QStackedWidget
        The window's pages; the one that asks for a PIN is added.
    window : Covered
        What is covered.
    desk : ReadingDesk
        Where is read.
    readers : ReaderDesk
        Who can sign in.
    worklist : WorklistFrame or None
        Shows how far readings are to the reader.
    """

    def __init__(
        self,
        pages: QStackedWidget,
        window: Covered,
        desk: ReadingDesk,
        readers: ReaderDesk,
        worklist: WorklistFrame | None,
    ) -> None:
        super().__init__(pages)
        self.setObjectName("readersFrame")
        self._pages, self._window, self._desk = pages, window, desk
        self.readers, self._worklist = readers, worklist
        self._behind: QWidget | None = None
        self.page = SignInPage(readers, pages)
        self.idle = IdleWatch(self)
        self._look: SecondLookPage | None = None
        pages.addWidget(self.page)
        self._connect()
        self.render(None, readers.state)

    def _connect(self) -> None:
        self.readers.subscribe(self.render)
        self.page.left.connect(self.readers.sign_out)
        self.idle.idle.connect(self.readers.lock)
        self._pages.currentChanged.connect(self._page_turned)

    def end(self) -> None:
        """Watch no more, and wait for the workers."""
        self.idle.watch(0)
        if self._look is not None:
            self._look.close()
        self.readers.shutdown()

    # -- state's side -------------------------------------------------------------------------

    def render(self, old: ReaderState | None, new: ReaderState) -> None:
        """Show the state; nothing of one reader is left when another one sits down."""
        if old is None or old.rules != new.rules:
            self._use_rules(new.rules)
        if old is None or old.reader != new.reader:
            self._seat(old, new)
        if old is None or old.closed != new.closed:
            self._cover(new.closed)
        self._watch_idle(new)

    def _seat(self, old: ReaderState | None, new: ReaderState) -> None:
        if old is not None and old.reader is not None:
            self._desk.close_all()
        if new.reader is None:
            return
        if self._desk.reads is not None:
            self._desk.reads.seat(new.reader)
        self._desk.look_for_marks()
        if self._worklist is not None:
            self._worklist.worklist.seat(new.reader.id, double=new.rules.double_reading)
            if old is not None and old.reader is not None:
                self._behind = self._worklist.page

    def _use_rules(self, rules: SiteRules) -> None:
        try:
            site = site_of(double=rules.double_reading, policy=rules.arbitration)
        except MammoviewError as error:
            self._desk.do(commands.warn, str(error))
            site = site_of(double=rules.double_reading, policy=Settings().arbitration)
        if self._desk.reads is not None:
            self._desk.reads.use(site)
        reader = self.readers.state.reader
        if self._worklist is not None and reader is not None:
            self._worklist.worklist.seat(reader.id, double=rules.double_reading)

    def _cover(self, closed: bool) -> None:
        if closed:
            if self._pages.currentWidget() is not self.page:
                self._behind = self._pages.currentWidget()
            if self._desk.reads is not None:
                self._desk.reads.rest()
            if _close_dialogs():
                self._pages.window().activateWindow()
            self._pages.setCurrentWidget(self.page)
        elif self._behind is not None:
            self._pages.setCurrentWidget(self._behind)
            self._behind.setFocus()
            if self._desk.reads is not None:
                self._desk.reads.wake()
        self._window.cover(closed)
        if closed:
            self.page.pin.setFocus()

    def _page_turned(self) -> None:
        """Stay before everything, whatever page another part of the program turns to."""
        now = self._pages.currentWidget()
        if self.readers.state.closed and now is not self.page:
            self._behind = now
            self._pages.setCurrentWidget(self.page)

    def _watch_idle(self, new: ReaderState) -> None:
        minutes = new.rules.lock_minutes if new.has_pin and not new.closed else 0
        self.idle.watch(60.0 * max(0, minutes))

    # -- reader's side ------------------------------------------------------------------------

    def lock(self) -> None:
        """Lock the screen; where nobody has a PIN, say so."""
        if not self.readers.state.has_pin:
            said = translate("Readers", "Nobody has a PIN here: File, Readers… adds a profile")
            self._desk.do(commands.say, said)
        self.readers.lock()

    def sign_out(self) -> None:
        """Leave the desk to others; the examination is closed, and what was said is kept."""
        if not self.readers.state.has_pin:
            self.lock()
        self.readers.sign_out()

    def profiles(self, parent: QWidget) -> QDialog:
        """Return the page of profiles."""
        # Imported where used, here and below: the window starts without them.
        from mammoview.ui.readers.profiles_dialog import ProfilesDialog

        return ProfilesDialog(self.readers, parent)

    def second_look(self, parent: QWidget) -> QDialog | None:
        """Return the page of numbers; None where no reads are kept."""
        from mammoview.app.second_look.desk import SecondLookDesk
        from mammoview.ui.second_look.dialog import SecondLookPage

        state, reads = self.readers.state, self._desk.reads
        if reads is None or state.reader is None:
            return None
        desk = SecondLookDesk(
            reads.path,
            reader=state.reader.id,
            double=state.rules.double_reading,
            deliver=self._desk.deliver,
        )
        names = {profile.id: profile.name for profile in state.profiles}
        self._look = SecondLookPage(desk, {state.reader.id: state.reader.name, **names}, parent)
        self._look.destroyed.connect(self._look_gone)
        return self._look

    def _look_gone(self) -> None:
        self._look = None


def _close_dialogs() -> bool:
    """Close what lies over the window, for it may show what the lock hides; tell of any."""
    QToolTip.hideText()
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
    over = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
    for dialog in over:
        dialog.reject()
    return bool(over)
