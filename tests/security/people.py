"""People with a password, a login and keys; and proofs of every other kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from shared.app.auth import passwords
from shared.app.auth.access_tokens import AccessClaims, mint
from shared.app.auth.api_keys import create_key, delete_key
from shared.app.auth.authenticate import principal_of
from shared.app.auth.collections import USER_EMAILS, USERS
from shared.app.auth.sessions import open_session
from shared.app.auth.users import email_key
from shared.app.machines.keys import keys_for
from shared.domain.ids import InstanceId, RentalId, UserId
from shared.domain.machines.tokens import MachineToken, Receipt, bootstrap_token
from shared.domain.principals import Scope
from shared.domain.users.sessions import FamilyId
from shared.domain.users.user import EmailClaim, User
from shared.ports.store import Add
from tests.fakes.clock import SeededIds
from tests.unit.auth.world import PASSWORD

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """`login` and `key` are headers; the key may read and write."""

    id: UserId
    email: str
    login: Headers
    key: Headers
    refresh_token: str


def person(services: Any, name: str, *, operator: bool = False) -> Person:
    user = UserId(f"user_{name}")
    email = f"{name}@example.org"
    made = User(user, email, _password_hash(), services.clock.now(), operator=operator)
    claim = Add(USER_EMAILS, email_key(email), EmailClaim(email, user))
    services.store.commit([claim, Add(USERS, user, made)])
    session = open_session(services, made)
    headers = bearer(session.access_token)
    return Person(
        user, email, headers, key(services, headers, Scope.READ, Scope.WRITE), session.refresh_token
    )


@cache
def _password_hash() -> str:
    return passwords.hashed(SeededIds(), PASSWORD)


def key(services: Any, login_headers: Headers, *scopes: Scope, **rest: Any) -> Headers:
    """An API key of whoever is logged in."""
    principal = principal_of(services, login_headers["Authorization"].removeprefix("Bearer "))
    made = create_key(services, principal, "a key", scopes, rest.pop("expires_at", None))
    if rest.pop("is_deleted", False):
        delete_key(services, principal, made.key.id)
    return bearer(made.text)


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def machine_proofs(
    services: Any, rental: str = "rent_1", instance: str = "inst_1", epoch: int = 1
) -> dict[str, Headers]:
    """All that a rented machine, and so its owner, can ever hold of ours."""
    now = services.clock.now()
    token = MachineToken(
        RentalId(rental), InstanceId(instance), epoch, now + timedelta(seconds=3600)
    )
    receipt = Receipt(RentalId(rental), epoch, now, 1)
    first = bootstrap_token(RentalId(rental), epoch, keys_for(services, "bootstrap"))
    return {
        "a machine's token": bearer(token.text(keys_for(services, "machine"))),
        "a machine's receipt": bearer(receipt.text(keys_for(services, "receipt"))),
        "a bootstrap token": bearer(first),
    }


def wrong_proofs(services: Any, somebody: Person) -> dict[str, Headers]:
    """What proves nothing to a person's route: forged, outdated, or meant for another door."""
    now = services.clock.now()
    soon = now + timedelta(seconds=1)
    expired = key(services, somebody.login, Scope.READ, Scope.WRITE, expires_at=soon)
    deleted = key(services, somebody.login, Scope.READ, Scope.WRITE, is_deleted=True)
    services.clock.set(now - timedelta(minutes=16))
    late = bearer(mint(services, AccessClaims(somebody.id, FamilyId("fam_1"))))
    services.clock.set(now)
    services.clock.advance(2)
    head, body, signature = somebody.login["Authorization"].split(".")
    return {
        "nothing": {},
        "an empty header": {"Authorization": ""},
        "a scheme alone": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": "Basic YWRhQGV4YW1wbGUub3JnOnBhc3N3b3Jk"},
        "nonsense": bearer("nonsense"),
        "two tokens": {"Authorization": f"{somebody.login['Authorization']} and-another"},
        "a very long one": bearer("x" * 5_000),
        "a changed body": {"Authorization": f"{head}.{body[:-2]}AA.{signature}"},
        "no signature": {"Authorization": f"{head}.{body}."},
        "a login that ran out": late,
        "a refresh token": bearer(somebody.refresh_token),
        "a key that ran out": expired,
        "a deleted key": deleted,
        "the platform's proof": bearer(services.callers.proof("tick")),
        **machine_proofs(services),
    }
