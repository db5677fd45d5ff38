"""Access tokens against whoever forges them (RFC 8725)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.app.auth.access_tokens import PURPOSE, AccessClaims, mint
from shared.app.auth.authenticate import principal_of
from shared.domain.errors import Unauthenticated
from shared.domain.ids import UserId
from shared.domain.users.sessions import FamilyId
from tests.unit.auth.world import World, new_world

CLAIMS = AccessClaims(UserId("user_1"), FamilyId("fam_1"))


def _is_refused(world: World, token: str) -> bool:
    try:
        principal_of(world, token)
    except Unauthenticated:
        return True
    return False


def _payload(world: World, **changes: Any) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    payload = {
        "iss": "test",
        "aud": "dumont-api",
        "sub": "user_1",
        "sid": "fam_1",
        "jti": "tok_1",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
    }
    return {name: value for name, value in (payload | changes).items() if value is not None}


def _signed(world: World, payload: dict[str, Any], **header: Any) -> str:
    """A token under the deployment's own key: only what it says is wrong."""
    key = world.secrets.signing_keys(PURPOSE)[0]
    headers = {"kid": key.kid, "typ": "at+jwt"} | header
    private = Ed25519PrivateKey.from_private_bytes(key.secret)
    return jwt.encode(payload, private, algorithm="EdDSA", headers=headers)


def _by_hand(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_minted_token_names_its_user_and_its_login(world: World) -> None:
    caller = principal_of(world, mint(world, CLAIMS))

    assert (caller.user_id, caller.session) == ("user_1", "fam_1")


def test_the_forger_of_these_tests_can_make_a_good_one(world: World) -> None:
    assert not _is_refused(world, _signed(world, _payload(world)))


def test_a_token_ends_after_15_minutes(world: World) -> None:
    token = mint(world, CLAIMS)

    world.clock.advance(15 * 60)
    assert not _is_refused(world, token)  # within the leeway
    world.clock.advance(5)
    assert _is_refused(world, token)


def test_a_token_from_the_future_is_refused(world: World) -> None:
    token = mint(world, CLAIMS)

    world.clock.advance(-6)

    assert _is_refused(world, token)


def test_a_token_outlives_one_renewal_of_the_key_and_not_two(world: World) -> None:
    token = mint(world, CLAIMS)

    world.secrets.rotate()
    assert not _is_refused(world, token)
    world.secrets.rotate()
    assert _is_refused(world, token)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another deployment"},
        {"aud": "dumont-agent"},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"sid": None},
        {"jti": None},
        {"iat": None},
        {"nbf": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 1e400},
        {"exp": True},
        {"nbf": [1]},
        {"sub": 7},
        {"sub": ["user_1"]},
        {"exp": 1},
    ],
    ids=str,
)
def test_claims_that_are_missing_or_of_another_purpose_are_refused(
    world: World, changes: dict[str, Any]
) -> None:
    assert _is_refused(world, _signed(world, _payload(world, **changes)))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "agent+jwt"},
        {"kid": "k99"},
        {"kid": "../../etc/passwd"},
        {"jku": "https://attacker.example/keys"},
        {"jwk": {"kty": "OKP"}},
        {"x5u": "https://attacker.example/cert"},
    ],
    ids=str,
)
def test_a_header_that_says_anything_else_is_refused(world: World, header: dict[str, Any]) -> None:
    assert _is_refused(world, _signed(world, _payload(world), **header))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256", "EdDSA"])
def test_an_unsigned_token_is_refused_whatever_it_calls_itself(
    world: World, algorithm: str
) -> None:
    header = {"alg": algorithm, "kid": "k2", "typ": "at+jwt"}

    assert _is_refused(world, _by_hand(header, _payload(world)))


def test_the_public_key_does_not_pass_for_a_shared_secret(world: World) -> None:
    import hashlib
    import hmac

    key = world.secrets.signing_keys(PURPOSE)[0]
    public = Ed25519PrivateKey.from_private_bytes(key.secret).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    header = {"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}
    unsigned = _by_hand(header, _payload(world)).rpartition(".")[0]
    mac = hmac.new(raw, unsigned.encode(), hashlib.sha256).digest()

    forged = f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    assert _is_refused(world, forged)


def test_the_key_of_another_purpose_signs_nothing_here(world: World) -> None:
    other = world.secrets.signing_keys("machine-token")[0]
    private = Ed25519PrivateKey.from_private_bytes(other.secret)
    headers = {"kid": other.kid, "typ": "at+jwt"}

    token = jwt.encode(_payload(world), private, algorithm="EdDSA", headers=headers)

    assert _is_refused(world, token)


def test_a_token_of_another_deployment_is_refused(world: World) -> None:
    token = mint(world, CLAIMS)

    world.settings = replace(world.settings, deployment_id="another")

    assert _is_refused(world, token)


def test_a_token_longer_than_ours_ever_are_is_not_even_parsed(world: World) -> None:
    assert len(mint(world, CLAIMS)) < 800
    assert _is_refused(world, _signed(world, _payload(world, note="x" * 1024)))
    assert _is_refused(world, "." * 1_000_000)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "\ud800", "null.null.null"])
def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    assert _is_refused(world, token)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 10_000), letter=st.sampled_from("aZ09-_.="))
def test_a_token_with_one_letter_changed_is_refused_or_says_the_same(
    place: int, letter: str
) -> None:
    world = new_world()
    token = mint(world, CLAIMS)
    place %= len(token)

    changed = token[:place] + letter + token[place + 1 :]

    # The last letter of a part carries bits that mean nothing: it may read as the same token.
    assert _is_refused(world, changed) or principal_of(world, changed).user_id == "user_1"
