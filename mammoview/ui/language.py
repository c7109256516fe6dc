"""The language of the window: a catalogue in Qt's format, or the pseudo-language of the tests.

A translation is made with Qt's own tools (``pyside6-lupdate``, Linguist, ``pyside6-lrelease``) and
is a file ``mammoview_de.qm`` in the user's folder ``languages``, beside the settings, or among the
resources of the program.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from mammoview import words
from mammoview.app import resources, settings
from mammoview.errors import MissingPartError

PSEUDO = "pseudo"
_OPEN, _CLOSE = "[!!! ", " !!!]"
_ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")
_LONGER = 0.4


def pseudo(text: str) -> str:
    """Return a text as a language that reads like English, 40 % longer, and shows its ends.

    What stands in braces is a value's name, and stays.
    """
    parts = text.split("{")
    heads, tails = parts[0], [part.partition("}") for part in parts[1:]]
    said = heads.translate(_ACCENTED)
    said += "".join(f"{{{name}}}{rest.translate(_ACCENTED)}" for name, _, rest in tails)
    padding = "~" * round(_LONGER * len(text) / 2)
    return f"{_OPEN}{padding}{said}{padding}{_CLOSE}"


class PseudoTranslator(QTranslator):
    """Translates everything, Qt's own texts too: what stays English was not marked."""

    def translate(
        self,
        context: str | bytes | bytearray | memoryview,
        sourceText: str | bytes | bytearray | memoryview,  # noqa: N803  (Qt's name)
        disambiguation: str | bytes | bytearray | memoryview | None = None,
        n: int = -1,
    ) -> str:
        """Return the pseudo-text."""
        text = sourceText if isinstance(sourceText, str) else bytes(sourceText).decode()
        return pseudo(words.english(text, n)) if text else ""

    def isEmpty(self) -> bool:
        """Return False: Qt leaves out a translator that says it is empty."""
        return False


def install(language: str) -> str:
    """Speak a language from now on; return what is wrong where it cannot be, else nothing.

    Parameters
    ----------
    language : str
        Name of a catalogue (``de``, ``pt_BR``) or ``pseudo``; empty: English.
    """
    words.use(None)
    if not language:
        return ""
    try:
        translator = _catalogue(language)
    except MissingPartError as error:
        return str(error)
    if language != PSEUDO:
        _install_qt(language)
    QCoreApplication.installTranslator(translator)
    words.use(_lookup(translator))
    return ""


def lookup(language: str) -> words.Lookup:
    """Return what translates into a language, without a window that would speak it.

    Raises
    ------
    MissingPartError
        If there is no catalogue of it.
    """
    return _lookup(_catalogue(language))


def _catalogue(language: str) -> QTranslator:
    application = QCoreApplication.instance()
    if language == PSEUDO:
        return PseudoTranslator(application)
    translator = QTranslator(application)
    if any(translator.load(f"mammoview_{language}.qm", str(at)) for at in folders()):
        return translator
    translator.deleteLater()
    raise MissingPartError(
        f"no texts in the language {language!r}",
        expected=f"a file mammoview_{language}.qm in the folder languages of the settings",
        todo='put it there, or set language = "" in settings.toml; English is used',
    )


def _lookup(translator: QTranslator) -> words.Lookup:
    def look_up(context: str, text: str, comment: str, n: int) -> str:
        return translator.translate(context, text, comment, n) or ""

    return look_up


def folders() -> tuple[Path, ...]:
    """Return where catalogues are looked for, the user's own first."""
    return settings.settings_path().parent / "languages", resources.languages()


def _install_qt(language: str) -> None:
    """Let Qt's own buttons speak it too, where Qt knows it."""
    own = QTranslator(QCoreApplication.instance())
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if own.load(QLocale(language), "qtbase", "_", folder):
        QCoreApplication.installTranslator(own)
    else:
        own.deleteLater()
