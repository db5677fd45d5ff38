"""The relay adds the platform's proof to pushes of its own emulator, and to no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from infra.local.emulated.relay import Relay
from infra.local.emulated.subscriptions import Names
from infra.local.gateway import Served
from infra.packaging.manifest import load
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.secrets import EmbeddedSecrets
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "demo-relay"
TOPIC = Names(PROJECT).topic("instance-changed")


class Heard:
    """A function that keeps what reached it."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.calls.append(environ)
        start_response("204 No Content", [])
        return []


@pytest.fixture
def platform(tmp_path: Path) -> SignedCallers:
    return SignedCallers(EmbeddedSecrets(tmp_path / "master.key"), FakeClock())


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def relay(platform: SignedCallers, heard: Heard) -> Relay:
    served = {each.name: Served(each, heard) for each in load().functions}
    return Relay(PROJECT, served, platform)


def test_a_push_to_the_address_that_was_made_reaches_its_function_with_a_proof(
    relay: Relay, platform: SignedCallers, heard: Heard
) -> None:
    address = relay.address(1, TOPIC)

    answer = Client(relay).post(address, data=b"{}")

    (call,) = heard.calls
    assert answer.status_code == 204
    assert (call["PATH_INFO"], call["QUERY_STRING"]) == (f"/{TOPIC}", "")
    assert platform.require("on_instance_changed", call["HTTP_AUTHORIZATION"], "")


@pytest.mark.parametrize(
    "path",
    [
        f"/{TOPIC}",
        f"/{TOPIC}?key=",
        f"/{TOPIC}?key=guessed",
        f"/{TOPIC}?key=%C3%BC",
    ],
)
def test_whoever_does_not_know_the_address_reaches_nobody(
    relay: Relay, heard: Heard, path: str
) -> None:
    assert Client(relay).post(path).status_code == 404
    assert heard.calls == []


def test_a_topic_that_nobody_reads_is_not_there(relay: Relay, heard: Heard) -> None:
    address = relay.address(1, Names(PROJECT).topic("market-sampled"))

    assert Client(relay).post(address).status_code == 404
    assert heard.calls == []
