"""The marketplace over HTTP, and its side door."""

from __future__ import annotations

import gzip
import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.unit.simulators_vast import running
from tests.unit.simulators_vast.running import KEY, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.simulators_vast.running import Simulator

AUTH = {"Authorization": f"Bearer {KEY}"}
OFFER = {
    "machine_id": 7,
    "num_gpus": 1,
    "gpu_name": "RTX 4090",
    "gpu_ram": 24_564,
    "dph_base": 0.4,
    "min_bid": 0.2,
    "storage_cost": 0.2,
    "duration": 1e6,
    "inet_down": 10_000.0,
    "verification": "verified",
    "id": 31_500_057,
}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "data").mkdir()
    (folder / "offers").mkdir()
    rows = [{**OFFER, "machine_id": number} for number in range(7, 27)]
    document = json.dumps({"offers_by_model": {"RTX 4090": rows}}).encode()
    (folder / "offers/2026-01-01.json.gz").write_bytes(gzip.compress(document))
    offers = ("--offers", str(folder / "offers"))
    simulator = running.start(folder / "data", "--speed", "60", *offers)
    yield simulator
    simulator.stop()


def get(simulator: Simulator, path: str, **headers: str) -> httpx.Response:
    return simulator.http.get(simulator.url + path, headers={**AUTH, **headers})


def test_recorded_offers_are_listed_under_ids_of_their_own(simulator: Simulator) -> None:
    rows = simulator.ask("POST", "/api/v0/bundles/", {})["offers"]

    assert {row["machine_id"] for row in rows} <= set(range(7, 27))
    assert OFFER["id"] not in {row["id"] for row in rows}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:1"}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": ""}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:8080"}, 403),
        ({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}, 200),
    ],
)
def test_only_this_host_may_ask(simulator: Simulator, headers: dict[str, str], status: int) -> None:
    for path in ("/api/v0/users/current", "/sim/health"):
        assert get(simulator, path, **headers).status_code == status


def test_answers_carry_the_markets_own_time_and_the_exact_type(simulator: Simulator) -> None:
    first = get(simulator, "/api/v0/users/current")
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() - begin > 0.5)
    second = get(simulator, "/api/v0/users/current")

    dates = [parsedate_to_datetime(each.headers["date"]) for each in (first, second)]
    assert (dates[1] - dates[0]).total_seconds() >= 25
    assert first.headers["content-type"] == "application/json"


def test_a_lost_answer_breaks_the_connection_after_the_effect(simulator: Simulator) -> None:
    rule = {"match": {"call": "create"}, "fault": "timeout_after_effect", "times": 1}
    simulator.ask("PUT", "/sim/faults", [rule])
    offer = simulator.ask("POST", "/api/v0/bundles/", {"limit": 1})["offers"][0]

    body = {"image": "python:3.11", "label": "lost"}
    with pytest.raises(httpx.RemoteProtocolError):
        simulator.ask("PUT", f"/api/v0/asks/{offer['id']}/", body)

    rows = get(simulator, "/api/v1/instances/").json()["instances"]
    assert "lost" in {row["label"] for row in rows}


def test_the_side_door_needs_its_key(simulator: Simulator) -> None:
    for key in ("", "wrong"):
        answer = get(simulator, "/sim/truth", **{"x-sim-key": key})
        assert answer.status_code == 401
    assert get(simulator, "/sim/health").json()["ok"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/sim/contracts/5/outbid", {}, 404),
        ("POST", "/sim/contracts/5/tickle", {}, 404),
        ("GET", "/sim/truth?account=5", None, 404),
        ("PUT", "/sim/knobs", {"boot_s": "soon"}, 400),
        ("PUT", "/sim/knobs", {"unheard": 1}, 400),
        ("PUT", "/sim/faults", [{"fault": "unheard"}], 400),
        ("POST", "/sim/accounts/5/credit", {"usd": 1}, 404),
        ("GET", "/sim/nothing", None, 404),
    ],
)
def test_the_side_door_refuses_nonsense(
    simulator: Simulator, method: str, path: str, body: object, status: int
) -> None:
    url, headers = simulator.url + path, {"X-Sim-Key": KEY}

    assert simulator.http.request(method, url, json=body, headers=headers).status_code == status


def test_accounts_are_opened_with_their_own_money(simulator: Simulator) -> None:
    opened = simulator.ask("POST", "/sim/accounts", {"hint": "A b", "credit_usd": 12.5})

    user = simulator.ask("GET", "/api/v0/users/current", key=opened["api_key"])
    simulator.ask("POST", f"/sim/accounts/{opened['account_id']}/credit", {"usd": 2.5})
    truth = simulator.ask("GET", f"/sim/truth?account={opened['account_id']}")

    assert (user["id"], user["credit"]) == (opened["account_id"], 12.5)
    assert (truth["credit_usd"], truth["contracts"]) == (15.0, [])


def test_faults_come_and_go_at_run_time(simulator: Simulator) -> None:
    simulator.ask("PUT", "/sim/faults", {"rules": [{"match": {}, "fault": "502"}]})
    try:
        assert get(simulator, "/api/v0/users/current").status_code == 502
    finally:
        assert simulator.ask("PUT", "/sim/faults", [])["rules"] == 0


def test_logs_and_listings_show_what_the_machine_does(simulator: Simulator) -> None:
    line = "echo said so; mkdir -p $WORKSPACE/d; echo 1 > $WORKSPACE/d/f; simgpu --util 40"
    contract_id = simulator.rent(line)
    wait_until(lambda: simulator.file(contract_id, "workspace/d/f"))

    def result(path: str, body: object) -> str:
        url = simulator.ask("PUT", f"/api/v0/instances/{path}/{contract_id}/", body)["result_url"]
        answer = wait_until(lambda: _if_ready(httpx.get(url, trust_env=False)))
        return str(answer.text)

    assert result("request_logs", {"filter": "said", "tail": "1"}) == "said so\n"
    assert result("command", {"command": "ls"}) == "d\n"
    assert "Is a directory" in result("command", {"command": "rm /workspace/d"})
    assert "outside" in result("command", {"command": "ls ../../../../etc"})
    assert result("command", {"command": "rm -r d"}) == ""
    assert result("command", {"command": "ls"}) == ""
    assert "cannot access" in result("command", {"command": "du -s d"})
    wait_until(lambda: simulator.show(contract_id)["gpu_util"] == 40)


def _if_ready(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 200 else None


def test_a_frozen_machine_stands_still_and_a_dead_one_is_dead(simulator: Simulator) -> None:
    contract_id = simulator.rent("sleep 600")
    saved = json.loads(wait_until(lambda: simulator.file(contract_id, "process.json")))
    wait_until(lambda: simulator.file(contract_id, "run/gpu.json"))
    tree = psutil.Process(saved["pid"]).children(recursive=True)

    simulator.ask("POST", f"/sim/contracts/{contract_id}/freeze", {})
    wait_until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in tree))
    simulator.ask("POST", f"/sim/contracts/{contract_id}/thaw", {})
    wait_until(lambda: all(each.status() != psutil.STATUS_STOPPED for each in tree))
    simulator.ask("POST", f"/sim/contracts/{contract_id}/kill-host", {})

    wait_until(lambda: simulator.truth_of(contract_id)["alive_processes"] == 0)
    assert not any(each.is_running() and each.status() != "zombie" for each in tree)
    assert simulator.folder(contract_id).exists()


def test_a_large_body_is_refused(simulator: Simulator) -> None:
    answer = simulator.http.put(
        f"{simulator.url}/api/v0/asks/5/", content=b" " * 4_000_001, headers=AUTH
    )

    assert answer.status_code == 413


def test_only_one_simulator_serves_a_folder(simulator: Simulator) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "infra.simulators.vast", "--port", "0"]
    second = subprocess.run(
        [*command, "--data", str(simulator.data)], capture_output=True, text=True, check=False
    )

    assert second.returncode == 1
    assert "already serves" in second.stderr
