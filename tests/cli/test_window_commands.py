"""``snapshot``, ``demo``, ``doctor`` and ``bench``."""

from __future__ import annotations

import importlib.util
import itertools
import resource
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from PySide6.QtGui import QImage

from mammoview.cli import demo
from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.dicom.index_bench import write_folder
from mammoview.errors import DicomError
from mammoview.ui import main as window
from tests.cli.conftest import Run


@pytest.mark.usefixtures("qapp")
def test_a_snapshot_has_the_wanted_size_and_the_overlay_changes_it(
    command: Run, exam: Path, bundle: Path, tmp_path: Path
) -> None:
    plain, heat = tmp_path / "plain.png", tmp_path / "heat.png"
    assert command("snapshot", exam, "--out", plain, "--size", "1200x800").code == 0
    words = ["snapshot", exam, "--size", "1200x800", "--overlay", "both", "--model", bundle]
    assert command(*words, "--out", heat).code == 0
    pictures = [QImage(str(path)) for path in (plain, heat)]
    assert all((p.width(), p.height()) == (1200, 800) for p in pictures)
    assert pictures[0] != pictures[1]


@pytest.mark.usefixtures("qapp")
def test_a_snapshot_shows_the_wanted_step(command: Run, exam: Path, tmp_path: Path) -> None:
    pictures = []
    for words in ([], ["--step", "cc-pair"], ["--step", "2"], ["--layout", "four-up"]):
        out = tmp_path / "p.png"
        assert command("snapshot", exam, "--out", out, "--size", "900x600", *words).code == 0
        pictures.append(QImage(str(out)))
    first, pair, second, four_up = pictures
    assert pair == second != first
    images = (60, 30, 900 - 60 - 264, 540)  # beside them the step's name differs
    assert four_up.copy(*images) == first.copy(*images)


@pytest.mark.usefixtures("qapp")
def test_every_step_has_a_picture_of_its_own_named_by_the_step(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    words = ["snapshot", exam, "--size", "900x600"]
    assert command(*words, "--out", tmp_path / "steps", "--step", "all").code == 0
    pictures = sorted((tmp_path / "steps").iterdir())
    assert [picture.name for picture in pictures] == [
        "01-overview.png",
        "02-cc-pair.png",
        "03-mlo-pair.png",
        "04-four-up.png",
        "05-right.png",
        "06-left.png",
        "07-cc-tiles.png",
        "08-mlo-tiles.png",
        *(f"{8 + n:02}-single-{n}.png" for n in range(1, 5)),
    ]
    for name in ("03-mlo-pair.png", "08-mlo-tiles.png", "09-single-1.png"):
        alone = tmp_path / "p.png"
        assert command(*words, "--out", alone, "--step", name[3:-4]).code == 0
        assert QImage(str(tmp_path / "steps" / name)) == QImage(str(alone))


@pytest.mark.usefixtures("qapp")
def test_fit_voi_and_inversion_are_those_of_the_window(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    named = {"WindowCenter": [2048, 1000], "WindowWidth": [4096, 900]}
    for number, file in enumerate(sorted(exam.iterdir())):
        dataset = dcmread(file)
        dataset.WindowCenter, dataset.WindowWidth = named.values()
        dataset.WindowCenterWidthExplanation = ["NORMAL", "HARDER" if number else "SOFTER"]
        dataset.save_as(file)
    seen = []
    for words in ([], ["--invert"], ["--voi", "HARDER"], ["--fit", "one-to-one"]):
        out = tmp_path / "p.png"
        assert command("snapshot", exam, "--out", out, "--size", "900x600", *words).code == 0
        seen.append(QImage(str(out)))
    assert all(a != b for a, b in itertools.combinations(seen, 2))
    answer = command("snapshot", exam, "--out", tmp_path / "q.png", "--voi", "LOUDER")
    assert answer.code == 2
    assert "one of NORMAL, HARDER, SOFTER" in answer.err


@pytest.mark.usefixtures("qapp")
def test_an_unknown_step_is_wrong_usage_and_names_the_known_ones(
    command: Run, exam: Path, tmp_path: Path
) -> None:
    for wrong in ("mosaic", "0", "99", "-1"):
        answer = command("snapshot", exam, "--out", tmp_path / "p.png", f"--step={wrong}")
        assert answer.code == 2
        assert "mlo-pair" in answer.err
    assert not (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--size", "big"],
        ["--out", "picture.jpg"],
        ["--overlay", "rainbow"],
        ["--layout", "mosaic"],
        ["--study", "nobody"],
        ["--fit", "tightly"],
        ["--step", "all"],
        ["--step", "all", "--out", "file-in-the-way"],
        ["--out", "folder"],
    ],
)
def test_wrong_snapshots_are_wrong_usage(
    command: Run, exam: Path, tmp_path: Path, wrong: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file-in-the-way").touch()
    assert command("snapshot", exam, "--out", tmp_path / "p.png", *wrong).code == 2


@pytest.mark.usefixtures("qapp")
def test_a_picture_that_cannot_be_written_is_said(command: Run, exam: Path, tmp_path: Path) -> None:
    (tmp_path / "file-in-the-way").touch()
    answer = command("snapshot", exam, "--out", tmp_path / "file-in-the-way" / "p.png")
    assert answer.code == 3
    assert "p.png could not be written" in answer.err


@pytest.mark.usefixtures("qapp")
def test_a_full_disk_leaves_the_old_picture(command: Run, exam: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "p.png"
    assert command("snapshot", exam, "--out", out, "--size", "600x400").code == 0
    before = out.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        answer = command("snapshot", exam, "--out", out, "--size", "600x400")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.code == 3
    assert "p.png could not be written" in answer.err
    assert [file.name for file in out.parent.iterdir()] == ["p.png"]
    assert out.read_bytes() == before


def test_nothing_to_show_is_refused(command: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("no mammogram", "utf-8")
    answer = command("snapshot", tmp_path / "letter.txt", "--out", tmp_path / "p.png")
    assert answer.code == 3
    assert "letter.txt" in answer.err


class _Window:
    """Stands for the window: remembers what it was opened on, and looks into it."""

    def __init__(self) -> None:
        self.badge: str | None = None
        self.slots: list[str] = []

    def run(self, paths: Sequence[Path], *, badge: str | None = None) -> int:
        (exam,) = index_paths(paths).examinations
        self.badge = badge
        self.slots = [str(view.slot) for view in exam.mammograms]
        return 0


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> _Window:
    fake = _Window()
    monkeypatch.setattr(window, "run", fake.run)
    return fake


def test_the_demo_without_real_exams_says_that_it_is_synthetic(
    command: Run, opened: _Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    answer = command("demo")
    assert answer.code == 0
    assert "synthetic" in answer.err
    assert "mammoview[demo]" in answer.err
    assert opened.badge is not None
    assert "synthetic" in opened.badge
    assert opened.slots == ["RCC", "LCC", "RMLO", "LMLO"]
    missing = command("demo", "--exam", "P_00820")
    assert missing.code == 4
    assert "pip install" in missing.err


@pytest.mark.usefixtures("demo_exam_p00820")
def test_the_demo_prefers_the_real_exam(command: Run, opened: _Window) -> None:
    answer = command("demo")
    assert answer.code == 0
    assert "P_00820" in answer.err
    assert opened.badge is not None
    assert "P_00820" in opened.badge
    assert opened.slots == ["RCC", "LCC", "RMLO", "LMLO"]


def test_open_passes_the_paths_on(command: Run, opened: _Window, exam: Path) -> None:
    assert command("open", exam).code == 0
    assert opened.slots == ["RCC", "LCC", "RMLO", "LMLO"]


def test_the_doctor_tries_everything(command: Run) -> None:
    answer = command("doctor", "--json")
    checks = {check["part"]: check for check in answer.document["checks"]}
    codecs = [part for part in checks if part.startswith("DICOM ")]
    assert len(codecs) == 16
    assert all(checks[part]["health"] == "ok" for part in codecs)
    assert {"Qt window", "GPU", "network runtime", "model", "log folder"} <= set(checks)
    needy = [check for check in checks.values() if check["health"] != "ok"]
    assert all(check["todo"] for check in needy)
    assert (answer.code == 0) == answer.document["healthy"]


def test_the_doctor_names_what_a_machine_lacks(
    command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mammoview.ui import probe

    monkeypatch.setattr(probe, "linked_but_missing", lambda platform: ("libxcb-cursor.so.0",))
    answer = command("doctor", "--json")
    assert answer.code == 4
    (drawing,) = [c for c in answer.document["checks"] if c["part"].startswith("Qt drawing")]
    assert drawing["health"] == "missing"
    assert "apt-get install libxcb-cursor0" in drawing["todo"]


def test_a_broken_codec_is_found(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from mammoview.dicom import codec_check

    wrong = dict.fromkeys(codec_check._COMPRESSED, codec_check._LS)
    monkeypatch.setattr(codec_check, "_COMPRESSED", wrong)
    answer = command("doctor", "--json")
    broken = [c["part"] for c in answer.document["checks"] if "DICOM" in c["part"] and c["todo"]]
    assert len(broken) == 10
    assert answer.code == 4


def test_opening_is_measured_beside_pydicom(command: Run, exam: Path) -> None:
    document = command("bench", "open", exam, "--json").document
    assert document["views"] == 4
    assert document["ratio"] == pytest.approx(document["seconds"] / document["baseline_seconds"])


@pytest.mark.usefixtures("qapp")
def test_opening_is_measured_until_it_is_painted(command: Run, exam: Path) -> None:
    document = command("bench", "open", exam, "--painted", "--json").document
    for name in ("RLE", "JPEG lossless", "JPEG 2000"):
        told = document[name]
        assert told["ratio"] == pytest.approx(told["ms"] / told["plain_ms"])
        assert told["seen_ratio"] == pytest.approx(told["seen_ms"] / told["plain_ms"])
        assert 0 < told["seen_ms"] <= told["ms"]
        assert told["plain_ms"] > 0
        assert told["plain_reader"].startswith(("pydicom", "SimpleITK"))


def test_painting_is_measured_on_four_views(command: Run, exam: Path) -> None:
    next(exam.glob("*.dcm")).unlink()
    answer = command("bench", "open", exam, "--painted")
    assert answer.code == 2
    assert "3 images" in answer.err


def test_indexing_is_measured_beside_reading_whole_files(command: Run, exam: Path) -> None:
    document = command("bench", "index", exam, "--json").document
    assert document["files"] == 4
    ours, theirs = document["files_per_second"], document["baseline_files_per_second"]
    assert document["rate_ratio"] == pytest.approx(ours / theirs)
    assert min(ours, theirs) > 0


def test_indexing_is_measured_on_mammograms_alone(command: Run, exam: Path) -> None:
    (exam / "letter.txt").write_text("no mammogram", "utf-8")
    answer = command("bench", "index", exam, "--json")
    assert answer.code == 2
    assert "1 of 5 files that are refused" in answer.err


def test_the_files_that_indexing_is_measured_on_are_whole(tmp_path: Path) -> None:
    write_folder(tmp_path, files=5)
    index = index_paths([tmp_path])
    assert index.refused == ()
    assert [len(exam.mammograms) for exam in index.examinations] == [4, 1]
    with pytest.raises(DicomError, match="an empty image"):  # so that they take little room
        decode_pixels(index.examinations[1].mammograms[0])


def test_analysis_is_measured_with_its_memory(command: Run, exam: Path, bundle: Path) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed (extra: train)")
    document = command("bench", "analyze", exam, "--model", bundle, "--json").document
    assert document["views"] == 4
    assert document["peak_rss_mib"] > 50
    assert document["seconds"] > sum(document["stage_seconds"].values())
    assert document["baseline_missing"] is None
    assert document["network_ratio"] > 0
    assert len(document["network_ratio_views"]) == 4
    ratios = ("network_ratio", "network_ratio_channels_last")
    bases = ("baseline_network_seconds", "baseline_channels_last_seconds")
    for ratio, base in zip(ratios, bases, strict=True):
        assert document[ratio] * document[base] == pytest.approx(
            document["stage_seconds"]["network"]
        )
    stages, whole = document["stage_seconds"], document["baseline_whole_view_seconds"]
    assert document["whole_view_ratio"] * whole == pytest.approx(stages["network"])
    assert document["whole_view_ratio_with_preparation"] * whole == pytest.approx(
        stages["prepare"] + stages["network"]
    )
    assert 0.0 < document["whole_view_cut_out_share"] <= 1.0
    assert sum(document["stage_share"].values()) == pytest.approx(1.0)
    assert document["device"].startswith("CPU")
    assert document["cpu_view_ms"]["first"] > 0
    assert document["gpu"]
    assert document["windows_count"] >= document["windows_batch"] > 0
    assert document["windows_ratio"] == pytest.approx(
        document["windows_view_seconds"] / document["windows_seconds"]
    )
