"""A tenant's account at a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import ACCOUNTS_OF_OWNER, PROVIDER_ACCOUNTS
from shared.domain.errors import NotFound

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.ids import AccountId, UserId
    from shared.ports.marketplace import Marketplace


def marketplace_of(services: Services, account_id: AccountId) -> Marketplace:
    """The marketplace under the account's key. Raises NotFound."""
    stored = services.store.get(PROVIDER_ACCOUNTS, account_id)
    if stored is None:
        raise NotFound("the provider account is gone")
    return services.marketplace(stored.value)


def account_for(services: Services, owner: UserId, provider: str) -> ProviderAccount | None:
    """The owner's account at this provider."""
    page = services.store.find(ACCOUNTS_OF_OWNER, {"owner": owner})
    return next((s.value for s in page.items if s.value.provider == provider), None)
