"""What is Ada's is not there for Bob: every route, with her ids in every place that takes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.agent_wire import messages as wire
from shared.agent_wire.codec import decode, encode
from shared.app.auth.collections import PROVIDER_ACCOUNTS
from shared.domain.accounts import ProviderAccount, account_id_of
from shared.edge.route import Access
from tests.fakes.clock import START
from tests.security.doors import Door, doors, kept, knock, names_of, served
from tests.security.estate import Estate, post, settle
from tests.security.people import Headers, Person, machine_proofs

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.orchestration.cloud import Cloud

# What a path may name that belongs to nobody.
NOBODYS = {"provider", "machine_id", "path", "name", "job"}
USERS_OWN = doors(Access.USER)
OF_ONE = [door for door in USERS_OWN if set(names_of(door)) - NOBODYS]
LOOKING = [door for door in USERS_OWN if door.route.method == "GET"]
NAMED_IN_THE_BODY = [
    door
    for door in USERS_OWN
    if door.route.body and {"instance_id", "snapshot_id"} & set(door.route.body.model_fields)
]
LISTS = [
    door
    for door in doors(Access.USER, Access.PUBLIC)
    if door.route.query and "page_token" in door.route.query.model_fields
]


def name(door: Door) -> str:
    return door.name


@pytest.fixture
def hers(cloud: Cloud, ada: Person) -> Estate:
    return settle(cloud, ada)


@pytest.fixture
def bob(services: Any, bob: Person) -> Person:
    """He has an account at the provider, too."""
    account = ProviderAccount(account_id_of(bob.id, "vast"), bob.id, "vast", "", START)
    services.store.add(PROVIDER_ACCOUNTS, account.id, account)
    return bob


def of_hers(hers: Estate, services: Any) -> dict[str, str]:
    """Every document that is hers or tells of her."""
    everything = kept(services.store)
    return {
        key: text
        for key, text in everything.items()
        if any(mark in key or mark in text for mark in hers.marks)
    }


def leaks(hers: Estate, answer: TestResponse, *sent: str) -> set[str]:
    """What of hers is in the answer, beside the ids that the caller sent."""
    text = answer.get_data(as_text=True) + str(answer.headers)
    return {mark for mark in hers.marks if mark in text} - set(sent)


def runs(cloud: Cloud, owner: Person) -> Any:
    """The id of an instance of his own, once it runs."""
    order = {"want": {"gpu_name": "RTX 4090"}}
    instance_id = post("instances", "/api/instances", owner, order)["instance"]["id"]
    cloud.until(lambda: cloud.instance(instance_id).state == "running")
    return instance_id


def proofs(door: Door, somebody: Person) -> tuple[Headers, ...]:
    """A login and a key: one of them may be refused before anything is looked up."""
    return (somebody.login,) if "/auth/" in door.route.path else (somebody.login, somebody.key)


def test_the_walk_names_everything_that_can_be_somebodys(hers: Estate) -> None:
    named = {each for door in OF_ONE for each in names_of(door)} - NOBODYS

    assert named == set(hers.ids)
    assert {door.name for door in NAMED_IN_THE_BODY} == {
        "POST /api/auth/keys",
        "POST /api/hibernation/simulate",
        "POST /api/instances/<instance_id>/wake",
        "POST /api/snapshots",
        "PUT /api/budgets",
    }


@pytest.mark.parametrize("door", OF_ONE, ids=name)
def test_an_id_of_hers_is_the_id_of_nothing(
    cloud: Cloud, services: Any, hers: Estate, bob: Person, door: Door
) -> None:
    before, hints, machines = of_hers(hers, services), len(cloud.bus.waiting), len(cloud.machines)
    nobodys = {each: f"{hers.ids[each][:-6]}NOBODY" for each in names_of(door)}

    for proof in proofs(door, bob):
        theirs = knock(door, proof, values=hers.ids)
        unknown = knock(door, proof, values=nobodys)

        assert theirs.status_code == 404, theirs.data
        assert theirs.get_json()["detail"] == unknown.get_json()["detail"]
        assert leaks(hers, theirs, *(hers.ids[each] for each in names_of(door))) == set()
    assert of_hers(hers, services) == before
    assert (len(cloud.bus.waiting), len(cloud.machines)) == (hints, machines)


@pytest.mark.parametrize("door", OF_ONE, ids=name)
def test_the_same_calls_reach_their_owner(hers: Estate, door: Door) -> None:
    """Or the test above would show nothing."""
    answer = knock(door, hers.owner.login, values=hers.ids)

    assert answer.status_code in {200, 202, 204, 409}, answer.data


def test_a_budget_for_an_instance_of_hers_is_not_taken(
    services: Any, hers: Estate, bob: Person
) -> None:
    before = of_hers(hers, services)
    body = {"period": "monthly", "cap_usd": 0.01, "instance_id": hers.instance_id}

    answer = served("settings").put("/api/budgets", json=body, headers=bob.key)

    assert answer.status_code == 404
    assert of_hers(hers, services) == before


def test_a_snapshot_of_an_instance_of_hers_is_not_taken(
    services: Any, hers: Estate, bob: Person
) -> None:
    before = of_hers(hers, services)

    answer = served("instances").post(
        "/api/snapshots", json={"instance_id": hers.instance_id}, headers=bob.key
    )

    assert answer.status_code == 404
    assert of_hers(hers, services) == before


def test_a_snapshot_of_hers_wakes_nothing_of_his(
    cloud: Cloud, services: Any, hers: Estate, bob: Person
) -> None:
    mine_id = runs(cloud, bob)
    post("instances", f"/api/instances/{mine_id}/hibernate", bob)
    cloud.until(lambda: cloud.instance(mine_id).state == "asleep")
    before = kept(services.store, "paid_until")

    answers = [
        served("instances").post(
            f"/api/instances/{mine_id}/wake", json={"snapshot_id": each}, headers=bob.key
        )
        for each in (hers.ids["snapshot_id"], "snap_nobodys")
    ]

    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].get_json()["detail"] == answers[1].get_json()["detail"]
    assert kept(services.store, "paid_until") == before


@pytest.mark.parametrize("door", LOOKING, ids=name)
def test_no_answer_to_him_tells_of_her(hers: Estate, bob: Person, door: Door) -> None:
    values = dict(hers.machine) | dict.fromkeys(hers.ids, "unknown")

    answer = knock(door, bob.login, values=values)

    assert answer.status_code in {200, 404}
    assert leaks(hers, answer) == set()


@pytest.mark.parametrize("door", LISTS, ids=name)
def test_her_place_in_a_list_is_no_place_in_his(hers: Estate, bob: Person, door: Door) -> None:
    page = knock(door, hers.owner.login, values=hers.ids, query="limit=1").get_json()
    token = page.get("next_page_token")
    if token is None:
        return

    answer = knock(door, bob.login, values=hers.machine, query=f"limit=1&page_token={token}")

    assert answer.status_code in {200, 404, 422}
    assert leaks(hers, answer, *hers.ids.values()) == set()


@pytest.mark.parametrize("query", ["instance_id", "target", "actor"])
def test_a_filter_by_an_id_of_hers_finds_nothing(hers: Estate, bob: Person, query: str) -> None:
    value = str(hers.owner.id) if query == "actor" else hers.instance_id
    takers = [door for door in LISTS if door.route.query and query in door.route.query.model_fields]

    assert takers
    for door in takers:
        answer = knock(door, bob.login, query=f"{query}={value}")
        assert answer.status_code == 404 or answer.get_json()["items"] == []
        assert leaks(hers, answer, value) == set()


def test_her_idempotency_key_is_no_key_of_his(cloud: Cloud, hers: Estate, bob: Person) -> None:
    order = {"want": {"gpu_name": "RTX 4090"}, "label": "the same"}
    keyed = {"Idempotency-Key": "the-same-click"}
    client = served("instances")
    answers = [
        client.post("/api/instances", json=order, headers=each.key | keyed)
        for each in (hers.owner, bob)
    ]

    ids = {each.get_json()["instance"]["id"] for each in answers}

    assert len(ids) == 2
    assert "Idempotent-Replayed" not in answers[1].headers
    assert leaks(hers, answers[1]) == set()


def test_a_blocked_machine_is_blocked_for_her_alone(
    services: Any, hers: Estate, bob: Person
) -> None:
    before = of_hers(hers, services)
    path = "/api/machines/history/blacklist/vast/m8"
    client = served("machines")

    check = client.get(path.replace("blacklist/", "blacklist/check/"), headers=bob.key)
    blocked = client.post(path, json={"reason": "his own"}, headers=bob.key)
    removed = client.delete(path, headers=bob.key)

    assert leaks(hers, check) == set()
    assert (blocked.status_code, removed.status_code) == (200, 204), (blocked.data, removed.data)
    assert of_hers(hers, services) == before


def test_his_machine_writes_and_reads_nothing_of_hers(
    cloud: Cloud, services: Any, hers: Estate, bob: Person
) -> None:
    mine_id = runs(cloud, bob)
    mine = cloud.instance(mine_id)
    proof = machine_proofs(services, str(mine.primary), mine_id, mine.epoch)["a machine's token"]
    theirs = cloud.instance(hers.ids["instance_id"])
    before = of_hers(hers, services)
    snapshot_id = hers.ids["snapshot_id"]
    done = wire.SnapshotDone(snapshot_id, "", "elsewhere", "0" * 32, 1, 1, 1, (), 1.0)
    told = tuple(
        wire.AgentEvent(f"e{n}", kind, 0.0, snapshot_id=snapshot_id, snapshot=done, message="ha")
        for n, kind in enumerate(("snapshot_done", "snapshot_failed", "restored"))
    )
    client = served("agent")

    written = client.post(
        wire.PATH_UPLOADS, data=encode(wire.UploadsRequest(snapshot_id)), headers=proof
    )
    events = client.post(wire.PATH_EVENTS, data=encode(wire.EventsRequest(told)), headers=proof)
    forged = machine_proofs(services, str(mine.primary), theirs.id, theirs.epoch)
    other = client.post(
        wire.PATH_UPLOADS,
        data=encode(wire.UploadsRequest(snapshot_id)),
        headers=forged["a machine's token"],
    )

    assert events.status_code == 200
    for answer in (written, other):
        assert decode(wire.UploadsAnswer, answer.data).write is None
    assert of_hers(hers, services) == before
