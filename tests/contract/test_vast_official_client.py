"""The provider's own command line, unmodified, drives the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.unit.simulators_vast import running
from tests.unit.simulators_vast.running import KEY, Simulator, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("official_client.py")
CHEAP = ["--order", "dph_total", "--limit", "1"]


@dataclass
class Client:
    """`vastai` with a home of its own."""

    simulator: Simulator
    home: Path
    program: subprocess.Popen[str]

    def run(self, *words: object, key: str = KEY) -> subprocess.CompletedProcess[str]:
        out, err = self.home / "out", self.home / "err"
        said = list(map(str, words))
        told = {"words": said, "key": key, "out": str(out), "err": str(err)}
        assert self.program.stdin
        assert self.program.stdout
        self.program.stdin.write(json.dumps(told) + "\n")
        self.program.stdin.flush()
        status = int(self.program.stdout.readline())
        return subprocess.CompletedProcess(said, status, out.read_text(), err.read_text())

    def say(self, *words: object) -> str:
        """The text of a command that must not fail."""
        done = self.run(*words)
        assert "rror" not in done.stderr, done.stderr
        return done.stdout

    def raw(self, *words: object) -> Any:
        return json.loads(self.say(*words, "--raw"))

    def refusal(self, *words: object, key: str = KEY) -> Any:
        """The error that `--raw` prints; the exit status is 0 all the same."""
        done = self.run(*words, "--raw", key=key)
        assert (done.returncode, done.stdout.strip()) == (0, "")
        return json.loads(done.stderr[done.stderr.index("{") :])

    def cheapest(self, *terms: str) -> dict[str, Any]:
        return dict(self.raw("search", "offers", *terms, *CHEAP)[0])

    def rent(self, *options: object) -> int:
        offer = self.cheapest("num_gpus=1")
        words = ["create", "instance", offer["id"], "--image", "python:3.11", "--disk", 12]
        made = self.raw(*words, *options)
        assert made["success"]
        return int(made["new_contract"])

    def status(self, contract_id: int) -> str:
        return str(self.simulator.show(contract_id)["actual_status"])

    def rent_running(self, *options: object) -> int:
        contract_id = self.rent(*options)
        wait_until(lambda: self.status(contract_id) == "running")
        return contract_id


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("official")
    (folder / "data").mkdir()
    simulator = running.start(folder / "data", "--speed", "60")
    with official(simulator, folder) as program:
        yield Client(simulator, folder, program)
    simulator.stop()


def official(simulator: Simulator, home: Path) -> subprocess.Popen[str]:
    """The program that waits for commands; it ends when it can be told no more."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "VAST_URL": simulator.url,
        "VASTAI_NO_UPDATE_CHECK": "1",
    }
    return subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_search_filters_by_text_number_and_default(client: Client) -> None:
    rows = client.raw("search", "offers", "gpu_name=RTX_4090 num_gpus>=2 dph<5 reliability>0.9")

    assert rows
    for row in rows:
        assert row["gpu_name"] == "RTX 4090"
        assert row["num_gpus"] >= 2
        assert row["dph_total"] < 5
        assert row["reliability2"] > 0.9
        assert row["verification"] == "verified"


def test_search_by_country_memory_and_order(client: Client) -> None:
    terms = "geolocation in [US,SE] gpu_ram>=24"
    rows = client.raw("search", "offers", terms, "--order", "dph_total-", "--storage", "100")

    prices = [row["dph_total"] for row in rows]
    assert prices == sorted(prices, reverse=True)
    assert {row["geolocation"][-2:] for row in rows} == {"US", "SE"}
    assert min(row["gpu_ram"] for row in rows) >= 24_000
    row = rows[0]
    assert row["storage_total_cost"] == pytest.approx(row["storage_cost"] * 100 / 720)
    assert row["dph_total"] == pytest.approx(row["dph_base"] + row["storage_total_cost"])


def test_the_new_search_and_interruptible_prices_work_too(client: Client) -> None:
    rows = client.raw("search", "offers", "num_gpus=1", "--new", "--interruptible")

    assert rows
    assert all(row["dph_base"] == row["min_bid"] for row in rows)


def test_search_prints_a_table(client: Client) -> None:
    assert "RTX" in client.say("search", "offers", "num_gpus=1", "--limit", "200")


def test_an_instance_lives_its_whole_life(client: Client) -> None:
    line = 'echo from onstart; echo kept > "$WORKSPACE/kept"; sleep 600'
    options = ("--label", "whole", "--ssh", "--direct", "--env", "-e MOOD=calm -p 8000:8000")
    contract_id = client.rent_running("--onstart-cmd", line, *options)

    row = client.raw("show", "instance", contract_id)
    assert row["extra_env"]["MOOD"] == "calm"
    assert set(row["ports"]) == {"22/tcp", "8000/tcp"}
    listed = {each["id"]: each for each in client.raw("show", "instances")}
    assert listed[contract_id]["label"] == "whole"
    assert str(contract_id)[:3] in client.say("show", "instances")

    port = row["ports"]["22/tcp"][0]["HostPort"]
    assert client.say("ssh-url", contract_id).strip() == f"ssh://root@127.0.0.1:{port}"
    wait_until(lambda: "from onstart" in client.say("logs", contract_id))

    assert "renamed" in client.say("label", "instance", contract_id, "renamed")
    assert client.simulator.show(contract_id)["label"] == "renamed"

    assert "stopping" in client.say("stop", "instance", contract_id)
    wait_until(lambda: client.status(contract_id) == "exited")
    assert client.simulator.file(contract_id, "workspace/kept") == "kept\n"
    assert "starting" in client.say("start", "instance", contract_id)
    wait_until(lambda: client.status(contract_id) == "running")
    client.say("reboot", "instance", contract_id)
    wait_until(lambda: client.simulator.truth_of(contract_id)["boot_no"] == 3)

    assert "destroying" in client.say("destroy", "instance", contract_id, "-y")
    wait_until(lambda: client.simulator.show(contract_id) is None)
    assert "not found" in client.run("show", "instance", contract_id).stderr


def test_a_bid_loses_and_wins_its_place_again(client: Client) -> None:
    offer = client.raw("search", "offers", "num_gpus=1", *CHEAP, "--interruptible")[0]
    words = ["create", "instance", offer["id"], "--image", "python:3.11"]
    made = client.raw(*words, "--bid_price", round(offer["min_bid"] + 0.01, 4))
    contract_id = made["new_contract"]
    wait_until(lambda: client.status(contract_id) == "running")

    client.simulator.ask("POST", f"/sim/contracts/{contract_id}/outbid", {"price": 2.0})
    wait_until(lambda: client.status(contract_id) == "stopped")
    client.say("change", "bid", contract_id, "--price", "2.5")

    wait_until(lambda: client.status(contract_id) == "running")
    assert client.simulator.show(contract_id)["dph_base"] == 2.5
    client.say("destroy", "instance", contract_id, "-y")


def test_a_bid_too_low_is_an_error_that_leaves_an_orphan(client: Client) -> None:
    offer = client.cheapest("num_gpus=1")
    words = ["create", "instance", offer["id"], "--image", "python:3.11", "--bid_price", "0.001"]
    before = {row["id"] for row in client.raw("show", "instances")}

    refused = client.refusal(*words)

    assert refused["status_code"] == 400
    orphans = {row["id"] for row in client.raw("show", "instances")} - before
    assert len(orphans) == 1
    client.say("destroy", "instance", orphans.pop(), "-y")


def test_volumes_are_found_made_listed_copied_and_deleted(client: Client) -> None:
    offer = client.raw("search", "volumes", "disk_space>=60", "--limit", "1")[0]

    made = client.raw("create", "volume", offer["id"], "--size", "20", "--name", "data")
    volume_id = int(made["volume_name"].removeprefix("V."))

    rows = {row["id"]: row for row in client.raw("show", "volumes")}
    assert rows[volume_id]["disk_space"] == 20
    assert str(volume_id) in client.say("show", "volumes")
    client.say("clone", "volume", volume_id, offer["id"], "--size", "25")
    for row in client.raw("show", "volumes"):
        client.say("delete", "volume", row["id"])
    assert client.raw("show", "volumes") == []


def test_the_bill_is_shown_line_by_line(client: Client) -> None:
    contract_id = client.rent_running()
    client.say("destroy", "instance", contract_id, "-y")

    shown = client.raw("show", "invoices-v1", "--charges", "--limit", "100")

    truth = client.simulator.truth_of(contract_id)["billed_micro_usd"]
    line = next(row for row in shown["results"] if row["source"] == f"instance-{contract_id}")
    assert line["amount"] * 1_000_000 == pytest.approx(sum(truth.values()), abs=2)
    assert {item["type"] for item in line["items"]} >= {"gpu", "disk"}
    assert "Instance" in client.say("show", "invoices-v1", "--charges", "--no-color")
    assert client.raw("show", "invoices-v1", "--invoices")["results"][0]["amount"] == 100


def test_account_keys_and_variables(client: Client) -> None:
    user = client.raw("show", "user")
    assert 0 < user["credit"] <= 100
    client.say("create", "env-var", "HF_TOKEN", "abc")
    assert client.raw("show", "env-vars", "--show-values") == {"HF_TOKEN": "abc"}
    client.say("delete", "env-var", "HF_TOKEN")
    client.say("create", "ssh-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me", "-y")
    assert [row["public_key"][-2:] for row in client.raw("show", "ssh-keys")] == ["me"]
    permissions = client.home / "permissions.json"
    permissions.write_text('{"api": {"instance_read": {}}}')
    words = ("create", "api-key", "--name", "reader", "--permission_file", permissions)
    assert "api-key created" in client.say(*words)
    assert "reader" in client.say("show", "api-keys")


@pytest.mark.parametrize(
    ("words", "key", "status"),
    [
        (("create", "instance", 1, "--image", "python:3.11"), KEY, 404),
        (("show", "instances"), "wrong", 401),
        (("search", "offers", "num_gpus=1"), "wrong", 404),
        (("delete", "volume", 5), KEY, 404),
        (("destroy", "instance", 5, "-y"), KEY, 404),
    ],
    ids=["offer gone", "bad key", "bad key on search", "no volume", "no instance"],
)
def test_errors_reach_the_client_as_documented(
    client: Client, words: tuple[object, ...], key: str, status: int
) -> None:
    assert client.refusal(*words, key=key)["status_code"] == status


def test_an_account_without_credit_rents_nothing(client: Client) -> None:
    poor = client.simulator.ask("POST", "/sim/accounts", {"hint": "poor", "credit_usd": 0})
    offer = client.cheapest("num_gpus=1")

    words = ("create", "instance", offer["id"], "--image", "python:3.11")
    refused = client.refusal(*words, key=poor["api_key"])

    assert refused["status_code"] == 400
    assert "credit" in refused["msg"]


@contextmanager
def shown_again_and_again(simulator: Simulator, contract_id: int) -> Iterator[None]:
    """Somebody with the same key leaves hardly a moment in which a call is not too early."""
    ended = Event()

    def show() -> None:
        with httpx.Client(base_url=simulator.url, trust_env=False) as http:
            while not ended.wait(0.02):
                http.get(
                    f"/api/v0/instances/{contract_id}/", headers={"Authorization": f"Bearer {KEY}"}
                )

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(show)
        try:
            yield
        finally:
            ended.set()
            running.result()


def test_calls_in_too_quick_a_row_are_429_in_plain_text(client: Client) -> None:
    contract_id = client.rent()
    client.simulator.ask("PUT", "/sim/knobs", {"call_intervals": True})
    words = ("show", "instance", contract_id, "--retry", 1)
    try:
        first = client.run(*words)
        with shown_again_and_again(client.simulator, contract_id):
            refused = wait_until(lambda: client.run(*words, "--raw").stderr)
    finally:
        client.simulator.ask("PUT", "/sim/knobs", {"call_intervals": False})
    assert first.stderr == ""
    assert json.loads(refused[refused.index("{") :])["status_code"] == 429
    client.say("destroy", "instance", contract_id, "-y")
