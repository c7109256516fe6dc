"""Names of people as they stand in headers, and as they are shown and compared."""

from __future__ import annotations

from itertools import combinations

import pytest

from mammoview.app.patient_words import in_a_line, person_name, same_name

YAMADA = "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Roe^Jane", "Roe Jane"),
        ("Roe^Jane^^Dr^PhD", "Roe Jane Dr PhD"),
        (YAMADA, "Yamada Tarou (山田 太郎, やまだ たろう)"),
        ("=山田^太郎", "山田 太郎"),
        ("Hong^Gildong==홍^길동", "Hong Gildong (홍 길동)"),
        ("Παπαδόπουλος^Διονύσιος", "Παπαδόπουλος Διονύσιος"),
        ("قباني^لنزار", "قباني لنزار"),
        ("Roe=Roe=Roe", "Roe"),
        ("^^=^=", ""),
        ("", ""),
    ],
)
def test_a_name_is_shown_as_people_write_it(value: str, shown: str) -> None:
    assert person_name(value) == shown


def test_one_name_in_one_or_in_three_ways_of_writing_is_one() -> None:
    ways = (YAMADA, "YAMADA^TAROU", "Yamada^Tarou^^^=山田^太郎")
    assert all(same_name(*pair) for pair in combinations(ways, 2))


@pytest.mark.parametrize(
    "other",
    ["Yamada^Tarou=山多^太郎", "Yamada^Jirou=山田^太郎", "=山多^太郎", "Yamada", "", "^"],
)
def test_names_that_only_sound_alike_are_two(other: str) -> None:
    assert not same_name(YAMADA, other)


def test_two_empty_names_are_nobodys() -> None:
    assert not same_name("", "")
    assert not same_name("=山田^太郎", "Yamada^Tarou"), "nothing tells that they are one"


def test_only_names_written_from_the_right_are_set_apart() -> None:
    assert in_a_line("Roe Jane") == "Roe Jane"
    assert in_a_line("山田 太郎") == "山田 太郎"
    for name in ("قباني لنزار", "שרון דבורה", "Qabbani (قباني)"):
        assert in_a_line(name) == f"\u2068{name}\u2069"
