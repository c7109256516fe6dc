from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from mammoview.app.cad.match import result_of
from mammoview.dicom.cad_sr_read import load_cad_report
from mammoview.dicom.index import index_paths
from mammoview.domain.geometry import ImagePoint
from mammoview.domain.prediction import AnalysisStatus, ExamPrediction, Region
from tests.builders.dicom import POSES, build_mg, laid_directions
from tests.builders.foreign_sr import OPTIONAL, Image, Seen, build_report

_SOURCE = "1.2.3.4"
_LIBRARY = {
    "111044": "P",
    "111043": "FL",
    "111066": 0.1,
    "111026": 0.1,
    "110910": 120,
    "110911": 90,
}
_NOTHING: Mapping[str, object] = {}
_SEEN = Seen(image=0, centre=(31.25, 62.5), outline=(30.0, 60.0, 33.5, 60.0, 33.5, 66.0))


def _shown(folder: Path, preserved: str | None = None, **changes: object) -> Path:
    """Write the image that is shown, made from the one that the report names."""
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = "1.2", _SOURCE
    if preserved is not None:
        source.SpatialLocationsPreserved = preserved
    elements = {"SourceImageSequence": [source]}
    return build_mg(folder / "a.dcm", view="MLO", elements=elements, **changes)  # type: ignore[arg-type]


def _result(folder: Path, *, level: int = 0) -> ExamPrediction:
    (examination,) = index_paths([folder]).examinations
    report = load_cad_report(examination.cad_reports[0])
    return result_of(report, examination.mammograms, level=level)


def _report(
    folder: Path,
    file: Path,
    seen: Seen = _SEEN,
    *,
    uid: str = _SOURCE,
    told: Mapping[str, object] = _NOTHING,
) -> None:
    image = Image(uid=uid, told={**_LIBRARY, **told})
    build_report(folder / "cad.dcm", file, [image], [seen])


def _region(result: ExamPrediction) -> Region:
    (view,) = result.views
    assert view.status is AnalysisStatus.ANALYZED, view.reason
    (region,) = view.regions
    return region


def test_on_the_same_image_marks_stay_where_they_are(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")
    _report(tmp_path, file, uid=str(pydicom.dcmread(file).SOPInstanceUID))
    result = _result(tmp_path)
    region = _region(result)
    assert (region.peak.col, region.peak.row) == (31.25, 62.5)
    assert region.flagged
    assert (result.model.name, result.model.version) == ("Finder", "7.2")


def test_kept_places_are_drawn_as_they_are(tmp_path: Path) -> None:
    _report(tmp_path, _shown(tmp_path, "YES"))
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == (31.25, 62.5)


def test_places_that_were_not_kept_are_not_drawn(tmp_path: Path) -> None:
    _report(tmp_path, _shown(tmp_path, "NO"))
    (view,) = _result(tmp_path).views
    assert view.status is AnalysisStatus.NOT_SUPPORTED
    assert "not kept" in view.reason
    assert view.regions == ()


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("preserved", ["REORIENTED_ONLY", None])
def test_turned_images_take_their_marks_along(
    tmp_path: Path, pose: tuple[bool, int], preserved: str | None
) -> None:
    """The report's image lies upright; the shown one as ``pose`` lays it: checked by hand."""
    rows, cols = (90, 120) if pose[1] in (90, 270) else (120, 90)
    _report(tmp_path, _shown(tmp_path, preserved, pose=pose, rows=rows, cols=cols))
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == pytest.approx(_laid(31.25, 62.5, pose))
    expected = [_laid(c, r, pose) for c, r in ((30.0, 60.0), (33.5, 60.0), (33.5, 66.0))]
    assert [(p.col, p.row) for p in region.outline] == [pytest.approx(p) for p in expected]


def _laid(col: float, row: float, pose: tuple[bool, int]) -> tuple[float, float]:
    """Return where a point of an upright image of 90 columns and 120 rows comes to lie."""
    flip, degrees = pose
    width, height = 90.0, 120.0
    for _ in range(degrees // 90):  # a quarter turn counter-clockwise
        col, row = row, width - col
        width, height = height, width
    return (width - col if flip else col), row


@pytest.mark.parametrize("made", [(True, 90), (False, 270)])
@pytest.mark.parametrize("shown", [(False, 90), (True, 180)])
def test_both_images_may_be_turned(
    tmp_path: Path, made: tuple[bool, int], shown: tuple[bool, int]
) -> None:
    """A point of the upright breast is looked up in one image and expected in the other."""
    size = {False: (120, 90), True: (90, 120)}
    rows, cols = size[shown[1] in (90, 270)]
    file = _shown(tmp_path, None, pose=shown, rows=rows, cols=cols)
    directions = laid_directions("R", "MLO", made)
    told = {
        "111044": directions[0],
        "111043": directions[1],
        "110910": size[made[1] in (90, 270)][0],
        "110911": size[made[1] in (90, 270)][1],
    }
    seen = replace(_SEEN, centre=_laid(31.25, 62.5, made), outline=())
    _report(tmp_path, file, seen, told=told)
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == pytest.approx(_laid(31.25, 62.5, shown))


def test_the_orientation_of_the_report_counts(tmp_path: Path) -> None:
    row, column = laid_directions("R", "MLO", (True, 0))
    _report(tmp_path, _shown(tmp_path, None), told={"111044": row, "111043": column})
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == pytest.approx((90 - 31.25, 62.5))


def test_a_finer_image_of_the_same_field_takes_its_marks_along(tmp_path: Path) -> None:
    _report(tmp_path, _shown(tmp_path, None, rows=240, cols=180, spacing=(0.05, 0.05)))
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == pytest.approx((62.5, 125.0))


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({"rows": 110}, {}),  # cut
        ({"spacing": (0.2, 0.2)}, {}),  # another magnification
        ({"spacing": (0.1, 0.2)}, {}),  # stretched
        ({"rows": 240, "cols": 180, "spacing": None}, {}),  # nothing tells the scale
        ({}, {"111044": "?", "111043": "?"}),  # no directions
        ({}, {"110910": 130}),  # another size
    ],
)
def test_what_does_not_agree_is_not_drawn(
    tmp_path: Path, shown: dict[str, object], told: dict[str, object]
) -> None:
    _report(tmp_path, _shown(tmp_path, None, **shown), told=told)
    (view,) = _result(tmp_path).views
    assert view.status is AnalysisStatus.NOT_SUPPORTED
    assert "cannot be drawn" in view.reason
    assert view.regions == ()


def test_the_image_itself_tells_what_the_library_does_not(tmp_path: Path) -> None:
    build_mg(
        tmp_path / "raw.dcm",
        view="MLO",
        pose=(True, 0),
        elements={"SOPInstanceUID": _SOURCE, "PresentationIntentType": "FOR PROCESSING"},
    )
    file = _shown(tmp_path, None)
    build_report(tmp_path / "cad.dcm", file, [Image(uid=_SOURCE)], [_SEEN])
    region = _region(_result(tmp_path))
    assert (region.peak.col, region.peak.row) == pytest.approx((90 - 31.25, 62.5))


def test_the_other_breast_is_never_drawn_on(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")  # right
    uid = str(pydicom.dcmread(file).SOPInstanceUID)
    _report(tmp_path, file, uid=uid, told={"111027": ("SCT", "80248007")})
    (view,) = _result(tmp_path).views
    assert view.status is AnalysisStatus.NOT_SUPPORTED
    assert "other breast" in view.reason


def test_marks_outside_of_the_image_are_counted(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")
    uid = str(pydicom.dcmread(file).SOPInstanceUID)
    _report(tmp_path, file, replace(_SEEN, centre=(91.0, 10.0)), uid=uid)
    (view,) = _result(tmp_path).views
    assert view.regions == ()
    assert any("outside of the image" in note for note in view.notes)


def test_an_image_that_the_report_does_not_name_says_so(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")
    build_mg(tmp_path / "b.dcm", laterality="L")
    _report(tmp_path, file, uid=str(pydicom.dcmread(file).SOPInstanceUID))
    right, left = _result(tmp_path).views
    assert right.status is AnalysisStatus.ANALYZED
    assert (left.status, "not in the CAD report" in left.reason) == (
        AnalysisStatus.NOT_SUPPORTED,
        True,
    )


def test_the_operating_point_says_which_optional_marks_are_flagged(tmp_path: Path) -> None:
    file = build_mg(tmp_path / "a.dcm")
    uid = str(pydicom.dcmread(file).SOPInstanceUID)
    findings = [
        replace(_SEEN, centre=(10.0, 10.0)),
        replace(_SEEN, centre=(20.0, 10.0), intent=OPTIONAL, level=1),
        replace(_SEEN, centre=(30.0, 10.0), intent=OPTIONAL, level=2),
    ]
    build_report(tmp_path / "cad.dcm", file, [Image(uid=uid)], findings, highest=2)
    for level, shown in ((0, {10.0}), (1, {10.0, 20.0}), (2, {10.0, 20.0, 30.0})):
        (view,) = _result(tmp_path, level=level).views
        assert {r.peak.col for r in view.regions if r.flagged} == shown
    assert not any(region.scored for region in view.regions)


def test_a_point_is_where_dicom_has_it(tmp_path: Path) -> None:
    """The outer corner of the first pixel is (0, 0): nothing is moved by half a pixel."""
    file = build_mg(tmp_path / "a.dcm")
    _report(
        tmp_path,
        file,
        replace(_SEEN, centre=(0.0, 0.0)),
        uid=str(pydicom.dcmread(file).SOPInstanceUID),
    )
    assert _region(_result(tmp_path)).peak == ImagePoint(col=0.0, row=0.0)
