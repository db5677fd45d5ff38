"""The auth function as functions-framework serves it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from shared.app.auth.demo import ensure_demo_user
from tests.functions.logins import (
    LOGIN,
    SOURCE,
    as_user,
    client,
    json_of,
    pointers_of,
    problem_of,
    session,
    world,
)
from tests.unit.auth.world import EMAIL, PASSWORD, World

if TYPE_CHECKING:
    from flask.testing import FlaskClient

__all__ = ["client", "session", "world"]


@pytest.mark.parametrize("prefix", ["/api/auth", "/api/v1/auth"])
def test_registering_logging_in_and_asking_who_one_is(client: FlaskClient, prefix: str) -> None:
    registered = client.post(f"{prefix}/register", json=LOGIN)

    logged_in = client.post(f"{prefix}/login", json=LOGIN)

    assert (registered.status_code, logged_in.status_code) == (201, 200)
    session = json_of(logged_in)
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    me = client.get(f"{prefix}/me", headers=as_user(session))
    assert json_of(me) == session["user"] == json_of(registered)["user"]
    assert set(json_of(me)) == {"id", "email", "created_at", "demo"}


def test_username_is_another_name_for_the_email(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    answer = client.post("/api/auth/login", json={"username": EMAIL, "password": PASSWORD})

    assert json_of(answer)["user"] == session["user"]


def test_answers_with_tokens_are_kept_by_no_cache(client: FlaskClient) -> None:
    answer = client.post("/api/auth/register", json=LOGIN)

    assert answer.headers["Cache-Control"] == "no-store"


def test_a_taken_address_is_409_and_a_closed_deployment_403(
    client: FlaskClient, session: dict[str, Any], world: World
) -> None:
    taken = client.post("/api/auth/register", json=LOGIN)
    world.close_registration()
    closed = client.post("/api/auth/register", json=LOGIN | {"email": "bob@example.org"})

    assert problem_of(taken) == (409, "already_taken")
    assert problem_of(closed) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "ann", "password": PASSWORD}, "/email"),
        ({"email": "ann\x00@example.org", "password": PASSWORD}, "/email"),
        ({"email": EMAIL, "password": "x" * 11}, "/password"),
        ({"email": EMAIL, "password": "x" * 129}, "/password"),
        ({"email": EMAIL, "password": 123456789012}, "/password"),
        ({"email": EMAIL}, "/password"),
        ({"email": [EMAIL], "password": PASSWORD}, "/email"),
        ({**LOGIN, "demo": True}, "/demo"),
        ({**LOGIN, "id": "user_demo"}, "/id"),
    ],
    ids=str,
)
def test_a_registration_that_breaks_a_rule_is_422_and_points_at_it(
    client: FlaskClient, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/api/auth/register", json=body)

    assert problem_of(answer) == (422, "invalid")
    assert pointers_of(answer) == [pointer]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"\xff", b'{"email":"\\ud800@x.de","password":"\\ud800aaaaaaaaaaaa"}'],
)
def test_what_cannot_be_read_is_a_problem_never_a_crash(client: FlaskClient, body: bytes) -> None:
    for path in ("register", "login", "refresh", "logout"):
        answer = client.post(f"/api/auth/{path}", data=body, content_type="application/json")

        assert problem_of(answer)[0] in {400, 422}


def test_a_wrong_password_and_an_unknown_address_get_one_answer(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    wrong = client.post("/api/auth/login", json=LOGIN | {"password": "not the password"})
    unknown = client.post("/api/auth/login", json=LOGIN | {"email": "nobody@example.org"})

    assert problem_of(wrong) == problem_of(unknown) == (401, "unauthenticated")
    assert json_of(wrong)["detail"] == json_of(unknown)["detail"]


def test_the_sixth_attempt_is_429_with_retry_after(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    for _ in range(5):
        client.post("/api/auth/login", json=LOGIN | {"password": "not the password"})

    answer = client.post("/api/auth/login", json=LOGIN)

    assert problem_of(answer) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "30"


def test_a_refresh_needs_no_access_token_and_is_not_hindered_by_an_expired_one(
    client: FlaskClient, session: dict[str, Any], world: World
) -> None:
    world.clock.advance(3600)

    answer = client.post(
        "/api/auth/refresh",
        json={"refresh_token": session["refresh_token"]},
        headers=as_user(session),
    )

    assert answer.status_code == 200
    assert json_of(answer)["refresh_token"] != session["refresh_token"]
    assert client.get("/api/auth/me", headers=as_user(session)).status_code == 401
    assert client.get("/api/auth/me", headers=as_user(json_of(answer))).status_code == 200


def test_a_reused_refresh_token_ends_the_login(
    client: FlaskClient, session: dict[str, Any], world: World
) -> None:
    first = {"refresh_token": session["refresh_token"]}
    newest = json_of(client.post("/api/auth/refresh", json=first))["refresh_token"]
    world.clock.advance(11)

    reused = client.post("/api/auth/refresh", json=first)

    assert problem_of(reused) == (401, "unauthenticated")
    assert client.post("/api/auth/refresh", json={"refresh_token": newest}).status_code == 401


@pytest.mark.parametrize("proof", ["refresh token", "access token", "both, one expired"])
def test_logging_out_ends_the_login(
    client: FlaskClient, session: dict[str, Any], world: World, proof: str
) -> None:
    body = {} if proof == "access token" else {"refresh_token": session["refresh_token"]}
    headers = {} if proof == "refresh token" else as_user(session)
    if proof == "both, one expired":
        world.clock.advance(3600)

    answer = client.post("/api/auth/logout", json=body, headers=headers)

    assert (answer.status_code, answer.data) == (204, b"")
    refreshed = client.post("/api/auth/refresh", json={"refresh_token": session["refresh_token"]})
    assert refreshed.status_code == 401


def test_a_logout_that_names_no_login_is_401(client: FlaskClient) -> None:
    assert problem_of(client.post("/api/auth/logout")) == (401, "unauthenticated")
    strange = client.post("/api/auth/logout", headers={"Authorization": "Basic abc"})
    assert problem_of(strange) == (401, "unauthenticated")


def test_a_new_password_replaces_the_old_one(client: FlaskClient, session: dict[str, Any]) -> None:
    change = {"current_password": PASSWORD, "new_password": "a longer and better passphrase"}

    wrong = client.put(
        "/api/auth/password", json=change | {"current_password": "?"}, headers=as_user(session)
    )
    changed = client.put("/api/auth/password", json=change, headers=as_user(session))

    assert problem_of(wrong) == (422, "invalid")
    assert pointers_of(wrong) == ["/current_password"]
    assert changed.status_code == 204
    assert client.post("/api/auth/login", json=LOGIN).status_code == 401


def test_a_key_is_shown_once_and_listed_without_its_secret(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    bounds = {"scopes": ["proxy"], "instance_id": "inst_1"}
    body = {"name": "ci", "expires_at": "2030-01-01T02:00:00+02:00", **bounds}
    made = client.post("/api/auth/keys", json=body, headers=as_user(session))
    new = json_of(made)

    listed = json_of(client.get("/api/auth/keys", headers=as_user(session)))

    assert made.status_code == 201
    assert new["key"].startswith("dc_live_")
    assert new["expires_at"] == "2030-01-01T00:00:00Z"
    assert (new["scopes"], new["instance_id"]) == (["proxy"], "inst_1")
    assert listed == {
        "items": [{name: value for name, value in new.items() if name != "key"}],
        "next_page_token": None,
    }


def test_a_key_works_as_a_bearer_within_its_scopes(
    client: FlaskClient, session: dict[str, Any]
) -> None:
    made = client.post("/api/auth/keys", json={"name": "ci"}, headers=as_user(session))
    key = {"Authorization": f"Bearer {json_of(made)['key']}"}

    assert json_of(client.get("/api/auth/me", headers=key)) == session["user"]
    refused = client.post("/api/auth/keys", json={"name": "more"}, headers=key)
    assert problem_of(refused) == (403, "forbidden")


def test_somebody_elses_key_is_404(client: FlaskClient, session: dict[str, Any]) -> None:
    key = json_of(client.post("/api/auth/keys", json={"name": "ci"}, headers=as_user(session)))
    bob = json_of(client.post("/api/auth/register", json=LOGIN | {"email": "bob@example.org"}))

    theirs = client.delete(f"/api/auth/keys/{key['id']}", headers=as_user(bob))
    mine = client.delete(f"/api/auth/keys/{key['id']}", headers=as_user(session))
    again = client.delete(f"/api/auth/keys/{key['id']}", headers=as_user(session))

    assert problem_of(theirs) == problem_of(again) == (404, "not_found")
    assert mine.status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["proxy", "write"], "instance_id": "inst_1"},
        {"name": "x", "instance_id": "inst_1"},
        {"name": "x", "scopes": ["admin"]},
        {"name": "x", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "2030-01-01T00:00:00"},
        {"name": "x", "expires_at": "9999-12-31T23:59:59-14:00"},
        {"name": "x", "owner": "user_demo"},
    ],
    ids=str,
)
def test_an_unfit_key_is_422(
    client: FlaskClient, session: dict[str, Any], body: dict[str, Any]
) -> None:
    answer = client.post("/api/auth/keys", json=body, headers=as_user(session))

    assert problem_of(answer) == (422, "invalid")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer " + "x" * 9000]
)
def test_without_a_good_proof_nothing_is_shown(client: FlaskClient, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    calls = [
        client.get("/api/auth/me", headers=headers),
        client.get("/api/auth/keys", headers=headers),
        client.post("/api/auth/keys", json={"name": "x"}, headers=headers),
        client.delete("/api/auth/keys/key_1", headers=headers),
        client.put("/api/auth/password", json={}, headers=headers),
        client.get("/api/settings/providers", headers=headers),
        client.put("/api/settings/providers", json={}, headers=headers),
        client.delete("/api/settings/providers/vast", headers=headers),
        client.get("/api/settings/ssh-key", headers=headers),
        client.put("/api/settings/ssh-key", json={}, headers=headers),
    ]

    assert [problem_of(answer) for answer in calls] == [(401, "unauthenticated")] * len(calls)


def test_the_demo_can_be_looked_at_and_not_changed(client: FlaskClient, world: World) -> None:
    none_yet = client.get("/api/auth/me?demo=true")
    user, _ = ensure_demo_user(world)

    seen = client.get("/api/auth/me?demo=true")
    changed = client.post("/api/auth/keys?demo=true", json={"name": "x"})

    assert problem_of(none_yet) == (403, "forbidden")
    assert json_of(seen)["id"] == user.id
    assert problem_of(changed) == (403, "forbidden")


def test_the_demo_wins_over_a_login(
    client: FlaskClient, session: dict[str, Any], world: World
) -> None:
    user, _ = ensure_demo_user(world)

    seen = client.get("/api/auth/me?demo=true", headers=as_user(session))

    assert json_of(seen)["id"] == user.id


def test_what_only_some_calls_need_is_not_loaded_at_the_start() -> None:
    heavy = "{'jwt', 'argon2', 'cryptography', 'httpx', 'sqlite3'}"
    program = f"import sys, functions.auth.main; print(sorted({heavy} & set(sys.modules)))"

    started = subprocess.run(
        [sys.executable, "-c", program],
        cwd=SOURCE.parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert started.stdout.strip() == "[]"
