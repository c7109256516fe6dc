"""The views of an examination together: places, partners, scores, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mammoview.domain.geometry import Affine2D, ImageBox, ImagePoint, PixelSpacing
from mammoview.domain.prediction import Region, ViewPrediction
from mammoview.domain.study import Mammogram
from mammoview.domain.views import Laterality, Projection, SourcedLaterality, SourcedView
from mammoview.errors import ModelError
from mammoview.inference.exam import predict_exam
from mammoview.inference.passes import Passes
from mammoview.inference.session import Session
from mammoview.inference.views import (
    FORMAT,
    ExamView,
    KindRules,
    Partner,
    PartnerRule,
    ViewsTogether,
    breast_frame,
    contradiction,
    partners_of,
    read_views_together,
    rescored,
)
from mammoview.modelkit.bundle import NETWORK
from mammoview.modelkit.codec import encode
from mammoview.modelkit.manifest import Calibration, Manifest
from mammoview.modelkit.preprocess import to_grid
from tests.builders.models import breast_values, build_manifest

RULE = PartnerRule(partner="same-breast", tolerance_mm=10.0, weight=-2.0, intercept=0.5)
OTHER = PartnerRule(partner="other-breast", tolerance_mm=10.0, weight=-1.0, intercept=0.0)
IN_MM = Affine2D.identity()
HALF = {"mass": 0.5}


def region(score: float, depth: float, along: float = 0.0, kind: str = "mass") -> Region:
    """A region so far from the nipple, in a view whose pixels are millimetres from there."""
    return Region(
        kind=kind,
        score=score,
        peak=ImagePoint(col=depth, row=along),
        box=ImageBox(col0=depth - 1, row0=along - 1, col1=depth + 1, row1=along + 1),
        outline=(),
        flagged=score >= 0.5,
    )


def view(name: str, *regions: Region, frame: Affine2D | None = IN_MM) -> ExamView:
    return ExamView(laterality=name[0], projection=name[1:], to_breast_mm=frame, regions=regions)


def rules(*partners: PartnerRule, manifest: Manifest | None = None) -> ViewsTogether:
    calibration = Calibration(kind="mass", slope=2.0, intercept=-1.0)
    given = manifest.calibration if manifest else (calibration,)
    return ViewsTogether(
        format=FORMAT,
        network_sha256=dict(manifest.hashes)[NETWORK] if manifest else "0" * 64,
        passes="one",
        classes=tuple(
            KindRules(calibration=item, partners=partners if item.kind == "mass" else ())
            for item in given
        ),
        fitted_on="nothing: made by hand",
    )


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_place_is_as_far_from_the_nipple_however_the_image_lies(
    turns: int, mirrored: bool
) -> None:
    manifest = build_manifest()
    values = (breast_values() / 65535).astype(np.float32)
    mark = np.zeros(values.shape, np.bool_)
    mark[100, 60] = True
    for array in (values, mark):
        assert array.shape == (480, 320)
    laid, at = (np.rot90(np.fliplr(a) if mirrored else a, turns) for a in (values, mark))
    spacing = PixelSpacing(row_mm=0.4, col_mm=0.4, source="made")
    grid = to_grid(np.ascontiguousarray(laid), spacing=spacing, spec=manifest.preprocessing)
    frame = breast_frame(grid, manifest.preprocessing.mm_per_px)
    assert frame is not None
    row, col = np.argwhere(at)[0]
    place = frame.apply(ImagePoint(col=col + 0.5, row=row + 0.5))
    # The nipple lies at column 0.8 x 320, row 240; pixels are 0.4 mm.
    assert place.col == pytest.approx((256 - 60.5) * 0.4, abs=1.0)
    assert abs(place.row) == pytest.approx((240 - 100.5) * 0.4, abs=1.0)


def test_without_a_breast_there_is_no_frame() -> None:
    manifest = build_manifest()
    grid = to_grid(np.zeros((200, 100), np.float32), spacing=None, spec=manifest.preprocessing)
    assert breast_frame(grid, manifest.preprocessing.mm_per_px) is None


def test_partners() -> None:
    exam = [view(name) for name in ("LCC", "LMLO", "RCC", "RMLO", "LXCCL")]
    exam.append(view("LMLO", frame=None))
    names = {
        partner: [
            "".join((other.laterality, other.projection))
            for other in partners_of(exam[0], exam, partner)
        ]
        for partner in Partner
    }
    assert names == {Partner.SAME_BREAST: ["LMLO"], Partner.OTHER_BREAST: ["RCC"]}
    for alone in (exam[4], exam[5], view("?CC"), view("LCC", frame=None)):
        assert not any(partners_of(alone, exam, partner) for partner in Partner)


def test_what_the_other_view_shows_elsewhere_contradicts() -> None:
    mine = view("LCC")
    there = view("LMLO", region(0.9, 50.0), region(0.4, 20.0), region(0.99, 20.0, kind="other"))
    at = {
        depth: contradiction(region(0.6, depth), mine, [there], RULE) for depth in (50.0, 20.0, 60)
    }
    assert at[50.0] == 0.0
    assert at[20.0] == pytest.approx(0.5)
    assert at[60] == pytest.approx(0.9 * (1 - math.exp(-0.5)))
    # The distance counts, whichever way it lies.
    assert contradiction(region(0.6, 30.0, 40.0), mine, [there], RULE) == 0.0
    assert contradiction(region(0.6, 50.0), mine, [view("LMLO")], RULE) == 0.0
    mirrored = view("RCC", region(0.9, 30.0, -40.0))
    assert contradiction(region(0.6, 30.0, 40.0), mine, [mirrored], OTHER) == 0.0
    assert contradiction(region(0.6, 50.0, 0.0), mine, [mirrored], OTHER) > 0.8


def test_scores_change_by_the_rule_and_the_first_stays() -> None:
    exam = [
        view("LCC", region(0.8, 20.0), region(0.6, 50.0)),
        view("LMLO", region(0.9, 50.0)),
        view("RCC", region(0.7, 20.0)),
    ]
    cc, mlo, alone = rescored(exam, rules(RULE), HALF)
    against = 0.9 * (1 - math.exp(-0.5 * 9.0))
    odds = math.log(0.8 / 0.2) - 2.0 * against + 0.5
    lost = next(r for r in cc if r.score_one_view == 0.8)
    assert lost.score == pytest.approx(1 / (1 + math.exp(-odds)))
    assert [r.score_one_view for r in cc] == [0.6, 0.8], "sorted by the new score"
    assert [r.flagged for r in cc] == [True, lost.score >= 0.5]
    assert (lost.peak, lost.box) == (exam[0].regions[0].peak, exam[0].regions[0].box)
    assert mlo[0].score_one_view == 0.9
    assert alone == exam[2].regions, "without a partner nothing changes"


def test_two_partners_add_up() -> None:
    exam = [view("LCC", region(0.8, 20.0)), view("LMLO"), view("RCC", region(0.9, 60.0))]
    found = rescored(exam, rules(RULE, OTHER), HALF)[0][0]
    against = 0.9 * (1 - math.exp(-0.5 * 16.0))
    odds = math.log(0.8 / 0.2) + 0.5 - against
    assert found.score == pytest.approx(1 / (1 + math.exp(-odds)))


def test_a_file_comes_back_as_it_was(tiny: Session, tmp_path: Path) -> None:
    together = rules(RULE, OTHER, manifest=tiny.manifest)
    file = tmp_path / "views.json"
    file.write_text(json.dumps(encode(together)), "utf-8")
    assert read_views_together(file, tiny.manifest, Passes.ONE) == together


@pytest.mark.parametrize(
    ("change", "passes", "said"),
    [
        ({"network_sha256": "1" * 64}, Passes.ONE, "another network"),
        ({"classes": ()}, Passes.ONE, "other scores"),
        ({}, Passes.FLIPS, "--passes one"),
        ({"format": "mammoview-views/2"}, Passes.ONE, r"cannot be read .* \$\.format"),
    ],
)
def test_rules_of_another_model_are_refused(
    tiny: Session, tmp_path: Path, change: dict[str, object], passes: Passes, said: str
) -> None:
    together = replace(rules(RULE, manifest=tiny.manifest), **change)  # type: ignore[arg-type]
    file = tmp_path / "views.json"
    file.write_text(json.dumps(encode(together)), "utf-8")
    with pytest.raises(ModelError, match=said):
        read_views_together(file, tiny.manifest, passes)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', None])
def test_a_file_that_holds_no_rules_is_refused(
    tiny: Session, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "views.json"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(ModelError, match=r"views\.json cannot be read"):
        read_views_together(file, tiny.manifest, Passes.ONE)


def test_an_exam_says_which_marks_its_views_changed(
    tiny: Session, mammogram: Callable[..., Mammogram]
) -> None:
    stored = (breast_values() // 16).astype(np.uint16)
    cc = mammogram(*stored.shape)
    mlo = replace(cc, view=SourcedView(value=Projection.MLO, modifiers=(), source="test"))
    right = replace(cc, laterality=SourcedLaterality(value=Laterality.RIGHT, source="test"))
    items = [(header, lambda: stored) for header in (cc, mlo, right)]
    alone = predict_exam(tiny, items)
    assert (alone.passes, alone.views_together) == ("one", "")
    harsh = replace(RULE, intercept=-20.0)
    seen: list[ViewPrediction] = []
    found = predict_exam(
        tiny,
        items,
        together=rules(harsh, manifest=tiny.manifest),
        on_view=lambda one, done, total: seen.append(one),
    )
    assert found.views_together == "nothing: made by hand"
    before = sum(r.flagged for r in alone.views[0].regions)
    masses = sum(r.flagged for r in alone.views[0].regions if r.kind == "mass")
    assert masses > 0
    for one in found.views[:2]:
        note = f"scores changed by the other views: {before} marks before, {before - masses} after"
        assert note in one.notes
        assert dict(one.scores)["mass"] < 1e-3
        assert all((r.score_one_view is None) == (r.kind != "mass") for r in one.regions)
        assert max(r.score_one_view or 0 for r in one.regions) > 0.5
    assert [r.score for r in found.views[2].regions] == [r.score for r in alone.views[2].regions]
    assert not any("other views" in note for note in found.views[2].notes)
    assert len(seen) == 3
