"""Which image hangs where, and what an empty slot says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.app import hanging
from mammoview.domain.views import Slot
from mammoview.errors import SettingsError
from tests.builders.desk import exam, mammogram


def test_shipped_layout_is_right_on_the_left_cc_over_mlo() -> None:
    assert hanging.load_layout().rows == ((Slot.RCC, Slot.LCC), (Slot.RMLO, Slot.LMLO))


def test_missing_view_is_named() -> None:
    views = [mammogram(slot) for slot in Slot if slot is not Slot.LMLO]
    pane = hanging.panes_for(exam(views=views))[3]
    assert (pane.mammogram, pane.message) == (None, "L MLO not found")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_newest_duplicate_is_shown_with_its_badge(order: tuple[int, ...]) -> None:
    times = ("090000", "100000", "110000")
    views = [mammogram(Slot.RCC, uid=f"1.2.{n}", acquired=times[n]) for n in order]
    pane = hanging.panes_for(exam(views=views))[0]
    assert pane.mammogram is not None
    assert pane.mammogram.sop_instance_uid == "1.2.2"
    assert pane.badge == "3 of 3"


def test_extra_views_are_named_and_not_hung() -> None:
    extra = mammogram(None, uid="9.9")
    described = exam(views=[*exam().mammograms, extra])
    assert hanging.not_hung(described) == (extra.label,)
    hung = [pane.mammogram for pane in hanging.panes_for(described)]
    assert extra not in hung


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema = 2",
        'schema = 1\nname = "x"\nrows = [["RXX"]]\nmissing = ""\nduplicate = ""',
        "not toml at all [",
    ],
)
def test_bad_layout_is_an_error_with_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"bad\.toml"):
        hanging.load_layout(path)
