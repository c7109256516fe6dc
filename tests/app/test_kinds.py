"""Classes of finding and their caveats, in the language in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mammoview import words
from mammoview.app.kinds import logged_caveat

_KNOWN = "Calcification: trained on simulated calcifications"


@pytest.fixture
def shouted() -> Iterator[None]:
    """Speak a language that knows two texts."""
    said = {"Calcification": "KALK", "trained on simulated calcifications": "AN SIMULIERTEN"}
    words.use(lambda context, text, comment, n: said.get(text, ""))
    yield
    words.use(None)


def test_a_logged_caveat_is_said_as_it_is_kept() -> None:
    assert logged_caveat(_KNOWN) == _KNOWN
    assert logged_caveat("Cyst: on film: few") == "Cyst: on film: few"


def test_a_logged_caveat_is_said_in_the_language_in_use(shouted: None) -> None:
    assert logged_caveat(_KNOWN) == "KALK: AN SIMULIERTEN"
    assert logged_caveat("Calcification: on film: few") == "KALK: on film: few"
    assert logged_caveat("Nothing known: of it") == "Nothing known: of it"
