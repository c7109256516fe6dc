import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mammoview.domain.prediction import AnalysisStatus, ViewPrediction
from mammoview.domain.study import Mammogram
from mammoview.errors import DicomError, UsageError
from mammoview.inference import predictor as predictor_module
from mammoview.inference.engines import Stop
from mammoview.inference.exam import predict_exam
from mammoview.inference.predictor import predict_view, run_tiled
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.models import breast_values

MakeMammogram = Callable[..., Mammogram]
STORED = (breast_values() // 16).astype(np.uint16)
MASS = (0.3 * 320, 0.4 * 480)  # col, row of the bright mass in breast_values


def _predict(tiny: Session, mammogram: Mammogram, **more: str | None) -> ViewPrediction:
    point = more.get("operating_point")
    return predict_view(tiny, mammogram, STORED, operating_point=point, decode_seconds=0.25)


def test_the_mass_is_found_where_it_is(tiny: Session, mammogram: MakeMammogram) -> None:
    view = _predict(tiny, mammogram(*STORED.shape))
    assert view.status is AnalysisStatus.ANALYZED
    assert view.reason == ""
    best = next(region for region in view.regions if region.kind == "mass")
    assert (best.peak.col, best.peak.row) == pytest.approx(MASS, abs=8)
    assert best.flagged
    assert dict(view.scores)["mass"] == best.score
    assert [heatmap.kind for heatmap in view.heatmaps] == ["mass", "calcification"]
    scores = [region.score for region in view.regions]
    assert scores == sorted(scores, reverse=True)
    assert view.seconds.decode == 0.25
    assert min(view.seconds.prepare, view.seconds.network, view.seconds.regions) > 0
    assert view.notes == ()


def test_an_assumed_scale_is_noted(tiny: Session, mammogram: MakeMammogram) -> None:
    view = _predict(tiny, mammogram(*STORED.shape, spacing_mm=None))
    assert view.status is AnalysisStatus.ANALYZED
    assert any("scale assumed" in note for note in view.notes)


def test_the_operating_point_sets_the_flags(tiny: Session, mammogram: MakeMammogram) -> None:
    header = mammogram(*STORED.shape)
    for name, threshold in ((None, 0.5), ("default", 0.5), ("strict", 0.9)):
        view = _predict(tiny, header, operating_point=name)
        assert [r.flagged for r in view.regions] == [r.score >= threshold for r in view.regions]
    with pytest.raises(UsageError, match="default or strict"):
        _predict(tiny, header, operating_point="wild")


def test_a_view_that_is_not_supported_is_not_analysed(
    tiny: Session, mammogram: MakeMammogram
) -> None:
    view = _predict(tiny, mammogram(*STORED.shape, unsupported="spot compression"))
    assert view.status is AnalysisStatus.NOT_SUPPORTED
    assert view.reason == "spot compression"
    assert (view.heatmaps, view.regions, view.scores) == ((), (), ())


def test_pixels_that_do_not_fit_the_header_fail(tiny: Session, mammogram: MakeMammogram) -> None:
    view = _predict(tiny, mammogram(10, 10))
    assert view.status is AnalysisStatus.FAILED
    assert "(480, 320)" in view.reason


class _Unpadded:
    """A network whose pools leave out what does not fill a cell, as AlexNet's do."""

    def __init__(self, tiny: Session) -> None:
        self.manifest = tiny.manifest

    def run(self, image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        stride = self.manifest.map_geometry.stride_px
        rows, cols = (side // stride for side in image.shape[2:])
        whole = image[0, 0, : rows * stride, : cols * stride]
        cells = whole.reshape(rows, stride, cols, stride).mean(axis=(1, 3))
        cam = np.stack([cells] * len(self.manifest.classes))
        return cam, cam.reshape(len(cam), -1).sum(axis=1)


@pytest.mark.parametrize("shape", [(1003, 517), (1024, 512), (545, 1119)])
def test_tiles_of_a_network_that_leaves_out_a_rest_equal_one_pass(
    tiny: Session, shape: tuple[int, int]
) -> None:
    session = cast(Session, _Unpadded(tiny))
    image = np.random.default_rng(2).random((1, 1, *shape), dtype=np.float32)
    whole, _ = session.run(image)
    for tile_px in (64, 160, 512):
        np.testing.assert_array_equal(run_tiled(session, image, tile_px), whole)


def test_tiles_of_the_tiny_network_equal_one_pass_bit_for_bit(tiny: Session) -> None:
    image = np.random.default_rng(2).random((1, 1, 1003, 517), dtype=np.float32)
    whole, _ = tiny.run(image)
    for tile_px in (64, 160, 512):
        np.testing.assert_array_equal(run_tiled(tiny, image, tile_px), whole)


def test_a_large_grid_goes_in_tiles_and_gives_the_same(
    tiny: Session, mammogram: MakeMammogram, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _predict(tiny, mammogram(*STORED.shape))
    monkeypatch.setattr(predictor_module, "ONE_PASS_PX", 1000)
    tiled = _predict(tiny, mammogram(*STORED.shape))
    assert tiled.regions == whole.regions


def test_tiles_of_the_shipped_network_equal_one_pass_bit_for_bit(repository: Path) -> None:
    folder = repository / "resources" / "models" / "findings-resnet50"
    if not folder.is_dir():
        pytest.skip("no shipped model in resources/models")
    session = Session.open(open_bundle(folder), device="cpu")
    image = np.random.default_rng(3).random((1, 1, 1070, 650), dtype=np.float32)
    whole, _ = session.run(image)
    np.testing.assert_array_equal(run_tiled(session, image, 256), whole)


def test_an_examination_goes_on_past_a_view_that_fails(
    tiny: Session, mammogram: MakeMammogram, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> np.ndarray:
        raise DicomError("pixel data cut short", expected="all of it", todo="copy it again")

    def bug() -> np.ndarray:
        raise ZeroDivisionError("Doe^Jane")

    header = mammogram(*STORED.shape)
    told: list[tuple[AnalysisStatus, int, int]] = []
    with caplog.at_level(logging.DEBUG):
        exam = predict_exam(
            tiny,
            [
                (header, broken),
                (header, bug),
                (mammogram(*STORED.shape, unsupported="no CC or MLO"), bug),
                (header, lambda: STORED),
            ],
            on_view=lambda view, done, total: told.append((view.status, done, total)),
        )
    failed, analysed = AnalysisStatus.FAILED, AnalysisStatus.ANALYZED
    statuses = [failed, failed, AnalysisStatus.NOT_SUPPORTED, analysed]
    assert [view.status for view in exam.views] == statuses
    assert told == [(status, i + 1, 4) for i, status in enumerate(statuses)]
    assert "pixel data cut short" in exam.views[0].reason
    assert "ZeroDivisionError" in exam.views[1].reason
    assert "Doe" not in caplog.text
    assert exam.model == tiny.identity
    assert exam.device == tiny.device
    assert exam.operating_point == "default"


def test_a_bug_in_one_view_is_its_reason_and_no_more(
    tiny: Session, mammogram: MakeMammogram, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise KeyError("Doe^Jane")

    monkeypatch.setattr(predictor_module, "unit_values", bug)
    view = _predict(tiny, mammogram(*STORED.shape))
    assert view.status is AnalysisStatus.FAILED
    assert "KeyError" in view.reason
    assert "Doe" not in view.reason


def test_a_cancelled_examination_says_so_for_what_is_left(
    tiny: Session, mammogram: MakeMammogram
) -> None:
    header = mammogram(*STORED.shape)
    done: list[int] = []
    exam = predict_exam(
        tiny,
        [(header, lambda: STORED)] * 3,
        on_view=lambda view, count, total: done.append(count),
        cancelled=lambda: len(done) >= 1,
    )
    assert [view.status.value for view in exam.views] == ["analyzed", "failed", "failed"]
    assert exam.views[2].reason == "cancelled"


def test_a_stop_inside_a_view_is_a_cancelled_view_and_no_fault(
    tiny: Session, mammogram: MakeMammogram, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Stop()

    def stored() -> np.ndarray:
        stop.now()
        return STORED

    exam = predict_exam(tiny.until(stop), [(mammogram(*STORED.shape), stored)])
    assert exam.views[0].status is AnalysisStatus.FAILED
    assert exam.views[0].reason == "cancelled"
    assert caplog.records == []


def test_an_unknown_operating_point_stops_the_examination_at_once(tiny: Session) -> None:
    with pytest.raises(UsageError, match="wild"):
        predict_exam(tiny, [], operating_point="wild")
