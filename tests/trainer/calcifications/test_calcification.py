"""Figures of calcifications: what counts as found, as false, and as chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mammoview.domain.geometry import ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region
from mammoview.errors import DataError
from tests.builders.models import build_manifest
from trainer.calcifications.digital import evaluate_digital
from trainer.calcifications.evaluation import (
    CalcificationEvaluation,
    CalcificationRegions,
    area_under_roc,
    choose_pictures,
    evaluate_calcifications,
    held_out_people,
    known_people,
    require_class,
)
from trainer.calcifications.grids import grid_figures
from trainer.calcifications.groups import FoundCluster, cluster_groups
from trainer.calcifications.report import (
    CalcificationReport,
    calcification_document,
    calcification_markdown,
    write_folder,
)
from trainer.calcifications.sheet import choose_missed
from trainer.detect import DetectedImage
from trainer.digital.cesm import CesmImage, named_in
from trainer.held_out import TRAINED_ON
from trainer.labelled import LabelledBox, LabelledImage, SimulatedCluster, digests

BOTH = build_manifest(findings=("mass", "calcification"))
CLUSTER_BOX = ImageBox(col0=100, row0=200, col1=160, row1=240)
MASS_BOX = ImageBox(col0=300, row0=300, col1=400, row1=380)
INSIDE, IN_MASS, ELSEWHERE = ((130.0, 220.0), (350.0, 340.0), (20.0, 20.0))
TYPICAL = SimulatedCluster(
    count=20,
    extent_mm=(10.0, 14.0),
    mean_diameter_mm=0.45,
    mean_contrast_od=0.3,
    peak_grey=0.25,
    leading_type="pleomorphic",
)


def mark(score: float, at: tuple[float, float], kind: str = "calcification") -> Region:
    col, row = at
    box = ImageBox(col0=col - 5, row0=row - 5, col1=col + 5, row1=row + 5)
    corners = (
        ImagePoint(col=box.col0, row=box.row0),
        ImagePoint(col=box.col1, row=box.row0),
        ImagePoint(col=box.col1, row=box.row1),
    )
    peak = ImagePoint(col=col, row=row)
    return Region(kind=kind, score=score, peak=peak, box=box, outline=corners, flagged=True)


def picture(
    number: int, *, cluster: SimulatedCluster | None = None, is_calcified: bool = False
) -> LabelledImage:
    person = f"{number:05d}"
    lesions = [
        LabelledBox(kind="mass", box=MASS_BOX, lesion_id=f"{person}_LEFT_CC_mass_1"),
    ]
    if cluster is not None or is_calcified:
        name = f"{person}_LEFT_CC_calcification_1"
        lesions.append(
            LabelledBox(kind="calcification", box=CLUSTER_BOX, lesion_id=name, simulated=cluster)
        )
    return LabelledImage(
        file=Path(f"{person}_LEFT_CC.png"),
        person=person,
        laterality="L",
        view="CC",
        lesions=tuple(lesions),
    )


def seen(image: LabelledImage, *regions: Region) -> DetectedImage:
    spacing = PixelSpacing(row_mm=0.27, col_mm=0.16, source="made")
    return DetectedImage(image=image, regions=regions, rows=800, cols=800, spacing=spacing)


def evaluated(
    drawn: Sequence[tuple[Region, ...]],
    bare: Sequence[tuple[Region, ...]],
    real: Sequence[tuple[Region, ...]] = (),
) -> CalcificationEvaluation:
    found = CalcificationRegions(
        simulated=tuple(seen(picture(n, cluster=TYPICAL), *r) for n, r in enumerate(drawn)),
        without=tuple(seen(picture(n), *r) for n, r in enumerate(bare)),
        real=tuple(seen(picture(500 + n), *r) for n, r in enumerate(real)),
    )
    return evaluate_calcifications(found, BOTH)


def test_what_is_found_without_the_cluster_is_chance_and_a_false_mark() -> None:
    """Every second cluster is hit; in every fourth the same place is marked without it too."""
    hit, other = mark(0.8, INSIDE), mark(0.7, ELSEWHERE)
    drawn = [(hit,) if n % 2 == 0 else (other,) for n in range(20)]
    bare = [(hit,) if n % 4 == 0 else () for n in range(20)]
    point = evaluated(drawn, bare).points[0]
    assert point.name == "default"
    assert point.found_simulated.value == pytest.approx(0.5)
    assert point.found_without.value == pytest.approx(0.25)
    assert point.false_simulated.value == pytest.approx(0.5)
    assert point.false_without.value == pytest.approx(0.25)
    assert point.found_simulated.low < 0.5 < point.found_simulated.high


def test_the_mass_class_neither_finds_clusters_nor_makes_false_marks_here() -> None:
    as_mass = mark(0.9, INSIDE, kind="mass")
    point = evaluated([(as_mass,)] * 12, [(as_mass,)] * 12).points[0]
    assert point.found_simulated.value == 0.0
    assert point.false_without.value == 0.0
    assert math.isnan(point.in_masses.value)


def test_false_marks_in_masses_are_told() -> None:
    bare = [(mark(0.9, IN_MASS), mark(0.8, ELSEWHERE), mark(0.3, IN_MASS))] * 12
    point = evaluated([()] * 12, bare).points[0]  # threshold 0.5: the third does not count
    assert point.false_without.value == pytest.approx(2.0)
    assert point.in_masses.value == pytest.approx(0.5)


def test_the_curve_against_real_pictures_takes_their_false_marks_alone() -> None:
    """False marks in simulated pictures cost nothing; a mark in a real one does."""
    noisy = (mark(0.6, INSIDE), *(mark(0.9, (20.0 + n, 20.0)) for n in range(5)))
    clean = evaluated([noisy] * 12, [()] * 12)
    assert dict(clean.froc_real.sensitivity_at)[0.25] == 1.0
    assert dict(clean.rules[0].froc.sensitivity_at)[4.0] == 0.0
    marked = evaluated([noisy] * 12, [(mark(0.7, INSIDE),)] * 12)
    assert dict(marked.froc_real.sensitivity_at)[0.5] == 0.0
    assert dict(marked.froc_real.sensitivity_at)[1.0] == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_area_under_roc_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, 60) / 5.0  # many ties
    labels = np.arange(60) % 3 == 0
    people = [f"{n // 2}" for n in range(60)]
    pairs = list(zip(people, scores.tolist(), strict=True))
    positive = [pair for pair, is_real in zip(pairs, labels, strict=True) if is_real]
    negative = [pair for pair, is_real in zip(pairs, labels, strict=True) if not is_real]
    area = area_under_roc(positive, negative)
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    assert area.low < area.value < area.high


def test_the_interval_of_the_area_draws_people() -> None:
    """Twenty pictures of one person say as much as one."""
    rng = np.random.default_rng(0)
    scores = [(f"n{n}", float(s)) for n, s in enumerate(rng.random(200))]
    several = [(f"p{n}", float(s)) for n, s in enumerate(rng.random(20) + 0.3)]
    one = [("p", score) for _, score in several]
    wide, narrow = area_under_roc(several, scores), area_under_roc(one, scores)
    assert wide.value == narrow.value
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_an_area_without_one_side_is_none() -> None:
    assert math.isnan(area_under_roc([], [("a", 0.5)]).value)
    assert math.isnan(area_under_roc([("a", 0.5)], []).low)


def test_real_and_simulated_stay_apart_in_the_areas() -> None:
    """Real calcifications lie below the real pictures without, simulated ones above."""
    result = evaluated(
        [(mark(0.9, INSIDE),)] * 12,
        [(mark(0.4, ELSEWHERE),)] * 12,
        [(mark(0.1, ELSEWHERE), mark(0.95, IN_MASS, kind="mass"))] * 12,
    )
    assert result.areas.simulated.value == 1.0
    assert result.areas.real.value == 0.0
    assert dict(result.areas.real_by_others)["mass"].value == 1.0
    assert [r.flagged_at for r in result.real] == [()] * 12
    document = calcification_document(CalcificationReport(evaluation=result))
    assert document["real"]["image_level_area"]["mean"] == 0.0
    assert document["simulated"]["image_level_area"]["mean"] == 1.0
    assert document["real"]["pictures"][0] == {
        "mammogram": "00500_LEFT_CC",
        "score": 0.1,
        "flagged_at": [],
    }


def test_groups_take_their_limits_from_above() -> None:
    def cluster(number: int, diameter: float) -> FoundCluster:
        return FoundCluster(
            lesion_id=f"{number}",
            person=f"{number}",
            cluster=replace(TYPICAL, mean_diameter_mm=diameter),
            score=diameter,
            score_without=0.0,
        )

    clusters = [cluster(n, 0.4) for n in range(12)] + [cluster(20 + n, 0.399) for n in range(9)]
    groups = [g for g in cluster_groups(clusters, [("p", 0.4)]) if g.attribute == "mean diameter"]
    assert [(g.group, g.clusters, g.people) for g in groups] == [
        ("0.3 to under 0.4 mm", 9, 9),
        ("0.4 to under 0.5 mm", 12, 12),
    ]
    assert groups[0].sensitivity == ()  # nine people: too few
    assert dict(groups[1].sensitivity)["p"].value == 1.0
    assert dict(groups[1].chance)["p"].value == 0.0


def test_every_cluster_is_in_one_group_of_each_attribute() -> None:
    rng = np.random.default_rng(4)
    clusters = [
        FoundCluster(
            lesion_id=f"{n}",
            person=f"{n}",
            cluster=SimulatedCluster(
                count=int(rng.integers(5, 120)),
                extent_mm=(float(rng.uniform(3, 40)), float(rng.uniform(3, 40))),
                mean_diameter_mm=float(rng.uniform(0.2, 0.9)),
                mean_contrast_od=float(rng.uniform(0.1, 0.9)),
                peak_grey=float(rng.uniform(0.03, 1.2)),
                leading_type=("punctate", "amorphous")[n % 2],
            ),
            score=1.0,
            score_without=-np.inf,
        )
        for n in range(300)
    ]
    groups = cluster_groups(clusters, [("p", 0.5)])
    for attribute in {g.attribute for g in groups}:
        assert sum(g.clusters for g in groups if g.attribute == attribute) == 300
    assert len({g.attribute for g in groups}) == 6


def test_pictures_with_real_calcifications_are_never_background() -> None:
    untouched = [picture(1), picture(2), picture(3, is_calcified=True), picture(4)]
    simulated = [picture(n, cluster=TYPICAL) for n in (1, 2, 3, 9)]
    chosen = choose_pictures(simulated, untouched, {"00002_LEFT_CC"})
    assert [i.person for i in chosen.simulated] == ["00001"]
    assert [i.person for i in chosen.without] == ["00001"]
    assert [i.person for i in chosen.real] == ["00002", "00003"]
    assert choose_pictures(simulated, untouched, (), people={"00002"}).without[0].person == "00002"


def test_sets_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(DataError, match="no mammogram is in"):
        choose_pictures([picture(1, cluster=TYPICAL)], [picture(2)], ())
    with pytest.raises(DataError, match=r"00001_LEFT_CC\.png"):
        choose_pictures([picture(1)], [picture(1)], ())


def digital(file: str, findings: str, *outlines: ImageBox) -> CesmImage:
    lesions = tuple(LabelledBox(kind="other", box=box, lesion_id=file) for box in outlines)
    image = replace(picture(len(file)), file=Path(file), person=file, lesions=lesions)
    return CesmImage(image=image, findings=findings, named=named_in(findings))


def test_digital_pictures_are_sorted_by_their_findings() -> None:
    pictures = [
        digital("a.jpg", "Distortion with overlying microcalcifications", CLUSTER_BOX),
        digital("b.jpg", "Benign macrocalcification", CLUSTER_BOX),
        digital("c.jpg", "High density mass", MASS_BOX),
        *(digital(f"n{n}.jpg", "") for n in range(4)),
    ]
    marks = [
        (mark(0.95, INSIDE),),
        (mark(0.8, ELSEWHERE),),
        (mark(0.05, IN_MASS),),
        (mark(0.6, ELSEWHERE),),
        (),
        (mark(0.1, ELSEWHERE), mark(0.99, ELSEWHERE, kind="mass")),
        (mark(0.1, ELSEWHERE),),
    ]
    detected = [seen(p.image, *m) for p, m in zip(pictures, marks, strict=True)]
    result = evaluate_digital(pictures, detected, BOTH)
    assert [(p.file, p.named) for p in result.pictures] == [
        ("a.jpg", ("calcification",)),
        ("b.jpg", ("macrocalcification",)),
    ]
    assert [p.flagged_at for p in result.pictures] == [("default", "strict"), ("default",)]
    assert [p.marked_at for p in result.pictures] == [("default", "strict"), ()]
    assert (result.others, result.normals) == (1, 4)
    assert result.flagged_normals == (("default", 1), ("strict", 0))
    assert result.area.value == 1.0
    assert result.area_of_others.value == pytest.approx(0.25)
    clusters = evaluated([(mark(0.8, INSIDE),)] * 12, [()] * 12)
    report = CalcificationReport(evaluation=clusters, digital=result)
    text = calcification_markdown(report)
    assert "#### Digital pictures (real; an anecdote)" in text
    assert "| 2: Benign macrocalcification | 0.80 | elsewhere | no |" in text
    document = calcification_document(report)["digital"]
    assert document["normals_marked"] == {"default": 1, "strict": 0}
    assert document["pictures"][0]["mark_in_an_outline_at"] == ["default", "strict"]


def test_small_clusters_are_measured_against_all_false_marks() -> None:
    """Half of the clusters are small and missed; the large ones are hit."""
    sizes = [replace(TYPICAL, mean_diameter_mm=0.3 if n % 2 else 0.5) for n in range(24)]
    hits = [() if n % 2 else (mark(0.8, INSIDE),) for n in range(24)]
    found = CalcificationRegions(
        simulated=tuple(
            seen(picture(n, cluster=c), *r)
            for n, (c, r) in enumerate(zip(sizes, hits, strict=True))
        ),
        without=tuple(seen(picture(n), mark(0.9, ELSEWHERE)) for n in range(24)),
        real=(),
    )
    figures = grid_figures(found, 0.2)
    assert (figures.every.lesions, figures.small.lesions) == (24, 12)
    assert dict(figures.every.sensitivity_at) == {0.25: 0.0, 0.5: 0.0, 1.0: 0.5, 2.0: 0.5, 4.0: 0.5}
    assert set(dict(figures.small.sensitivity_at).values()) == {0.0}
    report = CalcificationReport(
        evaluation=evaluate_calcifications(found, BOTH),
        grids=(replace(figures, mm_per_px=0.4), figures),
    )
    assert [g["mm_per_px"] for g in calcification_document(report)["grids"]] == [0.2, 0.4]
    assert "| 0.4 mm (the model's) | 0.00 (0.00-0.00)" in calcification_markdown(report)


def test_a_model_without_the_class_is_refused() -> None:
    require_class(BOTH)
    with pytest.raises(DataError, match="knows mass alone"):
        require_class(build_manifest())


def test_people_whom_the_model_knows_are_counted() -> None:
    run = {
        "training": ["00001_LEFT_CC_mass_1", "00002_LEFT_CC_calcification_1"],
        "validation": ["00002_LEFT_MLO_mass_1", "00003_LEFT_CC_mass_1"],
    }
    assert held_out_people(run) == {"00003"}
    asked = [picture(1), picture(3), picture(4)]
    assert known_people(run, asked) == 2
    index = {side: [f"P_{name}" for name in names] for side, names in run.items()}
    assert held_out_people(index) == {"00003"}
    assert known_people(index, asked) == 2  # as an index of CBIS-DDSM names them
    assert known_people(run | {TRAINED_ON: sorted(digests(["00004"]))}, asked) == 3  # by weights


def test_missed_clusters_spread_over_the_diameters() -> None:
    clusters = [
        FoundCluster(
            lesion_id=f"{n:02d}",
            person=f"{n}",
            cluster=replace(TYPICAL, mean_diameter_mm=0.2 + n / 100),
            score=0.9 if n % 2 else 0.1,
            score_without=0.0,
        )
        for n in range(40)
    ]
    shown = [int(c.lesion_id) for c in choose_missed(clusters, 0.5)]
    assert len(shown) == 10
    assert shown[0] == 0
    assert shown[-1] == 38
    assert all(n % 2 == 0 for n in shown)
    assert len(choose_missed(clusters[:4], 0.5)) == 2
    assert choose_missed(clusters, 0.0) == ()


def test_the_section_says_simulated_and_real() -> None:
    result = evaluated([(mark(0.8, INSIDE),)] * 12, [()] * 12, [(mark(0.7, INSIDE),)] * 12)
    text = calcification_markdown(CalcificationReport(evaluation=result))
    assert text.startswith("### Calcifications\n")
    assert "#### Simulated clusters in real mammograms" in text
    assert "#### Real pictures" in text
    assert "Whether the model knows these people is not told" in text
    known = calcification_markdown(CalcificationReport(evaluation=replace(result, people_known=3)))
    assert "3 of the people were trained on, or set thresholds: no test" in known


def test_the_section_tells_how_to_make_it_again(tmp_path: Path) -> None:
    result = evaluated([(mark(0.8, INSIDE),)] * 12, [()] * 12)
    write_folder(CalcificationReport(evaluation=result), tmp_path)
    text = (tmp_path / "section.md").read_text()
    assert "--untouched $MAMMOVIEW_DATA/cbis-ddsm/mass-800/test" in text
    assert "--run" not in text
    known = replace(result, people_known=12)
    write_folder(CalcificationReport(evaluation=known, on_validation=True), tmp_path)
    text = (tmp_path / "section.md").read_text()
    assert "mass-800/train --calcification-csv $MAMMOVIEW_DATA/cbis-ddsm/csv --run RUN" in text
    assert "--validation --out FOLDER" in text
    assert "Validation people of the run, not the test set." in text
