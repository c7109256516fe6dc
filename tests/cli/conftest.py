"""An examination, a model that follows bright spots, and a way to run commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mammoview.cli import main
from tests.builders.dicom import build_exam
from tests.builders.models import build_bundle


@dataclass(frozen=True)
class Answer:
    """Exit code and both streams of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document


Run = Callable[..., Answer]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*words: object) -> Answer:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Answer(code=code, out=said.out, err=said.err)

    return run


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    """Folder of a four-view examination of Phantom^One."""
    build_exam(tmp_path / "exam")
    return tmp_path / "exam"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Folder of a tiny model that marks bright spots."""
    return build_bundle(tmp_path / "bundle", stride=8)
