from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.simulated.synthetic import write_set


@pytest.fixture(scope="session")
def mass_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("masses") / "train", range(1, 11))
