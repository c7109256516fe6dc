from __future__ import annotations

from typing import Any

from tests.trainer.card.test_model_card import MASS, document
from trainer.card.model_card import Measured, render_card
from trainer.held_out import TRAINED_ON, known_to
from trainer.labelled import digests
from trainer.recipe import Recipe


def test_people_of_the_test_whom_the_model_knows_are_counted_by_either_name(
    recipe: Recipe,
) -> None:
    """The run may have read an index, which says P_00016, and the test pictures, which do not."""
    test = Measured(test=document() | {"mammograms": ["00016_LEFT_CC", "00017_RIGHT_MLO"]})
    run = {"training": ["P_00016_LEFT_MLO_mass_1"], "validation": ["P_00020_LEFT_CC_mass_1"]}

    def card(described: dict[str, Any]) -> str:
        known = known_to(described)
        return render_card(
            MASS, recipe=recipe, validation=document(), measured=test, trained_on=known
        )

    assert "1 of 2 people were trained on" in card(run)
    before = {**run, TRAINED_ON: sorted(digests(["00017"]))}  # by the run whose weights it took
    assert "2 of 2 people were trained on" in card(before)
    others = {"training": ["00018_LEFT_CC_mass_1"], "validation": ["00019_LEFT_CC_mass_1"]}
    assert "people never trained or tuned on" in card(others)
