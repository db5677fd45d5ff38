"""A tenant's account at a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import AccountId, UserId


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """`sealed_key` opens with Secrets under the account's id."""

    id: AccountId
    owner: UserId
    provider: str
    sealed_key: str
    created_at: datetime
