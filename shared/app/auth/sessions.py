"""What a login hands out, and how it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth import access_tokens
from shared.app.auth.access_tokens import AccessClaims
from shared.app.auth.collections import REFRESH_FAMILIES
from shared.domain.frozen import dataclass
from shared.domain.users.secret_text import secret_from
from shared.domain.users.sessions import FamilyId, opened, token_text
from shared.domain.users.user import User

if TYPE_CHECKING:
    from shared.app.services import Services


@dataclass(frozen=True, slots=True)
class Session:
    """Both tokens in clear: for the caller only, never stored or logged."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    user: User


def open_session(services: Services, user: User) -> Session:
    """Begin a login that can be refreshed."""
    family_id = FamilyId(services.ids.new("fam"))
    secret = secret_from(services.ids.token())
    family = opened(family_id, user.id, user.credentials_epoch, secret, services.clock.now())
    services.store.add(REFRESH_FAMILIES, family_id, family)
    return session_of(services, user, family_id, secret)


def session_of(services: Services, user: User, family_id: FamilyId, secret: str) -> Session:
    """The answer that carries this refresh secret and a fresh access token."""
    return Session(
        access_token=access_tokens.mint(services, AccessClaims(user.id, family_id)),
        refresh_token=token_text(family_id, secret),
        expires_in_s=int(access_tokens.LIFE.total_seconds()),
        user=user,
    )
