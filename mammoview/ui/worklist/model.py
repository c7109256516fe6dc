"""The studies as Qt's tables want them: a thin view of the state, with pictures on demand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QPixmap

from mammoview.app.priors import display_date
from mammoview.app.worklist.arrange import Column
from mammoview.app.worklist.desk import Picture, Worklist
from mammoview.app.worklist.values import Study
from mammoview.review.standing import Reading
from mammoview.ui import theme
from mammoview.ui.plain_tip import plain_tip
from mammoview.words import QT_TRANSLATE_NOOP, translate

COLUMNS = tuple(Column)
_PICTURES_KEPT = 400
_TITLES: MappingProxyType[Column, str] = MappingProxyType(
    {
        Column.VIEWS: QT_TRANSLATE_NOOP("Worklist", "R CC  L CC  R MLO  L MLO"),
        Column.STATE: QT_TRANSLATE_NOOP("Worklist", "Reading"),
        Column.PATIENT: QT_TRANSLATE_NOOP("Worklist", "Patient"),
        Column.ID: QT_TRANSLATE_NOOP("Worklist", "Patient ID"),
        Column.BIRTH: QT_TRANSLATE_NOOP("Worklist", "Born"),
        Column.DATE: QT_TRANSLATE_NOOP("Worklist", "Study date"),
        Column.MISSING: QT_TRANSLATE_NOOP("Worklist", "Views"),
        Column.IMAGES: QT_TRANSLATE_NOOP("Worklist", "Images"),
        Column.ACCESSION: QT_TRANSLATE_NOOP("Worklist", "Accession"),
        Column.SOURCE: QT_TRANSLATE_NOOP("Worklist", "Source"),
    }
)
_STATES: MappingProxyType[Reading, str] = MappingProxyType(
    {
        Reading.UNREAD: QT_TRANSLATE_NOOP("Worklist", "● Unread"),
        Reading.IN_PROGRESS: QT_TRANSLATE_NOOP("Worklist", "◐ In progress by you"),
        Reading.WAITS_FOR_SECOND: QT_TRANSLATE_NOOP("Worklist", "● Read by another: second read"),
        Reading.TO_SIGN: QT_TRANSLATE_NOOP("Worklist", "◐ Final: sign it"),
        Reading.FIRST_DONE: QT_TRANSLATE_NOOP("Worklist", "◑ Your read done: other read to come"),
        Reading.WAITS_FOR_ARBITRATION: QT_TRANSLATE_NOOP("Worklist", "◆ Waits for arbitration"),
        Reading.DISCORDANT: QT_TRANSLATE_NOOP("Worklist", "≠ Discordant: with an arbitrator"),
        Reading.WITH_ARBITRATOR: QT_TRANSLATE_NOOP("Worklist", "◑ With an arbitrator"),
        Reading.READ_BY_OTHERS: QT_TRANSLATE_NOOP("Worklist", "○ Read by others"),
        Reading.SIGNED: QT_TRANSLATE_NOOP("Worklist", "✓ Signed"),
    }
)
_ASIDE = QT_TRANSLATE_NOOP("Worklist", "– Put aside")
_OWN_WORK = "#d5dade"
_STATE_COLOURS = MappingProxyType(
    {
        Reading.UNREAD: _OWN_WORK,
        Reading.WAITS_FOR_SECOND: _OWN_WORK,
        Reading.WAITS_FOR_ARBITRATION: _OWN_WORK,
        Reading.IN_PROGRESS: theme.ACCENT,
        Reading.TO_SIGN: theme.ACCENT,
        Reading.DISCORDANT: theme.CAUTION,
    }
)
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class StudyModel(QAbstractTableModel):
    """One row a study, in the order of the state."""

    def __init__(self, worklist: Worklist, parent: Any = None) -> None:
        super().__init__(parent)
        self.setObjectName("studyModel")
        self._worklist = worklist
        self._studies: tuple[Study, ...] = ()
        self._rows: dict[str, int] = {}
        self._pictures: OrderedDict[str, QIcon] = OrderedDict()
        self._asked: set[str] = set()
        self._bold = QFont()
        self._bold.setBold(True)

    # -- state --------------------------------------------------------------------------------

    def show_studies(self, studies: tuple[Study, ...]) -> bool:
        """Take over the studies; return True if other rows stand there now."""
        same = [study.key for study in studies] == list(self._rows)
        if same:
            self._studies = studies
            if studies:
                last = self.index(len(studies) - 1, len(COLUMNS) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return False
        self.beginResetModel()
        self._studies = studies
        self._rows = {study.key: row for row, study in enumerate(studies)}
        self.endResetModel()
        return True

    def study_at(self, row: int) -> Study | None:
        """Return the study of a row."""
        return self._studies[row] if 0 <= row < len(self._studies) else None

    def row_of(self, key: str | None) -> int | None:
        """Return the row of a study; None where it is not shown."""
        return self._rows.get(key or "")

    def forget_wanted(self) -> None:
        """Draw no more for rows that have left the screen."""
        self._worklist.stop_drawing()
        self._asked.clear()

    # -- what Qt asks -------------------------------------------------------------------------

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many studies are shown."""
        return 0 if parent.isValid() else len(self._studies)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return translate("Worklist", _TITLES[COLUMNS[section]])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        answer = _ANSWERS.get(role)
        study = self.study_at(index.row())
        if answer is None or study is None:
            return None
        return answer(self, study, COLUMNS[index.column()])

    # -- answers by role ----------------------------------------------------------------------

    def _text(self, study: Study, column: Column) -> str:
        return _TEXTS[column](study)

    def _tip(self, study: Study, column: Column) -> str:
        return plain_tip(self._in_words(study, column))

    def _in_words(self, study: Study, column: Column) -> str:
        return (
            tip_text(study)
            if column in (Column.VIEWS, Column.MISSING)
            else self._text(study, column)
        )

    def _colour(self, study: Study, column: Column) -> QColor | None:
        if column is Column.SOURCE and not study.reachable:
            return QColor(theme.CAUTION)
        if column is Column.MISSING and study.missing:
            return QColor(theme.CAUTION)
        faint = theme.FAINT
        return QColor(faint if study.aside else _STATE_COLOURS.get(study.reading, faint))

    def _font(self, study: Study, column: Column) -> QFont | None:
        bold = study.to_read and column in (Column.STATE, Column.PATIENT)
        return self._bold if bold else None

    def _picture(self, study: Study, column: Column) -> QIcon | None:
        if column is not Column.VIEWS:
            return None
        found = self._pictures.get(study.key)
        if found is None and study.key not in self._asked and study.reachable:
            self._asked.add(study.key)
            self._worklist.draw(study.key, partial(self._drawn, study.key))
        return found

    def _alignment(self, study: Study, column: Column) -> int:
        across = Qt.AlignmentFlag.AlignLeft
        if column is Column.IMAGES:
            across = Qt.AlignmentFlag.AlignRight
        return int(across | Qt.AlignmentFlag.AlignVCenter)

    def _drawn(self, key: str, picture: Picture) -> None:
        rows, cols = picture.shape
        image = QImage(picture.tobytes(), cols, rows, cols, QImage.Format.Format_Grayscale8)
        pixmap = QPixmap.fromImage(image)
        icon = QIcon(pixmap)
        icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt dims the images of a chosen row
        self._pictures[key] = icon
        while len(self._pictures) > _PICTURES_KEPT:
            old, _ = self._pictures.popitem(last=False)
            self._asked.discard(old)
        row = self._rows.get(key)
        if row is not None:
            at = self.index(row, COLUMNS.index(Column.VIEWS))
            self.dataChanged.emit(at, at)


def state_text(study: Study) -> str:
    """Return how far the reading of a study is to this reader, in words."""
    return translate("Worklist", _ASIDE if study.aside else _STATES[study.reading])


def birth_text(study: Study) -> str:
    """Return the birth date, and the age on the day of the study."""
    born = display_date(study.birth_date)
    if len(study.birth_date) != 8 or len(study.date) != 8:
        return born
    try:
        years = int(study.date[:4]) - int(study.birth_date[:4])
        years -= study.date[4:] < study.birth_date[4:]
    except ValueError:
        return born
    return f"{born}  ({years})"


def views_text(study: Study) -> str:
    """Return which views are missing, and which there are besides."""
    if study.missing:
        missing = ", ".join(slot.label for slot in study.missing)
        said = translate("Worklist", "without {views}").format(views=missing)
    else:
        said = translate("Worklist", "all four")
    return f"{said}  + {', '.join(study.extra)}" if study.extra else said


def source_text(study: Study) -> str:
    """Return the folders, and whether they are there."""
    if study.reachable:
        return study.source
    return translate("Worklist", "{source}: not reachable").format(source=study.source)


def tip_text(study: Study) -> str:
    """Return what stands beside the pictures."""
    return f"{study.who}\n{views_text(study)}"


_TEXTS: MappingProxyType[Column, Callable[[Study], str]] = MappingProxyType(
    {
        Column.VIEWS: lambda study: "",
        Column.STATE: state_text,
        Column.PATIENT: lambda study: study.who,
        Column.ID: lambda study: study.patient_id,
        Column.BIRTH: birth_text,
        Column.DATE: lambda study: display_date(study.date),
        Column.MISSING: views_text,
        Column.IMAGES: lambda study: str(study.images),
        Column.ACCESSION: lambda study: study.accession,
        Column.SOURCE: source_text,
    }
)
_ANSWERS: MappingProxyType[int, Callable[[StudyModel, Study, Column], Any]] = MappingProxyType(
    {
        Qt.ItemDataRole.DisplayRole: StudyModel._text,
        Qt.ItemDataRole.ToolTipRole: StudyModel._tip,
        Qt.ItemDataRole.AccessibleTextRole: StudyModel._in_words,
        Qt.ItemDataRole.ForegroundRole: StudyModel._colour,
        Qt.ItemDataRole.FontRole: StudyModel._font,
        Qt.ItemDataRole.DecorationRole: StudyModel._picture,
        Qt.ItemDataRole.TextAlignmentRole: StudyModel._alignment,
    }
)
