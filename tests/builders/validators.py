"""The tools of others that look at what was written: where one is missing, the test is skipped.

What each finds is in its docstring; none finds all.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_PIXELMED = Path("/usr/share/java/pixelmed.jar")
# Its rules are one large style sheet: Java's limits for such sheets are too low for it.
_NO_LIMITS = ("xpathExprGrpLimit", "xpathExprOpLimit", "xpathTotalOpLimit")
_SECONDS = 120


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
    said = _run(_tool("dsrdump", "dcmtk"), "+Wc", str(file))
    return [line for line in said if re.match(r"[EWF]: ", line)]


def sr_tree_complaints(file: Path) -> list[str]:
    """Return what dcsrdump (dicom3tools) says besides the tree."""
    said = _run(_tool("dcsrdump", "dicom3tools"), str(file))
    return [line for line in said if re.match(r"\s*(Error|Warning)", line)]


def html_of(file: Path) -> str:
    """Return the document as dsr2html (dcmtk) shows it; fails where it complains."""
    said = _run(_tool("dsr2html", "dcmtk"), str(file))
    assert not [line for line in said if re.match(r"[EWF]: ", line)], said
    return "\n".join(said)


def template_errors(file: Path) -> list[str]:
    """Return what PixelMed's DicomSRValidator says is wrong with the templates."""
    java = _tool("java", "default-jre-headless")
    if not _PIXELMED.is_file():
        pytest.skip(f"{_PIXELMED} is not there (Debian package libpixelmed-java)")
    limits = [f"-Djdk.xml.{name}=0" for name in _NO_LIMITS]
    validator = "com.pixelmed.validate.DicomSRValidator"
    said = _run(java, *limits, "-cp", str(_PIXELMED), validator, str(file))
    assert any(line.startswith("Found ") for line in said), said
    return [line for line in said if re.match(r"(Error|Warning)", line)]


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
