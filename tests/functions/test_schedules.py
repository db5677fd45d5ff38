"""Pausing and resuming what works for everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.embedded.scheduler import StoreScheduler
from shared.app.auth.demo import ensure_local_login
from shared.app.auth.login import login
from shared.app.auth.register import register
from shared.app.auth.setup import issue_setup_link
from shared.app.background import record_run
from shared.domain.errors import SchedulerUnavailable
from shared.domain.principals import Principal, Scope
from tests.fakes.clock import START
from tests.functions.users import as_user
from tests.unit.auth.world import EMAIL, PASSWORD
from tests.unit.edge.kit import problem

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.functions.conftest import Deployment, Serve

ROOT = "/api/health/agents"
Key = dict[str, str]


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    return serve("system")


@pytest.fixture
def operator(services: Deployment) -> Key:
    return as_user(services, "olga", operator=True, scopes=(Scope.READ, Scope.OPERATE))


def job(client: FlaskClient, key: Key, name: str = "tick") -> dict[str, Any]:
    jobs = client.get(ROOT, headers=key).get_json()["background_jobs"]
    (found,) = [each for each in jobs if each["name"] == name]
    assert isinstance(found, dict)
    return found


def test_an_operator_pauses_and_resumes_and_both_are_in_the_audit(
    client: FlaskClient, serve: Serve, operator: Key
) -> None:
    paused = client.post(f"{ROOT}/tick/pause", headers=operator)
    shown = job(client, operator)
    resumed = client.post(f"{ROOT}/tick/resume", headers=operator)

    assert (paused.status_code, paused.get_json()["paused"]) == (200, True)
    assert shown["paused"] is True
    assert resumed.get_json()["paused"] is False
    assert job(client, operator, "snapshots")["paused"] is False
    acts = serve("settings").get("/api/audit?target=tick", headers=operator).get_json()["items"]
    assert sorted(each["action"] for each in acts) == ["job.paused", "job.resumed"]
    assert all(each["actor"].startswith("key_") for each in acts)


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize(
    ("is_operator", "scopes"),
    [
        (False, (Scope.READ, Scope.WRITE, Scope.OPERATE)),
        (True, (Scope.READ, Scope.WRITE)),
        (True, (Scope.METRICS,)),
    ],
)
def test_nobody_else_may(
    client: FlaskClient,
    services: Deployment,
    verb: str,
    is_operator: bool,
    scopes: tuple[Scope, ...],
) -> None:
    key = as_user(services, "bob", operator=is_operator, scopes=scopes)

    answer = client.post(f"{ROOT}/tick/{verb}", headers=key)

    assert answer.status_code == 403
    assert problem(answer)["code"] == "forbidden"
    assert StoreScheduler(services.store).jobs() == {}
    assert client.post(f"{ROOT}/tick/{verb}").status_code == 401


@pytest.mark.parametrize("name", ["nothing", "on_instance_changed", "system", "auth"])
def test_only_what_has_a_schedule_can_be_paused(
    client: FlaskClient, operator: Key, name: str
) -> None:
    assert client.post(f"{ROOT}/{name}/pause", headers=operator).status_code == 404


def test_last_runs_are_told_by_the_function_and_by_its_scheduler(
    client: FlaskClient, services: Deployment, operator: Key
) -> None:
    record_run(services, "tick", lambda _services: 2)
    StoreScheduler(services.store).ran("tick", START, "it answered 503", START)

    told = job(client, operator)

    assert (told["last_success_at"], told["backlog"]) == ("2026-01-02T03:04:05Z", 2)
    assert (told["last_attempt_at"], told["last_attempt_error"]) == (
        "2026-01-02T03:04:05Z",
        "it answered 503",
    )


def test_a_scheduler_that_is_away_leaves_unknown_what_it_alone_knows(
    client: FlaskClient, services: Any, operator: Key
) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise SchedulerUnavailable("away")

    record_run(services, "tick", lambda _services: 2)
    services.scheduler = Away()

    told = job(client, operator)
    refused = client.post(f"{ROOT}/tick/pause", headers=operator)

    assert (told["healthy"], told["paused"], told["next_run_at"]) == (True, None, None)
    assert (refused.status_code, problem(refused)["code"]) == (503, "scheduler_unavailable")


def test_without_a_login_there_are_names_and_health_only(
    client: FlaskClient, operator: Key
) -> None:
    client.post(f"{ROOT}/tick/pause", headers=operator)

    jobs = client.get(ROOT).get_json()["background_jobs"]

    assert all(set(each) == {"name", "healthy"} for each in jobs)


def test_the_first_user_of_a_closed_deployment_is_its_operator_and_no_later_one(
    client: FlaskClient, services: Any
) -> None:
    services.close_registration()
    token = issue_setup_link(services).partition("setup_token=")[2]
    register(services, EMAIL, PASSWORD, token)
    services.settings = replace(services.settings, registration_open=True)
    register(services, "bob@example.org", PASSWORD)

    answers = []
    for email in (EMAIL, "bob@example.org"):
        access = login(services, email, PASSWORD).access_token
        bearer = {"Authorization": f"Bearer {access}"}
        answers.append(client.post(f"{ROOT}/tick/pause", headers=bearer).status_code)

    assert answers == [200, 403]


def test_the_local_stacks_own_login_is_an_operator(services: Any) -> None:
    made = ensure_local_login(services, EMAIL, PASSWORD)

    assert made.operator
    assert isinstance(Principal(made.id, frozenset({Scope.OPERATE})), Principal)
