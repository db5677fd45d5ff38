"""/api/instances as functions-framework serves it: lives, and what cannot be ordered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.collections import SSH_KEYS
from shared.app.collections import INSTANCES_OF_OWNER
from shared.domain.users.ssh_keys import SshKey
from tests.functions.clouds import (
    INSTANCES,
    WANTED,
    ada,
    bob,
    client,
    cloud,
    running,
    services,
    until,
)
from tests.orchestration.cloud import OWNER
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]


def ordered(client: FlaskClient, key: Key, instance_id: str, order: str) -> dict[str, Any]:
    answer = client.post(f"{INSTANCES}/{instance_id}/{order}", json={}, headers=key)
    assert answer.status_code == 202, answer.data
    body: dict[str, Any] = answer.get_json()
    return body


def test_an_instance_is_accepted_before_any_money_is_spent(
    client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    answer = client.post(INSTANCES, json=WANTED | {"race": {"width": 3}}, headers=ada)

    body = answer.get_json()
    assert answer.status_code == 202
    assert (body["instance"]["state"], body["instance"]["desired"]) == ("provisioning", "running")
    assert (body["operation"]["kind"], body["operation"]["state"]) == ("create", "running")
    assert body["operation"]["target"] == body["instance"]["id"]
    assert cloud.market.creates == []


def test_an_order_that_names_no_ssh_key_goes_with_its_owners(
    client: FlaskClient, services: Any, cloud: Cloud, ada: Key
) -> None:
    services.store.add(SSH_KEYS, OWNER, SshKey(OWNER, "ssh-rsa b3du her own", cloud.clock.now()))

    client.post(INSTANCES, json=WANTED, headers=ada)
    client.post(INSTANCES, json=WANTED | {"ssh_public_key": "ssh-rsa b3ro another"}, headers=ada)

    kept = services.store.find(INSTANCES_OF_OWNER, {"owner": OWNER}).items
    keys = {each.value.spec.ssh_public_key for each in kept}
    assert keys == {"ssh-rsa b3du her own", "ssh-rsa b3ro another"}


def test_it_sleeps_wakes_pauses_and_ends_over_http(
    client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    first = client.get(f"{INSTANCES}/{running}", headers=ada).get_json()
    assert first["gpu"]["name"] == "RTX 4090"
    assert first["price_usd_per_hour"] == pytest.approx(0.41)

    ordered(client, ada, running, "hibernate")
    asleep = until(cloud, client, ada, running, "asleep")
    assert asleep["machine"] is None
    assert asleep["last_snapshot"]["id"] == asleep["head_snapshot_id"]

    ordered(client, ada, running, "wake")
    woken = until(cloud, client, ada, running, "running")
    assert woken["machine"]["machine_id"] != first["machine"]["machine_id"]
    assert woken["epoch"] > first["epoch"]

    ordered(client, ada, running, "pause")
    until(cloud, client, ada, running, "paused")
    ordered(client, ada, running, "resume")
    until(cloud, client, ada, running, "running")
    ordered(client, ada, running, "reboot")
    ordered(client, ada, running, "snapshot")
    cloud.run(120)

    answer = client.delete(f"{INSTANCES}/{running}?final_snapshot=false&reason=done", headers=ada)
    assert answer.status_code == 202
    until(cloud, client, ada, running, "destroyed")
    assert cloud.market.standing() == []


def test_the_operation_tells_its_phases_and_its_end(
    client: FlaskClient, serve: Serve, cloud: Cloud, ada: Key, running: str
) -> None:
    operation_id = ordered(client, ada, running, "pause")["operation"]["id"]
    until(cloud, client, ada, running, "paused")

    operation = serve("system").get(f"/api/operations/{operation_id}", headers=ada).get_json()

    assert (operation["kind"], operation["state"]) == ("pause", "succeeded")
    assert [phase["name"] for phase in operation["phases"]] == ["ordered", "pausing", "paused"]
    assert operation["ended_at"]


def test_what_happened_and_what_it_cost_can_be_looked_at(
    client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    cloud.run(600)

    def got(what: str) -> dict[str, Any]:
        answer = client.get(f"{INSTANCES}/{running}/{what}", headers=ada)
        assert answer.status_code == 200, answer.data
        body: dict[str, Any] = answer.get_json()
        return body

    kinds = {event["kind"] for event in got("events")["items"]}
    assert {"ordered.create", "rental.intent", "rental.live", "state.running"} <= kinds
    reasons = [
        each["message"] for each in got("events")["items"] if each["kind"] == "rental.intent"
    ]
    told = r"machine \w+, 1 x .+ at \$0\.\d+/h; odds \d+% for ready within 240 s"
    assert all(re.fullmatch(told, reason) for reason in reasons), reasons
    assert got("logs")["items"] == []
    assert got("snapshots")["items"] == []
    cost = got("cost")
    assert {line["kind"] for line in cost["lines"]} == {"gpu", "disk", "download", "upload"}
    assert 0 < cost["total_usd"] < 0.1
    listed = client.get(INSTANCES, headers=ada).get_json()
    assert (listed["count"], listed["total_usd_per_hour"]) == (1, pytest.approx(0.41))


def test_rules_can_be_changed_and_a_lease_opened(
    client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    patched = client.patch(
        f"{INSTANCES}/{running}",
        json={"label": "renamed", "hibernation": {"idle_minutes": 10}},
        headers=ada,
    ).get_json()
    kept = client.post(
        f"{INSTANCES}/{running}/keep-alive", json={"minutes": 60}, headers=ada
    ).get_json()

    assert (patched["label"], patched["hibernation"]["idle_minutes"]) == ("renamed", 10)
    assert kept["keep_alive_until"]
    cloud.machine_of(running).set_busy(0)  # type: ignore[arg-type]
    cloud.run(1800)
    assert client.get(f"{INSTANCES}/{running}", headers=ada).get_json()["state"] == "running"


# --- one effect per key


def test_a_create_that_is_repeated_under_its_key_makes_one_instance(
    client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    headers = ada | {"Idempotency-Key": "my-first"}

    wanted = WANTED | {"race": {"width": 1}}

    first = client.post(INSTANCES, json=wanted, headers=headers)
    again = client.post(INSTANCES, json=wanted, headers=headers)
    other = client.post(INSTANCES, json=wanted | {"label": "else"}, headers=headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.get_json() == first.get_json()
    assert other.status_code == 422
    assert client.get(INSTANCES, headers=ada).get_json()["count"] == 1
    cloud.run(60)
    assert len(cloud.market.creates) == 1


# --- what the state does not allow


@pytest.mark.parametrize("order", ["resume", "wake"])
def test_an_order_that_does_not_fit_the_state_is_409(
    client: FlaskClient, ada: Key, running: str, order: str
) -> None:
    answer = client.post(f"{INSTANCES}/{running}/{order}", json={}, headers=ada)

    assert (answer.status_code, problem(answer)["code"]) == (409, "conflict")


def test_without_a_key_for_a_provider_nothing_is_rented(client: FlaskClient, bob: Key) -> None:
    answer = client.post(INSTANCES, json=WANTED, headers=bob)

    assert problem(answer)["code"] == "conflict"
    assert "/api/settings/providers" in problem(answer)["detail"]


def test_an_offer_that_is_gone_is_told_at_once(client: FlaskClient, ada: Key) -> None:
    answer = client.post(INSTANCES, json={"offer_id": "999"}, headers=ada)

    assert (answer.status_code, problem(answer)["code"]) == (409, "offer_gone")


def test_without_credit_nothing_is_rented(client: FlaskClient, cloud: Cloud, ada: Key) -> None:
    cloud.market.credit = 1000

    answer = client.post(INSTANCES, json={"offer_id": "1"}, headers=ada)

    assert (answer.status_code, problem(answer)["code"]) == (402, "insufficient_funds")
    assert cloud.market.creates == []


# --- bad input


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"disk_gb": 9}, "/disk_gb"),
        ({"disk_gb": "50"}, "/disk_gb"),
        ({"disk_gb": 50.5}, "/disk_gb"),
        ({"race": {"width": 6}}, "/race/width"),
        ({"race": {"width": 0}}, "/race/width"),
        ({"hibernation": {"idle_minutes": 0}}, "/hibernation/idle_minutes"),
        ({"hibernation": {"enabled": "yes"}}, "/hibernation/enabled"),
        ({"ports": [0]}, "/ports/0"),
        ({"ports": [65536]}, "/ports/0"),
        ({"env": {"A B": "x"}}, "/env/A B"),
        ({"want": {"max_price": -1}}, "/want/max_price"),
        ({"want": {"color": "red"}}, "/want/color"),
        ({"id": "inst_mine"}, "/id"),
        ({"label": "x" * 129}, "/label"),
        ({"machine_type": "spot"}, "/machine_type"),
        ({"offer_id": "1", "want": {}}, ""),
        ({"machine_type": "interruptible"}, ""),
        ({"bid": 0.2}, ""),
    ],
    ids=str,
)
def test_a_body_that_breaks_a_rule_is_pointed_at(
    client: FlaskClient, cloud: Cloud, ada: Key, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post(INSTANCES, json=body, headers=ada)

    told = problem(answer)
    assert told["status"] == 422
    assert any(each["pointer"].startswith(pointer) for each in told["errors"])
    assert cloud.bus.waiting == type(cloud.bus.waiting)()


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("keep-alive", {"minutes": 0}, "/minutes"),
        ("keep-alive", {"minutes": 10_081}, "/minutes"),
        ("keep-alive", {"hours": 1}, "/hours"),
        ("wake", {"region": "Mars"}, "/region"),
        ("wake", {"max_price": "1"}, "/max_price"),
    ],
)
def test_an_order_that_breaks_a_rule_is_pointed_at(
    client: FlaskClient, ada: Key, running: str, path: str, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post(f"{INSTANCES}/{running}/{path}", json=body, headers=ada)

    assert [each["pointer"] for each in problem(answer)["errors"]] == [pointer]


@pytest.mark.parametrize(
    "query",
    ["?limit=0", "?limit=many", "?status=happy", "?color=red", "?page_token=nonsense"],
)
def test_a_query_that_breaks_a_rule_is_refused(client: FlaskClient, ada: Key, query: str) -> None:
    answer: TestResponse = client.get(INSTANCES + query, headers=ada)

    assert problem(answer)["status"] in {400, 422}


@pytest.mark.parametrize("start", ["odds", "together"])
def test_a_race_rents_no_more_than_its_money_covers(
    client: FlaskClient, serve: Serve, cloud: Cloud, ada: Key, start: str
) -> None:
    race = {"width": 3, "max_usd": 0.1, "start": start}

    body = client.post(INSTANCES, json=WANTED | {"race": race}, headers=ada).get_json()
    until(cloud, client, ada, body["instance"]["id"], "failed")

    path = f"/api/operations/{body['operation']['id']}"
    error = serve("system").get(path, headers=ada).get_json()["error"]
    assert error["code"] == "budget_exceeded"
    assert "$0.1000 covers no offer" in error["message"]
    assert "the cheapest needs $0.20" in error["message"]
    assert cloud.market.creates == []


def test_a_named_offer_that_the_race_does_not_pay_for_is_refused_at_once(
    client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    order = {"offer_id": "1", "race": {"max_usd": 0.1}}

    told = problem(client.post(INSTANCES, json=order, headers=ada))

    assert (told["status"], told["code"]) == (402, "budget_exceeded")
    assert told["budget"]["cap_usd"] == 0.1
    assert told["budget"]["needed_usd"] > 0.1
    assert client.get(INSTANCES, headers=ada).get_json()["items"] == []
    enough = {"offer_id": "1", "race": {"max_usd": 1.0}}
    assert client.post(INSTANCES, json=enough, headers=ada).status_code == 202
