"""Protocol files: what ships is sound, and a wrong file is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammoview.app import protocol, resources
from mammoview.errors import MissingPartError, SettingsError

_STEPS = """
[[steps]]
id = "all"
title = "All"
each = ["RCC", "LCC", "RMLO", "LMLO", "RCC ID", "LCC ID", "RMLO ID", "LMLO ID"]
[[steps]]
id = "tomo"
title = "Tomosynthesis"
rows = [["RCC TOMO", "LCC TOMO"], ["RMLO TOMO", "LMLO TOMO"]]
[[steps]]
id = "rest"
title = "Rest"
rest = true
"""
GOOD = 'schema = 2\ntitle = "Mine"\n' + _STEPS


def _more(text: str) -> str:
    return f'{GOOD}[[steps]]\nid = "more"\ntitle = "More"\n{text}\n'


def test_all_shipped_protocols_are_sound() -> None:
    names = resources.hangings()
    assert names == ("cc-first", "four-up", "mlo-first")
    assert [protocol.shipped(name).id for name in names] == list(names)


def test_a_small_protocol_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_more('rows = [["RCC", "LCC"], ["RCC prior", "LCC prior"]]'), "utf-8")
    read = protocol.load_protocol(path)
    assert (read.id, read.title, [s.id for s in read.steps]) == (
        "mine",
        "Mine",
        ["all", "tomo", "rest", "more"],
    )
    assert [p.key for p in read.steps[3].places] == ["RCC", "LCC", "RCC prior", "LCC prior"]


@pytest.mark.parametrize(("line", "tiles"), [("", False), ("tiles = true", True)])
def test_a_step_may_be_read_tile_by_tile(tmp_path: Path, line: str, tiles: bool) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_more(f'rows = [["RCC", "LCC"]]\n{line}'), "utf-8")
    assert protocol.load_protocol(path).steps[3].tiles is tiles


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "keys"),
        ("not toml at all [", "TOML"),
        (GOOD.replace("schema = 2", "schema = 1"), "schema 1"),
        (GOOD.replace("schema = 2", "schema = true"), "schema True"),
        (GOOD + "\n[extra]\n", "keys"),
        ('schema = 2\ntitle = "x"\nsteps = []', "no steps"),
        ('schema = 2\ntitle = "x"\nsteps = [1]', "step 1 is no table"),
        ('schema = 2\ntitle = ""\n' + _STEPS, "title"),
        (GOOD.replace('id = "rest"', 'id = "all"'), "an id twice"),
        (GOOD.replace('id = "rest"', 'id = "Rest!"'), "'Rest!'"),
        (GOOD.replace('"LMLO ID"', '"RXX"'), "RXX"),
        (GOOD.replace(', "LMLO ID"', ""), "no step with LMLO ID"),
        (GOOD.replace("rest = true", 'rest = "yes"'), "rest"),
        (GOOD.replace("rest = true", 'rows = [["RCC"]]'), "rest"),
        (_more("colour = 1\nrest = true"), "colour"),
        (_more('rows = [["RCC"]]\nrest = true'), "rows, rest"),
        (_more('rows = [["LCC", "RCC"]]'), "left breast left of a right one"),
        (_more('rows = [["RCC", "RCC"]]'), "place twice"),
        (_more('rows = [["RCC"], ["RMLO", "LMLO"]]'), "rows of step 4"),
        (_more('rows = [["RCC", "LCC", "RMLO"]]'), "rows of step 4"),
        (_more('rows = [["RCC"], ["LCC"], ["RMLO"]]'), "rows of step 4"),
        (_more("rows = []"), "rows of step 4"),
        (_more('rows = [["RCC"]]\ntiles = 1'), "tiles = 1"),
        (_more('each = ["RCC"]\ntiles = true'), "tiles"),
        (_more("rows = [[1]]"), "place"),
        (_more('each = ["RCC prior ID"]'), "RCC prior ID"),
    ],
)
def test_a_bad_protocol_is_an_error_that_names_file_and_fault(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"bad\.toml") as caught:
        protocol.load_protocol(path)
    assert said in str(caught.value)


def test_a_missing_file_is_an_error_with_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml"):
        protocol.load_protocol(tmp_path / "gone.toml")
    with pytest.raises(MissingPartError, match="sideways"):
        protocol.shipped("sideways")
