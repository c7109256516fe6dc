"""Figures put into a card whose run is gone: they take their place, all else stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mammoview.errors import UsageError
from mammoview.modelkit.bundle import CARD, NETWORK, open_bundle
from tests.builders.models import build_bundle, build_manifest
from trainer.card.amended import amend_card, amended
from trainer.card.model_card import Measured
from trainer.card.sections import Section, SectionName, section_of, write_section
from trainer.cli.main import main

TEXT = """# tiny 1

## Measured

### Marks on labels

old

```
# a command
```

Measured on tiny 0.

### Speed and memory

slow

## Limits
- many
"""


def made(name: SectionName, text: str, network: str = "") -> Section:
    return Section(name=name, model="tiny 1", network_sha256=network, text=text, commands=())


def test_a_section_takes_the_place_of_its_forerunner_and_nothing_else_changes() -> None:
    new = made(SectionName.MARKS, "### Marks on labels\n\nnew")
    before, _, after = TEXT.partition("### Marks on labels")
    card = amended(TEXT, Measured(sections=(new,)))
    assert card.startswith(before + "### Marks on labels\n\nnew\n\nMeasured on tiny 1.\n\n###")
    assert card.endswith(after[after.index("### Speed") :])
    assert "old" not in card
    assert card.count("### ") == 2
    assert amended(card, Measured(sections=(new,))) == card


def test_a_new_section_stands_before_speed_and_limits() -> None:
    card = amended(TEXT, Measured(sections=(made(SectionName.PASSES, "### Flips\n\nnone"),)))
    assert card == TEXT.replace(
        "### Speed", "### Flips\n\nnone\n\nMeasured on tiny 1.\n\n### Speed"
    )
    bare = TEXT.replace("### Speed and memory\n\nslow\n\n", "")
    speed = amended(bare, Measured(speed={"bench": "analyze", "seconds": 1.25}))
    assert speed.index("Measured on tiny 0.") < speed.index("| the whole command | 1.25 s |")
    assert speed.index("| the whole command | 1.25 s |") < speed.index("## Limits")
    again = amended(TEXT, Measured(speed={"bench": "analyze", "seconds": 1.25}))
    assert "slow" not in again
    assert "| the whole command | 1.25 s |" in again


def test_a_section_that_the_limits_hang_on_is_not_put_in_alone() -> None:
    digital = made(SectionName.DIGITAL, "### Digital mammograms\n\nsome")
    with pytest.raises(UsageError, match="no section digital yet"):
        amended(TEXT, Measured(sections=(digital,)))
    known = TEXT.replace("### Marks on labels", "### Digital mammograms")
    assert "some" in amended(known, Measured(sections=(digital,)))


def test_a_section_of_another_network_is_refused(tmp_path: Path) -> None:
    folder = build_bundle(tmp_path / "tiny")
    other = made(SectionName.PASSES, "### Flips\n\nnone", network="b" * 64)
    with pytest.raises(UsageError, match="another network"):
        amend_card(folder, Measured(sections=(other,)))


def test_the_command_needs_no_run_for_sections_and_speed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build_bundle(tmp_path / "tiny")
    before = open_bundle(folder)
    section = section_of(
        SectionName.PASSES, before.manifest, text="### Flips\n\nnone", commands=["again"]
    )
    write_section(section, tmp_path / "passes")
    (tmp_path / "speed.json").write_text(json.dumps({"bench": "analyze", "seconds": 1.25}))
    words = ["card", str(folder), "--section", str(tmp_path / "passes")]
    assert main([*words, "--speed", str(tmp_path / "speed.json")]) == 0
    after = open_bundle(folder)
    card = (folder / CARD).read_text("utf-8")
    assert "### Flips\n\nnone\n\nAgain:\n\n```\nagain\n```\n\nMeasured on tiny 1." in card
    assert "| the whole command | 1.25 s |" in card
    assert (after.network, replace(after.manifest, hashes=())) == (
        before.network,
        build_manifest(),
    )
    assert dict(after.manifest.hashes)[NETWORK] == dict(before.manifest.hashes)[NETWORK]
    assert main([*words, "--test", str(tmp_path / "test")]) == 2
    assert "without --run" in capsys.readouterr().err
