"""Tokens of the platform, made with keys of our own and checked as Google's are."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth.exceptions import TransportError

from shared.adapters.oidc.callers import OidcCallers
from shared.adapters.oidc.certificates import GoogleCertificates
from shared.domain.errors import Forbidden, KeysUnavailable, Unauthenticated
from tests.fakes.clock import FakeClock

AUDIENCE = "https://europe-west1-p.cloudfunctions.net/tick"
ACCOUNT = "scheduler@p.iam.gserviceaccount.com"


@cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate_of(name: str) -> str:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key_of(name).public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .sign(key_of(name), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


class Issuer:
    """Serves the certificates that Google's endpoint would; is_away fails as a network does."""

    def __init__(self, *names: str) -> None:
        self.names = names or ("one",)
        self.max_age = "max-age=3600"
        self.status = 200
        self.content: bytes | None = None
        self.is_away = False
        self.reads = 0

    def __call__(self, url: str, *, method: str, timeout: float) -> Any:
        assert url.startswith("https://www.googleapis.com/")
        self.reads += 1
        if self.is_away:
            raise TransportError("no route")
        certificates = {name: certificate_of(name) for name in self.names}
        answer = type("Answer", (), {})()
        answer.status = self.status
        answer.headers = {"Cache-Control": f"public, {self.max_age}, must-revalidate"}
        answer.data = json.dumps(certificates).encode() if self.content is None else self.content
        return answer


def token(key: Any = None, *, alg: str = "RS256", kid: str | None = "one", **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "azp": "1234",
        "sub": "1234",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now - 5,
        "exp": now + 3595,
    } | changed
    sent = {name: value for name, value in claims.items() if value is not None}
    headers = {"kid": kid} if kid else {}
    return jwt.encode(sent, key or key_of("one"), algorithm=alg, headers=headers)


def callers(issuer: Issuer | None = None, clock: FakeClock | None = None) -> OidcCallers:
    certificates = GoogleCertificates(clock or FakeClock(), issuer or Issuer())
    return OidcCallers(AUDIENCE, frozenset({ACCOUNT}), certificates)


def test_the_scheduler_is_let_in_under_its_account() -> None:
    assert callers().require("tick", f"Bearer {token()}", "") == ACCOUNT


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://europe-west1-p.cloudfunctions.net/snapshots"},
        {"aud": None},
        {"aud": [AUDIENCE, "https://else.example"]},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        # A day ahead: of the time of collection, which may lie long before the test's own.
        {"iat": int(time.time()) + 86_400, "exp": int(time.time()) + 90_000},
        {"iat": None},
        {"email": None},
        {"email": [ACCOUNT]},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
    ],
    # Not the values: two workers that collect in two seconds would see two tests.
    ids="-".join,
)
def test_a_token_that_says_something_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        callers().require("tick", f"Bearer {token(**changed)}", "")


def test_a_good_token_of_another_account_is_refused() -> None:
    other = token(email="somebody@else.iam.gserviceaccount.com")

    with pytest.raises(Forbidden):
        callers().require("tick", f"Bearer {other}", "")


def test_a_token_signed_by_nobody_we_know_is_refused() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    public = key_of("one").public_key()
    known = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    forged = {
        "another key under a known name": token(key_of("two")),
        "a name that is not known": token(key_of("two"), kid="two"),
        "no name": token(kid=None),
        "no algorithm": _unsigned(),
        "the public key as a secret": _signed_with(known),
        "an elliptic curve": token(elliptic, alg="ES256"),
        "another hash": token(alg="RS384"),
        "too long": token(padding="x" * 4_000),
        "no token": "nonsense",
        "two parts": "a.b",
        "not base64": "ä.b.c",
        "a list for a header": "W10.W10.W10",
    }

    for what, sent in forged.items():
        with pytest.raises(Unauthenticated):
            pytest.fail(f"{what}: {callers().require('tick', f'Bearer {sent}', '')}")


def _signed_with(secret: bytes) -> str:
    """By hand: the library refuses to make such a thing."""
    head = jwt.encode({}, "x" * 32, algorithm="HS256", headers={"kid": "one"}).split(".")[0]
    signed = f"{head}.{token().split('.')[1]}"
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _unsigned() -> str:
    head = jwt.encode({}, None, algorithm="none", headers={"kid": "one"}).split(".")[0]
    return f"{head}.{token().split('.')[1]}."


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_whoever_shows_nothing_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        callers().require("tick", header, "")


def test_a_token_in_the_address_counts_for_nothing() -> None:
    with pytest.raises(Unauthenticated):
        callers().require("tick", "", token())


def test_certificates_are_read_once_for_as_long_as_they_may_be_kept() -> None:
    issuer, clock = Issuer(), FakeClock()
    known = callers(issuer, clock)

    for _ in range(3):
        known.require("tick", f"Bearer {token()}", "")
    clock.advance(3600)
    known.require("tick", f"Bearer {token()}", "")

    assert issuer.reads == 2


def test_a_new_key_is_learnt_and_an_old_one_forgotten() -> None:
    issuer, clock = Issuer("one"), FakeClock()
    known = callers(issuer, clock)
    known.require("tick", f"Bearer {token()}", "")

    issuer.names = ("two",)
    clock.advance(60)

    assert known.require("tick", f"Bearer {token(key_of('two'), kid='two')}", "") == ACCOUNT
    with pytest.raises(Unauthenticated):
        known.require("tick", f"Bearer {token()}", "")


def test_strangers_make_us_look_for_new_keys_once_a_minute_at_most() -> None:
    issuer, clock = Issuer(), FakeClock()
    known = callers(issuer, clock)

    for n in range(50):
        with pytest.raises(Unauthenticated):
            known.require("tick", f"Bearer {token(key_of('two'), kid=f'k{n}')}", "")
        clock.advance(1.5)

    assert issuer.reads == 2


@pytest.mark.parametrize(
    "change",
    [{"is_away": True}, {"status": 500}, {"content": b"<html>"}, {"content": b'{"one": 1}'}],
    ids=str,
)
def test_an_issuer_that_does_not_answer_is_not_a_refusal(change: dict[str, Any]) -> None:
    issuer = Issuer()
    vars(issuer).update(change)

    with pytest.raises(KeysUnavailable):
        callers(issuer).require("tick", f"Bearer {token()}", "")


@pytest.mark.parametrize(
    ("told", "kept_s"),
    [("max-age=7200", 7200), ("max-age=1", 300), ("max-age=999999999", 86_400), ("no-cache", 300)],
)
def test_how_long_certificates_are_kept_has_bounds(told: str, kept_s: float) -> None:
    issuer, clock = Issuer(), FakeClock()
    issuer.max_age = told
    certificates = GoogleCertificates(clock, issuer)

    certificates.by_kid("one")
    clock.advance(kept_s - 1)
    certificates.by_kid("one")
    assert issuer.reads == 1

    clock.advance(1)
    certificates.by_kid("one")
    assert issuer.reads == 2


@pytest.mark.parametrize(("audience", "accounts"), [("", {ACCOUNT}), (AUDIENCE, set())])
def test_without_an_audience_or_an_account_nobody_could_be_known(
    audience: str, accounts: set[str]
) -> None:
    with pytest.raises(ValueError, match="audience"):
        OidcCallers(audience, frozenset(accounts), GoogleCertificates(FakeClock(), Issuer()))
