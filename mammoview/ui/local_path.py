"""The path of a file that was dropped, whatever bytes its name is made of."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QUrl


def local_path(url: QUrl) -> Path:
    """Return the path that a local URL names.

    Qt's own way goes over text: a folder from an old medium whose name is no UTF-8 would not be
    found under what comes out.
    """
    if os.name != "posix" or url.host():
        return Path(url.toLocalFile())
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    return Path(os.fsdecode(unquote_to_bytes(encoded)))
