"""The simulator's own death, its return, and the broom."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from infra.simulators.machines import folders
from infra.simulators.machines.processes import ProcessRecord
from tests.unit.simulators_vast import running
from tests.unit.simulators_vast.running import wait_until

if TYPE_CHECKING:
    from pathlib import Path

SPEED = ("--speed", "60")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def _tree(simulator: running.Simulator, contract_id: int) -> ProcessRecord:
    saved = wait_until(lambda: simulator.file(contract_id, "process.json"))
    return ProcessRecord(json.loads(saved)["pid"], json.loads(saved)["mark"])


def test_a_killed_simulator_adopts_its_machines_and_continues_the_bill(data: Path) -> None:
    first = running.start(data, *SPEED)
    line = 'echo once >> "$WORKSPACE/starts"; sleep 600'
    contract_id = first.rent(line, label="kept")
    tree = _tree(first, contract_id)
    wait_until(lambda: first.file(contract_id, "workspace/starts"))
    before = first.truth_of(contract_id)

    first.kill()
    assert tree.alive
    second = running.start(data, *SPEED)

    try:
        row = second.show(contract_id)
        after = second.truth_of(contract_id)
        assert (row["actual_status"], row["label"]) == ("running", "kept")
        assert _tree(second, contract_id) == tree
        assert second.file(contract_id, "workspace/starts") == "once\n"
        assert after["intervals"] == before["intervals"]
        assert after["billed_micro_usd"]["gpu"] > before["billed_micro_usd"]["gpu"]
        second.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})
        wait_until(lambda: not tree.alive and not second.folder(contract_id).exists())
    finally:
        second.stop()


def test_a_machine_that_died_meanwhile_is_found_dead_and_rules_on_file_hold(data: Path) -> None:
    first = running.start(data, *SPEED)
    contract_id = first.rent("sleep 600")
    _tree(first, contract_id)
    first.kill()
    running.clean(data)

    rules = data.parent / "faults.json"
    rules.write_text('[{"match": {"call": "user"}, "fault": "502"}]')
    second = running.start(data, *SPEED, "--faults", str(rules))

    try:
        second.wait_for_status(contract_id, "exited")
        with pytest.raises(ValueError, match="Expecting"):  # the rule's HTML
            second.ask("GET", "/api/v0/users/current")
    finally:
        second.stop()


def test_a_polite_end_stops_all_machines_and_keeps_their_disks(data: Path) -> None:
    simulator = running.start(data, *SPEED)
    contract_id = simulator.rent('echo kept > "$WORKSPACE/file"; sleep 600')
    tree = _tree(simulator, contract_id)
    wait_until(lambda: simulator.file(contract_id, "workspace/file"))

    assert simulator.stop() == 0

    assert not tree.alive
    assert simulator.file(contract_id, "workspace/file") == "kept\n"
    again = running.start(data, *SPEED)
    try:
        wait_until(lambda: again.truth_of(contract_id)["alive_processes"])
    finally:
        again.stop()


def test_the_broom_ends_only_what_was_recorded_with_its_start_time(data: Path) -> None:
    simulator = running.start(data, *SPEED)
    contract_id = simulator.rent("sleep 600")
    tree = _tree(simulator, contract_id)
    bystander = ProcessRecord.of(simulator.process.pid)
    impostor = simulator.folder(contract_id).with_name("1")
    impostor.mkdir()
    told = {"pid": os.getpid(), "mark": "1", "boot_no": 1, "proxy": 0}
    (impostor / "process.json").write_text(json.dumps(told))

    said = running.clean(data)

    simulator.process.wait(timeout=10)
    assert "ended" in said
    assert not tree.alive
    assert not bystander.alive


def test_nothing_outside_of_the_machines_folder_is_ever_deleted(tmp_path: Path) -> None:
    machines, elsewhere = tmp_path / "machines", tmp_path / "elsewhere"
    machines.mkdir()
    elsewhere.mkdir()
    (machines / "7").symlink_to(elsewhere)

    with pytest.raises(ValueError, match="not a machine's folder"):
        folders.delete(machines, "7")

    assert elsewhere.exists()


@pytest.mark.parametrize("path", ["../x", "/workspace/../../x", "/link/x"])
def test_paths_of_a_machine_do_not_lead_out_of_it(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "9"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(ValueError, match="outside"):
        folders.inside(folder, path)
