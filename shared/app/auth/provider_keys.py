"""A tenant's keys at the marketplaces: handed in, tested, never read back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.auth.collections import ACCOUNTS_OF_OWNER, PROVIDER_ACCOUNTS
from shared.app.collections import OPEN_RENTALS_OF_ACCOUNT
from shared.domain.accounts import PROVIDERS, ProviderAccount, account_id_of
from shared.domain.errors import (
    Conflicting,
    Forbidden,
    Invalid,
    NotFound,
    ProviderCannot,
    ProviderKeyRejected,
)
from shared.domain.frozen import dataclass
from shared.domain.replacing import replace
from shared.ports.store import Add, Delete, Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.principals import Principal
    from shared.domain.rentals.model import Rental
    from shared.ports.marketplace import Marketplace
    from shared.ports.store import Page, Stored, Write


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """Whether the tenant has a key there. `accepted_at` is None when the provider never took it."""

    provider: str
    is_set: bool
    accepted_at: datetime | None


def list_providers(services: Services, principal: Principal) -> tuple[ProviderStatus, ...]:
    """Every provider that a key can be set for."""
    owner = {"owner": principal.user_id}
    page = services.store.find(ACCOUNTS_OF_OWNER, owner, limit=200)
    accounts = {item.value.provider: item.value for item in page.items}
    return tuple(_status(name, accounts.get(name)) for name in PROVIDERS)


def save_provider_key(
    services: Services, principal: Principal, provider: str, key: str
) -> ProviderStatus:
    """Keep the key once the provider has taken it; the one before stays when it has not.

    Raises Invalid for an unknown provider or a key that it rejects, other ProviderErrors when
    it could not be asked, Conflicting for a key that does not show the machines that are rented
    (one that is being rented at this very moment is not looked for), Forbidden for an API key.
    """
    _require_login(principal)
    if provider not in PROVIDERS:
        raise Invalid(f"There is no such provider; known are: {', '.join(PROVIDERS)}.", "/provider")
    account_id = account_id_of(principal.user_id, provider)
    before = services.store.get(PROVIDER_ACCOUNTS, account_id)
    now = services.clock.now()
    sealed = services.secrets.seal(key, account_id)
    created_at = before.value.created_at if before else now
    account = ProviderAccount(account_id, principal.user_id, provider, sealed, created_at)
    _require_accepted(services, account)
    _require_sight_of_machines(services, account)
    tested = replace(account, accepted_at=services.clock.now())
    _keep(services, before, tested)
    return _status(provider, tested)


def remove_provider_key(services: Services, principal: Principal, provider: str) -> None:
    """From now on nothing is asked of the provider in the owner's name, nor rented there.

    What is asleep stays so until a key is set again. Raises NotFound where none is set,
    Conflicting while a machine is or may still be rented under it (one that is being ordered at
    this very moment is not looked for: without a key its order is never sent), Forbidden for an
    API key.
    """
    _require_login(principal)
    account_id = account_id_of(principal.user_id, provider)
    stored = services.store.get(PROVIDER_ACCOUNTS, account_id)
    if stored is None:
        raise NotFound("There is no key for this provider.")
    rented = _rented_under(services, stored.value)
    if rented.items or rented.unread:  # newer code's, too, may have a machine
        raise Conflicting("Machines are rented with this key. Let them go first.")
    said = entry(
        services, principal.user_id, "provider_key.removed", f"at {provider}", target=account_id
    )
    services.store.commit([Delete(PROVIDER_ACCOUNTS, account_id, stored.version), said])


def _require_login(principal: Principal) -> None:
    if principal.session is None:
        raise Forbidden("Provider keys are set and removed by a login with a password.")


def _rented_under(services: Services, account: ProviderAccount) -> Page[Rental]:
    """Rentals that may have a machine."""
    return services.store.find(
        OPEN_RENTALS_OF_ACCOUNT, {"account_id": account.id, "open": True}, limit=200
    )


def _require_accepted(services: Services, account: ProviderAccount) -> None:
    marketplace = services.marketplace(account)
    try:
        marketplace.credit_micro_usd()
    except ProviderCannot:
        _require_a_listing(marketplace)
    except ProviderKeyRejected:
        raise Invalid("The provider does not accept this key.", "/api_key") from None


def _require_a_listing(marketplace: Marketplace) -> None:
    """Whoever does not tell credit lists machines, and only to a key that it takes."""
    try:
        marketplace.listing()
    except ProviderKeyRejected:
        raise Invalid("The provider does not accept this key.", "/api_key") from None


def _require_sight_of_machines(services: Services, account: ProviderAccount) -> None:
    """Under the key of another account living machines would look gone, and run on unseen."""
    rented = _rented_under(services, account).items
    if not rented:
        return
    seen = {contract.id for contract in services.marketplace(account).listing().contracts}
    if not any(item.value.contract_id in seen for item in rented):
        raise Conflicting("This key does not show your rented machines. Destroy them first.")


def _keep(
    services: Services, before: Stored[ProviderAccount] | None, account: ProviderAccount
) -> None:
    """Raises VersionConflict or DocumentExists when another key was set at the same moment."""
    what = "the first key" if before is None else "another key"
    said = entry(
        services,
        account.owner,
        "provider_key.set",
        f"{what} at {account.provider}; the provider took it",
        target=account.id,
    )
    kept: Write = (
        Add(PROVIDER_ACCOUNTS, account.id, account)
        if before is None
        else Save(PROVIDER_ACCOUNTS, account.id, account, before.version)
    )
    services.store.commit([kept, said])


def _status(provider: str, account: ProviderAccount | None) -> ProviderStatus:
    accepted_at = account.accepted_at if account else None
    return ProviderStatus(provider, is_set=account is not None, accepted_at=accepted_at)
