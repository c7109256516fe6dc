"""The log file: what the program did, and never for whom.

Three walls: only loggers below ``mammoview`` are written (a library's message may quote a header
value); tracebacks are written without the exception's text; and what is left is cleaned of paths
and of every name, id and birth date of the studies that were opened.
"""

from __future__ import annotations

import logging
import re
import threading
import traceback
from collections.abc import Iterable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs

from mammoview.domain.study import ExamIndex, PatientIdentity

_PATH = re.compile(
    r"(?:[A-Za-z]:)?[\\/](?:[^\s'\":,;()]+[\\/]?)+|\S+\.(?:dcm|zip)\b", re.IGNORECASE
)
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def _shortest(word: str) -> int:
    """Return from how many letters on a word is hidden: two kanji are a whole name."""
    return 3 if word.isascii() else 2


class PrivateFormatter(logging.Formatter):
    """A formatter that hides paths and everything it was told to hide."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._hidden: set[str] = set()
        self._lock = threading.Lock()

    def hide(self, identities: Iterable[PatientIdentity]) -> None:
        """Never write these patients' names (nor a part of one), ids and birth dates."""
        words: set[str] = set()
        for identity in identities:
            words |= {identity.name, identity.patient_id, identity.birth_date}
            words |= set(re.split(r"[\^=\s]+", identity.name))
        with self._lock:
            self._hidden |= {word for word in words if len(word) >= _shortest(word)}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, cleaned."""
        return self._clean(super().format(record))

    def formatException(  # noqa: N802  (logging's name)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[Any, Any, Any],
    ) -> str:
        """Return where it happened and the exception's type, not its text."""
        frames = traceback.extract_tb(ei[2])
        lines = [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        return "\n".join([*lines, f"  {getattr(ei[0], '__name__', ei[0])}"])

    def _clean(self, text: str) -> str:
        with self._lock:
            words = sorted(self._hidden, key=len, reverse=True)
        if words:
            text = re.sub("|".join(map(re.escape, words)), "<hidden>", text, flags=re.IGNORECASE)
        return _PATH.sub("<path>", text)


class QuietFile(RotatingFileHandler):
    """A file that stops nothing where it cannot be written: a full disk must not end the program.

    What could not be written goes nowhere else: on the standard error it would be uncleaned.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Leave the line out."""

    def close(self) -> None:
        """Close the file, whatever of it could not be written."""
        with suppress(OSError):
            super().close()


class LogSession:
    """The running log; :meth:`close` ends it.

    Raises
    ------
    OSError
        If its file cannot be opened.
    """

    def __init__(self, folder: Path, level: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "mammoview.log"
        self._formatter = PrivateFormatter()
        self._handler = QuietFile(self.file, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
        self._handler.setFormatter(self._formatter)
        self._logger = logging.getLogger("mammoview")
        self._level_before = self._logger.level
        self._logger.setLevel(level)
        self._logger.addHandler(self._handler)

    def hide(self, index: ExamIndex) -> None:
        """Keep the patients of an index out of the log."""
        views = [view for exam in index.examinations for view in exam.mammograms]
        self._formatter.hide({view.identity for view in views})

    def close(self) -> None:
        """Stop writing."""
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level_before)
        self._handler.close()


def start(folder: Path | None = None, *, level: int = logging.INFO) -> LogSession:
    """Start the log in the user's log folder, or in a given one."""
    return LogSession(folder or platformdirs.user_log_path("mammoview", appauthor=False), level)
