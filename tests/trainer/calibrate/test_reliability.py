"""How often marks of a score are right, and which formula makes the best scores."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mammoview.errors import DataError
from mammoview.modelkit.bundle import NETWORK, open_bundle
from tests.builders.models import build_manifest
from tests.builders.sites import PEOPLE, PICTURES, made_image
from trainer.calibrate import expected_calibration_error
from trainer.calibration.report import study_lines, write_study
from trainer.calibration.study import SHIPPED, Way, study_calibration
from trainer.card.sections import SectionName, read_section
from trainer.cli.main import main
from trainer.detect import DetectedImage, scored
from trainer.reliability import (
    Marks,
    calibration_error,
    calibration_gap,
    equal_mass,
    equal_width,
    mark_reliability,
)

MANIFEST = build_manifest()


def marks(scores: list[float], is_hit: list[bool], people: list[str] | None = None) -> Marks:
    names = people or [f"p{n}" for n in range(len(scores))]
    return Marks(scores=np.array(scores), is_hit=np.array(is_hit), people=np.array(names))


def test_the_error_is_the_gap_in_each_bin_weighted_by_marks() -> None:
    made = marks([0.15, 0.15, 0.15, 0.95], [False, False, True, True])
    # three marks of 0.15 with a third of hits, one of 0.95 that hits
    expected = (3 * abs(0.15 - 1 / 3) + 1 * abs(0.95 - 1)) / 4
    assert calibration_gap(made, equal_width(made.scores)) == pytest.approx(expected)
    assert calibration_error(made, equal_width(made.scores)).value == pytest.approx(expected)


def test_bins_of_equal_mass_hold_as_many_marks_and_do_not_part_equal_scores() -> None:
    rng = np.random.default_rng(1)
    counts = np.bincount(equal_mass(rng.random(1000) ** 8))
    assert counts.tolist() == [100] * 10
    tied = equal_mass(np.array([0.1] * 15 + [0.2] * 5))
    assert len(set(tied[:15].tolist())) == 1
    assert tied[0] != tied[-1]


def test_the_mass_near_zero_does_not_hide_wrong_scores_of_shown_marks() -> None:
    """A hundred candidates near zero an image make the error of all marks small."""
    made = [
        made_image(n, f"p{n}", [(0.9, 10.0 if n % 2 else 30.0), *[(0.001, 40.0)] * 100])
        for n in range(40)
    ]
    found = mark_reliability(scored(made, "mass"))
    assert found.all_marks.error.value < 0.01
    assert found.shown.marks == 40
    assert found.shown.error.value == pytest.approx(0.4)
    assert found.shown.error_equal_mass.value == pytest.approx(0.4)
    assert found.shown.expected_over_found.value == pytest.approx(1.8)
    assert found.shown.error.low <= 0.4 <= found.shown.error.high
    shares = [b.share.value for b in found.bins]
    assert shares == [0.0, 0.5]
    assert expected_calibration_error(scored(made, "mass")) == found.all_marks.error.value


def test_intervals_draw_people_not_marks() -> None:
    """Twenty marks of one person say as little as she does."""
    rng = np.random.default_rng(3)
    is_hit = rng.random(20) < 0.5
    once = marks([0.5] * 20, is_hit.tolist())
    many = marks([0.5] * 400, np.repeat(is_hit, 20).tolist(), [f"p{n // 20}" for n in range(400)])
    first, again = (calibration_error(m, equal_width(m.scores)) for m in (once, many))
    assert (again.low, again.high) == pytest.approx((first.low, first.high))
    assert again.low < again.value < again.high


def test_the_interval_of_a_small_error_holds_it() -> None:
    """Draws have noise of their own: unshifted, they lie above an error that is mostly noise."""
    rng = np.random.default_rng(7)
    scores = rng.random(300)
    made = marks(scores.tolist(), (rng.random(300) < scores).tolist())
    found = calibration_error(made, equal_width(made.scores))
    assert 0 <= found.low < found.value < found.high < 3 * found.value


def test_no_marks_have_no_error() -> None:
    found = mark_reliability(scored([made_image(0, "p", [])], "mass"))
    assert found.bins == ()
    assert found.all_marks.marks == 0
    assert math.isnan(found.all_marks.error.value)
    assert math.isnan(found.shown.expected_over_found.value)


def read_by(slope: float, intercept: float, *, people: int = 150) -> list[DetectedImage]:
    """Marks whose neutral margin is right by a known curve, as the made model reads them."""
    rng = np.random.default_rng(5)
    calibration = MANIFEST.calibration[0]
    made = []
    for number in range(people):
        regions = []
        for _ in range(6):
            margin = float(rng.normal(0, 1.5))
            is_hit = rng.random() < 1 / (1 + math.exp(-(slope * margin + intercept)))
            odds = calibration.slope * margin + calibration.intercept
            regions.append((1 / (1 + math.exp(-odds)), 10.0 if is_hit else 30.0))
        made.append(made_image(number, f"p{number}", regions))
    return made


def test_the_formula_that_the_marks_were_drawn_by_wins() -> None:
    (study,) = study_calibration(read_by(1.6, -2.0), MANIFEST).classes
    by = {item.way: item for item in study.ways}
    assert study.better == ()
    assert by[SHIPPED].worse_by.value == 0.0
    assert by[Way.NONE].worse_by.low > 0
    assert by[Way.TEMPERATURE].worse_by.low > 0
    assert by[Way.LOGISTIC].shown.error.value < by[Way.TEMPERATURE].shown.error.value
    assert by[Way.LOGISTIC].all_marks.expected_over_found.value == pytest.approx(1.0, abs=0.05)
    assert len({item.shown.marks for item in study.ways}) == 1


def test_isotonic_steps_are_judged_on_other_people() -> None:
    """On marks without any order a fit judged on itself would look better than it is."""
    (study,) = study_calibration(read_by(0.05, -1.0, people=60), MANIFEST).classes
    by = {item.way: item for item in study.ways}
    assert by[Way.ISOTONIC].log_loss.value > by[Way.LOGISTIC].log_loss.value


def test_the_study_is_written_with_its_section_and_pictures(tmp_path: Path) -> None:
    study = study_calibration(read_by(1.6, -2.0), MANIFEST)
    write_study(study, tmp_path, again="evaluate calibration BUNDLE --out FOLDER")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calibration.json",
        "reliability-mass.png",
        "section.md",
    ]
    section = read_section(tmp_path)
    assert section.name is SectionName.CALIBRATION
    assert "logistic (shipped)" in section.text
    assert "No way has a lower log loss than the shipped one" in section.text
    assert "evaluate calibration BUNDLE" in section.text
    document = json.loads((tmp_path / "calibration.json").read_text())
    ways = document["per_class"]["mass"]["ways"]
    assert set(ways) == {way.value for way in Way}
    assert document["per_class"]["mass"]["better_than_shipped"] == []


def test_the_command_reads_a_folder(
    bundle: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "calibration", str(bundle), "--data", str(site), "--json"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["images"] == PEOPLE * PICTURES
    assert document["per_class"]["mass"]["hits"] > 20
    network = dict(open_bundle(bundle).manifest.hashes)[NETWORK]
    assert read_section(tmp_path / "out").network_sha256 == network
    assert main([*words, "--out", str(tmp_path / "out" / "section.md")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_too_few_marks_are_no_study() -> None:
    with pytest.raises(DataError, match="too few hits or false marks of mass"):
        study_calibration(read_by(1.0, 0.0, people=5), MANIFEST)
    both = build_manifest(findings=("mass", "calcification"))
    lines = study_lines(study_calibration(read_by(1.6, -2.0), both))
    assert "Too few hits or false marks to tell ways apart." in lines
