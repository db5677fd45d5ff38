"""The demo tenant that everybody may look at, and the local stack's own login."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from typing import TYPE_CHECKING

from shared.app.auth import passwords
from shared.app.auth.collections import USER_EMAILS, USERS
from shared.app.auth.simulated_account import open_if_missing
from shared.app.auth.users import email_key, user_by_email
from shared.domain.errors import DocumentExists, Forbidden, VersionConflict
from shared.domain.ids import UserId
from shared.domain.principals import Principal, Scope
from shared.domain.replacing import replace
from shared.domain.users.emails import normalised
from shared.domain.users.passwords import accepted
from shared.domain.users.secret_text import SECRET_LENGTH, base62
from shared.domain.users.user import EmailClaim, User
from shared.ports.store import Add

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.ports.store import Stored

DEMO_USER_ID = UserId("user_demo")  # fixed: found with one read, made at most once
DEMO_EMAIL = "demo-tenant@dumont.invalid"  # no one can own it; registration refuses it


def demo_principal(services: Services) -> Principal:
    """The read-only caller of `?demo=true`. Raises Forbidden where no demo was seeded."""
    stored = services.store.get(USERS, DEMO_USER_ID)
    if stored is None or not stored.value.demo:
        raise Forbidden("This deployment has no demo.")
    return Principal(stored.value.id, frozenset({Scope.READ}), demo=True)


def ensure_demo_user(services: Services) -> tuple[User, str]:
    """The demo tenant and its password, for the seeder, which works through the API.

    The password is derived from the deployment's key, so it is the same at each call.
    """
    key = services.secrets.signing_keys("demo-login")[0].secret
    mac = hmac.new(key, b"demo tenant", hashlib.sha256).digest()
    password = base62(mac, SECRET_LENGTH)
    stored = _ensure(services, DEMO_USER_ID, DEMO_EMAIL, password, is_demo=True)
    user = _with_password(services, stored, password)
    return user, password


def ensure_local_login(services: Services, email: str, password: str) -> User:
    """The operator, with this e-mail; one who exists keeps the password they have.

    Raises Invalid for an e-mail or a password that registration would refuse.
    """
    user_id = UserId(services.ids.new("user"))
    address, secret = normalised(email), accepted(password)
    return _ensure(services, user_id, address, secret, is_demo=False).value


def _ensure(
    services: Services, user_id: UserId, email: str, password: str, *, is_demo: bool
) -> Stored[User]:
    stored = user_by_email(services.store, email)
    if stored is None:
        password_hash = passwords.hashed(services.ids, password)
        now = services.clock.now()
        user = User(user_id, email, password_hash, now, demo=is_demo, operator=not is_demo)
        stored = _created(services, user)
    open_if_missing(services, stored.value.id)
    return stored


def _created(services: Services, user: User) -> Stored[User]:
    claim = Add(USER_EMAILS, email_key(user.email), EmailClaim(user.email, user.id))
    with contextlib.suppress(DocumentExists):  # another process made the same one
        services.store.commit([claim, Add(USERS, user.id, user)])
    stored = user_by_email(services.store, user.email)
    if stored is None:
        raise VersionConflict(f"{user.email} was made and is gone.")
    return stored


def _with_password(services: Services, stored: Stored[User], password: str) -> User:
    """Follow the deployment's key when it has been renewed."""
    if passwords.matches(stored.value.password_hash, password):
        return stored.value
    renewed = replace(stored.value, password_hash=passwords.hashed(services.ids, password))
    services.store.save(USERS, stored.key, renewed, stored.version)
    return renewed
