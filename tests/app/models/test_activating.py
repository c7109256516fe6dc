"""Activating and going back: nothing unchecked, never no model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mammoview.app import analysis, commands, resources
from mammoview.app.analysis import Analyst
from mammoview.app.models import catalogue, records
from mammoview.app.reading import ReadingDesk
from mammoview.errors import MissingPartError, ModelError, UsageError
from mammoview.modelkit.bundle import NETWORK
from tests.builders.desk import Mailbox
from tests.builders.dicom import build_exam
from tests.builders.installed import FAULTS, SHIPPED, active, flip, outcomes


@pytest.mark.usefixtures("two")
def test_rollbacks_walk_back_to_the_shipped_model() -> None:
    for named in ("tiny@1", "tiny@2"):
        catalogue.activate(named)
        assert active() == named
    for expected in ("tiny@1", SHIPPED):
        switched = catalogue.rollback()
        assert switched is not None
        assert active() == expected
    assert catalogue.rollback() is None
    assert active() == SHIPPED
    assert outcomes()[2:] == [
        ("activate", "accepted", "tiny@1"),
        ("activate", "accepted", "tiny@2"),
        ("rollback", "accepted", "tiny@1"),
        ("rollback", "accepted", SHIPPED),
    ]


@pytest.mark.usefixtures("two")
def test_activating_the_active_one_adds_no_step_back() -> None:
    catalogue.activate("tiny@1")
    again = catalogue.activate("tiny@1")
    assert again.before == again.after
    catalogue.rollback()
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("named", [catalogue.SHIPPED, resources.DEFAULT_MODEL, SHIPPED])
def test_the_shipped_model_is_activated_by_name(named: str) -> None:
    catalogue.activate("tiny@2")
    catalogue.activate(named)
    assert active() == SHIPPED
    catalogue.rollback()
    assert active() == "tiny@2"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("named", ["tiny", "tiny@3", "huge", "", "@", "tiny@1-"])
def test_a_name_stands_for_one_model_or_is_refused(named: str) -> None:
    with pytest.raises(UsageError):
        catalogue.activate(named)
    assert active() == SHIPPED


def test_a_name_alone_will_do_where_there_is_one_version(source: Path) -> None:
    catalogue.install(source)
    catalogue.activate("tiny")
    assert active() == "tiny@1"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("fault", FAULTS)
def test_what_has_rotted_on_the_disk_is_not_activated(fault: str) -> None:
    catalogue.activate("tiny@1")
    FAULTS[fault](catalogue.find_folder("tiny@2"))
    with pytest.raises(ModelError):
        catalogue.activate("tiny@2")
    assert active() == "tiny@1"
    assert outcomes()[-1] == ("activate", "refused", "tiny@2")
    problems = {m.choice.version: m.problem for m in catalogue.known_models()}
    assert problems["2"]
    assert not problems["1"]


@pytest.mark.usefixtures("two")
def test_golden_outputs_are_run_at_each_activation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that computes otherwise since the installation leaves every hash sound."""
    from mammoview.inference.engines import OnnxRuntime

    run = OnnxRuntime.run
    monkeypatch.setattr(
        OnnxRuntime, "run", lambda self, *given: tuple(1.1 * a for a in run(self, *given))
    )
    with pytest.raises(ModelError, match="map's range"):
        catalogue.activate("tiny@1")
    monkeypatch.undo()
    assert not (records.data_folder() / records.ACTIVE).exists()


@pytest.mark.usefixtures("two")
def test_a_sound_bundle_in_the_wrong_place_is_not_activated() -> None:
    one, two = catalogue.find_folder("tiny@1"), catalogue.find_folder("tiny@2")
    shutil.rmtree(two)
    shutil.copytree(one, two)
    with pytest.raises(ModelError, match="another model"):
        catalogue.activate("tiny@2")
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
def test_a_rollback_checks_as_well_and_leaves_a_way_out() -> None:
    catalogue.activate("tiny@1")
    catalogue.activate("tiny@2")
    flip(catalogue.find_folder("tiny@1") / NETWORK)
    with pytest.raises(ModelError):
        catalogue.rollback()
    assert active() == "tiny@2"
    assert outcomes()[-1] == ("rollback", "refused", "tiny@1")
    catalogue.activate(catalogue.SHIPPED)
    assert active() == SHIPPED


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("fault", [*FAULTS, "gone"])
def test_a_damaged_active_model_is_said_and_nothing_takes_its_place(fault: str) -> None:
    catalogue.activate("tiny@1")
    folder = catalogue.find_folder("tiny@1")
    if fault == "gone":
        shutil.rmtree(folder)
    else:
        FAULTS[fault](folder)
    with pytest.raises(ModelError, match="mammoview model rollback") as refusal:
        Analyst(device="cpu").open()
    assert "tiny 1" in str(refusal.value)
    (row,) = [m for m in catalogue.known_models() if m.active]
    assert row.problem
    catalogue.rollback()
    assert active() == SHIPPED


def test_a_damaged_shipped_model_names_the_installation(shipped: Path) -> None:
    flip(shipped / NETWORK)
    with pytest.raises(ModelError, match="pip install --force-reinstall mammoview"):
        Analyst(device="cpu").open()


def test_a_program_without_a_model_says_so(shipped: Path) -> None:
    shutil.rmtree(shipped)
    with pytest.raises(MissingPartError, match=resources.DEFAULT_MODEL):
        Analyst(device="cpu").open()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("content", ["", "{}", "null", '{"schema": 2}', "\x00"])
def test_a_damaged_record_is_said_and_activating_is_the_way_out(content: str) -> None:
    catalogue.activate("tiny@1")
    (records.data_folder() / records.ACTIVE).write_text(content, "utf-8")
    for act in (Analyst(device="cpu").open, catalogue.rollback, catalogue.known_models):
        with pytest.raises(ModelError, match="model activate shipped"):
            act()
    catalogue.activate(catalogue.SHIPPED)
    assert active() == SHIPPED
    assert records.read_history().events[-1].active_before.origin == "unknown"


@pytest.mark.usefixtures("two")
def test_the_status_strip_names_the_active_model() -> None:
    from mammoview.ui.status_strip import device_text

    catalogue.activate("tiny@2")
    ws = analysis.model_opened(commands.empty(), Analyst(device="cpu").open())
    assert device_text(ws).startswith("tiny 2 ·")


@pytest.mark.usefixtures("two")
def test_a_window_says_that_the_active_model_is_damaged(tmp_path: Path) -> None:
    catalogue.activate("tiny@1")
    flip(catalogue.find_folder("tiny@1") / NETWORK)
    mailbox = Mailbox()
    desk = ReadingDesk(deliver=mailbox.post, analyst=Analyst(device="cpu"))
    build_exam(tmp_path / "exam")
    desk.open_paths([tmp_path / "exam"])
    try:
        mailbox.run_until(lambda: "model rollback" in desk.workspace.analysis.message)
        assert "tiny 1" in desk.workspace.analysis.message
        assert desk.workspace.prediction is None
    finally:
        desk.shutdown()
