"""Nobody comes in without a proof: every route of every function, called as it is served.

Whoever adds a route meets this file: a door that is open to all stands in the list below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.app.background import JOB_RUNS
from shared.domain.principals import Scope
from shared.edge.route import Access
from tests.security.doors import (
    BODILESS,
    Door,
    agent_body,
    background,
    doors,
    kept,
    knock,
    served,
)
from tests.security.people import Person, bearer, key, machine_proofs, wrong_proofs

if TYPE_CHECKING:
    from infra.packaging.manifest import Function
    from tests.orchestration.cloud import Cloud

OPEN_TO_ALL = {
    "GET /",
    "GET /.well-known/dumont.json",
    "GET /api/asyncapi.json",
    "GET /api/content/<path:path>",
    "GET /api/health/agents",
    "GET /api/instances/offers",
    "GET /api/serverless/pricing",
    "GET /api/serverless/status",
    "GET /api/menu",
    "GET /api/openapi.json",
    "GET /assets/<path:name>",
    "GET /docs",
    "GET /health",
    "GET /redoc",
}
# By what they answer to a body that proves nothing; a login that is not there has ended.
PROVED_BY_THE_BODY = {
    "POST /api/auth/login": 401,
    "POST /api/auth/logout": 204,
    "POST /api/auth/refresh": 401,
    "POST /api/auth/register": 403,
}
PEOPLES = doors(Access.USER, Access.METRICS)
MACHINES = doors(Access.MACHINE)
WRITING = [door for door in PEOPLES if door.route.scope in {Scope.WRITE, Scope.OPERATE}]
OPERATORS = [door for door in PEOPLES if door.route.scope is Scope.OPERATE]
READING = [door for door in doors(Access.USER) if door.route.scope is Scope.READ]


# It replays what is remembered, and writes nothing: see tests/functions/test_hibernation.py.
ASKED_WITH_A_BODY = {"POST /api/hibernation/simulate"}


def name(door: Door) -> str:
    return door.name


def test_what_is_open_to_all_is_on_the_list_and_changes_nothing() -> None:
    assert {door.name for door in doors(Access.PUBLIC)} == OPEN_TO_ALL
    assert {door.name for door in doors(Access.BODY)} == set(PROVED_BY_THE_BODY)
    assert {door.route.method for door in doors(Access.PUBLIC)} == {"GET"}


def test_every_route_that_changes_something_wants_the_right_to_write() -> None:
    asking = [door for door in READING if door.name not in ASKED_WITH_A_BODY]
    assert {door.route.method for door in asking} == {"GET"}
    assert not [door.name for door in WRITING if door.route.method == "GET"]


@pytest.mark.parametrize("door", PEOPLES, ids=name)
@pytest.mark.parametrize("prefix", ["/api/", "/api/v1/"])
def test_nobody_comes_in_without_a_proof(
    services: Any, ada: Person, door: Door, prefix: str
) -> None:
    proofs = wrong_proofs(services, ada)
    before = kept(services.store)

    answers = {what: knock(door, shown, prefix=prefix) for what, shown in proofs.items()}
    head = knock(door, method="HEAD", prefix=prefix) if door.route.method == "GET" else None

    told = {what: answer.status_code for what, answer in answers.items()}
    assert told == dict.fromkeys(proofs, 401)
    assert all("WWW-Authenticate" in answer.headers for answer in answers.values())
    assert head is None or head.status_code == 401
    assert kept(services.store) == before


@pytest.mark.parametrize("door", doors(Access.PUBLIC), ids=name)
def test_who_believes_to_be_logged_in_where_all_may_look_learns_that_it_is_not_so(
    services: Any, ada: Person, door: Door
) -> None:
    proofs = wrong_proofs(services, ada)
    proofs = {what: shown for what, shown in proofs.items() if shown.get("Authorization")}

    told = {what: knock(door, shown).status_code for what, shown in proofs.items()}

    assert told == dict.fromkeys(proofs, 401)
    assert knock(door).status_code != 401


@pytest.mark.parametrize("door", doors(Access.BODY), ids=name)
def test_a_body_that_proves_nothing_opens_nothing(services: Any, ada: Person, door: Door) -> None:
    written_of_failures = ("login_attempts", "timeline")
    before = kept(services.store, *written_of_failures)

    for shown in ({}, ada.key, *machine_proofs(services).values()):
        answer = knock(door, shown)
        assert answer.status_code == PROVED_BY_THE_BODY[door.name]
        assert b"token" not in answer.data.replace(b"refresh token", b"")

    assert kept(services.store, *written_of_failures) == before


@pytest.mark.parametrize("door", WRITING, ids=name)
def test_a_key_that_may_only_read_changes_nothing(services: Any, ada: Person, door: Door) -> None:
    reader = key(services, ada.login, Scope.READ)
    metrics = key(services, ada.login, Scope.METRICS)
    before = kept(services.store, "api_keys")

    told = [knock(door, shown).status_code for shown in (reader, metrics)]

    assert told == [403, 403]
    assert kept(services.store, "api_keys") == before


@pytest.mark.parametrize("door", OPERATORS, ids=name)
@pytest.mark.parametrize("job", ["tick", "unknown"])
def test_what_works_for_everybody_is_an_operators(
    services: Any, ada: Person, door: Door, job: str
) -> None:
    operates = key(services, ada.login, Scope.OPERATE)
    before = kept(services.store, "api_keys")

    answers = [knock(door, shown, values={"job": job}) for shown in (ada.login, operates)]

    assert [each.status_code for each in answers] == [403, 403]
    assert kept(services.store, "api_keys") == before


@pytest.mark.parametrize("door", PEOPLES, ids=name)
def test_a_scope_opens_its_own_doors_alone(services: Any, ada: Person, door: Door) -> None:
    needed = Scope.METRICS if door.route.access is Access.METRICS else door.route.scope

    for scope in Scope:
        answer = knock(door, key(services, ada.login, scope))
        lacks = answer.status_code == 403 and "lacks the scope" in answer.get_json()["detail"]
        assert lacks is (scope is not needed), (scope, answer.data)


@pytest.mark.parametrize("door", MACHINES, ids=name)
def test_a_machines_door_opens_to_no_person(services: Any, ada: Person, door: Door) -> None:
    shown = wrong_proofs(services, ada) | {"a login": ada.login, "a key": ada.key}
    own = {
        "heartbeat": "a machine's token",
        "events": "a machine's token",
        "uploads": "a machine's token",
    }.get(door.route.path.split("/")[-1])
    shown.pop(own or "", None)
    before = kept(services.store)

    told = {what: knock(door, headers).status_code for what, headers in shown.items()}

    assert told == dict.fromkeys(shown, 401)
    assert kept(services.store) == before


@pytest.mark.parametrize("path", ["/agent/v1/hello", "/agent/v1/boot-failed"])
def test_what_a_machine_says_first_is_proved_by_its_bootstrap_token_alone(
    services: Any, ada: Person, path: str
) -> None:
    proofs = wrong_proofs(services, ada) | {"a login": ada.login, "a key": ada.key}
    texts = {
        what: shown["Authorization"].removeprefix("Bearer ")
        for what, shown in proofs.items()
        if shown.get("Authorization") and what not in {"a bootstrap token", "a very long one"}
    }
    before = kept(services.store)

    told = {
        what: served("agent").post(path, data=agent_body(path, text)).status_code
        for what, text in texts.items()
    }

    assert told == dict.fromkeys(texts, 401)
    assert kept(services.store) == before


@pytest.mark.parametrize("function", background(), ids=lambda each: each.name)
def test_what_runs_in_the_background_is_started_by_the_platform_alone(
    cloud: Cloud, services: Any, ada: Person, function: Function
) -> None:
    others = [each.name for each in background() if each is not function]
    shown = wrong_proofs(services, ada) | {"a login": ada.login, "a key": ada.key}
    shown["the platform's proof"] = bearer(services.callers.proof(others[0]))
    before, hints = kept(services.store), len(cloud.bus.waiting)
    push = {"message": {"data": "e30=", "messageId": "m1"}, "subscription": "s"}

    told = {
        what: served(function.name).post("/", json=push, headers=headers).status_code
        for what, headers in shown.items()
    }

    assert told == {what: 403 if "platform" in what else 401 for what in shown}
    assert (kept(services.store), len(cloud.bus.waiting)) == (before, hints)
    assert services.store.get(JOB_RUNS, function.name) is None


@pytest.mark.parametrize("function", background(), ids=lambda each: each.name)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/", "/anything", "/projects/p/topics/t", "/robots.txt"])
def test_no_other_way_leads_into_the_background(
    services: Any, function: Function, method: str, path: str
) -> None:
    before = kept(services.store)
    sent = {} if method in BODILESS else {"json": {"message": {"data": "e30="}}}

    answer = served(function.name).open(path, method=method, **sent)

    assert answer.status_code in {401, 404, 405} or (method, answer.status_code) == ("OPTIONS", 204)
    assert kept(services.store) == before
