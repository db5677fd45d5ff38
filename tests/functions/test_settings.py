"""/api/settings as functions-framework serves it: keys of providers, and one to log in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.logins import (
    as_user,
    client,
    json_of,
    pointers_of,
    problem_of,
    session,
    world,
)

if TYPE_CHECKING:
    from flask.testing import FlaskClient

__all__ = ["client", "session", "world"]


def test_a_provider_key_is_tested_and_never_read_back(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    path, headers = "/api/settings/providers", as_user(session)
    bad = client.put(path, json={"provider": "vast", "api_key": "bad"}, headers=headers)
    good = client.put(path, json={"provider": "vast", "api_key": "good-1"}, headers=headers)

    listed = client.get(path, headers=headers)

    assert problem_of(bad) == (422, "invalid")
    assert pointers_of(bad) == ["/api_key"]
    vast, tensordock = json_of(listed)["items"]
    assert vast == json_of(good)
    assert (tensordock["provider"], tensordock["is_set"]) == ("tensordock", False)
    assert b"good-1" not in listed.data


def test_a_provider_key_is_removed_by_its_owners_login_alone(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    path, headers = "/api/settings/providers", as_user(session)
    once = headers | {"Idempotency-Key": "removal-1"}
    client.put(path, json={"provider": "vast", "api_key": "good-1"}, headers=headers)
    made = client.post("/api/auth/keys", json={"name": "x", "scopes": ["write"]}, headers=headers)
    by_key = {"Authorization": f"Bearer {json_of(made)['key']}"}

    refused = client.delete(f"{path}/vast", headers=by_key)
    removed = client.delete(f"{path}/vast", headers=once)
    repeated = client.delete(f"{path}/vast", headers=once)
    again = client.delete(f"{path}/vast", headers=headers)

    assert problem_of(refused) == (403, "forbidden")
    assert (removed.status_code, repeated.status_code) == (204, 204)
    assert problem_of(again) == (404, "not_found")


def test_the_ssh_key_is_set_shown_and_removed(client: FlaskClient, session: dict[str, Any]) -> None:
    path, headers = "/api/settings/ssh-key", as_user(session)
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    line = f"ssh-ed25519 {key} ann@laptop"
    bad = client.put(path, json={"public_key": "ssh-ed25519 AAAA"}, headers=headers)
    kept = client.put(path, json={"public_key": f"  {line}\n"}, headers=headers)
    shown = client.get(path, headers=headers)
    removed = client.put(path, json={"public_key": ""}, headers=headers)

    assert problem_of(bad) == (422, "invalid")
    assert pointers_of(bad) == ["/public_key"]
    assert json_of(shown) == json_of(kept)
    assert (json_of(shown)["public_key"], json_of(shown)["comment"]) == (line, "ann@laptop")
    assert json_of(removed)["public_key"] is None


@pytest.mark.parametrize("api_key", ["", "a b", "a\r\nX-Evil: 1", "é", "x" * 513])
def test_a_provider_key_that_no_header_can_carry_is_422(
    client: FlaskClient, session: dict[str, Any], api_key: str
) -> None:
    answer = client.put(
        "/api/settings/providers",
        json={"provider": "vast", "api_key": api_key},
        headers=as_user(session),
    )

    assert problem_of(answer) == (422, "invalid")
