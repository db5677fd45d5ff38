"""/api/machines/history as the machines function answers it, and what it does to offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.demo import ensure_demo_user
from shared.app.collections import ATTEMPTS, MACHINE_BOOKS
from shared.app.history.fold import fold
from shared.domain.history.book import MachineBook
from shared.domain.ids import UserId
from tests.fakes.clock import START
from tests.functions.clouds import ada, bob, client, cloud, services
from tests.unit.edge.kit import problem
from tests.unit.history.samples import NOON, failed, ready

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from shared.domain.history.attempt import Attempt
    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "services"]

ROOT = "/api/machines/history"
OFFERS = "/api/instances/offers"
BLACKLIST = f"{ROOT}/blacklist"
Key = dict[str, str]


@pytest.fixture
def machines(serve: Serve, cloud: Cloud) -> FlaskClient:
    cloud.clock.advance((NOON - START).total_seconds())
    return serve("machines")


def tell(cloud: Cloud, *attempts: Attempt) -> None:
    """As the recording does: the attempt, and its owner's book."""
    for attempt in attempts:
        cloud.store.add(ATTEMPTS, attempt.rental_id, attempt)
        stored = cloud.store.get(MACHINE_BOOKS, attempt.owner)
        book = (stored.value if stored else MachineBook(attempt.owner)).with_attempt(attempt)
        if stored:
            cloud.store.save(MACHINE_BOOKS, attempt.owner, book, stored.version)
        else:
            cloud.store.add(MACHINE_BOOKS, attempt.owner, book)


def story(cloud: Cloud) -> None:
    """Ada's: m1 fails three times, m2 is good, m3 was tried once; Bob's: one launch."""
    tell(
        cloud,
        *(failed(n, -n - 1) for n in range(3)),
        *(ready(10 + n, -n, machine_id="m2", seconds=10.0 * n + 40) for n in range(4)),
        ready(20, -30, machine_id="m3"),
        ready(30, -1, machine_id="m4", owner=UserId("user_bob")),
    )


def read(client: FlaskClient, path: str, key: Key) -> dict[str, Any]:
    answer = client.get(path, headers=key)
    assert answer.status_code == 200, answer.data
    body: dict[str, Any] = answer.get_json()
    return body


def names(body: dict[str, Any]) -> list[str]:
    return [each["machine_id"] for each in body["items"]]


def test_the_summary_counts_the_callers_launches(
    machines: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    story(cloud)

    day = read(machines, f"{ROOT}/summary", ada)
    week = read(machines, "/api/v1/machines/history/summary?hours=168&provider=vast", ada)
    elsewhere = read(machines, f"{ROOT}/summary?provider=tensordock", ada)

    assert (day["attempts"], day["ready"], day["failed"], day["machines"]) == (7, 4, 3, 2)
    assert day["success_rate"] == pytest.approx(4 / 7)
    assert day["failed_by_stage"] == {"creating": 0, "loading": 0, "booting": 3}
    assert day["seconds_to_ready"] == {"p50_s": 50.0, "p90_s": 70.0, "samples": 4}
    assert (day["blacklisted"], day["complete"]) == (1, True)
    assert week["attempts"] == 8
    assert [each["provider"] for each in week["providers"]] == ["vast"]
    assert (elsewhere["attempts"], elsewhere["success_rate"]) == (0, None)


def test_attempts_come_newest_first_page_by_page(
    machines: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    story(cloud)

    first = read(machines, f"{ROOT}/attempts?limit=5", ada)
    rest = read(machines, f"{ROOT}/attempts?limit=5&page_token={first['next_page_token']}", ada)
    of_one = read(machines, f"{ROOT}/attempts?provider=vast&machine_id=m1", ada)

    moments = [each["ended_at"] for each in first["items"] + rest["items"]]
    assert len(moments) == 8
    assert moments == sorted(moments, reverse=True)
    assert rest["next_page_token"] is None
    assert {each["outcome"] for each in of_one["items"]} == {"failed"}
    assert "owner" not in of_one["items"][0]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("attempts?machine_id=m1", "/query"),
        ("attempts?hours=0", "/query/hours"),
        ("summary?hours=9999", "/query/hours"),
        ("reliable?min_attempts=0", "/query/min_attempts"),
        ("blacklist?source=friend", "/query/source"),
        ("blacklist?page_token=x", "/query/page_token"),
        ("stats/vast/a%20b", "/machine_id"),
        ("blacklist/check/VAST/m1", "/provider"),
    ],
)
def test_what_is_not_valid_is_pointed_at(
    machines: FlaskClient, ada: Key, query: str, pointer: str
) -> None:
    told = problem(machines.get(f"{ROOT}/{query}", headers=ada))

    assert told["status"] == 422
    assert [each["pointer"] for each in told["errors"]] == [pointer]


def test_what_is_not_valid_is_said_in_our_words(machines: FlaskClient, ada: Key) -> None:
    told = problem(machines.get(f"{ROOT}/attempts?machine_id=m1", headers=ada))

    assert told["detail"] == "name the provider of this machine too"


def test_reliable_and_problematic_machines(machines: FlaskClient, cloud: Cloud, ada: Key) -> None:
    story(cloud)

    reliable = read(machines, f"{ROOT}/reliable", ada)
    newer = read(machines, f"{ROOT}/reliable?min_attempts=1&limit=1", ada)
    last = read(machines, f"{ROOT}/reliable?min_attempts=1&page_token=1", ada)
    problematic = read(machines, f"{ROOT}/problematic", ada)

    assert names(reliable) == ["m2"]
    assert (names(newer), newer["next_page_token"]) == (["m2"], "1")
    assert (names(last), last["next_page_token"]) == (["m3"], None)
    assert names(problematic) == ["m1"]
    assert problematic["items"][0]["own"]["success_rate"] == 0.0
    assert problematic["items"][0]["blacklist"]["source"] == "automatic"


def test_the_history_of_one_machine(machines: FlaskClient, cloud: Cloud, ada: Key) -> None:
    story(cloud)

    known = read(machines, f"{ROOT}/stats/vast/m2", ada)
    unknown = read(machines, f"{ROOT}/stats/vast/m99", ada)

    assert known["own"]["attempts"] == 4
    assert known["seconds_to_ready"]["samples"] == 4
    assert len(known["recent"]) == 4
    assert (unknown["own"], unknown["shared"], unknown["recent"]) == (None, None, [])


def test_nobody_sees_anybody_elses_history(machines: FlaskClient, cloud: Cloud, bob: Key) -> None:
    story(cloud)

    assert read(machines, f"{ROOT}/summary", bob)["attempts"] == 1
    assert read(machines, f"{ROOT}/attempts?provider=vast&machine_id=m1", bob)["items"] == []
    assert read(machines, f"{ROOT}/stats/vast/m1", bob)["own"] is None
    assert read(machines, BLACKLIST, bob)["items"] == []
    assert problem(machines.get(f"{ROOT}/summary"))["status"] == 401


def test_a_machine_is_blocked_for_some_hours_and_then_no_more(
    machines: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    body = {"reason": "slow disk", "hours": 24}

    made = machines.post(f"{BLACKLIST}/vast/m7", json=body, headers=ada)
    checked = read(machines, f"{BLACKLIST}/check/vast/m7", ada)
    cloud.clock.advance(24 * 3600)
    later = read(machines, f"{BLACKLIST}/check/vast/m7", ada)

    assert made.status_code == 200
    assert (made.get_json()["source"], made.get_json()["reason"]) == ("manual", "slow disk")
    assert (checked["blacklisted"], checked["blacklist"]["reason"]) == (True, "slow disk")
    assert (later["blacklisted"], later["blacklist"]) == (False, None)


def test_the_machine_may_be_named_in_the_body_and_no_hours_are_for_ever(
    machines: FlaskClient, ada: Key
) -> None:
    machines.post(f"{BLACKLIST}/vast/m7", json={"hours": 1}, headers=ada)

    made = machines.post(BLACKLIST, json={"provider": "vast", "machine_id": "m7"}, headers=ada)

    assert (made.status_code, made.get_json()["until"]) == (200, None)
    assert names(read(machines, BLACKLIST, ada)) == ["m7"]


def test_deleting_ends_a_block_whoever_made_it(
    machines: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    story(cloud)
    machines.post(f"{BLACKLIST}/vast/m7", json={}, headers=ada)
    listed = {each["machine_id"]: each["source"] for each in _items(machines, ada)}

    ended = [machines.delete(f"{BLACKLIST}/vast/{each}", headers=ada) for each in ("m1", "m7")]
    again = machines.delete(f"{BLACKLIST}/vast/m7", headers=ada)

    assert listed == {"m1": "automatic", "m7": "manual"}
    assert [each.status_code for each in ended] == [204, 204]
    assert problem(again)["status"] == 404
    assert _items(machines, ada) == []


def test_the_audit_says_who_blocked_a_machine_and_who_trusted_it_again(
    machines: FlaskClient, serve: Serve, ada: Key
) -> None:
    path = f"{BLACKLIST}/vast/m7"
    machines.post(path, json={"reason": "slow disk", "hours": 2}, headers=ada)
    machines.delete(path, headers=ada)

    acts = read(serve("settings"), "/api/audit?target=vast/m7", ada)["items"]

    assert [(each["action"], each["reason"]) for each in acts] == [
        ("machine.trusted", "was manual: slow disk"),
        ("machine.blocked", "for 2 hours: slow disk"),
    ]
    assert all(each["actor"].startswith("key_") for each in acts)


def _items(machines: FlaskClient, key: Key) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = read(machines, BLACKLIST, key)["items"]
    return items


def test_the_blacklist_can_be_asked_for_by_source(
    machines: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    story(cloud)
    machines.post(f"{BLACKLIST}/vast/m7", json={}, headers=ada)

    assert names(read(machines, f"{BLACKLIST}?source=manual", ada)) == ["m7"]
    assert names(read(machines, f"{BLACKLIST}?source=automatic&provider=vast", ada)) == ["m1"]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/vast/m7", {"hours": 0}, "/hours"),
        ("/vast/m7", {"hours": "1"}, "/hours"),
        ("/vast/m7", {"reason": "x" * 301}, "/reason"),
        ("/vast/m7", {"until": "2027"}, "/until"),
        ("/nowhere/m7", {}, "/provider"),
        ("/vast/a%20b", {}, "/machine_id"),
        ("", {"provider": "vast"}, "/machine_id"),
        ("", {"provider": "vast", "machine_id": "../x"}, "/machine_id"),
    ],
)
def test_a_block_that_is_not_valid_is_pointed_at(
    machines: FlaskClient, ada: Key, path: str, body: dict[str, Any], pointer: str
) -> None:
    told = problem(machines.post(f"{BLACKLIST}{path}", json=body, headers=ada))

    assert told["status"] == 422
    assert [each["pointer"] for each in told["errors"]] == [pointer]


def test_the_demo_shows_its_own_history_and_changes_nothing(
    machines: FlaskClient, services: Any
) -> None:
    ensure_demo_user(services)

    for path in ("summary", "attempts", "reliable", "problematic", "stats/vast/m1", "blacklist"):
        assert machines.get(f"{ROOT}/{path}?demo=true").status_code == 200
    assert machines.get(f"{BLACKLIST}/check/vast/m1?demo=true").status_code == 200
    assert problem(machines.post(f"{BLACKLIST}/vast/m1?demo=true", json={}))["status"] == 403


def test_offers_hide_what_is_blacklisted_and_show_how_machines_launched(
    machines: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    story(cloud)

    hiding = read(client, f"{OFFERS}?min_disk_gb=50", ada)
    all_of_them = read(client, f"{OFFERS}?include_blacklisted=true", ada)
    stranger = read(client, OFFERS, {})

    by_machine = {each["machine_id"]: each for each in all_of_them["items"]}
    assert set(by_machine) - set(names(hiding)) == {"m1"}
    assert hiding["hidden_by_default"] == all_of_them["hidden_by_default"] + 1
    assert hiding["filters_applied"]["include_blacklisted"] is False
    assert by_machine["m1"]["blacklist"]["source"] == "automatic"
    assert by_machine["m2"]["history"]["success_rate"] == 1.0
    assert by_machine["m5"]["history"] is None
    assert "m1" in names(stranger)
    assert all(each["history"] is None for each in stranger["items"])


def test_launches_move_an_offer_in_the_order_of_reliability(
    machines: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    tell(cloud, failed(1, -1, machine_id="m1"), ready(2, -1, machine_id="m8"))

    ordered = names(read(client, f"{OFFERS}?order_by=reliability", ada))
    stranger = names(read(client, f"{OFFERS}?order_by=reliability", {}))

    assert (ordered[0], ordered[-1]) == ("m8", "m1")
    assert stranger[0] == "m1"  # the cheapest of those that are stated alike


def test_a_stranger_sees_only_the_shared_score(
    machines: FlaskClient, client: FlaskClient, cloud: Cloud, services: Any
) -> None:
    users = ("ada", "bob", "eve")
    tell(
        cloud,
        *(failed(n, -n / 60, owner=UserId(f"user_{users[n % 3]}")) for n in range(6)),
    )
    fold(services)

    hiding = read(client, OFFERS, {})
    told = read(client, f"{OFFERS}?include_blacklisted=true", {})

    assert "m1" not in names(hiding)
    (shown,) = [each for each in told["items"] if each["machine_id"] == "m1"]
    assert shown["blacklist"]["source"] == "shared"
    assert (shown["history"]["source"], shown["history"]["attempts"]) == ("shared", 6)


def test_the_best_machine_is_not_rented_while_it_is_blacklisted(
    machines: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    best = names(read(client, OFFERS, ada))[0]
    machines.post(f"{BLACKLIST}/vast/{best}", json={"reason": "no"}, headers=ada)

    client.post("/api/instances", json={"want": {}, "race": {"width": 3}}, headers=ada)
    cloud.run(120)

    assert best not in {each.offer.machine_id for each in cloud.market.contracts.values()}
    assert cloud.market.contracts


def test_who_names_a_blacklisted_machine_is_told_and_gets_it(
    machines: FlaskClient, client: FlaskClient, cloud: Cloud, ada: Key
) -> None:
    machines.post(f"{BLACKLIST}/vast/m2", json={"reason": "slow disk"}, headers=ada)

    made = client.post("/api/instances", json={"offer_id": "2"}, headers=ada)
    cloud.run(120)

    assert made.status_code == 202
    assert {each.offer.machine_id for each in cloud.market.contracts.values()} == {"m2"}
    instance_id = made.get_json()["instance"]["id"]
    events = read(client, f"/api/instances/{instance_id}/events", ada)["items"]
    (warning,) = [each for each in events if each["kind"] == "warning.blacklisted"]
    assert "slow disk" in warning["message"]
