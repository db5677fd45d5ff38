"""A tenant's account at a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import ACCOUNTS_OF_OWNER, PROVIDER_ACCOUNTS
from shared.domain.accounts import PROVIDERS
from shared.domain.errors import NotFound, ProviderCannot

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def owner_of(services: Services, account_id: AccountId) -> UserId:
    """Whose account it is. Raises NotFound."""
    stored = services.store.get(PROVIDER_ACCOUNTS, account_id)
    if stored is None:
        raise NotFound("the provider account is gone")
    return stored.value.owner


def accounts_of(services: Services, owner: UserId) -> Mapping[str, AccountId]:
    """The owner's account at each provider that has one."""
    page = services.store.find(ACCOUNTS_OF_OWNER, {"owner": owner})
    return {each.value.provider: each.value.id for each in page.items}


def credit_of(services: Services, account_id: AccountId) -> int | None:
    """Micro-USD; None where the provider does not tell. Raises ProviderError and NotFound."""
    return credit_at(marketplace_of(services, account_id))


def credit_at(marketplace: Marketplace) -> int | None:
    """Micro-USD; None where the provider does not tell. Raises ProviderError."""
    try:
        return marketplace.credit_micro_usd()
    except ProviderCannot:
        return None


def accounts_for(
    services: Services, owner: UserId, provider: str | None
) -> tuple[ProviderAccount, ...]:
    """The owner's accounts, in the order of PROVIDERS; only that at `provider` where one is."""
    page = services.store.find(ACCOUNTS_OF_OWNER, {"owner": owner})
    found = {each.value.provider: each.value for each in page.items}
    return tuple(found[p] for p in PROVIDERS if p in found and provider in {None, p})
