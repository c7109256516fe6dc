from __future__ import annotations

from pathlib import Path

import pytest

from trainer.documents import write_text


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text("old", tmp_path / "metrics.json")

    def full(file: Path, _content: bytes) -> int:
        with file.open("wb") as stream:
            stream.write(b"ha")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_text("half", tmp_path / "metrics.json")
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.json"]
    assert (tmp_path / "metrics.json").read_text() == "old"
