from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from frontend.client.discovery import read
from tests.unit.client.fake_cloud import HTML, FakeCloud, Reply, problem, running_cloud

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont

WELL_KNOWN = "/.well-known/dumont.json"


def test_each_area_is_asked_where_the_discovery_says(cloud: FakeCloud, client: Dumont) -> None:
    with running_cloud() as elsewhere:
        cloud.areas = {"instances": elsewhere.url + "/"}

        client.instances.get("inst_1")
        client.auth.me()

        assert elsewhere.calls("GET", "/api/instances/inst_1")
    assert cloud.calls("GET", "/api/auth/me")


def test_the_discovery_is_asked_once(cloud: FakeCloud, client: Dumont) -> None:
    client.auth.me()
    client.auth.me()

    assert len(cloud.calls("GET", WELL_KNOWN)) == 1


@pytest.mark.parametrize("reply", [HTML, problem(404, "not_found", "No."), Reply(body=[1])])
def test_without_a_discovery_everything_is_at_the_base_url(
    cloud: FakeCloud, client: Dumont, reply: Reply
) -> None:
    cloud.script("GET", WELL_KNOWN, reply)

    assert client.auth.me().id == "user_1"


@pytest.mark.parametrize(
    "url", ["http://plain.example", "ftp://x", "//x", "https://", "https://[bad", 5, None]
)
def test_credentials_are_never_led_out_of_tls_or_to_an_odd_address(url: object) -> None:
    areas = read("https://api.example", {"areas": {"instances": url}})  # type: ignore[dict-item]

    assert areas.url_for("/api/instances") == "https://api.example/api/instances"


def test_the_discovery_is_asked_without_a_login(cloud: FakeCloud, client: Dumont) -> None:
    client.auth.me()

    assert "authorization" not in cloud.calls("GET", WELL_KNOWN)[0].headers
