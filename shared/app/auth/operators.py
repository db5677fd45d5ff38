"""What works for everybody is an operator's: a deployment's first user, or the local login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import USERS
from shared.domain.errors import Forbidden

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.principals import Principal


def require_operator(services: Services, principal: Principal, what: str) -> None:
    """One read. Raises Forbidden, which says that only an operator `what`."""
    stored = services.store.get(USERS, principal.user_id)
    if stored is None or not stored.value.operator:
        raise Forbidden(f"Only an operator of this deployment {what}.")
