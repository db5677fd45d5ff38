"""Rented machines are real process trees in folders of their own."""

from __future__ import annotations

import asyncio
import json
import shlex
from typing import TYPE_CHECKING

import asyncssh
import psutil
import pytest

from tests.unit.simulators_vast import running
from tests.unit.simulators_vast.running import Simulator, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEED = "60"


@pytest.fixture(scope="module", params=["isolated", "shared"])
def simulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulator]:
    data = tmp_path_factory.mktemp("simulator") / "data"
    data.mkdir()
    options = ["--no-namespaces"] if request.param == "shared" else []
    simulator = running.start(data, "--speed", SPEED, *options)
    yield simulator
    simulator.stop()
    running.clean(data)


def test_a_machine_runs_its_onstart_line_in_its_own_workspace(simulator: Simulator) -> None:
    line = 'pwd -P; echo "$GREETING $CONTAINER_ID" > "$WORKSPACE/said"'

    contract_id = simulator.rent(line, env={"GREETING": "hello"})

    said = wait_until(lambda: simulator.file(contract_id, "workspace/said"))
    assert said == f"hello {contract_id}\n"
    assert "workspace" in (simulator.file(contract_id, "container.log") or "")


def test_a_machine_sees_nothing_of_the_simulators_environment(simulator: Simulator) -> None:
    contract_id = simulator.rent('env > "$WORKSPACE/.env"; mv "$WORKSPACE/.env" "$WORKSPACE/env"')

    seen = wait_until(lambda: simulator.file(contract_id, "workspace/env"))
    names = {line.partition("=")[0] for line in seen.splitlines()}
    assert not {"PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & names
    assert {"CONTAINER_API_KEY", "VAST_CONTAINERLABEL", "SIM_GPU_FILE", "http_proxy"} <= names


@pytest.mark.parametrize(
    ("image", "expected"), [("python:3.11", "Python 3.11"), ("no-python", "not found")]
)
def test_the_image_decides_which_python_is_there(
    simulator: Simulator, image: str, expected: str
) -> None:
    contract_id = simulator.rent("python3 -V; echo over; curl -V", image=image)

    def log() -> str | None:
        text = simulator.file(contract_id, "container.log") or ""
        return text if "Protocols" in text else None

    assert expected in wait_until(log)


def test_work_on_the_machine_drives_the_gpu_and_idle_is_exactly_zero(simulator: Simulator) -> None:
    contract_id = simulator.rent("simgpu --util 85 -- sleep 600")

    wait_until(lambda: simulator.gpu(contract_id).get("util_percent") == 85)
    loads = simulator.folder(contract_id) / "run/loads"
    record = json.loads(simulator.file(contract_id, "process.json") or "{}")
    for process in psutil.Process(record["pid"]).children(recursive=True):
        if process.name() == "sleep":
            process.kill()

    wait_until(lambda: simulator.gpu(contract_id)["util_percent"] == 0)
    assert not list(loads.iterdir())


def test_stop_and_start_keep_the_disk_and_run_onstart_again(simulator: Simulator) -> None:
    contract_id = simulator.rent('echo once >> "$WORKSPACE/starts"; sleep 600')
    wait_until(lambda: simulator.file(contract_id, "workspace/starts"))

    simulator.ask("PUT", f"/api/v0/instances/{contract_id}/", {"state": "stopped"})
    simulator.wait_for_status(contract_id, "exited")
    wait_until(lambda: simulator.truth_of(contract_id)["alive_processes"] == 0)
    assert simulator.file(contract_id, "workspace/starts") == "once\n"
    simulator.ask("PUT", f"/api/v0/instances/{contract_id}/", {"state": "running"})

    wait_until(lambda: simulator.file(contract_id, "workspace/starts") == "once\nonce\n")


def test_destroy_ends_every_process_and_deletes_the_folder(simulator: Simulator) -> None:
    line = '(setsid sleep 601 &) ; echo up > "$WORKSPACE/up"; sleep 602'
    contract_id = simulator.rent(line)
    wait_until(lambda: simulator.file(contract_id, "workspace/up"))
    record = json.loads(simulator.file(contract_id, "process.json") or "{}")
    tree = psutil.Process(record["pid"]).children(recursive=True)
    assert len(tree) >= 3

    simulator.ask("DELETE", f"/api/v0/instances/{contract_id}/", {})

    wait_until(lambda: not simulator.folder(contract_id).exists())
    wait_until(lambda: not any(_moves(process) for process in tree))


def _moves(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_container_that_ends_by_itself_is_exited_though_running_was_intended(
    simulator: Simulator,
) -> None:
    contract_id = simulator.rent(runtype="args", args=["sh", "-c", "exit 3"])

    row = simulator.wait_for_status(contract_id, "exited")

    assert (row["intended_status"], row["cur_state"]) == ("running", "running")


def test_traffic_is_counted_once_for_the_bill_and_for_the_machine(simulator: Simulator) -> None:
    url = f"{simulator.url}/api/v0/gpu_names/unique/"
    contract_id = simulator.rent(f"curl -sf {shlex.quote(url)} > $WORKSPACE/names; sleep 600")

    def counted() -> dict[str, int] | None:
        shown = json.loads(simulator.file(contract_id, "run/net.json") or "{}")
        return shown if shown.get("rx_bytes") else None

    shown = wait_until(counted)
    body = simulator.file(contract_id, "workspace/names") or ""
    truth = simulator.truth_of(contract_id)
    assert shown["rx_bytes"] > len(body) > 50
    assert shown == {"rx_bytes": truth["down_bytes"], "tx_bytes": truth["up_bytes"]}


def test_ssh_lets_in_whose_key_the_instance_knows(simulator: Simulator, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    public = key.export_public_key().decode().strip()
    contract_id = simulator.rent("sleep 600")
    simulator.ask("POST", f"/api/v0/instances/{contract_id}/ssh/", {"ssh_key": public})
    wait_until(lambda: public in (simulator.file(contract_id, "run/authorized_keys") or ""))
    wait_until(lambda: simulator.file(contract_id, "run/gpu.json"))
    port = int(simulator.show(contract_id)["ports"]["22/tcp"][0]["HostPort"])
    (tmp_path / "sent").write_text("by sftp")

    async def visit() -> tuple[str, bytes]:
        async with asyncssh.connect(
            "127.0.0.1", port, username="root", client_keys=[key], known_hosts=None, config=None
        ) as connection:
            told = await connection.run("echo $CONTAINER_ID; cat; exit 7", input="typed")
            async with connection.start_sftp_client() as sftp:
                await sftp.put(str(tmp_path / "sent"), "sent")
            assert told.exit_status == 7
            return str(told.stdout), b""

    said, _ = asyncio.run(visit())
    assert said == f"{contract_id}\ntyped"


def test_ssh_keeps_strangers_out(simulator: Simulator) -> None:
    contract_id = simulator.rent("sleep 600")
    wait_until(lambda: simulator.file(contract_id, "run/gpu.json"))
    port = int(simulator.show(contract_id)["ports"]["22/tcp"][0]["HostPort"])
    stranger = asyncssh.generate_private_key("ssh-ed25519")

    async def visit() -> None:
        await asyncssh.connect(
            "127.0.0.1", port, username="root", client_keys=[stranger], known_hosts=None,
            config=None,
        )  # fmt: skip

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(visit())


def test_a_machine_has_its_own_root_or_is_told_that_it_shares(simulator: Simulator) -> None:
    line = (
        'echo "${DUMONT_MACHINE_ROOT:-none}" > "$WORKSPACE/shared"; echo mine > $TMPDIR/mark; '
        'ps -A -o pid= | wc -l > "$WORKSPACE/count"; '
        # The simulator counts the network on a clock of its own: its first figures may come later.
        'i=0; while [ -z "$DUMONT_MACHINE_ROOT" ] && [ $i -lt 300 ] '
        "&& ! ls /run/simulated | grep -q net.json; do i=$((i+1)); sleep 0.1; done; "
        'ls /run/simulated > "$WORKSPACE/told" 2>&1; mv "$WORKSPACE/told" "$WORKSPACE/done"'
    )

    contract_id = simulator.rent(line)

    wait_until(lambda: simulator.file(contract_id, "workspace/done"))
    shared = (simulator.file(contract_id, "workspace/shared") or "").strip()
    assert shared in {"none", str(simulator.folder(contract_id))}
    assert simulator.file(contract_id, "tmp/mark") == "mine\n"
    if shared == "none":
        assert int(simulator.file(contract_id, "workspace/count") or 99) < 12
        assert "net.json" in (simulator.file(contract_id, "workspace/done") or "")
