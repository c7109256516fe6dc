import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from mammoview.errors import InferenceError, MissingPartError, ModelError, StoppedError
from mammoview.inference import session as session_module
from mammoview.inference.devices import cuda_device_name, cuda_memory_used_mib, physical_cores
from mammoview.inference.engines import Engine, Outputs, Stop
from mammoview.inference.session import Session
from mammoview.modelkit.bundle import open_bundle
from tests.builders.gpu import pretend_gpu
from tests.builders.models import build_bundle, build_manifest, build_network

FINDINGS = ("mass", "calcification")


def _with_weights(order: slice | list[int], axis: int) -> bytes:
    """Return the tiny network with its kernels reordered along an axis."""
    model: Any = onnx.load_from_string(build_network(channels=3))
    for tensor in model.graph.initializer:
        if tensor.name == "weight":
            array = np.take(numpy_helper.to_array(tensor), np.arange(99)[order], axis=axis)
            tensor.CopyFrom(numpy_helper.from_array(array, "weight"))
    content: bytes = model.SerializeToString()
    return content


def _open(folder: Path, **parts: object) -> Session:
    build_bundle(folder, findings=FINDINGS, **parts)  # type: ignore[arg-type]
    return Session.open(open_bundle(folder), device="cpu", threads=2)


def test_a_sound_bundle_opens_and_says_its_device(tiny: Session) -> None:
    assert tiny.device == "CPU (2 threads)"
    assert tiny.on_cpu
    cam, logits = tiny.run(np.full((1, 1, 200, 100), 0.5, np.float32))
    assert cam.shape == (3, 7, 4)
    assert cam.dtype == np.float32
    np.testing.assert_allclose(logits, cam.mean(axis=(1, 2)), atol=1e-5)


def test_swapped_classes_do_not_open(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the network's cam is off"):
        _open(tmp_path / "b", network=_with_weights([0, 2, 1], axis=0))


def test_a_network_that_sees_a_row_off_does_not_open(tmp_path: Path) -> None:
    rolled = [*range(1, 24), 0]
    with pytest.raises(ModelError, match="the network's cam is off"):
        _open(tmp_path / "b", network=_with_weights(rolled, axis=2))


@pytest.mark.parametrize("axis", [2, 3])
def test_a_flipped_map_does_not_open(tmp_path: Path, axis: int) -> None:
    model: Any = onnx.load_from_string(build_network(channels=3))
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = "upright" if name == "cam" else name
    for name, value in (("last", -1), ("end", -(2**31)), ("flip_axis", axis), ("back", -1)):
        model.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    names = ["upright", "last", "end", "flip_axis", "back"]
    model.graph.node.append(helper.make_node("Slice", names, ["cam"]))
    with pytest.raises(ModelError, match="the network's cam is off"):
        _open(tmp_path / "b", network=model.SerializeToString())


def test_an_offset_off_by_half_a_stride_does_not_open(tmp_path: Path) -> None:
    sound = build_manifest(findings=FINDINGS)
    off = replace(sound, map_geometry=replace(sound.map_geometry, offset_px=0.0))
    with pytest.raises(ModelError, match="the map lies"):
        _open(tmp_path / "b", manifest=off)


def test_a_network_with_other_channels_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx has outputs"):
        _open(tmp_path / "b", network=build_network(channels=2))


def test_a_network_with_other_names_does_not_open(tmp_path: Path) -> None:
    model: Any = onnx.load_from_string(build_network(channels=3))
    model.graph.input[0].name = "picture"
    model.graph.node[0].input[0] = "picture"
    with pytest.raises(ModelError, match=r"model\.onnx has inputs .*picture"):
        _open(tmp_path / "b", network=model.SerializeToString())


def test_bytes_that_are_no_network_do_not_open(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx does not load"):
        _open(tmp_path / "b", network=b"no network")


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (64, 64), (1, 1, 0, 0)])
def test_a_wrong_image_is_an_inference_error(tiny: Session, shape: tuple[int, ...]) -> None:
    with pytest.raises(InferenceError):
        tiny.run(np.zeros(shape, np.float32))


def test_scores_that_are_not_finite_are_an_error(tiny: Session) -> None:
    with pytest.raises(InferenceError, match="not finite"):
        tiny.run(np.full((1, 1, 64, 64), np.nan, np.float32))


def test_many_threads_get_what_one_gets(tiny: Session) -> None:
    rng = np.random.default_rng(5)
    images = [rng.random((1, 1, 96 + 8 * i, 128), dtype=np.float32) for i in range(6)]
    alone = [tiny.run(image)[0] for image in images]
    together: list[np.ndarray | None] = [None] * len(images)

    def work(i: int) -> None:
        together[i] = tiny.run(images[i])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match="device 'tpu'"):
        Session.open(open_bundle(build_bundle(tmp_path / "b")), device="tpu")


def test_without_a_gpu_auto_says_so_and_cuda_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "cuda_device_name", lambda: None)
    bundle = open_bundle(build_bundle(tmp_path / "b"))
    session = Session.open(bundle, device="auto", threads=1)
    assert session.device == "CPU (1 thread, no CUDA device)"
    assert session.on_cpu
    with pytest.raises(MissingPartError, match=r"pip install .*\[cuda\]"):
        Session.open(bundle, device="cuda")


def test_a_cuda_that_does_not_start_is_said_and_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A driver is there and ONNX Runtime's CUDA provider is not, or breaks."""
    monkeypatch.setattr(session_module, "cuda_device_name", lambda: "NVIDIA Test")
    monkeypatch.setattr(session_module, "CUDA", "MissingExecutionProvider")
    bundle = open_bundle(build_bundle(tmp_path / "b"))
    session = Session.open(bundle, device="auto", threads=1)
    assert session.device == "CPU (1 thread, ONNX Runtime without CUDA)"
    monkeypatch.setattr(session_module, "_cuda_device", lambda: "NVIDIA Test")
    session = Session.open(bundle, device="auto", threads=1)
    assert session.device == "CPU (1 thread, CUDA does not start)"
    with pytest.raises(MissingPartError, match=r"pip install .*\[cuda\]"):
        Session.open(bundle, device="cuda")
    assert capfd.readouterr().out == ""


class _OtherNumbers:
    """A GPU that computes, and wrongly, as an old driver's kernels may."""

    def run(self, images: np.ndarray, stop: Stop | None = None) -> Outputs:
        cells = (images.shape[2] // 32, images.shape[3] // 32)
        return np.ones((1, 3, *cells), np.float32), np.ones((1, 3), np.float32)


class _NoMemory:
    """A GPU that starts and then has no room for an image."""

    def run(self, images: np.ndarray, stop: Stop | None = None) -> Outputs:
        raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    ("engine", "error"), [(_OtherNumbers(), ModelError), (_NoMemory(), InferenceError)]
)
def test_a_gpu_that_fails_the_golden_outputs_is_not_used_and_that_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    error: type[Exception],
) -> None:
    pretend_gpu(monkeypatch, engine)
    bundle = open_bundle(build_bundle(tmp_path / "b", findings=FINDINGS))
    session = Session.open(bundle, device="auto", threads=1)
    assert session.device == "CPU (1 thread, the GPU failed the model's self-test)"
    assert session.on_cpu
    session.run(np.zeros((1, 1, 64, 64), np.float32))
    with pytest.raises(error):
        Session.open(bundle, device="cuda")


def test_a_gpu_that_proves_itself_is_used_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_gpu(monkeypatch)
    bundle = open_bundle(build_bundle(tmp_path / "b", findings=FINDINGS))
    for device in ("auto", "cuda"):
        session = Session.open(bundle, device=device, threads=1)
        assert session.device == "NVIDIA Test (CUDA)"
        assert not session.on_cpu


def test_what_preloading_misses_is_logged_and_not_printed(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(session_module, "cuda_device_name", lambda: "NVIDIA Test")
    monkeypatch.setattr(session_module, "CUDA", "CPUExecutionProvider")
    monkeypatch.setattr(
        session_module._ort,
        "preload_dlls",
        lambda: print("Failed to load libcublas"),
        raising=False,
    )
    bundle = open_bundle(build_bundle(tmp_path / "b"))
    with caplog.at_level("INFO"):
        Session.open(bundle, device="auto", threads=1)
    assert "Failed to load libcublas" in caplog.text
    assert capfd.readouterr().out == ""


def test_cuda_opens_or_says_what_is_lacking(tmp_path: Path) -> None:
    bundle = open_bundle(build_bundle(tmp_path / "b"))
    if cuda_device_name() is None:
        with pytest.raises(MissingPartError, match="no CUDA device"):
            Session.open(bundle, device="cuda")
    else:
        session = Session.open(bundle, device="cuda")
        assert session.device.endswith("(CUDA)")
        assert not session.on_cpu


def test_memory_of_a_gpu_is_known_where_there_is_one() -> None:
    used = cuda_memory_used_mib()
    assert used is None if cuda_device_name() is None else used is not None and used > 0


def test_physical_cores_are_known_on_linux() -> None:
    cores = physical_cores()
    assert cores >= 1 if sys.platform.startswith("linux") else cores == 0


def test_a_network_is_stopped_from_another_thread_and_stays_whole(
    tiny: Session, capfd: pytest.CaptureFixture[str]
) -> None:
    image = np.full((1, 1, 200, 100), 0.5, np.float32)
    stop, ran, met = Stop(), threading.Event(), []

    def run_on() -> None:
        try:
            while True:
                tiny.until(stop).run(image)
                ran.set()
        except InferenceError as error:
            met.append(error)

    worker = threading.Thread(target=run_on)
    worker.start()
    assert ran.wait(20)
    stop.now()
    worker.join(20)
    assert [type(error) for error in met] == [StoppedError]
    whole, _ = tiny.run(image)
    again, _ = tiny.until(Stop()).run(image)
    assert np.array_equal(whole, again), "others are not stopped"
    assert capfd.readouterr() == ("", "")
