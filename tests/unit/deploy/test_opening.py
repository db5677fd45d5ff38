"""From resources to a deployment that people can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from infra.deploy.opening import open_deployment, publish_agent, setup_link
from infra.deploy.waiting import AGAIN_S, wait_until_healthy
from infra.packaging import agent_bundle
from shared.app.auth.register import register
from shared.app.machines.bundle import bundle_source
from shared.bootstrap import EmbeddedServices, of_environment
from tests.unit.deploy.secret_manager import SECRET, SecretManager

if TYPE_CHECKING:
    from pathlib import Path

SITE = "https://example-site.storage.googleapis.com"


@pytest.fixture
def services(tmp_path: Path) -> EmbeddedServices:
    found = of_environment(
        {
            "DUMONT_DATA_DIR": str(tmp_path),
            "DUMONT_PUBLIC_URL": "https://system-1.us-central1.run.app",
            "DUMONT_SITE_ORIGIN": SITE,
        }
    )
    assert isinstance(found, EmbeddedServices)
    return found


def test_new_machines_find_the_agent_of_the_sources(services: EmbeddedServices) -> None:
    published = publish_agent(services)

    assert bundle_source(services).sha256 == published == agent_bundle.build().sha256


def test_the_link_leads_to_the_sites_page_and_admits_the_first_user_alone(
    services: EmbeddedServices,
) -> None:
    link = setup_link(services)

    assert link is not None
    page, _, token = link.partition("#setup_token=")
    assert page == f"{SITE}/register"
    user = register(services, "first@example.com", "a good long passphrase", token)
    assert user.email == "first@example.com"
    assert setup_link(services) is None  # a later deployment prints none


def told(*answers: httpx.Response | Exception) -> httpx.Client:
    """One after the other, the last for ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/health"
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_deployment_is_waited_for_until_it_is_well() -> None:
    pauses: list[float] = []
    client = told(httpx.ConnectError("not yet"), httpx.Response(503), httpx.Response(200))

    said = wait_until_healthy("https://api.example.com", client, pause=pauses.append)

    assert said is None
    assert pauses == [AGAIN_S, AGAIN_S]


def test_patience_ends_with_what_it_said_last() -> None:
    clock = iter(range(0, 1000, 100))
    client = told(httpx.Response(503, text='{"store": false}'))

    said = wait_until_healthy(
        "https://api.example.com",
        client,
        pause=lambda _: None,
        now=lambda: float(next(clock)),
    )

    assert said == '503: {"store": false}'


MADE = {
    "public_url": "https://system-1.us-central1.run.app",
    "site_url": f"{SITE}/sign-in",
    "address": None,
    "environment": {"DUMONT_MASTER_SECRET": SECRET},
}


def test_the_first_deployment_prints_what_a_person_needs_next(
    services: EmbeddedServices, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SecretManager()

    status = open_deployment(MADE, session, services, told(httpx.Response(200)))

    said = capsys.readouterr().out
    assert (status, len(session.keys)) == (0, 1)
    assert "API:   https://system-1.us-central1.run.app\n" in said
    assert f"Pages: {SITE}/sign-in\n" in said
    assert f"Register the first user within a day: {SITE}/register#setup_token=" in said
    assert said.endswith("It is well.\n")
    assert "A record" not in said


def test_a_later_one_makes_nothing_anew(
    services: EmbeddedServices, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SecretManager()
    open_deployment(MADE, session, services, told(httpx.Response(200)))
    token = capsys.readouterr().out.partition("#setup_token=")[2].split()[0]
    register(services, "first@example.com", "a good long passphrase", token)

    balanced = {**MADE, "address": "203.0.113.7"}
    open_deployment(balanced, session, services, told(httpx.Response(200)))

    said = capsys.readouterr().out
    assert len(session.keys) == 1
    assert "A first user is there." in said
    assert "The host name's A record is to point to 203.0.113.7." in said
    assert "setup_token" not in said
