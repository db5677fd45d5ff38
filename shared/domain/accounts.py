"""A tenant's account at a provider."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, UserId
from shared.domain.users.secret_text import digest

CANNOT_REBOOT = frozenset({"tensordock"})
TAKE_NO_BIDS = frozenset({"tensordock"})
GIVE_NO_BILL = frozenset({"tensordock"})
PROVIDERS = ("vast", "tensordock")  # whose keys a tenant may hand in


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """`sealed_key` opens with Secrets under the account's id.

    `accepted_at` is when the provider last took the key; None when it was never asked.
    """

    id: AccountId
    owner: UserId
    provider: str
    sealed_key: str
    created_at: datetime
    accepted_at: datetime | None = None


def account_id_of(owner: UserId, provider: str) -> AccountId:
    """A tenant's one account at a provider: made twice, it is the same document."""
    return AccountId(f"acct_{digest(f'{owner}@{provider}')[:26]}")
