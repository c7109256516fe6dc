"""The tools of others that look at what was written: where one is missing, the test is skipped.

What each finds is in its docstring; none finds all.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

_PIXELMED = Path("/usr/share/java/pixelmed.jar")
# Its rules are one large style sheet: Java's limits for such sheets are too low for it.
_NO_LIMITS = ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")
# It compiles the sheet in each run, ten seconds; and takes one more for each finding: small
# documents are looked at in a fifth of the time.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms1g", "-Xmn800m")
_SECONDS = 300
# What dcmtk says of what it cannot do, whatever the document.
_OF_ITSELF = {
    "W: The VR checker does not support this Specific Character Set: ISO_IR 192",
    "W: Check for template constraints not yet supported",
}


def iod_errors(file: Path) -> list[str]:
    """Return what dciodvfy (dicom3tools) says is wrong with modules and attributes."""
    said = _run(_tool("dciodvfy", "dicom3tools"), str(file))
    return [line for line in said if line.startswith("Error")]


def iod_warnings(file: Path) -> list[str]:
    """Return what dciodvfy (dicom3tools) warns of."""
    said = _run(_tool("dciodvfy", "dicom3tools"), str(file))
    return [line for line in said if line.startswith("Warning")]


def sr_dump_complaints(file: Path) -> list[str]:
    """Return the errors and warnings of dsrdump (dcmtk): illegal relationships, lost references."""
    said = _run(_tool("dsrdump", "dcmtk"), str(file))
    return [line for line in said if re.match(r"[EWF]: ", line) and line not in _OF_ITSELF]


def sr_tree_complaints(file: Path) -> list[str]:
    """Return what dcsrdump (dicom3tools) says besides the tree."""
    said = _run(_tool("dcsrdump", "dicom3tools"), str(file))
    return [line for line in said if re.match(r"\s*(Error|Warning)", line)]


def html_of(file: Path) -> str:
    """Return the document as dsr2html (dcmtk) shows it; fails where it complains."""
    said = _run(_tool("dsr2html", "dcmtk"), str(file))
    complaints = [line for line in said if re.match(r"[EWF]: ", line)]
    assert set(complaints) <= _OF_ITSELF, complaints
    return "\n".join(said)


def template_errors(file: Path) -> list[str]:
    """Return what PixelMed's DicomSRValidator says is wrong with the templates."""
    java = _tool("java", "default-jre-headless")
    if not _PIXELMED.is_file():
        pytest.skip(f"{_PIXELMED} is not there (Debian package libpixelmed-java)")
    limits = [f"-Djdk.xml.{name}=0" for name in _NO_LIMITS]
    validator = "com.pixelmed.validate.DicomSRValidator"
    said = _run(java, *_QUICK, *limits, "-cp", str(_PIXELMED), validator, str(file))
    assert any(line.startswith("Found ") for line in said), said
    # A code is its value and scheme; how its meaning is spelled says nothing (PS3.3 8.3).
    return [
        line
        for line in said
        if re.match(r"(Error|Warning)", line) and "has different code meaning" not in line
    ]


def rendered(image: Path, state: Path, out: Path) -> NDArray[np.uint8]:
    """Return an image as dcmp2pgm (dcmtk) shows it by a presentation state, ``(rows, cols)``."""
    said = _run(_tool("dcmp2pgm", "dcmtk"), "-p", str(state), str(image), str(out))
    assert said == []
    with Image.open(out) as shown:
        return np.asarray(shown)


def _tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def _run(*command: str) -> list[str]:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]
