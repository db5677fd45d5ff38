"""What every answer carries, and who may ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.edge.headers import client_address
from shared.edge.route import Answer
from tests.unit.auth.world import World
from tests.unit.edge.kit import call, problem, route

SITE = "https://app.example.org"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def world_with(**settings: Any) -> World:
    world = World()
    world.settings = replace(world.settings, **settings)
    return world


@pytest.mark.parametrize("path", ["/api/things", "/api/nothing"])
def test_every_answer_is_armoured(path: str) -> None:
    headers = call(route(), path=path).headers

    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_behind_https_it_stays_https() -> None:
    headers = call(route(), world=world_with(public_url="https://api.example.org")).headers

    assert "max-age" in headers["Strict-Transport-Security"]


def test_a_view_may_choose_its_own() -> None:
    def view(_call: object) -> Answer:
        return Answer(text="x", media_type="text/plain", headers={"Cache-Control": "public"})

    answer = call(route(view=view))

    assert (answer.data, answer.content_type) == (b"x", "text/plain")
    assert answer.headers["Cache-Control"] == "public"


def test_only_our_own_site_may_read_answers_from_a_page() -> None:
    world = world_with(site_origin=SITE)

    ours = call(route(), world=world, headers={"Origin": SITE})
    theirs = call(route(), world=world, headers={"Origin": "https://evil.example"})
    refused = call(route(), path="/api/no", world=world, headers={"Origin": SITE})

    assert ours.headers["Access-Control-Allow-Origin"] == SITE
    assert refused.headers["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert theirs.headers["Vary"] == "Origin"


def test_no_site_means_no_origin_at_all() -> None:
    for origin in ("", "null", "https://evil.example"):
        answer = call(route(), headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_tells_our_site_what_it_may_send() -> None:
    world = world_with(site_origin=SITE)
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST"}

    answer = call(route("POST"), method="OPTIONS", world=world, headers=asked)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST"
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8080", None, 200),
        ("localhost:8080", None, 200),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", 200),
        ("127.0.0.1:8080", SITE, 200),
        ("rebound.example:8080", None, 421),
        ("127.0.0.1.evil.example", None, 421),
        ("[", None, 421),
        ("127.0.0.1:8080", "http://evil.example", 403),
        ("127.0.0.1:8080", "http://127.0.0.1:9999", 403),
        ("127.0.0.1:8080", "null", 403),
        ("127.0.0.1:8080", "http://[", 403),
    ],
)
def test_where_hosts_are_named_others_are_kept_away(
    host: str, origin: str | None, status: int
) -> None:
    world = world_with(allowed_hosts=("127.0.0.1", "localhost"), site_origin=SITE)
    headers = {"Host": host} | ({"Origin": origin} if origin else {})

    answer = call(route(), world=world, headers=headers)

    assert answer.status_code == status
    if status != 200:
        problem(answer)


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE),
        ({"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"}, TRACE),
        ({"X-Cloud-Trace-Context": TRACE}, TRACE),
    ],
)
def test_the_callers_trace_goes_on(headers: dict[str, str], trace_id: str) -> None:
    assert call(route(), headers=headers).headers["X-Request-Id"] == trace_id


@pytest.mark.parametrize(
    "headers",
    [{}, {"traceparent": "00-" + "0" * 32 + "-" + "1" * 16 + "-01"}, {"traceparent": "x\u00e9"}],
)
def test_otherwise_a_trace_begins(headers: dict[str, str]) -> None:
    world = World()

    first = call(route(), world=world, headers=headers).headers["X-Request-Id"]
    second = call(route(), world=world, headers=headers).headers["X-Request-Id"]

    assert len(first) == len(second) == 32
    assert first != second


@pytest.mark.parametrize(
    ("forwarded_for", "hops", "address"),
    [
        ("", 0, "peer"),
        ("9.9.9.9", 0, "peer"),
        ("9.9.9.9, 1.2.3.4", 1, "1.2.3.4"),
        ("9.9.9.9, 1.2.3.4, 5.5.5.5", 2, "1.2.3.4"),
        ("", 1, "peer"),
        ("1.2.3.4", 2, "peer"),
    ],
)
def test_the_callers_address_is_what_our_own_proxies_saw(
    forwarded_for: str, hops: int, address: str
) -> None:
    assert client_address(forwarded_for, "peer", hops) == address
