"""Whatever serves on this computer answers to its own names, and to no other site's pages.

A page that its owner's browser shows may send requests to 127.0.0.1, and under a name that its
author makes mean 127.0.0.1 it may read the answers too (DNS rebinding).
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from infra.local.own_pages import own_pages_only
from infra.local.settings import function_environment, local_of
from infra.simulators.serve import Application
from infra.simulators.wire import Answer, Request
from shared.bootstrap import settings_of
from shared.edge.headers import REFERENCE_POLICY
from tests.security.doors import Door, doors, filled, kept, knock, served

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.security.people import Person

OWN = "127.0.0.1:8080"
FOREIGN_HOSTS = (
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8080",
    "127.0.0.1.nip.io",
    "127.0.0.1@evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1#.evil.example",
    "127.0.0.1/evil",
    "127.1",
    "2130706433",
    "0.0.0.0",
    "localhost.",
    "[::1]:8080",
    "127.0.0.1:8080:80",
    "127.0.0.1, evil.example",
)
FOREIGN_ORIGINS = (
    "null",
    "https://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "http://localhost:8080",
    "http://127.0.0.1:8080.evil.example",
    "http://127.0.0.1:8080@evil.example",
    "file://",
)
OWN_PAGES = ("", f"http://{OWN}")


def name(door: Door) -> str:
    return door.name


@pytest.fixture
def local(services: Any, tmp_path: Path) -> Any:
    """The services with the settings that the local stack gives its functions."""
    told = local_of({"PORT": "8080", "DUMONT_DATA_DIR": str(tmp_path)})
    settings = settings_of(function_environment(told, {}, ""))
    services.settings = replace(services.settings, allowed_hosts=settings.allowed_hosts)
    return services


@pytest.mark.parametrize("door", doors(), ids=name)
def test_no_function_answers_a_foreign_host_or_page(local: Any, ada: Person, door: Door) -> None:
    proof, before = ada.login, kept(local.store)

    hosts = {host: knock(door, proof | {"Host": host}) for host in FOREIGN_HOSTS}
    pages = {page: knock(door, proof | {"Host": OWN, "Origin": page}) for page in FOREIGN_ORIGINS}

    assert {host: each.status_code for host, each in hosts.items()} == dict.fromkeys(hosts, 421)
    assert {page: each.status_code for page, each in pages.items()} == dict.fromkeys(pages, 403)
    for answer in (*hosts.values(), *pages.values()):
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert kept(local.store) == before


@pytest.mark.parametrize("host", [OWN, "localhost:8080", "LOCALHOST:8080", "127.0.0.1"])
def test_the_stacks_own_names_are_answered(local: Any, ada: Person, host: str) -> None:
    me = next(door for door in doors() if door.name == "GET /api/auth/me")

    for page in ("", f"http://{host}"):
        headers = ada.login | {"Host": host} | ({"Origin": page} if page else {})
        assert knock(me, headers).status_code == 200


@pytest.mark.parametrize("door", doors(), ids=name)
def test_a_preflight_gives_a_foreign_page_nothing(local: Any, door: Door) -> None:
    asked = {"Host": OWN, "Origin": "https://evil.example"}
    asked |= {"Access-Control-Request-Method": door.route.method}

    answer = knock(door, asked, method="OPTIONS")

    assert answer.status_code == 403
    assert not [each for each, _ in answer.headers if each.startswith("Access-Control-")]


def of_the_blobs(local: Any) -> Client:
    def blobs(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"an object"]

    return Client(own_pages_only(blobs, local.settings))


class Market:
    """A simulated one, as far as its door is concerned."""

    clock = SimpleNamespace(now=lambda: 0.0)

    def answer(self, _request: Request, _base_url: str = "") -> tuple[Answer, float]:
        return Answer.text("a market", 200), 0.0

    side_door = answer


@pytest.mark.parametrize("kind", ["blobs", "simulator"])
@pytest.mark.parametrize("path", ["/blobs/snapshots/x", "/api/v0/instances/", "/sim/health"])
def test_neither_the_blobs_nor_a_simulated_market_answer_a_foreign_host_or_page(
    local: Any, kind: str, path: str
) -> None:
    client = of_the_blobs(local) if kind == "blobs" else Client(Application(Market()))

    for host in FOREIGN_HOSTS:
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code in {403, 421}, host
        assert answer.data not in {b"a market", b"an object"}
    for page in FOREIGN_ORIGINS:
        assert client.put(path, headers={"Host": OWN, "Origin": page}).status_code == 403, page
    for page in OWN_PAGES:
        headers = {"Host": OWN} | ({"Origin": page} if page else {})
        assert client.get(path, headers=headers).status_code == 200


STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("door", doors(), ids=name)
def test_every_answer_says_what_a_browser_may_do_with_it(
    local: Any, ada: Person, door: Door
) -> None:
    answers = [knock(door, {"Host": OWN} | proof) for proof in ({}, ada.login)]

    for answer in answers:
        headers = answer.headers
        assert {each: headers[each] for each in STRICT} == STRICT
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert ("unsafe-inline" in policy) is (policy == REFERENCE_POLICY)
        assert (policy == REFERENCE_POLICY) <= (filled(door.route.path, {}) in {"/docs", "/redoc"})
        assert headers.get("Set-Cookie") is None


def test_only_over_https_a_browser_is_told_to_stay_there(local: Any) -> None:
    health = next(door for door in doors() if door.name == "GET /api/menu")

    plain = knock(health, {"Host": OWN})
    local.settings = replace(local.settings, public_url="https://dumont.example")
    secure = knock(health, {"Host": OWN})

    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age=63072000" in secure.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("page", ["/", "/docs", "/redoc"])
def test_our_pages_load_nothing_from_elsewhere_and_run_nothing_inline(
    local: Any, page: str
) -> None:
    text = served("system").get(page, headers={"Host": OWN}).get_data(as_text=True)

    assert local
    assert "http://" not in text
    assert "https://" not in text
    assert "<script>" not in text
    assert " onclick=" not in text
    assert " style=" not in text
