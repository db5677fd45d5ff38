"""Users who are in the store, an operator or not, each by an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.app.auth.collections import USERS
from shared.domain.users.user import User
from tests.fakes.clock import START
from tests.unit.edge.kit import key_of

if TYPE_CHECKING:
    from shared.domain.principals import Scope


def as_user(
    services: Any, name: str, *, operator: bool, scopes: tuple[Scope, ...]
) -> dict[str, str]:
    user = User(f"user_{name}", f"{name}@x.org", "", START, operator=operator)  # type: ignore[arg-type]
    services.store.add(USERS, user.id, user)
    return key_of(services, name, *scopes)
