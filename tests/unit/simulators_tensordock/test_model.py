"""What the simulated TensorDock does: its states, its money, its faults. Pure, on its own clock."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from infra.simulators.tensordock import persist
from infra.simulators.tensordock.machine_specs import PER_BOOT, machine_spec
from infra.simulators.tensordock.model import lifecycle
from infra.simulators.tensordock.model.state import World
from tests.unit.simulators_tensordock.exchange import Exchange

if TYPE_CHECKING:
    from pathlib import Path

DAY_S = 86_400


def test_a_machine_goes_from_its_order_to_its_absence() -> None:
    exchange = Exchange()
    machine = exchange.rent()
    path = f"/instances/{machine.id}"

    def status() -> str:
        return str(exchange.ask("GET", path)["status"])

    seen = [status()]
    exchange.wait(20)
    seen.append(status())
    exchange.ask("POST", f"{path}/stop")
    seen.append(status())
    exchange.wait(3)
    seen.append(status())
    exchange.ask("POST", f"{path}/start")
    exchange.wait(20)
    seen.append(status())
    exchange.ask("DELETE", path)
    seen.append(status())
    exchange.wait(3)

    assert seen == ["starting", "running", "stopping", "stopped", "running", "deleting"]
    assert exchange.raw("GET", path).status == 404
    assert exchange.ask("GET", "/instances")["data"]["instances"] == []
    assert machine.boot_no == 2


def test_what_runs_is_paid_by_the_second_and_the_disk_as_long_as_it_is_there() -> None:
    exchange = Exchange()
    machine = exchange.rent()
    exchange.wait(20 + 3600)
    exchange.ask("POST", f"/instances/{machine.id}/stop")
    exchange.wait(3600)
    exchange.ask("DELETE", f"/instances/{machine.id}")
    exchange.wait(DAY_S)

    compute, disk = lifecycle.billed_usd(machine, exchange.now)

    assert compute == pytest.approx(machine.compute_usd * 1)
    assert disk == pytest.approx(100 * 0.00005 * (20 + 7200) / 3600)
    (account,) = exchange.world.accounts.values()
    left = lifecycle.credit(exchange.world, account, exchange.now)
    assert left == pytest.approx(50.0 - compute - disk)


def test_an_account_without_credit_stops_everything_and_rents_nothing() -> None:
    exchange = Exchange()
    machine = exchange.rent()
    exchange.wait(20)
    (account,) = exchange.world.accounts.values()
    account.deposited = 0.5

    exchange.wait(2 * DAY_S)
    exchange.wait(10)

    assert machine.status == "stopped"
    assert "balance" in exchange.ask("POST", "/instances", exchange.order())["error"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ssh_key": None}, "ssh_key"),
        ({"ssh_key_id": "x"}, "ssh_key"),
        ({"image": "windows"}, "image"),
        ({"hostnode_id": None}, "hostnode_id"),
        ({"location_id": "x"}, "hostnode_id"),
        ({"port_forwards": [{"internal_port": 22, "external_port": 1}]}, "in use"),
        ({"port_forwards": None}, "port_forwards"),
        ({"resources": {}}, "100"),
    ],
)
def test_an_order_that_is_not_valid_makes_nothing(changes: dict[str, Any], said: str) -> None:
    exchange = Exchange()

    answer = exchange.raw("POST", "/instances", exchange.order(**changes))

    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]
    assert exchange.world.machines == {}


@pytest.mark.parametrize(
    "resources",
    [
        {"storage_gb": 99},
        {"vcpu_count": 7},
        {"ram_gb": 12},
        {"gpus": {}},
        {"gpus": {"geforcertx4090-pcie-24gb": {"count": 0}}},
        {"gpus": {"geforcertx4090-pcie-24gb": {"count": 99}}},
        {"gpus": {"h100-sxm5-80gb": {"count": 1}}},
    ],
)
def test_sizes_have_their_steps_and_hosts_their_room(resources: dict[str, Any]) -> None:
    exchange = Exchange()
    order = exchange.order()
    order["data"]["attributes"]["resources"] |= resources

    assert exchange.raw("POST", "/instances", order).status == 400


def test_what_is_rented_is_no_longer_offered_until_it_is_gone() -> None:
    exchange = Exchange()
    before = exchange.host()["available_resources"]
    machine = exchange.rent()

    during = exchange.host()["available_resources"]
    exchange.ask("DELETE", f"/instances/{machine.id}")
    exchange.wait(5)

    assert before["gpus"][0]["availableCount"] - during["gpus"][0]["availableCount"] == 1
    assert before["storage_gb"] - during["storage_gb"] == 100
    assert exchange.host()["available_resources"]["gpus"] == before["gpus"]


def test_a_stopped_machine_may_lose_its_gpu_to_somebody_else() -> None:
    exchange = Exchange()
    exchange.world.knobs.stopped_gives_gpu_back = True
    machine = exchange.rent()
    exchange.wait(20)
    exchange.ask("POST", f"/instances/{machine.id}/stop")
    exchange.wait(5)
    host = exchange.world.hosts[machine.host_id]
    host.gpus = 0

    answer = exchange.raw("POST", f"/instances/{machine.id}/start")

    assert machine.status == "stoppeddisassociated"
    assert answer.status == 400
    assert "capacity" in json.loads(answer.body)["error"].lower()


def test_a_minute_has_a_hundred_calls() -> None:
    exchange = Exchange()

    def status() -> int:
        exchange.real_now -= 0.9
        return exchange.raw("GET", "/locations").status

    statuses = [status() for _ in range(101)]
    exchange.real_now += 60

    assert set(statuses[:100]) == {200}
    assert statuses[100] == 429
    assert exchange.raw("GET", "/locations").status == 200


def test_a_wrong_token_is_401_in_every_shape() -> None:
    exchange = Exchange()

    assert exchange.raw("GET", "/instances", key="no").status == 401
    exchange.world.knobs.failures_answer_200 = True
    old = exchange.raw("GET", "/instances", key="no")
    exchange.world.knobs.mirror_shapes = True
    mirrored = exchange.raw("GET", "/instances", key="no")

    assert (old.status, json.loads(old.body)["status"]) == (200, 401)
    assert (mirrored.status, json.loads(mirrored.body)["errors"][0]["status"]) == (401, 401)


def test_the_mirror_wraps_what_the_provider_shows_bare() -> None:
    exchange = Exchange()
    machine = exchange.rent()
    bare = exchange.ask("GET", f"/instances/{machine.id}")
    exchange.world.knobs.mirror_shapes = True

    wrapped = exchange.ask("GET", f"/instances/{machine.id}")["data"]

    ((inside, outside),) = machine.ports.items()
    assert bare["portForwards"] == [{"internal_port": inside, "external_port": outside}]
    assert wrapped["attributes"]["portForwards"] == {str(inside): outside}
    assert (bare["id"], bare["name"]) == (wrapped["id"], wrapped["attributes"]["name"])
    assert isinstance(bare["resources"]["gpus"], dict)
    assert isinstance(wrapped["attributes"]["resources"]["gpus"], list)


def test_a_fault_strikes_as_often_as_it_is_told_to() -> None:
    exchange = Exchange()
    exchange.world.fault_rules = [
        {"match": {"call": "list"}, "fault": "503", "times": 1, "seen": 0, "fired": 0}
    ]

    statuses = [exchange.raw("GET", "/instances").status for _ in range(2)]

    assert statuses == [503, 200]


def test_runcmd_is_run_once_and_what_it_left_behind_at_every_later_boot() -> None:
    exchange = Exchange()
    machine = exchange.rent()
    host = exchange.world.hosts[machine.host_id]
    exchange.wait(20)
    first = machine_spec(machine, host)
    machine.boot_no = 2
    second = machine_spec(machine, host)

    assert (first.onstart, second.onstart) == ("touch /ready", PER_BOOT)
    assert (first.ssh_keys, first.gpu_memory_mib) == (("ssh-ed25519 AAAA me",), 24 * 1024)


def test_a_world_that_was_kept_goes_on_as_it_was(tmp_path: Path) -> None:
    exchange = Exchange()
    machine = exchange.rent()
    exchange.wait(20)
    persist.save(tmp_path / "state.json", exchange.world)
    again = World(rng=random.Random(7))

    persist.load(tmp_path / "state.json", again)

    assert again.machines == exchange.world.machines
    assert again.hosts == exchange.world.hosts
    assert (again.keys, again.next_account) == (exchange.world.keys, exchange.world.next_account)
    assert again.draw_id() not in {*again.hosts, *again.places, machine.id}
