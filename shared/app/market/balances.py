"""What a user's money at the providers is now, and what was spent of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.auth.collections import ACCOUNTS_OF_OWNER
from shared.app.market.offers import Warned
from shared.domain.billing.spending import spent_since
from shared.domain.errors import ProviderCannot, ProviderError
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.accounts import ProviderAccount
    from shared.domain.principals import Principal

# One account per provider is the rule; the store's page is the bound.
_MOST_ACCOUNTS = 50


@dataclass(frozen=True, slots=True)
class Balance:
    """Amounts are micro-USD; days and months are UTC's. None: the provider did not say."""

    provider: str
    account_id: str
    credit: int | None
    spent_today: int | None
    spent_this_month: int | None


@dataclass(frozen=True, slots=True)
class Balances:
    balances: tuple[Balance, ...]
    as_of: datetime
    warnings: tuple[Warned, ...]


def balances(services: Services, principal: Principal) -> Balances:
    """Every account of the caller. One whose provider fails is named in the warnings."""
    now = services.clock.now()
    values = {"owner": principal.user_id}
    accounts = services.store.find(ACCOUNTS_OF_OWNER, values, limit=_MOST_ACCOUNTS)
    found: list[Balance] = []
    warnings: list[Warned] = []
    for stored in accounts.items:
        try:
            balance, warned = _balance(services, stored.value, now)
        except ProviderError as error:
            warnings.append(Warned(stored.value.provider, error.code, str(error)))
            continue
        found.append(balance)
        warnings += warned
    return Balances(tuple(found), now, tuple(warnings))


def _balance(
    services: Services, account: ProviderAccount, now: datetime
) -> tuple[Balance, list[Warned]]:
    """The credit matters more than the bill: without a bill it is still answered."""
    marketplace = services.marketplace(account)
    warned: list[Warned] = []
    try:
        credit: int | None = marketplace.credit_micro_usd()
    except ProviderCannot as error:
        credit = None
        warned.append(Warned(account.provider, error.code, f"the credit is unknown: {error}"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = midnight.replace(day=1)
    try:
        lines = marketplace.charges(month)
    except ProviderError as error:
        warned.append(Warned(account.provider, error.code, f"the bill is missing: {error}"))
        return Balance(account.provider, account.id, credit, None, None), warned
    today, this_month = spent_since(lines, midnight), spent_since(lines, month)
    return Balance(account.provider, account.id, credit, today, this_month), warned
