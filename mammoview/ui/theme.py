"""A look for a dark reading room: black around the images, everything else subdued."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

BACKGROUND = "#000000"
CHROME = "#0e0f11"
RAISED = "#191b1e"
EDGE = "#2a2d31"
TEXT = "#a3a8ae"
OFF = "#666c72"  # of what cannot be used now
FAINT = "#80868d"
ACCENT = "#5f93a3"
CAUTION = "#b58a3c"

_QSS = f"""
* {{ font-size: 9pt; }}
QMainWindow, QWidget#centre {{ background: {BACKGROUND}; }}
QMenuBar {{ background: {CHROME}; color: {FAINT}; padding: 0; border: none; }}
QMenuBar::item {{ padding: 3px 9px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {EDGE}; color: {TEXT}; }}
QMenu {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE}; }}
QMenu::item {{ padding: 4px 24px 4px 22px; }}
QMenu::item:disabled {{ color: {OFF}; }}
QMenu::separator {{ height: 1px; background: {EDGE}; margin: 3px 8px; }}
QToolBar {{ background: {CHROME}; border: none; padding: 4px 2px; spacing: 1px; }}
QToolBar::separator {{ background: {EDGE}; height: 1px; margin: 5px 8px; }}
QToolButton {{ color: {TEXT}; background: transparent; border: 1px solid transparent;
    border-radius: 3px; padding: 5px 3px; min-width: 46px; }}
QToolButton:hover {{ background: {EDGE}; }}
QToolButton:checked {{ background: #1f3139; color: #b9d3dc; border-color: #33525e; }}
QToolButton:focus {{ border-color: {ACCENT}; }}
QToolButton:disabled {{ color: {OFF}; }}
QWidget#sidePages, QWidget#sidePanel, QWidget#readPanel, QScrollArea#sideScroll,
QScrollArea#readScroll {{ background: {CHROME}; border: none; }}
QWidget#sidePanel QLabel, QWidget#readPanel QLabel {{ color: {TEXT}; }}
QLabel[role="heading"] {{ color: {FAINT}; font-weight: 600; padding-top: 8px;
    border-top: 1px solid {EDGE}; }}
QLabel[role="faint"], QWidget#sidePanel QLabel[role="faint"],
QWidget#readPanel QLabel[role="faint"] {{ color: {FAINT}; }}
QWidget#sidePanel QLabel[role="caution"],
QWidget#readPanel QLabel[role="caution"] {{ color: {CAUTION}; }}
QTabBar#sideTabs {{ background: {CHROME}; }}
QTabBar#sideTabs::tab {{ background: {CHROME}; color: {FAINT}; padding: 6px 12px;
    border-bottom: 2px solid {EDGE}; }}
QTabBar#sideTabs::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; }}
QTabBar#sideTabs:focus::tab:selected {{ background: #1f3139; }}
QStatusBar {{ background: {CHROME}; color: {FAINT}; border: none; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {FAINT}; padding: 0 5px; }}
QStatusBar QLabel#researchUseOnly {{ color: {CAUTION}; font-weight: 700; }}
QStatusBar QLabel#stepLabel {{ color: #d5dade; font-weight: 600; }}
QStatusBar QLabel#caveats {{ color: {CAUTION}; }}
QStatusBar QLabel#marksProblem, QStatusBar QLabel#readProblem {{
    color: #ffb59d; background: #3a1710; font-weight: 700; }}
QStatusBar QLabel#readingBadge, QStatusBar QLabel#demoBadge,
QStatusBar QLabel#displayBadge, QStatusBar QLabel#scaleBadge,
QStatusBar QLabel#cadSourceBadge {{ color: {TEXT};
    background: #24200f; border: 1px solid #4b3f1c; border-radius: 3px; padding: 0 7px; }}
QStatusBar QLabel#demoBadge {{ background: #15232a; border-color: #2f4954; }}
QStatusBar QToolButton {{ padding: 0 7px; min-width: 0; color: {CAUTION}; }}
QProgressBar {{ background: {RAISED}; border: 1px solid {EDGE}; border-radius: 3px;
    color: {TEXT}; text-align: center; max-height: 14px; }}
QProgressBar::chunk {{ background: #2d4a55; }}
QPushButton {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE};
    border-radius: 3px; padding: 4px 10px; }}
QPushButton:hover {{ background: {EDGE}; }}
QPushButton:checked {{ background: #1f3139; color: #b9d3dc; border-color: #33525e; }}
QPushButton:focus {{ border-color: {ACCENT}; }}
QLineEdit {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE};
    border-radius: 3px; padding: 3px 4px; }}
QLineEdit:focus {{ border-color: {ACCENT}; }}
QAbstractSpinBox {{ min-height: 22px; }}
QAbstractSpinBox QLineEdit, QKeySequenceEdit QLineEdit:disabled {{ border: none; }}
QPushButton[role="terms"] {{ text-align: left; padding: 3px 6px; }}
QLineEdit#markLabel {{ background: {RAISED}; color: #a8f5a8; border: 1px solid {ACCENT};
    padding: 2px 4px; }}
QCheckBox {{ color: {TEXT}; spacing: 6px; border: 1px solid transparent; border-radius: 3px; }}
QCheckBox::indicator:unchecked {{ width: 11px; height: 11px; border: 1px solid {FAINT};
    border-radius: 2px; background: {RAISED}; }}
QComboBox {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE};
    border-radius: 3px; padding: 3px 6px; }}
QComboBox:focus, QCheckBox:focus {{ border-color: {ACCENT}; }}
QComboBox QAbstractItemView {{ background: {RAISED}; color: {TEXT};
    selection-background-color: {EDGE}; }}
QPushButton:disabled {{ background: {CHROME}; color: {OFF}; border-color: {RAISED}; }}
QComboBox:disabled, QLineEdit:disabled, QAbstractSpinBox:disabled {{ background: {CHROME};
    color: {FAINT}; border-color: {RAISED}; }}
QCheckBox:disabled {{ color: {OFF}; }}
QSlider::groove:horizontal {{ height: 3px; background: {EDGE}; border-radius: 1px; }}
QSlider::handle:horizontal {{ width: 10px; margin: -5px 0; border-radius: 5px;
    background: {FAINT}; }}
QSlider::handle:horizontal:focus {{ background: {ACCENT}; }}
QSlider::groove:vertical {{ width: 3px; background: {EDGE}; border-radius: 1px; }}
QSlider::handle:vertical {{ height: 22px; margin: 0 -4px; border-radius: 4px;
    background: {FAINT}; }}
QSlider::sub-page:horizontal {{ background: #3c5661; border-radius: 1px; }}
QListWidget, QListView, QTableWidget, QTableView, QTreeWidget {{ background: {RAISED};
    color: {TEXT}; border: 1px solid {EDGE};
    alternate-background-color: {CHROME}; gridline-color: {EDGE}; }}
QListWidget:focus, QListView:focus, QTableWidget:focus, QTableView:focus,
QTreeWidget:focus {{ border-color: {ACCENT}; }}
QListWidget::item:selected, QListView::item:selected, QTableWidget::item:selected,
QTableView::item:selected {{ background: #1f3139;
    color: #b9d3dc; }}
QHeaderView::section {{ background: {CHROME}; color: {FAINT}; border: none; padding: 4px; }}
QWidget#signInPage QLabel {{ color: {TEXT}; }}
QWidget#signInPage QLabel[role="title"] {{ font-size: 12pt; padding-bottom: 6px; }}
QWidget#signInPage QLabel[role="caution"] {{ color: {CAUTION}; }}
QDialog {{ background: {CHROME}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QDialog QLabel {{ color: {TEXT}; }}
QDialog QLabel[role="caution"] {{ color: {CAUTION}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {EDGE}; padding: 3px; }}
QScrollBar:vertical {{ background: {CHROME}; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {EDGE}; border-radius: 4px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
"""


def application() -> QApplication:
    """Return the application in its look; it is started where nobody has started it yet."""
    started = QApplication.instance() or QApplication(["mammoview"])
    assert isinstance(started, QApplication)
    apply(started)
    return started


def apply(application: QApplication) -> None:
    """Give the whole application the dark look, once: every widget is styled anew each time."""
    if application.styleSheet() == _QSS:
        return
    application.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, CHROME),
        (roles.Base, RAISED),
        (roles.AlternateBase, CHROME),
        (roles.Button, RAISED),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.Highlight, "#1f3139"),
        (roles.HighlightedText, "#b9d3dc"),
        (roles.PlaceholderText, FAINT),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, QColor(colour))
    application.setPalette(palette)
    application.setStyleSheet(_QSS)
