"""Who may call what, and how often (sections 1 and 2)."""

from __future__ import annotations

import json

import pytest

from infra.simulators.vast.api.routes import ROUTES, find
from tests.unit.simulators_vast.exchange import Exchange, open_exchange


@pytest.fixture
def exchange() -> Exchange:
    return open_exchange()


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("GET", "/api/v1/instances/", "wrong", 401),
        ("GET", "/api/v1/instances/", "", 401),
        ("POST", "/api/v0/bundles/", "wrong", 404),
        ("POST", "/api/v0/bundles/", "", 200),
        ("GET", "/api/v0/charges/", "wrong", 404),
        ("GET", "/api/v0/charges/", "", 403),
        ("GET", "/api/v0/gpu_names/unique/", "", 200),
        ("GET", "/api/v0/nothing/", None, 404),
        ("GET", "/elsewhere", None, 404),
        ("PUT", "/api/v0/asks/abc/", None, 400),
    ],
)
def test_keys_are_judged_as_documented(
    exchange: Exchange, method: str, path: str, key: str | None, status: int
) -> None:
    exchange.ask(method, path, key=key)

    assert exchange.last.status == status


def test_the_key_may_come_in_the_query(exchange: Exchange) -> None:
    exchange.ask("GET", "/api/v0/users/current", query=f"api_key={exchange.key}", key="")

    assert exchange.last.status == 200


@pytest.mark.parametrize(
    "path", ["/api/v0/users/current", "/api/v0/users/current/", "//api/v0/ssh"]
)
def test_both_slash_forms_are_served(path: str) -> None:
    assert find("GET", path) is not None


def test_fixed_paths_win_over_ids() -> None:
    found = find("GET", "/api/v0/instances/filters/")

    assert found is not None
    assert found[0].name == "filters"


def test_an_instance_key_may_only_start_stop_and_destroy_its_own(exchange: Exchange) -> None:
    contract_id, other = exchange.rent_running(), exchange.rent_running()
    key = exchange.contract(contract_id).instance_key
    own, others = (f"/api/v0/instances/{each}/" for each in (contract_id, other))
    tried = [
        ("PUT", own, {"state": "stopped"}, 200),
        ("PUT", own, {"state": "running"}, 200),
        ("PUT", own, {"label": "x"}, 403),
        ("PUT", own, {"state": "stopped", "label": "x"}, 403),
        ("PUT", others, {"state": "stopped"}, 403),
        ("DELETE", others, {}, 403),
        ("GET", own, None, 403),
        ("GET", "/api/v1/instances/", None, 403),
        ("POST", "/api/v0/auth/apikeys/", {"name": "mine"}, 403),
        ("DELETE", own, {}, 200),
    ]

    seen = []
    for method, path, body, _ in tried:
        exchange.ask(method, path, body, key=key)
        seen.append(exchange.last.status)

    assert seen == [status for *_, status in tried]


def test_a_scoped_key_reaches_its_groups_only(exchange: Exchange) -> None:
    body = {"name": "reader", "permissions": {"api": {"instance_read": {}, "misc": {}}}}
    key = exchange.ask("POST", "/api/v0/auth/apikeys/", body)["key"]

    for method, path, status in [
        ("GET", "/api/v1/instances/", 200),
        ("POST", "/api/v0/bundles/", 200),
        ("PUT", "/api/v0/asks/5/", 403),
        ("GET", "/api/v0/charges/", 403),
    ]:
        exchange.ask(method, path, key=key)
        assert exchange.last.status == status


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(exchange: Exchange, body: bytes) -> None:
    from infra.simulators.vast.api import dispatch
    from infra.simulators.wire import Request

    headers = {"authorization": f"Bearer {exchange.key}"}
    request = Request("PUT", "/api/v0/asks/5/", "", body, headers)

    answer = dispatch.answer(exchange.world, request, exchange.now, 0.0)

    assert answer.status == 400
    assert json.loads(answer.body)["success"] is False


LIMITED = [route for route in ROUTES if route.interval_s]


@pytest.mark.parametrize("route", LIMITED, ids=lambda route: f"{route.method} {route.template}")
def test_documented_intervals_hold_per_path_and_key(exchange: Exchange, route) -> None:
    exchange.world.knobs.call_intervals = True
    path = "/api/" + route.template.replace("{id}", "5").replace("{key}", "5")

    statuses = []
    for wait in (0, route.interval_s - 0.1, 0.2):
        exchange.real_now += wait
        exchange.ask(route.method, path, {})
        statuses.append(exchange.last.status)

    assert statuses[0] != 429
    assert statuses[1] == 429
    assert statuses[2] != 429


def test_a_429_is_plain_text_with_the_threshold(exchange: Exchange) -> None:
    exchange.world.knobs.call_intervals = True
    for _ in range(2):
        exchange.ask("PUT", "/api/v0/asks/5/", {})

    assert exchange.last.content_type == "text/plain"
    assert exchange.last.body == b"API requests too frequent: endpoint threshold=4.5"


def test_ids_share_one_interval_and_keys_do_not(exchange: Exchange) -> None:
    exchange.world.knobs.call_intervals = True
    first = exchange.contract(exchange.rent()).instance_key
    exchange.ask("GET", "/api/v0/instances/1/")
    exchange.ask("GET", "/api/v0/instances/2/")
    assert exchange.last.status == 429

    exchange.ask("GET", "/api/v0/instances/2/", key=first)

    assert exchange.last.status == 403


def test_search_allows_ten_a_minute(exchange: Exchange) -> None:
    exchange.world.knobs.call_intervals = True
    statuses = []
    for _ in range(11):
        exchange.ask("POST", "/api/v0/bundles/", {"limit": 1})
        statuses.append(exchange.last.status)
    exchange.real_now += 60
    exchange.ask("POST", "/api/v0/bundles/", {"limit": 1})

    assert statuses == [200] * 10 + [429]
    assert exchange.last.status == 200


@pytest.mark.parametrize(("interval_s", "second"), [(0.0, 200), (2.0, 429)])
def test_unlisted_paths_have_an_interval_only_on_demand(
    exchange: Exchange, interval_s: float, second: int
) -> None:
    exchange.world.knobs.call_intervals = True
    exchange.world.knobs.unlisted_interval_s = interval_s
    for _ in range(2):
        exchange.ask("GET", "/api/v0/users/current")

    assert exchange.last.status == second
