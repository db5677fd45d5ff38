"""Who did what and why, as functions-framework serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.app.audit.acting import acting
from shared.app.collections import TIMELINE
from tests.functions.clouds import INSTANCES, ada, bob, client, cloud, running, services

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
AUDIT = "/api/audit"


@pytest.fixture
def settings(serve: Serve, services: Any) -> FlaskClient:
    return serve("settings")


def asked(settings: FlaskClient, key: Key, **query: str) -> list[dict[str, Any]]:
    answer = settings.get(AUDIT, query_string=query, headers=key)
    assert answer.status_code == 200, answer.data
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def test_an_order_names_the_key_that_gave_it_and_why(
    client: FlaskClient, settings: FlaskClient, ada: Key, running: str
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {**ada, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = client.delete(f"{INSTANCES}/{running}?reason=too+dear", headers=headers)

    (order,) = asked(settings, ada, action="ordered.destroy")

    assert order["actor"].startswith("key_")
    assert (order["reason"], order["instance_id"]) == ("too dear", running)
    assert (order["target"], order["trace_id"]) == (answer.get_json()["operation"]["id"], trace)


def test_a_launch_is_told_from_the_order_to_the_contract(
    settings: FlaskClient, ada: Key, running: str, cloud: Cloud
) -> None:
    acts = [(each["action"], each["actor"]) for each in reversed(asked(settings, ada))]

    kinds = [kind for kind, _ in acts]
    story = ["ordered.create", "rental.intent", "contract.created", "rental.live", "state.running"]
    assert [kind for kind in kinds if kind in story][:1] == ["ordered.create"]
    assert set(story) <= set(kinds)
    assert dict(acts)["ordered.create"].startswith("key_")
    bound = cloud.machine_of(cloud.instance(running).id).contract.id  # type: ignore[arg-type]
    assert {e["action"] for e in asked(settings, ada, target=bound)} == {"contract.created"}


def test_every_order_of_an_owner_is_recorded(
    client: FlaskClient, settings: FlaskClient, ada: Key, running: str, cloud: Cloud
) -> None:
    one = f"{INSTANCES}/{running}"
    policy = {"label": "other", "hibernation": {"idle_minutes": 12}}
    calls = [
        client.post(f"{one}/snapshot", headers=ada),
        client.patch(one, json=policy, headers=ada),
        client.post(f"{one}/keep-alive", json={"minutes": 5}, headers=ada),
        client.post(f"{one}/pause", headers=ada),
    ]
    cloud.until(lambda: cloud.instance(running).state.value == "paused")  # type: ignore[arg-type]
    calls.append(client.post(f"{one}/resume", headers=ada))

    assert {answer.status_code for answer in calls} <= {200, 202}
    kinds = {each["action"] for each in asked(settings, ada, target=running, limit="200")}
    ordered = {"snapshot", "configure", "pause", "resume", "create"}
    assert {f"ordered.{each}" for each in ordered} | {"lease.opened", "contract.stopped"} <= kinds
    (configured,) = asked(settings, ada, action="ordered.configure")
    assert "idle_minutes: 3.0 -> 12.0" in configured["reason"]
    assert "'training' -> 'other'" in configured["reason"]


def test_a_policy_that_stays_as_it_was_is_no_act(
    client: FlaskClient, settings: FlaskClient, ada: Key, running: str
) -> None:
    client.patch(f"{INSTANCES}/{running}", json={"label": "training"}, headers=ada)

    assert asked(settings, ada, action="ordered.configure") == []


def test_nobody_sees_what_is_another_tenants(
    settings: FlaskClient, ada: Key, bob: Key, running: str
) -> None:
    for query in ({}, {"target": running}, {"actor": "function:tick"}):
        mine = asked(settings, bob, **query)

        assert all(each["action"] == "key.created" for each in mine)
    assert settings.get(AUDIT).status_code == 401


def test_pages_lead_to_every_entry_once_and_times_cut_them(
    settings: FlaskClient, ada: Key, running: str
) -> None:
    everything = [each["id"] for each in asked(settings, ada, limit="200")]

    paged: list[str] = []
    token: str | None = None
    while token is not None or not paged:
        query = {"limit": "2", **({"page_token": token} if token else {})}
        body = settings.get(AUDIT, query_string=query, headers=ada).get_json()
        paged += [each["id"] for each in body["items"]]
        token = body["next_page_token"]
    newest = asked(settings, ada, limit="1")[0]["at"]

    assert paged == everything
    assert len(set(paged)) == len(paged) > 4
    assert all(each["at"] < newest for each in asked(settings, ada, until=newest))
    assert all(each["at"] >= newest for each in asked(settings, ada, since=newest))


def test_two_names_at_once_must_both_be_met(settings: FlaskClient, ada: Key, running: str) -> None:
    (created,) = asked(settings, ada, action="ordered.create", limit="200")

    both = asked(settings, ada, action="ordered.create", actor=created["actor"], limit="200")
    neither = asked(settings, ada, action="ordered.create", actor="agent", limit="200")

    assert ([each["id"] for each in both], neither) == ([created["id"]], [])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_method_changes_the_audit(settings: FlaskClient, ada: Key, method: str) -> None:
    answer = settings.open(AUDIT, method=method, headers=ada)

    assert answer.status_code == 405


def test_a_change_that_lost_a_race_leaves_no_entry(cloud: Cloud, running: str) -> None:
    from shared.app.instances.save import note, save
    from shared.app.instances.scene import load
    from shared.domain.errors import VersionConflict

    loaded = load(cloud.services, running)  # type: ignore[arg-type]
    assert loaded
    with acting("user_ada"):
        first = note(cloud.services, loaded.instance.value, "test.first", "won")
        second = note(cloud.services, loaded.instance.value, "test.second", "lost")
    save(cloud.services, loaded, loaded.instance.value, [first])

    with pytest.raises(VersionConflict):
        save(cloud.services, loaded, loaded.instance.value, [second])

    won, lost = cloud.store.get(TIMELINE, first.key), cloud.store.get(TIMELINE, second.key)
    assert won
    assert (won.value.actor, lost) == ("user_ada", None)


def test_what_an_instance_cost_stands_next_to_what_was_billed(
    client: FlaskClient, ada: Key, running: str, cloud: Cloud
) -> None:
    before = client.get(f"{INSTANCES}/{running}/cost", headers=ada).get_json()
    client.delete(f"{INSTANCES}/{running}?force=true", headers=ada)
    cloud.until(lambda: cloud.instance(running).state.value == "destroyed")  # type: ignore[arg-type]
    cloud.run(60.0)

    after = client.get(f"{INSTANCES}/{running}/cost", headers=ada).get_json()

    assert (before["billed_usd"], before["lines"][0]["spans"][0]["to"]) == (None, None)
    gpu = next(line for line in after["lines"] if line["kind"] == "gpu")
    assert gpu["spans"][-1]["to"] is not None
    assert abs(gpu["usd"] - gpu["billed_usd"]) <= gpu["uncertainty_usd"]
    assert after["billed_as_of"] is not None
    assert (after["differences"], after["billed_usd"] > 0) == ([], True)
