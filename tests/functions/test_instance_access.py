"""Who may call what of /api/instances and /api/snapshots: every route of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.collections import USERS
from shared.app.auth.demo import DEMO_USER_ID
from shared.domain.principals import Scope
from shared.domain.users.user import User
from shared.edge.views.instance_routes import INSTANCE_ROUTES
from tests.fakes.clock import START
from tests.functions.clouds import INSTANCES, WANTED, ada, bob, client, cloud, running, services
from tests.unit.edge.kit import key_of, problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from shared.edge.route import Route
    from tests.functions.conftest import Serve
    from tests.orchestration.cloud import Cloud

__all__ = ["ada", "bob", "client", "cloud", "running", "services"]

Key = dict[str, str]
OF_ONE = [each for each in INSTANCE_ROUTES if "<" in each.path]
CHANGING = [each for each in INSTANCE_ROUTES if each.method != "GET"]
LOOKING = [each for each in INSTANCE_ROUTES if each.method == "GET"]
NOBODY = "inst_01KE5BYQJ8X2T4ZVN6M3R7C9WD"
NO_SNAPSHOT = "snap_01KE5BYQJ8X2T4ZVN6M3R7C9WD"


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def called(
    client: FlaskClient, route: Route, instance_id: str, key: Key, query: str = ""
) -> TestResponse:
    path = route.path.replace("<instance_id>", instance_id)
    path = path.replace("<snapshot_id>", NO_SNAPSHOT)
    body: dict[str, Any] = dict(route.example or {})
    if "instance_id" in body:
        body["instance_id"] = instance_id
    json = None if route.method in {"GET", "DELETE"} else body
    return client.open(path + query, method=route.method, json=json, headers=key)


@pytest.mark.parametrize("route", OF_ONE, ids=name)
def test_somebody_elses_looks_like_nothing(
    client: FlaskClient, bob: Key, running: str, route: Route
) -> None:
    theirs = called(client, route, running, bob)
    nobodys = called(client, route, NOBODY, bob)

    assert (theirs.status_code, problem(theirs)["code"]) == (404, "not_found")
    assert problem(nobodys)["detail"] == problem(theirs)["detail"]


def test_a_snapshot_of_somebody_elses_instance_is_not_taken(
    client: FlaskClient, bob: Key, running: str
) -> None:
    answer = client.post("/api/snapshots", json={"instance_id": running}, headers=bob)

    assert answer.status_code == 404


def test_lists_hold_only_the_callers_own(
    client: FlaskClient, ada: Key, bob: Key, running: str
) -> None:
    mine = client.get(INSTANCES, headers=ada).get_json()
    theirs = client.get(INSTANCES, headers=bob).get_json()
    snapshots = client.get("/api/snapshots", headers=bob).get_json()

    assert [each["id"] for each in mine["items"]] == [running]
    assert (theirs["items"], snapshots["items"]) == ([], [])


@pytest.mark.parametrize("route", INSTANCE_ROUTES, ids=name)
def test_nobody_is_let_in_without_a_good_token(
    client: FlaskClient, cloud: Cloud, running: str, route: Route
) -> None:
    boot = cloud.machine_of(running).boot  # type: ignore[arg-type]
    assert boot
    assert boot.token
    machine = {"Authorization": f"Bearer {boot.token}"}

    answers = [called(client, route, running, key) for key in ({}, machine)]

    assert [each.status_code for each in answers] == [401, 401]


@pytest.mark.parametrize("route", CHANGING, ids=name)
def test_a_key_for_reading_changes_nothing(
    client: FlaskClient, services: Any, running: str, route: Route
) -> None:
    answer = called(client, route, running, key_of(services, "ada", Scope.READ))

    assert (answer.status_code, problem(answer)["code"]) == (403, "forbidden")


# --- the demo


@pytest.fixture
def demo(services: Any) -> None:
    user = User(DEMO_USER_ID, "demo-tenant@dumont.invalid", "", START, demo=True)
    services.store.add(USERS, user.id, user)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("route", CHANGING, ids=name)
def test_the_demo_changes_nothing_even_with_a_good_key(
    client: FlaskClient, ada: Key, running: str, route: Route
) -> None:
    answer = called(client, route, running, ada, "?demo=true")

    assert (answer.status_code, problem(answer)["code"]) == (403, "forbidden")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("route", LOOKING, ids=name)
def test_the_demo_looks_at_its_own_and_at_nobody_elses(
    client: FlaskClient, running: str, route: Route
) -> None:
    answer = called(client, route, running, {}, "?demo=true")

    assert answer.status_code == (404 if "<" in route.path else 200)
    if answer.status_code == 200:
        assert answer.get_json()["items"] == []


def test_a_create_without_scope_rents_nothing(
    client: FlaskClient, cloud: Cloud, services: Any
) -> None:
    answer = client.post(INSTANCES, json=WANTED, headers=key_of(services, "ada", Scope.READ))

    assert answer.status_code == 403
    cloud.run(30)
    assert cloud.market.creates == []


# --- snapshots


@pytest.fixture
def kept(client: FlaskClient, cloud: Cloud, ada: Key, running: str) -> str:
    """The id of a verified snapshot of Ada's running instance."""
    answer = client.post("/api/snapshots", json={"instance_id": running}, headers=ada)
    assert answer.status_code == 202, answer.data
    cloud.until(lambda: cloud.instance(running).head)  # type: ignore[arg-type]
    return str(cloud.instance(running).head)  # type: ignore[arg-type]


def test_a_snapshot_is_listed_kept_and_only_the_owners(
    client: FlaskClient, ada: Key, bob: Key, running: str, kept: str
) -> None:
    (listed,) = client.get("/api/snapshots", headers=ada).get_json()["items"]
    theirs = client.post(f"/api/snapshots/{kept}/keep", headers=bob)
    mine = client.post(f"/api/snapshots/{kept}/keep", headers=ada)

    assert (listed["id"], listed["state"], listed["instance_id"]) == (kept, "acked", running)
    assert (theirs.status_code, mine.status_code) == (404, 200)
    assert mine.get_json()["keep"] is True


def test_a_second_snapshot_waits_for_the_first(client: FlaskClient, ada: Key, running: str) -> None:
    first = client.post("/api/snapshots", json={"instance_id": running}, headers=ada)
    second = client.post("/api/snapshots", json={"instance_id": running}, headers=ada)

    assert (first.status_code, second.status_code) == (202, 409)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/instance_id"), ({"instance_id": 7}, "/instance_id"), ({"id": "x"}, "/id")],
    ids=str,
)
def test_a_snapshot_of_nothing_is_pointed_at(
    client: FlaskClient, ada: Key, body: dict[str, Any], pointer: str
) -> None:
    told = problem(client.post("/api/snapshots", json=body, headers=ada))

    assert told["status"] == 422
    assert pointer in {each["pointer"] for each in told["errors"]}


def test_an_operation_of_somebody_else_looks_like_nothing(
    serve: Serve, cloud: Cloud, ada: Key, bob: Key, running: str
) -> None:
    operation_id = cloud.instance(running).operation_id  # type: ignore[arg-type]
    system = serve("system")

    mine = system.get(f"/api/operations/{operation_id}", headers=ada)
    theirs = system.get(f"/api/operations/{operation_id}", headers=bob)

    assert (mine.status_code, theirs.status_code) == (200, 404)
    assert mine.get_json()["state"] == "succeeded"
