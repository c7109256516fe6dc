"""UIDs and times of results: the same read, exported again, gives the same objects.

A UID is derived from the read and from what it says, so a second export of one read is the same
instance wherever it arrives, and what was said later (a signature, a decision of an arbitrator) is
another instance beside it: an archive never keeps two contents under one UID.  Random UIDs would
make every export a new result, which a reader would have to compare by eye.

Source: PS3.5 B.2 (UIDs derived from a UUID), PS3.3 C.12.1.1.8 (offset from UTC).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from pydicom.uid import UID

from mammoview.domain.reading import ReadReport

_NAMESPACE = uuid.UUID("c1b6a6a0-3f43-5b1c-9c53-6d0d1f7c0a11")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")


def derived_uid(*parts: str) -> UID:
    """Return the UID under the root 2.25 that some texts give, always the same one."""
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, chr(10).join(parts)).int}")


def result_uid(report: ReadReport, kind: str) -> UID:
    """Return the SOPInstanceUID of a result of a read.

    Parameters
    ----------
    report : ReadReport
        What the read says now.
    kind : str
        Which result of it: ``cad-sr``, ``seg``; with more words where there are several.
    """
    return derived_uid("instance", kind, report.read_id, _said(report))


def series_uid(report: ReadReport, kind: str) -> UID:
    """Return the SeriesInstanceUID of one kind of result: all states of a read in one series."""
    return derived_uid("series", kind, report.read_id)


def mark_uid(report: ReadReport, name: str) -> UID:
    """Return the tracking UID of a mark or finding: the same one in every result of a read."""
    return derived_uid("tracking", report.read_id, name)


def moment(report: ReadReport, offset: str = "") -> datetime:
    """Return when a result was made: when the read was signed, else locked, else opened.

    Parameters
    ----------
    report : ReadReport
        The read.
    offset : str
        TimezoneOffsetFromUTC (0008,0201) of the images; where it is empty or wrong, times are
        those of this machine's clock, as in all objects that state no offset.
    """
    at = datetime.fromisoformat(report.signed_at or report.locked_at or report.opened_at)
    found = _OFFSET.fullmatch(offset)
    if found is None:
        return at.astimezone()
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return at.astimezone(timezone(-ahead if found[1] == "-" else ahead))


def _said(report: ReadReport) -> str:
    """Return a digest of all that a read says; of the images and heatmaps, which they are."""
    images = sorted(image.sop_instance_uid for image in report.images)
    plain = replace(report, images=(), heatmaps=())
    return hashlib.sha256(f"{images}{plain!r}".encode()).hexdigest()
