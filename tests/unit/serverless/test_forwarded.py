"""What crosses the wake proxy, either way, and where it may lead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.errors import Invalid
from shared.domain.rentals.model import Address
from shared.domain.serverless.forwarded import (
    endpoint,
    inside_port,
    returned_headers,
    sent_headers,
)
from shared.domain.users.keys import PREFIX
from tests.unit.instances.samples import an_instance

KEY = f"{PREFIX}abc_def"


def sent(*headers: tuple[str, str], keeps: bool = False) -> dict[str, str]:
    return dict(sent_headers(headers, keeps_authorization=keeps))


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Cookie",
        "Host",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
        "Content-Length",
        "X-Dumont-Key",
        "X-Dumont-Port",
        "X-Forwarded-For",
        "X-Goog-Iap-Jwt-Assertion",
        "X-Cloud-Trace-Context",
    ],
)
def test_no_credential_of_ours_and_nothing_of_this_hop_is_sent_on(name: str) -> None:
    assert sent((name, "anything"), ("Accept", "text/plain")) == {"accept": "text/plain"}


def test_what_connection_names_goes_no_further() -> None:
    given = ("Connection", "close, X-Private"), ("X-Private", "1"), ("X-Public", "2")

    assert sent(*given) == {"x-public": "2"}
    assert dict(returned_headers(given)) == {"X-Public": "2"}


def test_the_machines_own_authorization_passes_where_the_caller_proved_itself_otherwise() -> None:
    assert sent(("Authorization", "Bearer app"), keeps=True) == {"authorization": "Bearer app"}


def test_a_key_of_ours_passes_under_no_name() -> None:
    headers = ("Authorization", f"Bearer {KEY}"), ("X-Api-Key", KEY), ("Accept", "*/*")

    assert sent(*headers, keeps=True) == {"accept": "*/*"}


@pytest.mark.parametrize(
    "name",
    [
        "Set-Cookie",
        "Access-Control-Allow-Origin",
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "Clear-Site-Data",
        "Service-Worker-Allowed",
        "Cross-Origin-Opener-Policy",
        "Transfer-Encoding",
    ],
)
def test_nothing_comes_back_that_would_speak_for_us(name: str) -> None:
    given = ((name, "anything"), ("Content-Encoding", "gzip"), ("ETag", '"1"'))

    assert returned_headers(given) == [("Content-Encoding", "gzip"), ("ETag", '"1"')]


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "metadata.google.internal",
        "2130706433",
        "127.1",
        "",
    ],
)
def test_no_provider_points_us_at_ourselves(ip: str) -> None:
    address = Address(public_ip=ip, ports=((8080, 30_000),))

    with pytest.raises(Invalid):
        endpoint(address, 8080, loopback=False)


def test_simulated_machines_are_on_this_computer_and_nowhere_else_inside() -> None:
    here = Address(public_ip="127.0.0.1", ports=((8080, 30_000),))

    assert endpoint(here, 8080, loopback=True) == ("127.0.0.1", 30_000)
    with pytest.raises(Invalid):
        endpoint(replace(here, public_ip="10.0.0.1"), 8080, loopback=True)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2001:4860:4860::8888"])
def test_a_public_address_is_reached_at_the_port_that_the_provider_gave(ip: str) -> None:
    address = Address(public_ip=ip, ports=((22, 1), (8080, 30_000)))

    assert endpoint(address, 8080, loopback=False) == (ip, 30_000)
    assert endpoint(address, 8081, loopback=False) is None
    assert endpoint(Address(), 8080, loopback=False) is None


@pytest.mark.parametrize("asked", ["22", "80", "-1", "8080 ", "eight", "٨٠٨٠"])
def test_only_ports_of_the_instance_are_served(asked: str) -> None:
    instance = an_instance()
    served = replace(instance, spec=replace(instance.spec, ports=(8080, 9000)))

    assert (inside_port(served, ""), inside_port(served, "9000")) == (8080, 9000)
    with pytest.raises(Invalid):
        inside_port(served, asked)
