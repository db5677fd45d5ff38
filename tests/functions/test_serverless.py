"""/api/serverless as functions-framework serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.clouds import ada, bob, client, cloud, running, services, until
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
ROOT = "/api/serverless"


@pytest.fixture
def serverless(serve: Serve, services: Any) -> FlaskClient:
    return serve("serverless")


def post(
    serverless: FlaskClient, key: Key, call: str, instance_id: str, **body: Any
) -> dict[str, Any]:
    answer = serverless.post(f"{ROOT}/{call}/{instance_id}", json=body, headers=key)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def asleep(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, key: Key, instance_id: str
) -> None:
    post(serverless, key, "enable", instance_id, idle_timeout_seconds=60)
    cloud.machine_of(cloud.instance(instance_id).id).set_busy(None)  # type: ignore[arg-type]
    until(cloud, client, key, instance_id, "asleep")


def test_anybody_may_read_what_the_modes_are_and_nobodys_numbers(
    serverless: FlaskClient, ada: Key, running: str
) -> None:
    body = serverless.get(f"{ROOT}/status").get_json()

    assert [each["mode"] for each in body["modes"]] == ["fast", "economic", "spot"]
    assert body["yours"] is None
    assert {each["wake_times"] for each in body["modes"]} == {None}


def test_the_caller_sees_their_own_numbers_and_no_figure_without_wakes(
    serverless: FlaskClient, ada: Key, running: str
) -> None:
    post(serverless, ada, "enable", running, mode="fast")

    body = serverless.get(f"{ROOT}/status", headers=ada).get_json()

    assert body["yours"] == {"enabled": 1, "states": {"running": 1}, "by_mode": {"fast": 1}}
    for mode in body["modes"]:
        times = mode["wake_times"]
        assert (times["n"], times["p50_s"], times["insufficient_data"]) == (0, None, True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"idle_timeout_seconds": 1}, "/idle_timeout_seconds"),
        ({"idle_timeout_seconds": 3601}, "/idle_timeout_seconds"),
        ({"idle_timeout_seconds": "soon"}, "/idle_timeout_seconds"),
        ({"gpu_threshold": 0}, "/gpu_threshold"),
        ({"mode": "magic"}, "/mode"),
        ({"mode": "economic", "keep_warm": True}, "/keep_warm"),
        ({"mode": "fast", "keep_warm": False}, "/keep_warm"),
    ],
)
def test_what_no_mode_keeps_is_refused(
    serverless: FlaskClient, ada: Key, running: str, body: dict[str, Any], pointer: str
) -> None:
    answer = serverless.post(f"{ROOT}/enable/{running}", json=body, headers=ada)

    assert answer.status_code == 422
    assert problem(answer)["errors"][0]["pointer"].startswith(pointer)


def test_it_sleeps_and_wakes_and_says_how_long_that_takes(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    asleep(cloud, client, serverless, ada, running)
    detail = serverless.get(f"{ROOT}/status/{running}", headers=ada).get_json()
    assert (detail["wakes_by"], detail["ready"]) == ("economic", False)
    assert detail["serverless"]["overrides_hibernation"] is True

    woken = post(serverless, ada, "wake", running)
    joined = post(serverless, ada, "wake", running)

    assert (woken["ready"], woken["eta_s"], woken["insufficient_data"]) == (False, None, True)
    assert woken["operation"]["id"] == joined["operation"]["id"]
    until(cloud, client, ada, running, "running")
    assert post(serverless, ada, "wake", running)["ready"] is True


def test_a_wake_that_waits_answers_when_it_runs(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    asleep(cloud, client, serverless, ada, running)
    began = cloud.clock.monotonic_s()
    sleep = cloud.clock.sleep

    def live(seconds: float) -> None:
        sleep(seconds)
        cloud.step()

    cloud.clock.sleep = live  # type: ignore[method-assign]
    answer = serverless.post(f"{ROOT}/wake/{running}?wait=55", json={}, headers=ada)

    assert answer.get_json()["ready"] is (cloud.clock.monotonic_s() - began <= 55)


def test_a_wait_ends_although_nothing_happens(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    asleep(cloud, client, serverless, ada, running)
    began = cloud.clock.monotonic_s()

    answer = serverless.post(f"{ROOT}/wake/{running}?wait=55", json={}, headers=ada)

    assert answer.get_json()["ready"] is False
    assert cloud.clock.monotonic_s() - began == pytest.approx(55)
    late = serverless.post(f"{ROOT}/wake/{running}?wait=56", json={}, headers=ada)
    assert late.status_code == 422


def test_after_enough_wakes_the_next_one_says_when(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    for _ in range(3):
        asleep(cloud, client, serverless, ada, running)
        post(serverless, ada, "wake", running)
        until(cloud, client, ada, running, "running")
    asleep(cloud, client, serverless, ada, running)

    woken = post(serverless, ada, "wake", running)

    assert woken["wake_times"]["n"] == 3
    assert woken["eta_s"] == woken["wake_times"]["p50_s"] > 0
    assert set(woken["wake_times"]["phases_p50_s"]) >= {"provisioning", "restoring"}
    cloud.clock.advance(5)
    later = serverless.get(f"{ROOT}/status/{running}", headers=ada).get_json()
    assert later["operation"]["id"] == woken["operation"]["id"]


def test_a_lease_is_named_prolonged_and_completed_twice(
    serverless: FlaskClient, ada: Key, running: str
) -> None:
    first = post(serverless, ada, "inference-start", running, lease_id="a", seconds=60)
    second = post(serverless, ada, "inference-start", running, lease_id="a", seconds=600)
    other = post(serverless, ada, "inference-start", running)

    assert first["ready"] is True
    assert second["expires_at"] > first["expires_at"]
    assert other["lease_id"] not in {"a", ""}
    unnamed = serverless.post(f"{ROOT}/inference-complete/{running}", json={}, headers=ada)
    assert problem(unnamed)["code"] == "conflict"
    for _ in range(2):
        left = post(serverless, ada, "inference-complete", running, lease_id="a")
        assert left["open_leases"] == 1
    assert post(serverless, ada, "inference-complete", running)["open_leases"] == 0
    assert post(serverless, ada, "inference-complete", running)["open_leases"] == 0


def test_the_same_idempotency_key_opens_one_lease(
    serverless: FlaskClient, ada: Key, running: str
) -> None:
    path, keyed = f"{ROOT}/inference-start/{running}", ada | {"Idempotency-Key": "request-1"}

    leases = [serverless.post(path, json={}, headers=keyed).get_json() for _ in range(2)]

    assert leases[0]["lease_id"] == leases[1]["lease_id"]
    detail = serverless.get(f"{ROOT}/status/{running}", headers=ada).get_json()
    assert [each["lease_id"] for each in detail["leases"]] == [leases[0]["lease_id"]]


def test_the_list_holds_those_that_are_serverless(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    before = serverless.get(f"{ROOT}/list", headers=ada).get_json()
    post(serverless, ada, "enable", running, mode="fast", idle_timeout_seconds="adaptive")

    (one,) = serverless.get(f"{ROOT}/list", headers=ada).get_json()["items"]

    assert before["items"] == []
    assert one["instance_id"] == running
    assert one["serverless"]["idle_timeout_seconds"] == "adaptive"
    off = post(serverless, ada, "disable", running)
    assert (off["serverless"], off["ready"]) == (None, True)


def test_what_is_gone_cannot_be_enabled_or_woken(
    cloud: Cloud, client: FlaskClient, serverless: FlaskClient, ada: Key, running: str
) -> None:
    client.delete(f"/api/instances/{running}?force=true", headers=ada)
    until(cloud, client, ada, running, "destroyed")

    for call in ("enable", "disable", "wake", "inference-start"):
        answer = serverless.post(f"{ROOT}/{call}/{running}", json={}, headers=ada)
        assert (answer.status_code, problem(answer)["code"]) == (409, "conflict")


def test_pricing_is_reckoned_from_the_cheapest_offer_there_is(
    serverless: FlaskClient, services: Any
) -> None:
    body = serverless.get(f"{ROOT}/pricing?gpu_name=RTX+4090&active_hours_per_day=6").get_json()

    awake, economic = body["always_on"], body["modes"]["economic"]
    assert economic["gpu_usd"] == pytest.approx(awake["gpu_usd"] / 4)
    assert economic["saved_usd"] == pytest.approx(awake["total_usd"] - economic["total_usd"])
    assert body["modes"]["spot"]["insufficient_data"] is True
    assert body["assumed"]["active_hours_per_day"] == 6


def test_of_a_gpu_that_nobody_offers_nothing_is_said(
    serverless: FlaskClient, services: Any
) -> None:
    body = serverless.get(f"{ROOT}/pricing?gpu_name=Abacus").get_json()

    assert (body["offers"], body["always_on"]["total_usd"]) == (0, None)
    assert all(each["insufficient_data"] for each in body["modes"].values())
