"""/api/budgets as functions-framework serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
BUDGETS = "/api/budgets"
ONE = WANTED | {"race": {"width": 1}}


@pytest.fixture
def settings(serve: Serve, services: object) -> FlaskClient:
    return serve("settings")


def put(settings: FlaskClient, key: Key, **body: Any) -> dict[str, Any]:
    answer = settings.put(BUDGETS, json=body, headers=key)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.data
    body = problem(answer)
    assert body["code"] == code
    return body


def items(settings: FlaskClient, key: Key) -> dict[tuple[str | None, str], dict[str, Any]]:
    answer = settings.get(BUDGETS, headers=key)
    assert answer.status_code == 200, answer.data
    return {(each["instance_id"], each["period"]): each for each in answer.get_json()["items"]}


def test_without_a_budget_everything_is_said_all_the_same(settings: FlaskClient, ada: Key) -> None:
    answer = settings.get(BUDGETS, headers=ada).get_json()

    assert (answer["month"], answer["month_ends_at"]) == ("2026-01", "2026-02-01T00:00:00Z")
    assert answer["as_of"] == "2026-01-02T03:04:05Z"
    assert [(each["period"], each["cap_usd"]) for each in answer["items"]] == [
        ("monthly", None),
        ("hourly", None),
    ]
    assert answer["items"][0]["left_usd"] is None


def test_a_budget_shows_what_is_spent_reserved_and_left(
    settings: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    put(settings, ada, period="monthly", cap_usd=10, at_limit="warn")
    put(settings, ada, period="hourly", cap_usd=2, instance_id=running)
    cloud.run(3600)

    found = items(settings, ada)

    mine = found[None, "monthly"]
    assert (mine["cap_usd"], mine["at_limit"]) == (10, "warn")
    assert 0.4 < mine["spent_usd"] < 0.7
    assert mine["reserved_usd"] > 0.4
    assert mine["left_usd"] == pytest.approx(10 - mine["spent_usd"] - mine["reserved_usd"])
    assert mine["usd_per_hour_now"] == pytest.approx(0.41, abs=0.05)
    its = found[running, "hourly"]
    assert (its["cap_usd"], its["at_limit"]) == (2, "block")
    assert its["left_usd"] == pytest.approx(2 - its["usd_per_hour_now"])
    assert found[running, "monthly"]["cap_usd"] is None


def test_a_page_has_at_most_what_was_asked_and_the_next_one_goes_on(
    settings: FlaskClient, ada: Key, running: str
) -> None:
    put(settings, ada, period="hourly", cap_usd=2, instance_id=running)

    first = settings.get(f"{BUDGETS}?limit=2", headers=ada).get_json()
    token = first["next_page_token"]
    second = settings.get(f"{BUDGETS}?limit=2&page_token={token}", headers=ada).get_json()

    assert [each["instance_id"] for each in first["items"]] == [None, None]
    assert [each["instance_id"] for each in second["items"]] == [running, running]
    refused(settings.get(f"{BUDGETS}?page_token=no", headers=ada), 422, "invalid")
    refused(settings.get(f"{BUDGETS}?limit=1", headers=ada), 422, "invalid")


def test_a_cap_is_removed_by_null(settings: FlaskClient, ada: Key) -> None:
    put(settings, ada, period="monthly", cap_usd=10)

    answer = put(settings, ada, period="monthly", cap_usd=None)

    assert answer["items"][0]["cap_usd"] is None
    assert answer["items"][0]["at_limit"] is None


def test_what_a_budget_does_not_cover_is_402_at_once_with_its_figures(
    settings: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    put(settings, ada, period="monthly", cap_usd=0.1, at_limit="block")

    answer = client.post(INSTANCES, json=ONE, headers=ada)

    body = refused(answer, 402, "budget_exceeded")
    assert body["budget"]["cap_usd"] == 0.1
    assert body["budget"]["needed_usd"] > 0
    assert body["budget"]["spent_usd"] + body["budget"]["reserved_usd"] > 0.1
    client.post(f"{INSTANCES}/{running}/pause", json={}, headers=ada)
    until(cloud, client, ada, running, "paused")
    resume = client.post(f"{INSTANCES}/{running}/resume", json={}, headers=ada)
    refused(resume, 402, "budget_exceeded")


def test_a_wake_is_refused_until_the_budget_is_raised(
    settings: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    client.post(f"{INSTANCES}/{running}/hibernate", json={}, headers=ada)
    until(cloud, client, ada, running, "asleep")
    put(settings, ada, period="monthly", cap_usd=0.2, at_limit="block", instance_id=running)

    refused(
        client.post(f"{INSTANCES}/{running}/wake", json={}, headers=ada), 402, "budget_exceeded"
    )
    put(settings, ada, period="monthly", cap_usd=20, at_limit="block", instance_id=running)

    assert client.post(f"{INSTANCES}/{running}/wake", json={}, headers=ada).status_code == 202


def test_a_wake_that_its_last_machine_would_be_too_dear_for_is_refused_at_once(
    settings: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key, running: str
) -> None:
    client.post(f"{INSTANCES}/{running}/hibernate", json={}, headers=ada)
    until(cloud, client, ada, running, "asleep")
    spent = items(settings, ada)[None, "monthly"]["spent_usd"]
    put(settings, ada, period="monthly", cap_usd=spent + 0.05, at_limit="block")

    answer = client.post(f"{INSTANCES}/{running}/wake", json={}, headers=ada)

    assert refused(answer, 402, "budget_exceeded")["budget"]["needed_usd"] > 0.2


def test_an_instance_may_be_made_with_a_budget_and_given_another(
    client: FlaskClient, settings: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    budget = {"monthly": {"cap_usd": 3, "at_limit": "hibernate"}}
    made = client.post(INSTANCES, json=ONE | {"budget": budget}, headers=ada).get_json()
    instance_id = made["instance"]["id"]

    assert made["instance"]["budget"] == {**budget, "hourly": None}
    assert items(settings, ada)[instance_id, "monthly"]["cap_usd"] == 3
    body = {"budget": {"hourly": {"cap_usd": 1}}}
    after = client.patch(f"{INSTANCES}/{instance_id}", json=body, headers=ada).get_json()
    assert after["budget"] == {"monthly": None, "hourly": {"cap_usd": 1, "at_limit": "block"}}
    until(cloud, client, ada, instance_id, "running")


def test_what_turns_out_too_dear_ends_the_operation(
    client: FlaskClient, serve: Serve, cloud: Cloud, ada: Key
) -> None:
    """No offer is named, so that no price is known before one is chosen."""
    budget = {"monthly": {"cap_usd": 0.01, "at_limit": "block"}}

    made = client.post(INSTANCES, json=ONE | {"budget": budget}, headers=ada).get_json()
    until(cloud, client, ada, made["instance"]["id"], "failed")

    operation_id = made["operation"]["id"]
    operation = serve("system").get(f"/api/operations/{operation_id}", headers=ada).get_json()
    assert operation["error"]["code"] == "budget_exceeded"
    assert "$0.01" in operation["error"]["message"]
    assert cloud.market.creates == []


@pytest.mark.parametrize(
    "body",
    [
        {"period": "weekly", "cap_usd": 1},
        {"period": "monthly"},
        {"period": "monthly", "cap_usd": -1},
        {"period": "monthly", "cap_usd": "much"},
        {"period": "monthly", "cap_usd": 1, "at_limit": "explode"},
        {"period": "monthly", "cap_usd": 1, "of": "me"},
    ],
)
def test_what_is_no_budget_is_422(settings: FlaskClient, ada: Key, body: dict[str, Any]) -> None:
    refused(settings.put(BUDGETS, json=body, headers=ada), 422, "invalid")


def test_somebody_elses_instance_does_not_exist(
    settings: FlaskClient, bob: Key, running: str
) -> None:
    body = {"period": "monthly", "cap_usd": 1, "instance_id": running}

    refused(settings.put(BUDGETS, json=body, headers=bob), 404, "not_found")
    assert settings.put(BUDGETS, json=body).status_code == 401
