"""Who gets through, and with which proof."""

from __future__ import annotations

from typing import Any

import pytest

from shared.app.auth.demo import ensure_demo_user
from shared.domain.principals import Scope
from shared.edge.route import Access, Call
from tests.unit.auth.world import World
from tests.unit.edge.kit import Said, call, key_of, problem, route

ALL = (Scope.READ, Scope.WRITE)


def say_who(call: Call[Any, Any]) -> Said:
    return Said(said=call.principal.user_id if call.principal else "nobody")


USER = route(view=say_who, access=Access.USER)
WRITER = route(view=say_who, access=Access.USER, scope=Scope.WRITE)
PUBLIC = route(view=say_who, access=Access.PUBLIC)
METRICS = route(view=say_who, access=Access.METRICS)
MACHINE = route(view=say_who, access=Access.MACHINE)
POST = route("POST", view=say_who, access=Access.USER)
PUBLIC_POST = route("POST", view=say_who, access=Access.PUBLIC)


@pytest.mark.parametrize(
    ("table", "scopes", "status"),
    [
        (USER, ALL, 200),
        (USER, (Scope.READ,), 200),
        (USER, (Scope.METRICS,), 403),
        (WRITER, ALL, 200),
        (WRITER, (Scope.READ,), 403),
        (METRICS, (Scope.METRICS,), 200),
        (METRICS, ALL, 403),
        (PUBLIC, (Scope.READ,), 200),
    ],
)
def test_a_key_opens_what_its_scopes_say(table: Any, scopes: Any, status: int) -> None:
    world = World()

    answer = call(table, world=world, headers=key_of(world, "ann", *scopes))

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("table", "status"), [(USER, 401), (WRITER, 401), (METRICS, 401), (PUBLIC, 200), (MACHINE, 200)]
)
def test_without_a_token_only_open_routes_answer(table: Any, status: int) -> None:
    assert call(table).status_code == status


@pytest.mark.parametrize("table", [USER, PUBLIC, METRICS])
@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer a b",
        "Basic YTpi",
        "nonsense",
        "Bearer " + "x" * 5000,
        "Bearer t\u00f6ken",
        "Bearer dck_unknown",
    ],
)
def test_a_bad_token_is_refused_on_public_routes_too(table: Any, header: str) -> None:
    answer = call(table, headers={"Authorization": header})

    assert answer.status_code == 401
    assert problem(answer)["code"] == "unauthenticated"
    assert "WWW-Authenticate" in answer.headers


def test_the_scheme_is_read_in_any_case() -> None:
    world = World()
    token = key_of(world, "ann", *ALL)["Authorization"].removeprefix("Bearer ")

    answer = call(USER, world=world, headers={"Authorization": f"bearer  {token}"})

    assert answer.get_json() == {"said": "user_ann"}


@pytest.mark.parametrize("table", [USER, PUBLIC])
def test_the_demo_wins_over_a_token(table: Any) -> None:
    world = World()
    demo, _ = ensure_demo_user(world)

    for headers in ({}, key_of(world, "ann", *ALL), {"Authorization": "Bearer nonsense"}):
        answer = call(table, path="/api/things?demo=true", world=world, headers=headers)
        assert answer.get_json() == {"said": demo.id}


def test_the_demo_reads_and_nothing_more() -> None:
    world = World()
    ensure_demo_user(world)

    assert call(WRITER, path="/api/things?demo=true", world=world).status_code == 403
    assert call(METRICS, path="/api/things?demo=true", world=world).status_code == 401
    assert call(USER, method="HEAD", path="/api/things?demo=true", world=world).status_code == 200


@pytest.mark.parametrize("table", [POST, PUBLIC_POST])
def test_a_change_in_the_demo_is_forbidden(table: Any) -> None:
    world = World()
    headers = key_of(world, "ann", *ALL)

    answer = call(table, method="POST", path="/api/things?demo=true", world=world, headers=headers)

    assert answer.status_code == 403


def test_where_no_demo_was_seeded_there_is_none() -> None:
    assert call(USER, path="/api/things?demo=true").status_code == 403
