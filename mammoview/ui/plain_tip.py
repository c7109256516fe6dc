"""Tooltips with words out of files or of readers: Qt would read ``<b>`` in a name as markup."""

from __future__ import annotations

from PySide6.QtGui import Qt


def plain_tip(text: str) -> str:
    """Return what a tooltip has to be given to show these very words."""
    return Qt.convertFromPlainText(text) if Qt.mightBeRichText(text) else text
